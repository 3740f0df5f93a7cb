// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/dpc.h"

#include <utility>

#include "tlm/root_complex/containment.h"

namespace drydock::root_complex {
namespace {

constexpr std::size_t index(containment_way w) { return static_cast<std::size_t>(w); }

// DPC Capability, Control and Status (PCIe), offsets in the capability.
constexpr unsigned capability = 0x04, control = 0x06, status = 0x08, source_id = 0x0a;
constexpr std::uint16_t message_mask = 0x1f, has_software_trigger = 0x80,
                        has_dl_active_err_cor = 0x1000;
constexpr std::uint16_t err_cor_enable = 0x10, software_trigger = 0x40, dl_active_enable = 0x80;
// Proposed, in no specification: reserved bits of the three registers.
constexpr std::uint16_t has_notice = 0x8000, notice_enable = 0x8000, notice_status = 0x8000;
constexpr std::uint16_t trigger_status = 1, reason_mask = 0x66, interrupt_status = 8, rp_busy = 16;

/// Trigger Reason [2:1] and its extension [6:5].
std::uint16_t reason_bits(containment_cause c) {
    switch (c) {
        case containment_cause::own_error:
            return 0;
        case containment_cause::nonfatal_message:
            return 1 << 1;
        case containment_cause::fatal_message:
            return 2 << 1;
        case containment_cause::rp_pio:
            return 3 << 1;
        case containment_cause::software:
            break;
    }
    return (3 << 1) | (1 << 5);
}

containment_tlp facts_of(const pcie::tlp& t) {
    const bool to_root = t.is_message() && t.routing == pcie::msg_routing::to_root;
    return {static_cast<containment_class>(t.flow_class()),
            to_root && t.code == pcie::msg_code::err_nonfatal,
            to_root && t.code == pcie::msg_code::err_fatal, t.requester};
}
static_assert(static_cast<int>(containment_class::completion) ==
              static_cast<int>(pcie::fc_class::completion));

bool is_ever_busy(const dpc_config& c) { return c.root_port_extensions && c.rp_busy > base::ps{0}; }

std::unique_ptr<containment_if> make_block(base::context& ctx, const std::string& name,
                                           const dpc_config& c, containment_client& client) {
    containment_config block;
    block.clock = c.clock;
    block.root_port_extensions = is_ever_busy(c);
    block.rp_busy = c.rp_busy;
    block.trigger_cycles = c.trigger_cycles;
    block.release_cycles = c.release_cycles;
    block.verdict_cycles = c.verdict_cycles;
    if (c.make_containment) return c.make_containment(name + ".containment", ctx, block, client);
    return std::make_unique<containment>(name + ".containment", ctx, block, client);
}

}  // namespace

dpc::dpc(base::context& ctx, const std::string& name, base::place_id place, base::routing_id id,
         const dpc_config& config, pcie::config_space& space, dpc_owner& owner)
    : ctx_(ctx),
      place_(place),
      id_(id),
      config_(config),
      space_(space),
      owner_(owner),
      client_(ctx.timeline.join(name, *this)),
      block_(make_block(ctx, name, config, *this)),
      pio_(space) {
    pcie::config_registers& r = space_.registers();
    const std::uint16_t at = registers().at;
    if (config.dl_active_err_cor)
        r.set(at + capability, 2, has_dl_active_err_cor, has_dl_active_err_cor);
    if (config.notice > base::ps{}) {
        r.set(at + capability, 2, has_notice, has_notice);
        r.declare_rw(at + control, 2, notice_enable);
        r.declare_w1c(at + status, 2, notice_status);
    }
    // Written for its effect; control_written() takes it back to 0.
    r.declare_rw(at + control, 2, software_trigger);
}

dpc::~dpc() = default;

void dpc::set_status(std::uint16_t mask, std::uint16_t value) {
    space_.registers().set(registers().at + status, 2, mask, value);
}

void dpc::note(const char* text) {
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(), base::no_span, id_.value,
                        ctx_.probe.text(text));
}

unsigned dpc::message_number() const {
    return space_.registers().get16(registers().at + capability) & message_mask;
}

void dpc::set_message_number(unsigned n) {
    space_.registers().set(registers().at + capability, 2, message_mask, n);
}

// -- registers -----------------------------------------------------------------------------------

void dpc::config_written(std::uint16_t offset) {
    if (offset == registers().at + capability) control_written();
    if (offset == registers().at + status) status_written();
}

void dpc::control_written() {
    pcie::config_registers& r = space_.registers();
    const std::uint16_t at = registers().at;
    block_->control({static_cast<std::uint8_t>(registers().trigger_enable()),
                     registers().completion_control_ur()});
    const bool fired = (r.get16(at + control) & software_trigger) != 0;
    r.set(at + control, 2, software_trigger, 0);
    if (fired && (r.get16(at + capability) & has_software_trigger) != 0)
        trigger({containment_cause::software, true, id_});
    look();
}

void dpc::status_written() {
    look();
    const std::uint16_t now = space_.registers().get16(registers().at + status);
    if (!contained_ || (now & trigger_status) != 0) return;
    if ((now & rp_busy) != 0) return release_too_early();
    block_->release();
}

void dpc::release_too_early() {  // an error of software: containment stays (choice)
    ++count_.early_releases;
    note("DPC Trigger Status cleared while RP Busy");
    set_status(trigger_status, trigger_status);
}

void dpc::look() {
    const std::uint16_t now = space_.registers().get16(registers().at + status);
    const bool asks = registers().interrupt_enabled() && (now & interrupt_status) != 0;
    if (asks && !std::exchange(asked_, asks)) owner_.dpc_interrupt();
    asked_ = asks;
}

