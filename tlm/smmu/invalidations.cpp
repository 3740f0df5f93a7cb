// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/invalidations.h"

#include <bit>

#include "tlm/smmu/invalidation_tracker.h"

namespace drydock::smmu {
namespace {

std::unique_ptr<invalidation_tracker_if> make_tracker(std::string_view name, base::context& ctx,
                                                      const smmu_config& c,
                                                      invalidation_tracker_client& client) {
    const invalidation_tracker_config t{c.invalidate_timeout, c.tracker_clock, c.itags,
                                        c.tracker_issue_cycles, c.tracker_match_cycles};
    if (c.make_tracker) return c.make_tracker(name, ctx, t, client);
    return std::make_unique<invalidation_tracker>(name, ctx, t, client);
}

}  // namespace

invalidations::invalidations(std::string_view tracker_name, base::context& ctx,
                             base::place_id place, const smmu_config& c, const stream_map& streams,
                             ats& a, invalidations_client& client)
    : ctx_(ctx),
      place_(place),
      streams_(streams),
      ats_(a),
      client_(client),
      itags_(c.itags),
      no_itag_(ctx, place, "no_free_itag"),
      queue_depth_(ctx, place, "queue_depth"),
      tracker_(make_tracker(tracker_name, ctx, c, *this)) {}

invalidations::outcome invalidations::start(const command& c, base::span_id span) {
    const auto target = streams_.back(c.sid);
    if (!target || directory_ == nullptr) return outcome::done;
    const base::routing_id function = *target;
    const auto port = directory_->port_of(function);
    if (!port) return outcome::done;
    const invalidation_id id =
        refused_.value_or(static_cast<invalidation_id>(std::countr_zero(free_)));
    if (!tracker_->try_invalidate(id, {*port, function, c.ssid, c.invalidate_body, span})) {
        if (!refused_) {
            refused_since_ = ctx_.now();
            refused_by_ = open_count() >= itags_ ? &no_itag_ : &queue_depth_;
            refused_by_->begins(span, c.sid);
        }
        refused_ = id;
        return outcome::refused;
    }
    if (refused_) refused_by_->ends(span, c.sid, refused_since_);
    refused_.reset();
    free_ &= ~(std::uint64_t{1} << id);
    open_[id] = {span, *port, 0, false, base::no_span};
    return outcome::started;
}

bool invalidations::try_send(invalidation_id id, base::itag tag, const invalidation& what) {
    const bool nobody_answers = !directory_->link_up(what.port) && directory_->fail_fast(what.port);
    if (!nobody_answers && !ats_.send_invalidate(tag, what)) return false;
    open_[id].sent = true;
    open_[id].tag = tag.value;
    id_of_tag_[tag.value] = static_cast<std::uint8_t>(id);
    if (nobody_answers) tracker_->give_up(tag);
    return true;
}

void invalidations::completion(const invalidate_completion& c, base::span_id behind) {
    for (std::uint32_t left = behind != base::no_span ? c.itag_vector : 0; left != 0;
         left &= left - 1) {
        const auto tag = static_cast<unsigned>(std::countr_zero(left));
        const invalidation_id id = id_of_tag_[tag];
        // A late completion names an ITag that nobody owns any more.
        if (!is_free(id) && open_[id].sent && open_[id].tag == tag) open_[id].behind = behind;
    }
    tracker_->completion(c);
}

void invalidations::link_lost(unsigned port) {
    if (directory_ == nullptr || !directory_->fail_fast(static_cast<std::uint16_t>(port))) return;
    for (invalidation_id id = 0; id < most_open; ++id) {
        const open_invalidation& o = open_[id];
        if (!is_free(id) && o.sent && o.port == port) tracker_->give_up(base::itag{o.tag});
    }
    tracker_->resume();  // those that no credit let out are given up as they are tried again
}

void invalidations::finished(invalidation_id id, bool lost) {
    const open_invalidation o = open_[id];
    free_ |= std::uint64_t{1} << id;
    if (!lost && o.span != base::no_span && ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), o.span, 14, o.behind.value);
    client_.invalidation_finished(o.span, lost);
}

}  // namespace drydock::smmu
