// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/invalidation_tracker.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace drydock::smmu {
namespace {

constexpr unsigned ticks_per_timeout = 16;
constexpr std::uint8_t cc_mask = 7;  // Completion Count is compared modulo 8
constexpr std::size_t routing_ids = 0x10000;

}  // namespace

invalidation_tracker::invalidation_tracker(std::string_view name, base::context& ctx,
                                           const config& c, invalidation_tracker_client& client)
    : ctx_(ctx),
      place_(ctx.probe.place(name)),
      config_(c),
      absent_(c.itags >= itags ? 0 : UINT32_MAX << c.itags),
      clock_(c.clock),
      period_(std::max(c.timeout / ticks_per_timeout, base::ps{1})),
      client_(client),
      timeline_id_(ctx.timeline.join(name, *this)),
      depth_(routing_ids, std::uint8_t{itags}),
      busy_(routing_ids, std::uint8_t{0}),
      no_itag_text_(ctx.probe.text("no_free_itag")),
      depth_text_(ctx.probe.text("invalidate_queue_depth")),
      unknown_text_(ctx.probe.text("itag_not_outstanding")),
      function_text_(ctx.probe.text("wrong_function")),
      cc_text_(ctx.probe.text("completion_count_differs")) {
    completions_.reserve(itags * 8);
}

void invalidation_tracker::set_queue_depth(base::routing_id rid, unsigned depth) {
    depth_[rid.value] = static_cast<std::uint8_t>(depth == 0 || depth > itags ? itags : depth);
}

bool invalidation_tracker::has_room(base::routing_id rid) const {
    return outstanding_ < config_.itags && busy_[rid.value] < depth_[rid.value];
}

bool invalidation_tracker::try_invalidate(invalidation_id id, const invalidation& what) {
    if (input_.full || !has_room(what.function)) {
        if (!input_.full) report_wait(what, id);
        refused_ = true;
        return false;
    }
    input_.full = true;
    input_.id = id;
    input_.what = what;
    ++outstanding_;
    ++busy_[what.function.value];
    schedule_edge();
    return true;
}

void invalidation_tracker::report_wait(const invalidation& what, invalidation_id id) {
    if (waited_ && refused_id_ == id) return;
    waited_ = true;
    refused_id_ = id;
    if (!ctx_.probe.wants(base::kind::itag_wait)) return;
    const bool no_tag = outstanding_ >= config_.itags;
    base::span_id holder{};
    for (std::uint8_t t = oldest_; t != nobody && holder == base::no_span; t = entries_[t].newer)
        if (no_tag || entries_[t].what.function == what.function) holder = entries_[t].what.span;
    ctx_.probe.emit(base::kind::itag_wait, place_, ctx_.now(), what.span, what.function.value,
                    no_tag ? no_itag_text_ : depth_text_, holder.value);
}

void invalidation_tracker::completion(const invalidate_completion& c) {
    completions_.push_back(c);
    schedule_edge();
}

void invalidation_tracker::give_up(base::itag tag) {
    if ((used_ >> tag.value & 1) == 0) return;
    retiring_ |= 1u << tag.value;
    schedule_edge();
}

void invalidation_tracker::resume() {
    if (unsent_ != 0) schedule_edge();
}

void invalidation_tracker::schedule_edge() {
    if (!edge_) {
        edge_ = ctx_.timeline.at(clock_.next_edge(ctx_.now()), base::phase::serve, timeline_id_,
                                 static_cast<std::uint64_t>(op::edge));
    }
}

void invalidation_tracker::on_time(std::uint64_t what) {
    if (static_cast<op>(what) == op::edge) {
        edge_ = {};
        edge();
    } else {
        armed_ = {};
        tick();
    }
}

void invalidation_tracker::edge() {
    const unsigned before = outstanding_;
    for (std::size_t i = 0; i < completions_.size(); ++i) apply(completions_[i]);
    completions_.clear();
    for (std::uint32_t left = std::exchange(retiring_, 0); left != 0; left &= left - 1) {
        const auto tag = static_cast<unsigned>(std::countr_zero(left));
        if ((used_ >> tag & 1) == 0) continue;
        ++count_.given_up;
        retire(tag, false);
    }
    const bool took = input_.full;
    if (took) take_input();
    send_unsent();
    arm();
    if (refused_ && (took || outstanding_ < before)) {
        refused_ = false;
        client_.ready();
    }
}

unsigned invalidation_tracker::free_itags() const {
    return config_.itags - static_cast<unsigned>(std::popcount(used_));
}

