// SPDX-License-Identifier: Apache-2.0
// A switch: its ports, resets, and what becomes of TLPs that find no way.
#include "tlm/root_complex/switch.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "tlm/pcie/atomics.h"
#include "tlm/root_complex/read_completions.h"

namespace drydock::root_complex {

using pcie::error;
using pcie::fc_class;
using pcie::tlp_ptr;
using pcie::tlp_type;

pcie_switch::pcie_switch(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                         const switch_config& config)
    : sc_module(name),
      ctx_(ctx),
      pool_(pool),
      intx_(config.ports.size()),
      reason_malformed_(ctx.probe.text("malformed")),
      reason_refused_(ctx.probe.text("unsupported request")),
      reason_not_routed_(ctx.probe.text("not routed")),
      reason_link_down_(ctx.probe.text("link down")),
      reason_masked_(ctx.probe.text("not passed on")),
      reason_acs_(ctx.probe.text("ACS violation")),
      reason_contained_(ctx.probe.text("contained")),
      reason_ecrc_(ctx.probe.text("ecrc")),
      reason_blocked_(ctx.probe.text("blocked at egress")) {
    if (config.ports.empty() || config.ports.size() > switch_config::most_ports)
        throw std::invalid_argument(std::string(this->name()) + ": " +
                                    std::to_string(config.ports.size()) +
                                    " downstream ports; expected 1..32");
    auto& owner = static_cast<switch_port_owner&>(*this);
    ports_.push_back(std::make_unique<switch_port>("usp", ctx, pool, config, 0, owner));
    for (unsigned n = 0; n < config.ports.size(); ++n)
        ports_.push_back(std::make_unique<switch_port>(config.ports[n].name.c_str(), ctx, pool,
                                                       config, n + 1, owner));
    bus_to_port_.fill(nowhere);
}

std::string_view pcie_switch::ingress_name(unsigned ingress) const {
    return ingress == own() ? "switch" : ports_[ingress]->basename();
}

void pcie_switch::left(unsigned ingress, unsigned vc, fc_class c, std::uint32_t data) {
    if (ingress != own()) ports_[ingress]->free_buffer(vc, c, data);
}

void pcie_switch::registers_changed(unsigned port) {
    bus_to_port_.fill(nowhere);
    lowest_ = UINT64_MAX;
    highest_ = 0;
    for (unsigned p = 1; p < ports_.size(); ++p) {
        const bridge_windows& w = ports_[p]->forwards();
        for (unsigned bus = w.secondary(); bus != 0 && bus <= w.subordinate(); ++bus)
            if (bus_to_port_[bus] == nowhere) bus_to_port_[bus] = static_cast<std::uint8_t>(p);
        if (w.first() > w.last()) continue;
        lowest_ = std::min(lowest_, w.first());
        highest_ = std::max(highest_, w.last());
    }
    if (port != 0) return;
    const bool reset = (ports_[0]->config().registers().get16(bridge_windows::bridge_control + 2u) &
                        bridge_windows::secondary_bus_reset) != 0;
    if (reset == std::exchange(bus_reset_, reset)) return;
    if (reset) reset_below(pcie::reset_kind::conventional);
    hold_below(link_hold::reset_above, reset);
}

void pcie_switch::link_changed(unsigned port, bool up) {
    if (up) return;
    if (port != 0) {
        tell_intx(intx_.link_down(port - 1));
        return power_off_done(port);  // it will not acknowledge any more
    }
    // DL_Down above is a hot reset of the whole switch. The links below are reset with it and begin
    // to train at once, not when the one above is up again (PCIe, hot reset).
    reset_all(pcie::reset_kind::conventional);
    hold_below(link_hold::reset_above, false);
}

void pcie_switch::set_fundamental_reset(bool asserted) {
    if (asserted) reset_all(pcie::reset_kind::fundamental);
    hold_below(link_hold::fundamental_reset, asserted);
    hold_below(link_hold::reset_above, false);
}

void pcie_switch::reset_all(pcie::reset_kind kind) {
    power_off_open_ = 0;
    ports_[0]->reset(kind);
    reset_below(kind);
    intx_.reset();
    hold_below(link_hold::reset_above, true);
}

void pcie_switch::reset_below(pcie::reset_kind kind) {
    for (unsigned p = 1; p < ports_.size(); ++p) ports_[p]->reset(kind);
}

void pcie_switch::hold_below(link_hold why, bool on) {
    for (unsigned p = 1; p < ports_.size(); ++p) ports_[p]->set_hold(why, on);
}

void pcie_switch::report(unsigned port, pcie::msg_code code) {
    if (port != 0 && !pcie::passes_to_root(ports_[0]->config(), code)) return;
    if (!ports_[0]->link_up()) return;
    tlp_ptr t = pcie::make_error_message(pool_, code, ports_[port]->id());
    t->digest = ports_[port]->digests();
    send_own(0, std::move(t));
}

void pcie_switch::send_own(unsigned to, tlp_ptr t) {
    if (ports_[to]->link_up()) return ports_[to]->send(own(), std::move(t));
    ports_[to]->emit_dropped(*t, reason_link_down_);
}

void pcie_switch::forward(unsigned from, unsigned to, tlp_ptr t) {
    if (!ports_[to]->link_up()) return undeliverable(from, to, std::move(t));
    if (!ports_[to]->carries(t->traffic_class)) {  // its TC has no channel there (PCIe: malformed)
        ports_[from]->detect(error::malformed, t.get(), false);
        return drop(from, from, std::move(t), reason_malformed_);
    }
    if (const auto why = ports_[to]->blocks(*t)) return block(to, from, std::move(t), *why);
    // Passed on as it is; who only passes it tells of it as advisory (PCIe, intermediate receiver).
    if (ports_[from]->finds_bad_digest(*t)) ports_[from]->detect(error::ecrc, t.get(), true);
    ports_[to]->send(from, std::move(t));
}

bool pcie_switch::ends_by_ecrc(unsigned at, unsigned from, tlp_ptr& t) {
    if (!ports_[at]->finds_bad_digest(*t)) return false;
    ports_[at]->detect(error::ecrc, t.get(), false);
    drop(at, from, std::move(t), reason_ecrc_);
    return true;
}

/// An ordinary memory write of the port.
void pcie_switch::interrupt(unsigned port, std::uint64_t address, std::uint32_t data) {
    tlp_ptr t = pool_.make();
    t->type = tlp_type::mwr;
    t->requester = ports_[port]->id();
    t->digest = ports_[port]->digests();
    t->address = address;
    t->length = 1;
    t->first_be = 0xf;
    pool_.add_payload(*t);
    for (unsigned i = 0; i < 4; ++i) (*t->payload)[i] = static_cast<std::uint8_t>(data >> (8 * i));
    send_own(0, std::move(t));
}

void pcie_switch::undeliverable(unsigned ingress, unsigned to, tlp_ptr t) {
    if (ports_[to]->contained()) {  // disposed of by Completion Control, and no error of the port
        const containment_verdict v = ports_[to]->down_verdict(*t);
        if (v != containment_verdict::discard && ingress != own())
            send_own(ingress, answer(to, *t,
                                     v == containment_verdict::complete_ca
                                         ? pcie::cpl_status::completer_abort
                                         : pcie::cpl_status::unsupported_request));
        return drop(to, ingress, std::move(t), reason_contained_);
    }
    // Behind a link that is down nobody answers: non-posted requests are UR, the rest is gone.
    if (t->flow_class() == fc_class::non_posted && ingress != own())
        return refuse(to, ingress, std::move(t), reason_link_down_);
    drop(to, ingress, std::move(t), reason_link_down_);
}

void pcie_switch::refuse(unsigned at, unsigned from, tlp_ptr t, std::uint32_t reason) {
    if (ends_by_ecrc(at, from, t)) return;
    const bool answered = t->flow_class() == fc_class::non_posted;
    ports_[at]->detect(error::unsupported_request, t.get(), answered);
    if (answered) send_own(from, answer(at, *t, pcie::cpl_status::unsupported_request));
    drop(at, from, std::move(t), reason);
}

void pcie_switch::block(unsigned to, unsigned from, tlp_ptr t, pcie::error why) {
    if (ends_by_ecrc(from, from, t)) return;
    const bool answered = t->flow_class() == fc_class::non_posted;
    ports_[to]->detect(why, t.get(), answered);
    if (answered && from != own())
        send_own(from, answer(to, *t, pcie::cpl_status::unsupported_request));
    drop(to, from, std::move(t), reason_blocked_);
}

void pcie_switch::violate(unsigned from, tlp_ptr t) {
    constexpr std::uint32_t signaled_target_abort = 0x0800;  // Secondary Status[11]
    const bool answered = t->flow_class() == fc_class::non_posted;
    ++count_.acs_violations;
    ports_[from]->detect(error::acs_violation, t.get(), answered);
    if (answered) {
        ports_[from]->config().registers().set(bridge_windows::secondary_status, 2,
                                               signaled_target_abort, signaled_target_abort);
        send_own(from, answer(from, *t, pcie::cpl_status::completer_abort));
    }
    drop(from, from, std::move(t), reason_acs_);
}

void pcie_switch::drop(unsigned at, unsigned from, tlp_ptr t, std::uint32_t reason) {
    ports_[at]->emit_dropped(*t, reason);
    left(from, *t);
}

tlp_ptr pcie_switch::answer(unsigned function, const pcie::tlp& request, pcie::cpl_status status) {
    tlp_ptr c = make_completion(pool_, request, status, pcie::due_of(request));
    c->completer = ports_[function]->id();
    c->digest = ports_[function]->digests();
    return c;
}

}  // namespace drydock::root_complex
