// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <utility>

#include "tlm/endpoint/atc.h"

namespace drydock::endpoint {

void atc::do_invalidates() {
    if (current_ != no_invalidation && current_ends_ <= now()) finish_current();
    if (current_ == no_invalidation && !queued_.empty() &&
        invalidations_[queued_.front()].sample <= now())
        start(queued_.pop());
}

/// The duties before a completion (PCIe) begin here: from now on no entry that gives a new use,
/// answers under way to be dropped, uses of the range to be waited for. None of it waits for a
/// Translation Completion. What follows is the time that the engine works.
void atc::start(std::uint8_t slot) {
    invalidation& i = invalidations_[slot];
    const invalidate& what = i.what;
    const bool refused = config_.ignore_when_disabled && !function_of(what.rid).enabled;
    if (refused || i.killed) {
        if (!i.killed) ignored(what, reason_disabled_);
        free_invalidations_ |= std::uint32_t{1} << slot;
        return;
    }
    stage(9, what.span, i.sample < now() ? previous_ : base::no_span);
    current_ = slot;
    previous_ = what.span;
    const std::uint64_t probes = store_.probes_for(what);
    current_ends_ =
        now() + clock_.to_time({config_.invalidate_cycles +
                                static_cast<std::int64_t>(probes) * config_.probe_cycles});
    i.probes = static_cast<std::uint32_t>(probes);
    i.removed = store_.remove(what);
    overtake_requests(what);
    i.held = i.uses = hold_uses(slot);
}

void atc::finish_current() {
    const std::uint8_t slot = std::exchange(current_, no_invalidation);
    invalidation& i = invalidations_[slot];
    i.processed = true;
    stage(10, i.what.span);
    if (tells(base::kind::atc_invalidated))
        ctx_.probe.emit(base::kind::atc_invalidated, place_, now(), i.what.span, i.what.tag.value,
                        i.removed, i.held, i.probes);
    if (i.uses == 0) drained(slot, drained_);
}

/// Whether the invalidate that works now reaches a translation: it is not kept.
bool atc::shadows(const stored_translation& t) const {
    return current_ != no_invalidation &&
           translation_store::hit_by(invalidations_[current_].what, t);
}

std::uint32_t atc::hold_uses(unsigned slot) {
    const invalidate& what = invalidations_[slot].what;
    counted_.uses_checked += live_uses_.size();
    std::uint32_t held = 0;
    for (const std::uint32_t index : live_uses_) {
        use& u = uses_[index];
        if (u.rid != what.rid || u.first > what.last.value || u.last < what.first.value ||
            u.first > u.last || !reaches(what, u.ssid, u.global))
            continue;
        u.holds |= std::uint32_t{1} << slot;
        ++held;
    }
    return held;
}

void atc::overtake_requests(const invalidate& what) {
    for (const request_slot s : active_requests_) {
        request& r = requests_[s];
        // The answer may turn out Global: with a PASID in the request every PASID's answer is
        // dropped.
        if (r.is != request::state::sent || r.key.rid != what.rid || (what.ssid && !r.key.ssid))
            continue;
        const std::uint64_t first = r.key.va.value;
        if (first <= what.last.value && (first | below_bit(stu_)) >= what.first.value)
            r.overtaken = true;
        r.gone_first = std::min(r.gone_first, what.first.value);
        r.gone_last = std::max(r.gone_last, what.last.value);
    }
}

void atc::drained(std::uint8_t slot, std::uint32_t& at_edge) {
    stage(11, invalidations_[slot].what.span);
    at_edge |= std::uint32_t{1} << slot;
}

void atc::group_drained() {
    for (std::uint32_t left = std::exchange(drained_, 0); left != 0; left &= left - 1) {
        const auto slot = static_cast<unsigned>(std::countr_zero(left));
        const invalidate& what = invalidations_[slot].what;
        unsigned n = 0;
        while (n < ready_count_ &&
               (ready_[n].rid != what.rid || ready_[n].traffic_class != what.traffic_class))
            ++n;
        if (n == ready_count_)
            ready_[ready_count_++] = {what.rid, what.traffic_class, 0, 0,
                                      now() + clock_.to_time({config_.completion_cycles})};
        ready_[n].vector |= std::uint32_t{1} << (what.tag.value & 31);
        ready_[n].invalidations |= std::uint32_t{1} << slot;
    }
}

/// One message an edge. ITags of one function and traffic class that became ready since the last,
/// or while the posted queue was full, share one.
void atc::send_completion() {
    const completion& c = ready_[0];
    if (!client_.try_completion(c.rid, c.vector, c.traffic_class)) {
        completions_blocked_ = true;
        return;
    }
    free_invalidations_ |= c.invalidations;
    ++counted_.completions;
    counted_.completed_itags += static_cast<unsigned>(std::popcount(c.vector));
    std::copy(ready_.begin() + 1, ready_.begin() + ready_count_, ready_.begin());
    --ready_count_;
}

void atc::stage(unsigned boundary, base::span_id span, base::span_id waited_for) {
    if (span != base::no_span && tells(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, now(), span, boundary, waited_for.value);
}

void atc::ignored(const invalidate& what, std::uint32_t reason) {
    if (tells(base::kind::invalidate_ignored))
        ctx_.probe.emit(base::kind::invalidate_ignored, place_, now(), what.span, what.rid.value,
                        reason, what.tag.value);
}

}  // namespace drydock::endpoint