// -- triggers ------------------------------------------------------------------------------------

void dpc::own_error(const pcie::logged_error& e) {
    trigger({containment_cause::own_error, e.fatal, id_}, e.message);
}

bool dpc::pio_error(pio_space what, pio_failure how, const pcie::tlp& request, bool& system_error) {
    const rp_pio::outcome o = pio_.record(what, how, request);
    system_error = o.system_error;
    if (o.uncorrectable) trigger({containment_cause::rp_pio, true, id_});
    return o.exception;
}

void dpc::trigger(const containment_trigger& t, std::optional<pcie::msg_code> message) {
    triggers_.push({t, message});
    if (!announce(would_contain(t))) feed_triggers();
}

bool dpc::would_contain(const containment_trigger& t) const {
    const unsigned enabled = registers().trigger_enable();
    switch (t.cause) {
        case containment_cause::own_error:
        case containment_cause::rp_pio:
            return enabled == 2 || (enabled == 1 && t.fatal);
        case containment_cause::nonfatal_message:
            return enabled == 2;
        case containment_cause::fatal_message:
            return enabled != 0;
        case containment_cause::software:
            break;
    }
    return enabled != 0;
}

bool dpc::announce(bool triggers) {
    if (announced_) return true;
    const std::uint16_t enabled = space_.registers().get16(registers().at + control);
    if (!triggers || contained_ || (enabled & notice_enable) == 0) return false;
    announced_ = true;
    set_status(notice_status | interrupt_status, notice_status | interrupt_status);
    note("DPC announced");
    look();
    ctx_.timeline.after(config_.notice, base::phase::serve, client_);
    return true;
}

void dpc::feed_triggers() {
    if (!announced_ && !trigger_offered_ && !triggers_.empty())
        trigger_offered_ = block_->try_trigger(triggers_.front().what);
}

void dpc::answered(containment_answer a) {
    const pending_trigger t = triggers_.pop();
    trigger_offered_ = false;
    if (a == containment_answer::ignored) ++count_.ignored;
    // Where containment took the error there is no message.
    if (a == containment_answer::not_enabled && t.message) owner_.own_message(*t.message);
    feed_triggers();
}

void dpc::contained(const containment_trigger& why) {
    ++count_.triggers;
    contained_ = true;
    const bool by_message = why.cause == containment_cause::nonfatal_message ||
                            why.cause == containment_cause::fatal_message;
    pcie::config_registers& r = space_.registers();
    set_status(trigger_status | reason_mask | interrupt_status,
               trigger_status | reason_bits(why.cause) | interrupt_status);
    r.set(registers().at + source_id, 2, 0xffff, by_message ? why.source.value : 0);
    if (is_ever_busy(config_)) set_status(rp_busy, rp_busy);
    const std::uint16_t enabled = r.get16(registers().at + control);
    trained_message_due_ = true;
    note("DPC triggered");
    owner_.contain();
    look();
    if ((enabled & err_cor_enable) != 0 && space_.device_control().correctable_reporting)
        owner_.own_message(pcie::msg_code::err_cor);
}

void dpc::on_time(std::uint64_t) {
    announced_ = false;
    feed_triggers();
    while (!messages_.empty()) offer(containment_way::up, messages_.pop());
}

void dpc::rp_idle() { set_status(rp_busy, 0); }

void dpc::released() {
    contained_ = false;
    owner_.release();
}

void dpc::link_trained() {
    if (!std::exchange(trained_message_due_, false)) return;
    pcie::config_registers& r = space_.registers();
    const std::uint16_t at = registers().at;
    if ((r.get16(at + control) & dl_active_enable) != 0 &&
        (r.get16(at + capability) & has_dl_active_err_cor) != 0 &&
        space_.device_control().correctable_reporting)
        owner_.own_message(pcie::msg_code::err_cor);
}

// -- TLPs ----------------------------------------------------------------------------------------

containment_verdict dpc::down_verdict(const pcie::tlp& t) const {
    if (t.flow_class() != pcie::fc_class::non_posted) return containment_verdict::discard;
    return registers().completion_control_ur() ? containment_verdict::complete_ur
                                               : containment_verdict::complete_ca;
}

/// An error message that is going to trigger waits while that is announced, and nothing behind it.
void dpc::judge_up(pcie::tlp_ptr t) {
    const containment_tlp facts = facts_of(*t);
    if ((facts.err_fatal || facts.err_nonfatal) &&
        announce(would_contain({facts.err_fatal ? containment_cause::fatal_message
                                                : containment_cause::nonfatal_message,
                                facts.err_fatal, t->requester})))
        return messages_.push(std::move(t));
    offer(containment_way::up, std::move(t));
}

void dpc::offer(containment_way way, pcie::tlp_ptr t) {
    waiting_[index(way)].push(std::move(t));
    feed(way);
}

void dpc::feed(containment_way way) {
    auto& waiting = waiting_[index(way)];
    while (!waiting.empty() && block_->try_tlp(way, facts_of(*waiting.front())))
        offered_[index(way)].push(waiting.pop());
}

void dpc::judged(containment_way way, containment_verdict v) {
    pcie::tlp_ptr t = offered_[index(way)].pop();
    if (way == containment_way::up)
        owner_.judged_up(std::move(t), v);
    else
        owner_.judged_down(std::move(t), v);
}

void dpc::ready(containment_channel c) {
    if (c == containment_channel::up) feed(containment_way::up);
    if (c == containment_channel::down) feed(containment_way::down);
    if (c == containment_channel::trigger) feed_triggers();
}

}  // namespace drydock::root_complex
