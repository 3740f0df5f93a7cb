// SPDX-License-Identifier: Apache-2.0
// Configuration requests: to a port's own registers, or on to what lies below (PCIe: type 1 becomes
// type 0 on the secondary bus).
#include <cstring>

#include "tlm/root_complex/switch.h"

namespace drydock::root_complex {

using pcie::tlp_ptr;
using pcie::tlp_type;

void pcie_switch::configure(unsigned from, tlp_ptr t) {
    if (from != 0) return refuse(from, from, std::move(t), reason_refused_);
    const bool own_link = t->type == tlp_type::cfg_rd0 || t->type == tlp_type::cfg_wr0;
    if (!own_link) return configure_below(std::move(t));
    if (pcie::device_of(t->target) != 0 || pcie::function_of(t->target) != 0)
        return refuse(0, 0, std::move(t), reason_not_routed_);
    access(0, std::move(t));
}

void pcie_switch::configure_below(tlp_ptr t) {
    const std::uint8_t bus = pcie::bus_of(t->target);
    const bridge_windows& above = ports_[0]->forwards();
    const unsigned device = pcie::device_of(t->target);
    if (above.has_bus(bus) && bus == above.secondary()) {
        if (device >= downstream_ports() || pcie::function_of(t->target) != 0)
            return refuse(0, 0, std::move(t), reason_not_routed_);
        return access(device + 1, std::move(t));
    }
    const auto to = above.has_bus(bus) ? port_of_bus(bus) : std::nullopt;
    if (!to) return refuse(0, 0, std::move(t), reason_not_routed_);
    if (bus == ports_[*to]->forwards().secondary()) {
        // On the link itself there is device 0 only (P-172), or 256 functions of it (ARI).
        if (device != 0 && !ports_[*to]->config().express().ari_forwarding())
            return refuse(*to, 0, std::move(t), reason_not_routed_);
        t->type = t->type == tlp_type::cfg_rd1 ? tlp_type::cfg_rd0 : tlp_type::cfg_wr0;
    }
    forward(0, *to, std::move(t));
}

void pcie_switch::access(unsigned function, tlp_ptr t) {
    if (ends_by_ecrc(function, 0, t)) return;
    if (t->poisoned) return refuse(function, 0, std::move(t), reason_refused_);
    switch_port& p = *ports_[function];
    const auto reg = static_cast<std::uint16_t>(t->address);
    const bool write = t->has_data();
    tlp_ptr c = answer(function, *t, pcie::cpl_status::success);
    c->completer = t->target;
    if (write) {
        p.capture(t->target);
        std::uint32_t value = 0;
        std::memcpy(&value, t->payload->data(), 4);
        p.config().write(reg, 4, value, t->first_be);
    } else {
        c->type = tlp_type::cpl_d;
        c->length = 1;
        pool_.add_payload(*c);
        const std::uint32_t value = p.config().read(reg);
        std::memcpy(c->payload->data(), &value, 4);
    }
    left(0, *t);
    send_own(0, std::move(c));
}

}  // namespace drydock::root_complex
