// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sw/kernel/poll.h"

namespace drydock::sw {
namespace {

constexpr hal::duration one_ps{1};
constexpr hal::duration never = hal::duration::max();
/// Limits above this (58 days) are never reached; keeps the sums in range.
constexpr hal::duration endless{5'000'000'000'000'000'000};

}  // namespace

poll_wait::poll_wait(scheduler& s, phys_addr_t at, unsigned size, reader read, const test& done,
                     const poll_grid& grid, const poll_backoff& backoff, hal::time_point started)
    : scheduler_(s),
      task_(*s.active()),
      at_(at),
      size_(size),
      read_(read),
      done_(done),
      grid_(grid),
      backoff_(backoff),
      started_(started),
      origin_(s.now() - grid.look),
      wfe_from_(s.now()) {}

bool poll_wait::run(u64 first_value) {
    task_.poll = this;
    task_.state = task_state::polling;
    if (read_(scheduler_.host(), at_, size_) != first_value)
        changed();  // while the first look was under way
    scheduler_.switch_away();
    task_.poll = nullptr;
    return success_;
}

hal::duration poll_wait::tau() const {
    return (frozen_ ? frozen_at_ : scheduler_.now()) - origin_ - shift_;
}

hal::time_point poll_wait::due() const {
    if (waits_for_event()) return due_event();
    hal::time_point when = never;
    if (is_dirty_) when = wall(grid_.at_or_after(std::max(dirty_, executed_ + one_ps)).at);
    if (backoff_.limit > endless) return when;
    const hal::duration last_in_time = started_ + backoff_.limit - grid_.look - origin_ - shift_;
    const hal::duration open = std::max(std::max(last_in_time, executed_) + one_ps, resumed_);
    return std::min(when, wall(grid_.at_or_after(open).at));
}

void poll_wait::look() {
    const hal::time_point now = scheduler_.now();
    if (due() > now) return;
    if (waits_for_event()) {
        const std::int64_t tick = scheduler_.costs().event_stream.count();
        looks_ += 1 + static_cast<u64>(std::max<std::int64_t>(
                          0, (now.count() - 1) / tick - wfe_from_.count() / tick));
        wfe_from_ = now + grid_.look;
        event_at_ = never;
    } else {
        executed_ = tau();
        looks_ = grid_.at_or_after(executed_).index;
    }
    is_dirty_ = false;
    scheduler_.set_active(&task_);
    const bool success = done_(read_(scheduler_.host(), at_, size_));
    scheduler_.set_active(nullptr);
    if (success || limit_passed(now + grid_.look)) end(success, now);
}

/// The loop ends with the look that begins at `look_begins`.
void poll_wait::end(bool success, hal::time_point look_begins) {
    success_ = success;
    task_.state = task_state::spending;
    task_.end = look_begins + grid_.look;
    task_.deferred = false;
}

void poll_wait::changed(u64) {
    if (!is_dirty_) dirty_ = waits_for_event() ? scheduler_.now() : tau();
    is_dirty_ = true;
    if (!frozen_) scheduler_.at(task_.cpu).arm();
}

// -- interrupts --------------------------------------------------------------------------------

void poll_wait::freeze() {
    frozen_at_ = scheduler_.now();
    frozen_ = true;
}

void poll_wait::thaw() {
    const hal::duration interrupted = scheduler_.now() - frozen_at_;
    if (waits_for_event()) return thaw_event(interrupted);
    const hal::duration at = tau();
    shift_ += interrupted;
    frozen_ = false;
    resumed_ = at;
    // If the interrupt fell into a look, the test of the limit that follows it is late by that
    // much.
    poll_grid::point newest = grid_.at_or_before(at);
    if (newest.at == at && executed_ < at && newest.index > 0)
        newest = grid_.at_index(newest.index - 1);
    if (newest.index == 0 || at > newest.at + grid_.look ||
        !limit_passed(wall(newest.at + grid_.look)))
        return;
    looks_ = newest.index;
    end(false, wall(newest.at));
}

/// The return from an interrupt sets the CPU's event register: the WFE under way, or the next, ends
/// at once.
void poll_wait::thaw_event(hal::duration interrupted) {
    const hal::time_point began = frozen_at_;
    frozen_ = false;
    const hal::duration tick = scheduler_.costs().event_stream;
    const hal::time_point idle_look = began - began % tick;
    hal::time_point look_ends = wfe_from_;
    if (idle_look > wfe_from_ && idle_look < began) look_ends = idle_look + grid_.look;
    const hal::duration rest = std::max(hal::duration::zero(), look_ends - began);
    const hal::time_point again = began + interrupted + rest;
    if (rest > hal::duration::zero() && limit_passed(again)) return end(false, again - grid_.look);
    wfe_from_ = again;
    event_at_ = again;
}

// -- wait for event ----------------------------------------------------------------------------

hal::time_point poll_wait::next_tick(hal::time_point after) const {
    const hal::duration tick = scheduler_.costs().event_stream;
    return after - after % tick + tick;
}

hal::time_point poll_wait::due_event() const {
    hal::time_point when = event_at_;
    if (is_dirty_) when = std::min(when, next_tick(std::max(dirty_ - one_ps, wfe_from_)));
    if (backoff_.limit > endless) return when;
    return std::min(when, next_tick(std::max(started_ + backoff_.limit - grid_.look, wfe_from_)));
}

void poll_wait::event() {
    if (!waits_for_event() || frozen_ || task_.state != task_state::polling || event_at_ != never)
        return;
    const hal::time_point now = scheduler_.now();
    const hal::time_point idle_look = now - now % scheduler_.costs().event_stream;
    // An event during a look is latched and ends the WFE that follows.
    event_at_ = std::max(now, wfe_from_);
    if (idle_look > wfe_from_ && idle_look < now)
        event_at_ = std::max(event_at_, idle_look + grid_.look);
    scheduler_.at(task_.cpu).arm();
}

}  // namespace drydock::sw
