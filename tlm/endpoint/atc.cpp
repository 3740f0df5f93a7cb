// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/atc.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

namespace drydock::endpoint {
namespace {

void check(bool in_range, const char* what, const char* expected) {
    if (!in_range)
        throw std::invalid_argument(std::string("ATC: ") + what + ": expected " + expected);
}

const atc_config& checked(const atc_config& c) {
    check(c.request_slots >= 1 && c.request_slots <= 256, "request_slots", "1..256");
    check(c.uses >= 1 && c.uses <= 65'535, "uses", "1..65535");
    check(c.invalidate_queue >= 1 && c.invalidate_queue <= 32, "invalidate_queue", "1..32");
    check(c.clock > base::ps{}, "clock", "a period above 0, e.g. 1ns");
    check(c.lookup_cycles >= 1, "lookup_cycles", "1 or more");
    check(c.probe_cycles >= 1, "probe_cycles", "1 or more");
    return c;
}

template <class T>
void fill_downwards(std::vector<T>& free, std::size_t n) {
    free.clear();
    for (std::size_t i = n; i-- > 0;) free.push_back(static_cast<T>(i));
}

}  // namespace

atc::atc(std::string_view name, base::context& ctx, const atc_config& config, atc_client& client)
    : ctx_(ctx),
      config_(checked(config)),
      client_(client),
      clock_(config.clock),
      place_(ctx.probe.place(name)),
      id_(ctx.timeline.join(name, *this)),
      functions_(config.shared ? 0 : 1),
      store_(config.entries, config.ways),
      pipeline_(config.uses),
      stalled_(config.uses),
      requests_(config.request_slots),
      to_send_(config.request_slots),
      fills_(config.request_slots),
      fill_time_(clock_.to_time({config.fill_cycles})),
      queued_(config.invalidate_queue),
      reason_disabled_(ctx.probe.text("ATS disabled")),
      reason_reset_(ctx.probe.text("reset while queued")) {
    free_requests_.reserve(config.request_slots);
    active_requests_.reserve(config.request_slots);
    empty();
}

base::ps atc::sample_after(base::ps last) const {
    return std::max(clock_.next_edge(now()), last + clock_.period());
}

bool atc::try_lookup(lookup_id id, const atc_key& key, atc_access access) {
    if (!has_room()) {
        lookup_refused_ = true;
        return false;
    }
    if (free_lookups_.empty()) {
        free_lookups_.push_back(static_cast<std::uint32_t>(lookups_.size()));
        lookups_.emplace_back();
    }
    const std::uint32_t index = free_lookups_.back();
    free_lookups_.pop_back();
    last_lookup_sample_ = sample_after(last_lookup_sample_);
    lookups_[index] = {id,
                       key,
                       access,
                       last_lookup_sample_ + clock_.to_time({config_.lookup_cycles}),
                       lookup::turn::first,
                       none};
    pipeline_.push(index);
    ++counted_.lookups;
    arm(pipeline_.size() == 1 ? lookups_[index].due : base::never);
    return true;
}

bool atc::try_fill(request_slot slot, const completion_entry& entry) {
    if (fills_.full()) return false;  // more answers than requests: the caller drops it
    last_fill_edge_ = sample_after(last_fill_edge_);
    fills_.push({slot, entry, last_fill_edge_ + fill_time_});
    arm(fills_.front().edge);
    return true;
}

bool atc::try_invalidate(const invalidate& what) {
    if (free_invalidations_ == 0) {
        invalidate_refused_ = true;
        return false;
    }
    const auto slot = static_cast<std::uint8_t>(std::countr_zero(free_invalidations_));
    free_invalidations_ &= free_invalidations_ - 1;
    last_invalidate_sample_ = sample_after(last_invalidate_sample_);
    invalidations_[slot] = {};
    invalidations_[slot].what = what;
    invalidations_[slot].sample = last_invalidate_sample_;
    queued_.push(slot);
    ++counted_.invalidates;
    if (current_ == no_invalidation && queued_.size() == 1) arm(last_invalidate_sample_);
    return true;
}

bool atc::try_control(base::routing_id rid, atc_control what) {
    if (controls_.full()) {
        control_refused_ = true;
        return false;
    }
    controls_.push({rid, what});
    if (control_edge_ == base::never) control_edge_ = clock_.next_edge(now());
    arm(control_edge_);
    return true;
}

void atc::release(use_id id) {
    const std::uint32_t index = id & 0xffff;
    use& u = uses_[index];
    if (u.position == none || u.generation != id >> 16) return;  // of before a reset
    const std::uint32_t moved = live_uses_.back();
    live_uses_[u.position] = moved;
    uses_[moved].position = u.position;
    live_uses_.pop_back();
    u.position = none;
    ++u.generation;
    free_uses_.push_back(index);
    for (std::uint32_t holds = u.holds; holds != 0; holds &= holds - 1) {
        const auto slot = static_cast<std::uint8_t>(std::countr_zero(holds));
        invalidation& i = invalidations_[slot];
        if (--i.uses != 0 || !i.processed) continue;
        drained(slot, working_ ? late_ : drained_);
        if (!working_) kick();
    }
    if (lookup_refused_) kick();
}

void atc::resume() {
    if (!requests_blocked_ && !completions_blocked_) return;
    requests_blocked_ = completions_blocked_ = false;
    kick();
}

// -- the clock ---------------------------------------------------------------------------------

void atc::kick() {
    if (kick_edge_ == base::never) kick_edge_ = clock_.next_edge(now());
    arm(kick_edge_);
}

void atc::arm(base::ps when) {
    if (working_ || when >= armed_at_) return;
    ctx_.timeline.cancel(armed_);
    armed_at_ = when;
    armed_ = ctx_.timeline.at(when, base::phase::rtl, id_);
}

void atc::rearm() {
    base::ps when = std::min(control_edge_, kick_edge_);
    if (!fills_.empty()) when = std::min(when, fills_.front().edge);
    if (!pipeline_.empty()) when = std::min(when, lookups_[pipeline_.front()].due);
    if (current_ != no_invalidation)
        when = std::min(when, current_ends_);
    else if (!queued_.empty())
        when = std::min(when,
                        std::max(invalidations_[queued_.front()].sample, now() + clock_.period()));
    const base::ps next = clock_.next_edge(now());
    if (late_ != 0 || (!requests_blocked_ && !to_send_.empty())) when = std::min(when, next);
    if (!completions_blocked_ && ready_count_ > 0)
        when = std::min(when, std::max(next, ready_[0].due));
    if (when != base::never) arm(when);
}

void atc::on_time(std::uint64_t) {
    armed_at_ = base::never;
    working_ = true;
    if (kick_edge_ <= now()) kick_edge_ = base::never;
    drained_ |= std::exchange(late_, 0);
    if (control_edge_ <= now()) do_next_control();
    do_fills();
    do_invalidates();
    do_lookups();
    replay_stalled();
    if (!requests_blocked_ && !to_send_.empty()) send_request();
    if (drained_ != 0) group_drained();
    if (!completions_blocked_ && ready_count_ > 0 && ready_[0].due <= now()) send_completion();
    if (lookup_refused_ || invalidate_refused_ || control_refused_) tell_ready();
    working_ = false;
    rearm();
}

void atc::tell_ready() {
    if (lookup_refused_ && has_room()) {
        lookup_refused_ = false;
        client_.ready(atc_channel::lookup);
    }
    if (invalidate_refused_ && free_invalidations_ != 0) {
        invalidate_refused_ = false;
        client_.ready(atc_channel::invalidate);
    }
    if (control_refused_ && !controls_.full()) {
        control_refused_ = false;
        client_.ready(atc_channel::control);
    }
}

// -- enable, disable, reset --------------------------------------------------------------------

void atc::do_next_control() {
    control_edge_ = base::never;
    do_control(controls_.pop());
    if (!controls_.empty()) control_edge_ = now() + clock_.period();
}

/// For all uses there may be: a function that is never enabled needs none, and none is made later.
void atc::make_room() {
    for (auto* numbers : {&free_lookups_, &free_uses_, &live_uses_}) numbers->reserve(config_.uses);
    lookups_.reserve(config_.uses);
    uses_.reserve(config_.uses);
}

void atc::do_control(const control& c) {
    if (c.what == atc_control::enable) make_room();
    if (config_.shared) return do_shared_control(c);
    function& f = functions_.front();
    if (c.what == atc_control::enable) {
        if (!f.enabled) store_.clear();
        f.enabled = true;
        f.denied = false;
        return;
    }
    f.enabled = f.denied = false;
    if (c.what == atc_control::reset) {
        drop_invalidates();
        empty();
        return;
    }
    // Disabled: what is in use stays in use until it is released; a later invalidate waits for it.
    store_.clear();
    to_send_.clear();
    for (std::size_t i = active_requests_.size(); i-- > 0;) {
        const request_slot s = active_requests_[i];
        refuse_waiters(s, atc_fault::disabled);
        if (requests_[s].is == request::state::to_send)
            finish_request(s);
        else
            requests_[s].abandoned = true;
    }
}

void atc::empty() {
    store_.clear();
    pipeline_.clear();
    stalled_.clear();
    to_send_.clear();
    fills_.clear();
    queued_.clear();
    fill_downwards(free_lookups_, lookups_.size());
    fill_downwards(free_requests_, requests_.size());
    fill_downwards(free_uses_, uses_.size());
    active_requests_.clear();
    for (const std::uint32_t u : live_uses_) {
        uses_[u].position = none;
        ++uses_[u].generation;
    }
    live_uses_.clear();
    for (request& r : requests_) r = {};
    free_invalidations_ = static_cast<std::uint32_t>(below_bit(config_.invalidate_queue));
    current_ = no_invalidation;
    drained_ = late_ = 0;
    ready_count_ = 0;
    last_lookup_sample_ = std::min(last_lookup_sample_, now());
    last_fill_edge_ = std::min(last_fill_edge_, now());
    last_invalidate_sample_ = std::min(last_invalidate_sample_, now());
    replaying_ = requests_blocked_ = completions_blocked_ = false;
    lookup_refused_ = invalidate_refused_ = false;
}

void atc::drop_invalidates() {
    const std::uint32_t taken =
        ~free_invalidations_ & static_cast<std::uint32_t>(below_bit(config_.invalidate_queue));
    for (std::uint32_t left = taken; left != 0; left &= left - 1)
        ignored(invalidations_[static_cast<std::size_t>(std::countr_zero(left))].what,
                reason_reset_);
}

}  // namespace drydock::endpoint
