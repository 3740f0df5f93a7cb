// SPDX-License-Identifier: Apache-2.0
// What happens to a root port: errors, its interrupts, containment, the link going down and up.
#include <utility>

#include "tlm/root_complex/root_port.h"

namespace drydock::root_complex {
namespace {

// Which of the port's messages a service wishes for; with fewer messages all share number 0.
constexpr unsigned slot_message = 0, aer_message = 1, dpc_message = 2;
constexpr std::uint32_t devctl2 = 0x28, prefix_block = 0x8000;  // Device Control 2[15]
constexpr std::uint32_t link_capabilities = 0x0c, surprise_down_capable = 1u << 19;
constexpr std::uint32_t dpc_capability = 0x04;
constexpr unsigned root_control = 0x1c, root_status = 0x20;  // in the PCIe capability
constexpr std::uint16_t pme_interrupt_enable = 8;
constexpr std::uint32_t pme_status = 1u << 16;
constexpr std::uint16_t status_at = 0x06, interrupt_status = 8;
constexpr std::uint16_t has_egress_blocking = 0x40;     // DPC Capability[6]
constexpr std::uint16_t egress_blocking_enable = 0x20;  // DPC Control[5]

}  // namespace

// -- interrupts ----------------------------------------------------------------------------------

void root_port::number_messages() {
    errors_.set_message_number(msi_.message_of(aer_message));
    if (dpc_) dpc_->set_message_number(msi_.message_of(dpc_message));
    if (slot_) slot_->set_message_number(msi_.message_of(slot_message));
}

void root_port::slot_interrupt() {
    ++count_.interrupts;
    msi_.raise(slot_->message_number());
    update_intx();
}

void root_port::root_error_interrupt() {
    ++count_.interrupts;
    msi_.raise(msi_.message_of(aer_message));
    update_intx();
}

void root_port::dpc_interrupt() {
    ++count_.interrupts;
    msi_.raise(dpc_->message_number());
    update_intx();
}

/// PME Status and PME Interrupt Enable; the message is that of the slot (PCIe).
void root_port::look_for_pme() {
    const pcie::config_registers& r = space_.registers();
    const unsigned at = space_.express().at;
    const bool asks = (r.get32(at + root_status) & pme_status) != 0 &&
                      (r.get16(at + root_control) & pme_interrupt_enable) != 0;
    if (asks && !std::exchange(pme_asked_, asks)) {
        ++count_.interrupts;
        msi_.raise(msi_.message_of(slot_message));
    }
    pme_asked_ = asks;
    update_intx();
}

/// Without MSI the port interrupts by INTA, a level; the wires from below are ORed to it.
void root_port::update_intx() {
    const bool wants =
        errors_.asks() || (dpc_ && dpc_->asks()) || (slot_ && slot_->asks()) || pme_asked_;
    space_.registers().set(status_at, 2, interrupt_status, wants ? interrupt_status : 0);
    const bool own = wants && !space_.msi().enabled() && !space_.command().intx_disable;
    const auto wires = static_cast<std::uint8_t>(intx_below_ | (own ? 1 : 0));
    if (wires != std::exchange(intx_told_, wires)) owner_.intx_changed(index_, wires);
}

/// An ordinary memory write of the port, behind the writes that came before it.
void root_port::write_msi(std::uint64_t address, std::uint32_t data) {
    pcie::tlp_ptr t = pool_.make();
    t->type = pcie::tlp_type::mwr;
    t->requester = id_;
    t->address = address;
    t->length = 1;
    t->first_be = 0xf;
    pool_.add_payload(*t);
    for (unsigned i = 0; i < 4; ++i) (*t->payload)[i] = static_cast<std::uint8_t>(data >> (8 * i));
    ++count_.interrupts_sent;
    lane_.write(std::move(t), true);
    if (!lane_.pumping()) pump_later();
}

// -- errors --------------------------------------------------------------------------------------

bool root_port::may_contain(const pcie::logged_error& e) {
    if (!dpc_) return false;
    dpc_->own_error(e);
    return true;
}

bool root_port::pio_error(pio_space what, pio_failure how, const pcie::tlp& request) {
    bool system_error = false;
    const bool exception = dpc_->pio_error(what, how, request, system_error);
    if (system_error) errors_.system_error();
    return exception;
}

/// Poisoned TLP Egress Blocking and TLP Prefix Blocking (PCIe AER bits 26 and 25).
bool root_port::blocked(const pcie::tlp& t) {
    const bool advisory = t.flow_class() == pcie::fc_class::non_posted;
    const pcie::config_registers& r = space_.registers();
    if (t.pasid && (r.get16(space_.express().at + devctl2) & prefix_block) != 0) {
        detect(pcie::error::prefix_blocked, &t, advisory);
        return true;
    }
    if (!t.poisoned || !dpc_) return false;
    const std::uint32_t at = space_.dpc().at + dpc_capability;
    if ((r.get16(at) & has_egress_blocking) == 0 || (r.get16(at + 2) & egress_blocking_enable) == 0)
        return false;
    detect(pcie::error::poisoned_egress_blocked, &t, advisory);
    return true;
}

// -- containment ---------------------------------------------------------------------------------

void root_port::contain() {
    const auto end = [this](pcie::tlp_ptr t) { dispose(*t, dpc_->down_verdict(*t)); };
    egress_.waiting.clear(end);
    for (const auto& e : other_egress_)
        if (e) e->waiting.clear(end);
    link_state_.hold(link_hold::containment);
}

void root_port::judged_up(pcie::tlp_ptr t, containment_verdict v) {
    if (v == containment_verdict::pass) return up_.push(ctx_.now() + latency_, std::move(t));
    emit_dropped(*t, reason_contained_);
    free_buffer(*t);
}

void root_port::judged_down(pcie::tlp_ptr t, containment_verdict v) {
    if (v == containment_verdict::pass)
        to_link(std::move(t));
    else
        dispose(*t, v);
}

void root_port::dispose(const pcie::tlp& t, containment_verdict v) {
    end_downward(t,
                 v == containment_verdict::complete_ca ? pcie::cpl_status::completer_abort
                                                       : pcie::cpl_status::unsupported_request,
                 reason_contained_);
}

// -- link ----------------------------------------------------------------------------------------

void root_port::link_changed(bool up) {
    const std::uint32_t capabilities =
        space_.registers().get32(space_.express().at + link_capabilities);
    if (link_state_.changed(up) && (capabilities & surprise_down_capable) != 0)
        detect(pcie::error::surprise_down, nullptr, false);
}

void root_port::link_is(bool up) {
    if (!up && std::exchange(intx_below_, std::uint8_t{0}) != 0) update_intx();
    lane_.ats.set_link(up);
    owner_.link_changed(index_, up);
    if (up && dpc_) dpc_->link_trained();
}

void root_port::link_active_changed() {
    if (slot_) slot_->link_active_changed();
}

void root_port::slot_serves(bool adapter_with_power) {
    link_state_.set_hold(link_hold::empty_slot, !adapter_with_power);
}

}  // namespace drydock::root_complex
