// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/invalidation_tracker_trace.h"

#include <bit>
#include <utility>

namespace drydock::smmu {

invalidation_tracker_trace::invalidation_tracker_trace(std::string_view name, base::context& ctx)
    : ctx_(ctx),
      place_(ctx.probe.place(name)),
      no_itag_text_(ctx.probe.text("no_free_itag")),
      depth_text_(ctx.probe.text("invalidate_queue_depth")),
      oddity_texts_{ctx.probe.text("itag_not_outstanding"), ctx.probe.text("wrong_function"),
                    ctx.probe.text("completion_count_differs")} {}

void invalidation_tracker_trace::tell_wait(const invalidation& what, lack of,
                                           base::span_id holder) {
    ctx_.probe.emit(base::kind::itag_wait, place_, ctx_.now(), what.span, what.function.value,
                    of == lack::no_free_itag ? no_itag_text_ : depth_text_, holder.value);
}

void invalidation_tracker_trace::taken(invalidation_id id, const invalidation& what, unsigned tag,
                                       unsigned free_itags) {
    ++count_.issued;
    const bool waited = waited_ && refused_ == id;
    if (ctx_.probe.wants(base::kind::itag_taken))
        ctx_.probe.emit(base::kind::itag_taken, place_, ctx_.now(), what.span, tag,
                        what.function.value, free_itags);
    if (what.span != base::no_span && ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), what.span, 6,
                        waited ? freed_by_.value : 0, tag);
    if (waited) waited_ = false;
}

void invalidation_tracker_trace::expired(const invalidation& what, unsigned tag,
                                         unsigned free_itags, base::ps age) {
    ++count_.timeouts;
    if (ctx_.probe.wants(base::kind::itag_timeout))
        ctx_.probe.emit(base::kind::itag_timeout, place_, ctx_.now(), what.span, tag,
                        what.function.value, static_cast<std::uint64_t>(age.count));
    retired(what, tag, free_itags);
}

void invalidation_tracker_trace::retired(const invalidation& what, unsigned tag,
                                         unsigned free_itags) {
    freed_by_ = what.span;
    if (ctx_.probe.wants(base::kind::itag_retired))
        ctx_.probe.emit(base::kind::itag_retired, place_, ctx_.now(), what.span, tag,
                        what.function.value, free_itags);
}

void invalidation_tracker_trace::unexpected(std::uint32_t vector, base::routing_id from,
                                            oddity why) {
    if (vector == 0) return;
    count_.unexpected += static_cast<unsigned>(std::popcount(vector));
    if (ctx_.probe.wants(base::kind::itag_unexpected))
        ctx_.probe.emit(base::kind::itag_unexpected, place_, ctx_.now(), base::no_span, vector,
                        from.value, oddity_texts_[static_cast<unsigned>(why)]);
}

}  // namespace drydock::smmu
