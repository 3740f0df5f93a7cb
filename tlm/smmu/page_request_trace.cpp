// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/page_request_trace.h"

namespace drydock::smmu {
namespace {

constexpr std::uint64_t request_at_smmu = 57, response_leaves = 59;  // boundaries

}  // namespace

void page_request_trace::stage(base::span_id span, std::uint64_t boundary) {
    if (ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), span, boundary);
}

void page_request_trace::take(base::routing_id function, std::uint16_t group, bool last,
                              base::span_id span) {
    stage(span, request_at_smmu);
    requests& r = open_[key(function, group)];
    if (r.complete) r = {};  // the index is used again: nobody answered the one before
    r.spans.push_back(span);
    r.complete = last;
}

void page_request_trace::answered(base::routing_id function, std::uint16_t group) {
    const auto found = open_.find(key(function, group));
    if (found == open_.end()) return;
    for (const base::span_id span : found->second.spans) stage(span, response_leaves);
    open_.erase(found);
}

}  // namespace drydock::smmu
