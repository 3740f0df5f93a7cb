// SPDX-License-Identifier: Apache-2.0
// A function's construction, what configuration writes change in it, and its resets.
#include "tlm/endpoint/endpoint.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "tlm/pcie/intx.h"

namespace drydock::endpoint {
namespace {

constexpr std::size_t most_replies =
    1024;  ///< requests of the other side under way, all flow control allows
constexpr std::uint16_t ten_bit_tag_enable = 0x1000;  // DevCtl2[12]
constexpr std::uint16_t command_at = 0x04, status_at = 0x06, interrupt_pin_at = 0x3d;
constexpr std::uint16_t interrupt_status = 0x0008;

std::unique_ptr<atc_if> transaction_level(const std::string& name, base::context& ctx,
                                          const atc_config& config, atc_client& client) {
    return std::make_unique<atc>(name, ctx, config, client);
}

const endpoint_config& checked(const endpoint_config& c) {
    if (c.image.header_type() != 0)
        throw std::invalid_argument("endpoint: the configuration space has header type " +
                                    std::to_string(c.image.header_type()) +
                                    "; expected 0, a device");
    if (c.posted_queue < 1 || c.posted_queue > 1024)
        throw std::invalid_argument("endpoint: posted_queue: expected 1..1024");
    if (c.non_posted_queue < 1 || c.non_posted_queue > 1024)
        throw std::invalid_argument("endpoint: non_posted_queue: expected 1..1024");
    return c;
}

unsigned vectors_of(pcie::config_space& space) {
    return space.msix().present() ? space.msix().vectors() : 0;
}

/// Upper end of the programmed Completion Timeout range, DevCtl2[3:0] (PCIe).
base::ps completion_timeout(unsigned range, base::ps of_default) {
    using namespace base::literals;
    switch (range) {
        case 0x1:
            return 100_us;
        case 0x2:
            return 10_ms;
        case 0x5:
            return 55_ms;
        case 0x6:
            return 210_ms;
        case 0x9:
            return 900_ms;
        case 0xa:
            return 3'500_ms;
        case 0xd:
            return 13_s;
        case 0xe:
            return 64_s;
        default:
            return of_default;
    }
}

}  // namespace

endpoint::endpoint(std::string hierarchical_name, base::context& ctx, pcie::tlp_pool& pool,
                   const endpoint_config& config, const device_port& port,
                   const function_place& which, const atc_maker& make_atc)
    : name_(std::move(hierarchical_name)),
      ctx_(ctx),
      pool_(pool),
      port_(port),
      which_(which),
      config_(checked(config)),
      place_(ctx.probe.place(name_)),
      timer_id_(ctx.timeline.join(name_, *this)),
      space_(config.image),
      errors_(ctx, place_, space_, which.physical != nullptr ? &which.physical->space_ : nullptr,
              *this),
      msix_(vectors_of(space_), *this),
      msi_(space_, *this),
      engine_(name_ + ".dma", ctx, config.dma, *this),
      outstanding_(name_ + ".outstanding", ctx, *this),
      tx_(port.tx, *this, config.posted_queue, config.non_posted_queue, most_replies),
      pages_(name_ + ".pri", ctx, place_, space_, config.pages,
             config.dma.max_outstanding_reads + config.dma.max_outstanding_writes, pool, *this),
      replies_(ctx.timeline, name_ + ".replies", reply_sink{this}),
      reply_credits_(most_replies),
      invalidate_completions_(name_ + ".invalidate_completions", ctx, pool, faults_, tx_),
      span_of_slot_(config.atc.request_slots),
      text_flr_(ctx.probe.text("flr")),
      text_cxl_reset_(ctx.probe.text("cxl_reset")),
      text_ready_(ctx.probe.text("ready")),
      text_operational_(ctx.probe.text("operational")),
      text_link_down_(ctx.probe.text("link_down")),
      text_in_reset_(ctx.probe.text("function in reset")),
      text_injected_(ctx.probe.text("injected")),
      text_queued_(ctx.probe.text("reset while queued")),
      text_poisoned_(ctx.probe.text("poisoned")),
      text_overflow_(ctx.probe.text("receiver overflow")),
      text_dead_(ctx.probe.text("dead")),
      text_absent_(ctx.probe.text("absent")),
      text_starting_(ctx.probe.text("starting")) {
    if (is_virtual()) {
        state_ = state::absent;
        page_user_ = shared_pages().add_user(*this);
    }
    id_ = base::routing_id{static_cast<std::uint16_t>(which.number)};
    const std::string atc_name = name_ + ".atc";
    if (space_.ats().present())
        atc_ = make_atc ? make_atc(atc_name, ctx, config.atc, *this)
                        : transaction_level(atc_name, ctx, config.atc, *this);
    space_.listen(*this);
    update_controls();
}

// -- what configuration writes change ------------------------------------------------------------

void endpoint::config_written(std::uint16_t offset) {
    const std::uint16_t pasid_at = space_.pasid().at;
    if (pasid_at != 0 && offset == pasid_at + 4 && pasid_on_ != space_.pasid().enabled() && ats_on_)
        errors_.note("PASID Enable changed while ATS Enable is set", id_, base::no_span);
    if (space_.cxl_device().present() && offset == space_.cxl_device().at + 0x10u)
        cxl_control_written();
    update_controls();
    pages_.config_written();
    port_.owner.function_changed(*this);
}

void endpoint::update_controls() {
    update_power();
    update_ats();
    update_requester();
    pasid_on_ = physical_space().pasid().enabled();
    if (space_.msix().present())
        msix_.set_control(space_.msix().enabled(), space_.msix().function_mask());
    msi_.flush();
    update_intx();
}

bool endpoint::fire(std::uint32_t vector) {
    if (msix_.enabled())
        msix_.fire(vector);
    else if (space_.msi().enabled())
        msi_.fire(vector);
    else
        return false;
    return true;
}

/// A level: Interrupt Status says what the function wants, Interrupt Disable and message interrupts
/// keep it from the wire (PCIe).
void endpoint::update_intx() {
    const unsigned pin = space_.registers().image.bytes[interrupt_pin_at];
    if (pin == 0 || pin > pcie::intx_pins || is_virtual()) return;
    const bool wants = engine_.interrupts() != 0;
    space_.registers().set(status_at, 2, interrupt_status, wants ? interrupt_status : 0);
    const bool messages = msix_.enabled() || space_.msi().enabled();
    const bool asserted = wants && !messages && !space_.command().intx_disable &&
                          state_ == state::operational && power_state_ == 0;
    if (asserted == std::exchange(intx_asserted_, asserted)) return;
    port_.owner.intx_changed(pin - 1, asserted);
}

void endpoint::update_requester() {
    pcie::config_space& controls = physical_space();
    const pcie::device_control_bits d = controls.device_control();
    max_payload_ = d.max_payload;
    max_read_request_ = d.max_read_request;
    tx_.set_digests(controls.aer().generates_ecrc());
    checks_ecrc_ = controls.aer().checks_ecrc();
    relaxed_ = config_.dma.relaxed_ordering && d.relaxed_ordering;
    pcie::express_view express = controls.express();
    if (express.present()) {
        const bool second_version = express.has_second_registers();
        const std::uint16_t control2 = express.device_control2();
        atomics_on_ = (control2 & pcie::express_view::atomic_requester) != 0;
        const bool ten =
            is_virtual() ? controls.sriov().vf_10_bit_tags() : (control2 & ten_bit_tag_enable) != 0;
        outstanding_.set_width(ten              ? tag_width::ten
                               : d.extended_tag ? tag_width::eight
                                                : tag_width::five);
        const bool off = second_version && express.completion_timeout_disabled();
        outstanding_.set_timeout(
            off ? base::never : completion_timeout(control2 & 0xf, config_.completion_timeout));
    }
    const bool before = may_issue_;
    may_issue_ = state_ == state::operational && space_.command().bus_master && power_state_ == 0;
    if (before && !may_issue_) engine_.suspend();
    if (may_issue_ && !before) {
        engine_.room();
        if (atc_) atc_->resume();
        msix_.flush();
        msi_.flush();
    }
}

void endpoint::update_ats() {
    if (!atc_) return;
    const bool on = space_.ats().enabled();
    if (on == ats_on_) return;
    ats_on_ = on;
    if (on) atc_->set_stu(static_cast<std::uint8_t>(min_page_log2 + physical_space().ats().stu()));
    control_atc(on ? atc_control::enable : atc_control::disable);
    if (!on) engine_.ats_disabled();
}

/// D3hot to D0 without No_Soft_Reset is a reset of the function (PCIe).
void endpoint::update_power() {
    const unsigned before = std::exchange(power_state_, space_.power().state());
    if (before == 3 && power_state_ == 0 && !space_.power().no_soft_reset())
        reset(pcie::reset_kind::flr);
}

void endpoint::control_atc(atc_control what) {
    if (!atc_controls_.full()) atc_controls_.push(what);
    while (!atc_controls_.empty() && atc_->try_control(id_, atc_controls_.front()))
        atc_controls_.pop();
}

// -- resets --------------------------------------------------------------------------------------

void endpoint::reset(pcie::reset_kind kind) {
    forget_work();
    faults_.deaf_until_reset = 0;
    space_.reset(kind);
    power_state_ = 0;
    pages_.config_written();
    update_controls();
    port_.owner.function_changed(*this);
}

/// Everything that was under way ends without an answer.
void endpoint::forget_work() {
    drop_queued();
    engine_.reset();
    pages_.reset();
    if (is_virtual()) shared_pages().leave(page_user_, state_ == state::absent);
    outstanding_.forget();
    for (request_slot s = 0; s < span_of_slot_.size(); ++s)
        end_translation(s, {completion_entry::status::timeout, 0, {}});
    while (!held_.empty()) {
        const held_invalidate h = held_.pop();
        ignore_invalidate(h.what.tag, h.what.span, text_queued_);
        free_invalidate(h);
    }
    if (atc_) {
        ats_on_ = false;
        atc_controls_.clear();
        control_atc(atc_control::reset);
    }
    msix_.reset();
    msi_.reset();
    errors_to_send_ = 0;
    posted_refused_ = non_posted_refused_ = false;
    tx_.pass_on();
}

void endpoint::begin_flr() {
    flr_asked_ = false;
    if (faults::take(faults_.ignore_flr)) return;
    be_gone_for(config_.flr_time, text_flr_);
}

void endpoint::be_gone_for(base::ps time, std::uint32_t text) {
    ctx_.timeline.cancel(ready_timer_);
    in_cxl_reset_ = false;
    enter(state::flr, text);
    reset(pcie::reset_kind::flr);
    if (!faults::take(faults_.never_ready))
        ready_timer_ = ctx_.timeline.after(time, base::phase::arrive, timer_id_);
}

/// Control 2 of the CXL DVSEC: nothing is ever cached here, so a write-back is done at once.
void endpoint::cxl_control_written() {
    pcie::cxl_device_view v = space_.cxl_device();
    if (v.initiates_writeback()) v.set_status(v.status() | pcie::cxl_device_view::cache_invalid);
    cxl_reset_asked_ = v.initiates_reset();
}

/// The function is reset as by an FLR; status tells how it ended.
void endpoint::begin_cxl_reset() {
    cxl_reset_asked_ = false;
    be_gone_for(config_.cxl_reset_time, text_cxl_reset_);
    in_cxl_reset_ = true;
    pcie::cxl_device_view v = space_.cxl_device();
    using view = pcie::cxl_device_view;
    v.set_status(v.status() &
                 static_cast<std::uint16_t>(~(view::reset_complete | view::reset_error)));
}

void endpoint::on_time(std::uint64_t) {
    if (std::exchange(in_cxl_reset_, false)) {
        pcie::cxl_device_view v = space_.cxl_device();
        const base::ps limit{std::int64_t{v.reset_timeout_ms()} * 1'000'000'000};
        v.set_status(v.status() |
                     (config_.cxl_reset_time <= limit ? pcie::cxl_device_view::reset_complete
                                                      : pcie::cxl_device_view::reset_error));
    }
    enter(state::operational, text_ready_);
    update_controls();
}

void endpoint::enter(state s, std::uint32_t text) {
    state_ = s;
    if (ctx_.probe.wants(base::kind::function_state))
        ctx_.probe.emit(base::kind::function_state, place_, now(), base::no_span, id_.value, text);
}

/// Link down is a reset as a hot reset is; the link drops what was in it (PCIe).
void endpoint::link_changed(bool up) {
    // A virtual function goes with the VF Enable of its PF.
    if (up == (state_ != state::link_down) || state_ == state::dead || is_virtual()) return;
    ctx_.timeline.cancel(ready_timer_);
    if (up && config_.ready_after_reset > base::ps{0}) {
        enter(state::starting, text_starting_);
        ready_timer_ =
            ctx_.timeline.after(config_.ready_after_reset, base::phase::arrive, timer_id_);
        return;
    }
    if (up) {
        enter(state::operational, text_operational_);
        return update_controls();
    }
    enter(state::link_down, text_link_down_);
    drop_replies();
    reset(pcie::reset_kind::conventional);
}

void endpoint::appear(base::routing_id id) {
    id_ = id;
    enter(state::starting, text_starting_);
    reset(pcie::reset_kind::fundamental);
    ready_timer_ = ctx_.timeline.after(config_.vf_ready_time, base::phase::arrive, timer_id_);
}

void endpoint::vanish() {
    ctx_.timeline.cancel(ready_timer_);
    enter(state::absent, text_absent_);
    drop_replies();
    reset(pcie::reset_kind::fundamental);
}

void endpoint::renew() {
    faults_ = {};
    if (state_ == state::dead)
        enter(is_virtual() ? state::absent : state::link_down,
              is_virtual() ? text_absent_ : text_link_down_);
    power_cycle();
}

void endpoint::power_cycle() { reset(pcie::reset_kind::fundamental); }

void endpoint::drop_replies() {
    replies_.clear([](const pcie::tlp_ptr&) {});
    while (!reply_credits_.empty()) free_reply(reply_credits_.front().channel);
    tx_.drop(pcie::fc_class::completion, [](const pcie::tlp_ptr&) {});
}

// -- injected faults that act at once ------------------------------------------------------------

void endpoint::injected() {
    if (faults_.silent_death != 0) die();
    if (faults_.pri_flood != 0 && state_ != state::dead)
        pages_.flood(std::exchange(faults_.pri_flood, 0));
    while (state_ == state::operational && tx_.room(pcie::fc_class::completion) > 0 &&
           !reply_credits_.full() && faults::take(faults_.stray_completions)) {
        reply_credits_.push({});
        tx_.push(stray_completion());
    }
}

/// To the root complex, with a tag that no request of it has.
pcie::tlp_ptr endpoint::stray_completion() {
    pcie::tlp_ptr t = pool_.make();
    t->type = pcie::tlp_type::cpl;
    t->completer = id_;
    t->tag = 0x3ff;
    t->byte_count = 4;
    return t;
}

void endpoint::detect(pcie::error e, const pcie::tlp* t, bool advisory) {
    if (state_ != state::dead) errors_.report(e, advisory, t, id_);
}

void endpoint::detect_correctable(unsigned bit, std::string_view text) {
    if (state_ == state::dead) return;
    errors_.note(text, id_, base::no_span);
    if (const auto code = pcie::log_correctable(space_, bit)) send_error(*code);
}

/// For good: no reset and no link brings it back.
void endpoint::die() {
    if (state_ == state::dead) return;
    ctx_.timeline.cancel(ready_timer_);
    enter(state::dead, text_dead_);
    drop_replies();
    forget_work();
    update_requester();
}

}  // namespace drydock::endpoint
