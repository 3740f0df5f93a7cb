// SPDX-License-Identifier: Apache-2.0
// What a scenario makes happen at a port, or the one above a device.
#include <algorithm>
#include <array>

#include "platform/machine/machine.h"

namespace drydock::machine {
namespace {

constexpr std::string_view dpc_trigger = "dpc_trigger", surprise_removal = "surprise_removal",
                           unnoticed_removal = "unnoticed_removal", insertion = "insertion",
                           attention_button = "attention_button",
                           fundamental_reset = "fundamental_reset", retrain_link = "retrain_link";

/// As software does it: DPC Software Trigger, DPC Control[6].
void trigger(pcie::config_space& port) {
    const auto control = static_cast<std::uint16_t>(port.dpc().at + 6);
    port.write(control, 2, port.read(control, 2) | 0x40);
}

/// As software does it: Retrain Link, Link Control[5].
void retrain(pcie::config_space& port) {
    const auto control = static_cast<std::uint16_t>(port.express().at + 0x10);
    port.write(control, 2, port.read(control, 2) | 0x20);
}

}  // namespace

const std::vector<std::string>& port_fault_names() {
    static const std::vector<std::string> names{
        std::string(dpc_trigger), std::string(surprise_removal), std::string(unnoticed_removal),
        std::string(insertion),   std::string(attention_button), std::string(fundamental_reset),
        std::string(retrain_link)};
    return names;
}

bool machine::inject_at_port(const scenario::do_inject& v) {
    const auto& names = port_fault_names();
    if (std::find(names.begin(), names.end(), v.fault) == names.end()) return false;
    const std::string& port = v.port.empty() ? hardware_.seat_of(v.device).port : v.port;
    card* const in_slot = hardware_.card_of(port);
    if (v.fault == dpc_trigger)
        trigger(hardware_.port(port));
    else if (v.fault == retrain_link)
        retrain(hardware_.port(port));
    else if (v.fault == fundamental_reset)
        hardware_.fundamental_reset(port);
    else if (v.fault == attention_button)
        in_slot->press_button();
    else if (v.fault == insertion)
        in_slot->insert();
    else
        in_slot->pull(v.fault != unnoticed_removal);
    return true;
}

void machine::check_port_fault(const scenario::do_inject& v, const scenario::place& where) {
    const auto& names = port_fault_names();
    if (v.fault == fundamental_reset || v.fault == retrain_link ||
        std::find(names.begin(), names.end(), v.fault) == names.end())
        return;
    const std::string& port = v.port.empty() ? hardware_.seat_of(v.device).port : v.port;
    if (v.fault == dpc_trigger ? hardware_.port(port).dpc().present()
                               : hardware_.card_of(port) != nullptr)
        return;
    throw scenario::bad_input(
        where, "port '" + port + (v.port.empty() ? "' above '" + v.device + "'" : "'") +
                   " has no " +
                   (v.fault == dpc_trigger ? "Downstream Port Containment; expected dpc: true there"
                                           : "slot; expected hotplug: true there"));
}

}  // namespace drydock::machine
