// SPDX-License-Identifier: Apache-2.0
// What a scenario makes happen at the port above a device.
#include <algorithm>
#include <array>

#include "platform/machine/machine.h"

namespace drydock::machine {
namespace {

constexpr std::string_view dpc_trigger = "dpc_trigger", surprise_removal = "surprise_removal",
                           unnoticed_removal = "unnoticed_removal", insertion = "insertion",
                           attention_button = "attention_button",
                           fundamental_reset = "fundamental_reset";

/// As software does it: DPC Software Trigger, DPC Control[6].
void trigger(pcie::config_space& port) {
    const auto control = static_cast<std::uint16_t>(port.dpc().at + 6);
    port.write(control, 2, port.read(control, 2) | 0x40);
}

}  // namespace

const std::vector<std::string>& port_fault_names() {
    static const std::vector<std::string> names{
        std::string(dpc_trigger), std::string(surprise_removal), std::string(unnoticed_removal),
        std::string(insertion),   std::string(attention_button), std::string(fundamental_reset)};
    return names;
}

bool machine::inject_at_port(const scenario::do_inject& v) {
    const auto& names = port_fault_names();
    if (std::find(names.begin(), names.end(), v.fault) == names.end()) return false;
    seat& s = hardware_.seat_of(v.device);
    if (v.fault == dpc_trigger) {
        trigger(hardware_.port(s.port));
        return true;
    }
    if (v.fault == fundamental_reset) {
        root_complex::root_port& root = *hardware_.root_port_named(s.port);
        root.set_fundamental_reset(true);
        s.device->power_cycle();
        root.set_fundamental_reset(false);
        return true;
    }
    root_complex::port_slot& slot = *hardware_.slot(s.port);
    if (v.fault == attention_button) {
        slot.press_button();
    } else if (v.fault == insertion) {
        if (!slot.present()) s.device->power_cycle();
        slot.set_present(true);
    } else {  // the link is gone before the slot notices
        slot.mute(v.fault == unnoticed_removal);
        s.link->set_up(false);
        slot.set_present(false);
        slot.mute(false);
    }
    return true;
}

void machine::check_port_fault(const scenario::do_inject& v, const scenario::place& where) {
    const auto& names = port_fault_names();
    if (std::find(names.begin(), names.end(), v.fault) == names.end()) return;
    const std::string& port = hardware_.seat_of(v.device).port;
    if (v.fault == fundamental_reset) {
        if (hardware_.root_port_named(port) != nullptr) return;
        throw scenario::bad_input(where, "port '" + port + "' above '" + v.device +
                                             "' is a switch's; fundamental_reset is of what is "
                                             "below a root port");
    }
    if (v.fault == dpc_trigger ? hardware_.port(port).dpc().present()
                               : hardware_.slot(port) != nullptr)
        return;
    throw scenario::bad_input(
        where, "port '" + port + "' above '" + v.device + "' has no " +
                   (v.fault == dpc_trigger ? "Downstream Port Containment; expected dpc: true there"
                                           : "slot; expected hotplug: true there"));
}

}  // namespace drydock::machine
