// SPDX-License-Identifier: Apache-2.0
// Ways through a switch (PCIe: routing by address, by ID, implicit).
#include <algorithm>
#include <bit>

#include "tlm/root_complex/switch.h"

namespace drydock::root_complex {

using pcie::error;
using pcie::msg_code;
using pcie::msg_routing;
using pcie::tlp_ptr;
using pcie::tlp_type;

void pcie_switch::arrived(unsigned from, tlp_ptr t) {
    switch_port& in = *ports_[from];
    const unsigned max_payload = in.config().device_control().max_payload;
    const bool bad_prefix = t->pasid && !in.config().express().prefixes_supported();
    if (bad_prefix || !in.accepts(*t) || !pcie::malformed(*t, max_payload).empty()) {
        in.detect(error::malformed, t.get(), false);
        return drop(from, from, std::move(t), reason_malformed_);
    }
    if (from != 0 && !in.acs().admits(*t, in.forwards())) return violate(from, std::move(t));
    // Passed on as it is; whoever receives it in the end deals with it.
    if (t->poisoned && !in.finds_bad_digest(*t)) in.detect(error::poisoned, t.get(), true);
    switch (t->type) {
        case tlp_type::mrd:
        case tlp_type::mwr:
            return route_memory(from, std::move(t));
        case tlp_type::fetch_add:
        case tlp_type::swap:
        case tlp_type::cas:
            if (!in.routes_atomics()) return refuse(from, from, std::move(t), reason_refused_);
            return route_memory(from, std::move(t));
        case tlp_type::cfg_rd0:
        case tlp_type::cfg_wr0:
        case tlp_type::cfg_rd1:
        case tlp_type::cfg_wr1:
            return configure(from, std::move(t));
        case tlp_type::cpl:
        case tlp_type::cpl_d:
            return route_completion(from, std::move(t));
        case tlp_type::msg:
        case tlp_type::msg_d:
            return route_message(from, std::move(t));
        default:  // IO has no window; deferrable writes and locks: unsupported
            if (t->is_completion()) {
                in.detect(error::unexpected_completion, t.get(), true);
                return drop(from, from, std::move(t), reason_refused_);
            }
            return refuse(from, from, std::move(t), reason_refused_);
    }
}

std::optional<unsigned> pcie_switch::port_of(std::uint64_t address, std::uint64_t bytes) const {
    if (address < lowest_ || address > highest_) return std::nullopt;
    for (unsigned p = 1; p < ports_.size(); ++p)
        if (ports_[p]->forwards().claims(address, bytes)) return p;
    return std::nullopt;
}

std::optional<unsigned> pcie_switch::port_of_bus(std::uint8_t bus) const {
    const std::uint8_t p = bus_to_port_[bus];
    return p == nowhere ? std::nullopt : std::optional<unsigned>(p);
}

void pcie_switch::route_memory(unsigned from, tlp_ptr t) {
    const std::uint64_t at = t->address, bytes = t->bytes();
    const switch_port& in = *ports_[from];
    const switch_port& up = *ports_[0];
    if (from == 0) {
        const auto to = in.forwards().claims(at, bytes) ? port_of(at, bytes) : std::nullopt;
        if (!to) return refuse(0, 0, std::move(t), reason_not_routed_);  // P-173
        return forward(0, *to, std::move(t));
    }
    // Bus Master Enable of the port (P-013), and nothing goes back where it came from: it was
    // redirected further down, or is nobody's.
    const bool own_side = in.forwards().claims(at, bytes);
    if (!in.forwards().bus_master() || (own_side && !in.acs().forwards_upstream()))
        return refuse(from, from, std::move(t), reason_refused_);
    const auto peer = own_side ? std::nullopt : port_of(at, bytes);
    const auto way = peer ? in.acs().of_request(*t, *peer) : access_control::way::upstream;
    if (way == access_control::way::violation) return violate(from, std::move(t));
    if (peer) ++(way == access_control::way::direct ? count_.peer_direct : count_.peer_redirected);
    if (way == access_control::way::direct) return forward(from, *peer, std::move(t));
    if (!peer && !own_side && up.forwards().claims(at, bytes))  // of the bus between, but nobody's
        return refuse(from, from, std::move(t), reason_not_routed_);
    if (!up.forwards().bus_master()) return refuse(0, from, std::move(t), reason_refused_);
    forward(from, 0, std::move(t));
}

void pcie_switch::route_completion(unsigned from, tlp_ptr t) {
    const std::uint8_t bus = pcie::bus_of(t->requester);
    std::optional<unsigned> to = port_of_bus(bus);
    if (from != 0) {
        const access_control& acs = ports_[from]->acs();
        const bool redirected = !to ? !ports_[0]->forwards().has_bus(bus)
                                : *to == from
                                    ? acs.forwards_upstream()
                                    : acs.of_completion(*t) != access_control::way::direct;
        if (redirected) to = 0;
    }
    if (!to || *to == from) {
        ports_[from]->detect(error::unexpected_completion, t.get(), true);
        return drop(from, from, std::move(t), reason_not_routed_);
    }
    forward(from, *to, std::move(t));
}

void pcie_switch::route_message(unsigned from, tlp_ptr t) {
    switch (t->routing) {
        case msg_routing::to_root:
            return message_to_root(from, std::move(t));
        case msg_routing::by_id:
            return message_by_id(from, std::move(t));
        case msg_routing::by_address:
            return route_memory(from, std::move(t));
        case msg_routing::broadcast:
            return message_to_all(from, std::move(t));
        case msg_routing::gather:
            return power_off_acknowledged(from, std::move(t));
        default:
            return message_here(from, std::move(t));
    }
}

bool pcie_switch::passes_error(unsigned from, msg_code code) {
    constexpr std::uint32_t received_system_error = 0x4000;  // Secondary Status[14]
    for (switch_port* p : {ports_[from].get(), ports_[0].get()}) {
        if (code != msg_code::err_cor)
            p->config().registers().set(bridge_windows::secondary_status, 2, received_system_error,
                                        received_system_error);
        if (!pcie::passes_to_root(p->config(), code)) return false;  // P-103
    }
    return true;
}

void pcie_switch::message_to_root(unsigned from, tlp_ptr t) {
    if (from == 0) return refuse(0, 0, std::move(t), reason_refused_);
    const bool is_error = t->code == msg_code::err_cor || t->code == msg_code::err_nonfatal ||
                          t->code == msg_code::err_fatal;
    if (is_error && !passes_error(from, t->code))
        return drop(from, from, std::move(t), reason_masked_);
    forward(from, 0, std::move(t));
}

void pcie_switch::message_by_id(unsigned from, tlp_ptr t) {
    const std::uint8_t bus = pcie::bus_of(t->target);
    std::optional<unsigned> to = port_of_bus(bus);
    if (from != 0 && !to && !ports_[0]->forwards().has_bus(bus)) to = 0;
    if (!to || *to == from) return refuse(from, from, std::move(t), reason_not_routed_);  // P-021
    forward(from, *to, std::move(t));
}

void pcie_switch::message_to_all(unsigned from, tlp_ptr t) {
    if (from != 0) return refuse(from, from, std::move(t), reason_refused_);
    const bool power_off = t->code == msg_code::pme_turn_off;
    if (ports_[0]->finds_bad_digest(*t)) ports_[0]->detect(error::ecrc, t.get(), true);
    std::uint64_t told = 0;
    for (unsigned p = 1; p < ports_.size(); ++p) {
        if (!ports_[p]->link_up()) continue;
        told |= std::uint64_t{1} << p;
        tlp_ptr copy = pool_.make();
        copy->type = t->type;
        copy->code = t->code;
        copy->routing = t->routing;
        copy->traffic_class = t->traffic_class;
        copy->requester = t->requester;
        copy->tag = t->tag;
        copy->address = t->address;
        copy->span = t->span;
        copy->length = t->length;
        copy->digest = t->digest;
        copy->digest_bad = t->digest_bad;
        if (t->has_data()) {
            pool_.add_payload(*copy);
            std::copy_n(t->payload->begin(), t->bytes(), copy->payload->begin());
        }
        send_own(p, std::move(copy));
    }
    left(0, *t);
    if (!power_off) return;
    // The upstream port itself stands for one that has nobody below.
    power_off_open_ = told | 1;
    power_off_done(0);
}

/// PME_TO_Ack of all downstream ports becomes one.
void pcie_switch::power_off_acknowledged(unsigned from, tlp_ptr t) {
    if (from == 0) return refuse(0, 0, std::move(t), reason_refused_);
    if (ends_by_ecrc(from, from, t)) return;
    left(from, *t);
    power_off_done(from);
}

void pcie_switch::power_off_done(unsigned from) {
    const std::uint64_t before = power_off_open_;
    power_off_open_ &= ~(std::uint64_t{1} << from);
    if (before == 0 || power_off_open_ != 0) return;
    tlp_ptr ack = pool_.make();
    ack->type = tlp_type::msg;
    ack->code = msg_code::pme_to_ack;
    ack->routing = msg_routing::gather;
    ack->requester = ports_[0]->id();
    ack->digest = ports_[0]->digests();
    send_own(0, std::move(ack));
}

/// Messages that end at the receiver.
void pcie_switch::message_here(unsigned from, tlp_ptr t) {
    if (pcie::is_intx(t->code) && from != 0) return intx_message(from, std::move(t));
    const bool no_effect = pcie::is_old_hot_plug(t->code) || t->code == msg_code::vendor_type1 ||
                           (from == 0 && t->code == msg_code::set_slot_power_limit);
    if (!no_effect) return refuse(from, from, std::move(t), reason_refused_);
    if (ends_by_ecrc(from, from, t)) return;
    left(from, *t);
}

/// Ends here; an edge of the wire above goes on in its place, behind the writes that came before.
void pcie_switch::intx_message(unsigned from, tlp_ptr t) {
    if (ends_by_ecrc(from, from, t)) return;
    const std::uint8_t changed =
        intx_.set(from - 1, pcie::intx_pin_of(t->code), pcie::asserts_intx(t->code));
    if (changed == 0 || !ports_[0]->link_up()) return left(from, *t);
    const auto pin = static_cast<unsigned>(std::countr_zero(changed));
    t->code = pcie::intx_code(pin, intx_.asserted(pin));
    t->requester = ports_[0]->id();
    t->digest = ports_[0]->digests();
    t->digest_bad = false;
    ports_[0]->send(from, std::move(t));
}

void pcie_switch::own_intx(unsigned port, bool asserted) {
    tell_intx(intx_.set_own(port - 1, asserted));
}

void pcie_switch::tell_intx(std::uint8_t changed) {
    for (unsigned pin = 0; pin < pcie::intx_pins; ++pin) {
        if ((changed >> pin & 1) == 0 || !ports_[0]->link_up()) continue;
        tlp_ptr t = pcie::make_intx_message(pool_, pin, intx_.asserted(pin), ports_[0]->id());
        t->digest = ports_[0]->digests();
        send_own(0, std::move(t));
    }
}

}  // namespace drydock::root_complex