void invalidation_tracker::take_input() {
    input_.full = false;
    // Round robin keeps a lost ITag unused for as long as possible: its late completion is then
    // unexpected.
    const std::uint32_t unused = std::rotr(~(used_ | absent_), static_cast<int>(next_tag_));
    const unsigned tag = (next_tag_ + static_cast<unsigned>(std::countr_zero(unused))) % itags;
    next_tag_ = (tag + 1) % itags;
    entry& e = entries_[tag];
    e = {};
    e.id = input_.id;
    e.what = input_.what;
    e.started = ctx_.now();
    const base::ps due = e.started + config_.timeout;
    e.expires = base::ps{(due.count + period_.count - 1) / period_.count * period_.count};
    e.used = true;
    e.older = newest_;
    if (newest_ != nobody)
        entries_[newest_].newer = static_cast<std::uint8_t>(tag);
    else
        oldest_ = static_cast<std::uint8_t>(tag);
    newest_ = static_cast<std::uint8_t>(tag);
    used_ |= 1u << tag;
    unsent_ |= 1u << tag;
    ++count_.issued;
    const bool waited = waited_ && refused_id_ == e.id;
    if (ctx_.probe.wants(base::kind::itag_taken))
        ctx_.probe.emit(base::kind::itag_taken, place_, ctx_.now(), e.what.span, tag,
                        e.what.function.value, free_itags());
    if (e.what.span != base::no_span && ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), e.what.span, 6,
                        waited ? freed_by_.value : 0, tag);
    if (waited) waited_ = false;
}

void invalidation_tracker::send_unsent() {
    // Oldest first, so that the requests of a port leave in the order of their commands; a port
    // without room holds no other back.
    for (std::uint8_t t = oldest_; unsent_ != 0 && t != nobody; t = entries_[t].newer) {
        if ((unsent_ >> t & 1) == 0) continue;
        if (client_.try_send(entries_[t].id, base::itag{t}, entries_[t].what))
            unsent_ &= ~(1u << t);
    }
}

void invalidation_tracker::apply(const invalidate_completion& c) {
    std::uint32_t unknown = 0, wrong = 0, differs = 0;
    for (std::uint32_t left = c.itag_vector; left != 0; left &= left - 1) {
        const auto tag = static_cast<unsigned>(std::countr_zero(left));
        const std::uint32_t bit = 1u << tag;
        entry& e = entries_[tag];
        if (!e.used || (unsent_ & bit) != 0) {
            unknown |= bit;
        } else if (e.what.function != c.function || e.what.port != c.port) {
            wrong |= bit;
        } else if (e.received > 0 && e.cc != (c.cc & cc_mask)) {
            differs |= bit;
        } else {
            e.cc = c.cc & cc_mask;
            ++e.received;
            if ((e.received & cc_mask) != e.cc) continue;
            ++count_.completed;
            retire(tag, false);
        }
    }
    if (unknown != 0) unexpected(unknown, c.function, unknown_text_);
    if (wrong != 0) unexpected(wrong, c.function, function_text_);
    if (differs != 0) unexpected(differs, c.function, cc_text_);
}

void invalidation_tracker::unexpected(std::uint32_t vector, base::routing_id rid,
                                      std::uint32_t why) {
    count_.unexpected += static_cast<unsigned>(std::popcount(vector));
    if (ctx_.probe.wants(base::kind::itag_unexpected))
        ctx_.probe.emit(base::kind::itag_unexpected, place_, ctx_.now(), base::no_span, vector,
                        rid.value, why);
}

void invalidation_tracker::retire(unsigned tag, bool lost) {
    entry& e = entries_[tag];
    e.used = false;
    used_ &= ~(1u << tag);
    unsent_ &= ~(1u << tag);
    if (e.older != nobody)
        entries_[e.older].newer = e.newer;
    else
        oldest_ = e.newer;
    if (e.newer != nobody)
        entries_[e.newer].older = e.older;
    else
        newest_ = e.older;
    --outstanding_;
    --busy_[e.what.function.value];
    freed_by_ = e.what.span;
    if (lost && ctx_.probe.wants(base::kind::itag_timeout))
        ctx_.probe.emit(base::kind::itag_timeout, place_, ctx_.now(), e.what.span, tag,
                        e.what.function.value,
                        static_cast<std::uint64_t>((ctx_.now() - e.started).count));
    if (ctx_.probe.wants(base::kind::itag_retired))
        ctx_.probe.emit(base::kind::itag_retired, place_, ctx_.now(), e.what.span, tag,
                        e.what.function.value, free_itags());
    client_.finished(e.id, lost);
}

void invalidation_tracker::tick() {
    bool freed = false;
    while (oldest_ != nobody && entries_[oldest_].expires <= ctx_.now()) {
        ++count_.timeouts;
        retire(oldest_, true);
        freed = true;
    }
    arm();
    if (freed && refused_) {
        refused_ = false;
        client_.ready();
    }
}

void invalidation_tracker::arm() {
    if (oldest_ == nobody) {
        if (armed_) ctx_.timeline.cancel(armed_);
    } else if (!armed_) {
        armed_ = ctx_.timeline.at(entries_[oldest_].expires, base::phase::serve, timeline_id_,
                                  static_cast<std::uint64_t>(op::tick));
    }
}

}  // namespace drydock::smmu
