// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/invalidation_tracker.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace drydock::smmu {
namespace {

constexpr std::uint8_t cc_mask = 7;  // Completion Count is compared modulo 8
constexpr std::size_t routing_ids = 0x10000;

}  // namespace

invalidation_tracker::invalidation_tracker(std::string_view name, base::context& ctx,
                                           const config& c, invalidation_tracker_client& client)
    : ctx_(ctx),
      trace_(name, ctx),
      config_(c),
      absent_(c.itags >= itags ? 0 : UINT32_MAX << c.itags),
      clock_(c.clock),
      issue_time_(clock_.to_time({c.issue_cycles})),
      match_time_(clock_.to_time({c.match_cycles})),
      grid_(c.grid()),
      client_(client),
      timeline_id_(ctx.timeline.join(name, *this)),
      depth_(routing_ids, std::uint8_t{itags}),
      busy_(routing_ids, std::uint8_t{0}) {}

void invalidation_tracker::set_queue_depth(base::routing_id rid, unsigned depth) {
    depth_[rid.value] = static_cast<std::uint8_t>(depth == 0 || depth > itags ? itags : depth);
}

bool invalidation_tracker::has_room(base::routing_id rid) const {
    return outstanding_ < config_.itags && busy_[rid.value] < depth_[rid.value];
}

bool invalidation_tracker::try_invalidate(invalidation_id id, const invalidation& what) {
    if (input_.full || !has_room(what.function)) {
        using lack = invalidation_tracker_trace::lack;
        const bool no_tag = outstanding_ >= config_.itags;
        if (!input_.full)
            trace_.waits(id, what, no_tag ? lack::no_free_itag : lack::invalidate_queue_depth,
                         [&] { return holder(no_tag, what.function); });
        refused_ = true;
        return false;
    }
    input_.full = true;
    input_.id = id;
    input_.what = what;
    ++outstanding_;
    ++busy_[what.function.value];
    input_.due = schedule_edge();
    return true;
}

/// The span that has owned an ITag, one of this function or any, for longest.
base::span_id invalidation_tracker::holder(bool any, base::routing_id function) const {
    for (std::uint8_t t = oldest_; t != nobody; t = entries_[t].newer)
        if ((any || entries_[t].what.function == function) &&
            entries_[t].what.span != base::no_span)
            return entries_[t].what.span;
    return base::no_span;
}

void invalidation_tracker::completion(const invalidate_completion& c) {
    const base::ps due = clock_.next_edge(ctx_.now()) + match_time_;
    completions_.push({due, c});
    schedule_edge_at(due);
}

void invalidation_tracker::give_up(base::itag tag) {
    if ((used_ >> tag.value & 1) != 0) given_up_itags_.push({schedule_edge(), tag});
}

void invalidation_tracker::resume() {
    if (full_ports_.any()) resume_ = schedule_edge();
}

void invalidation_tracker::drain() {
    drain_.asked = clock_.next_edge(ctx_.now());
    if (drain_needs_edge()) schedule_edge();
}

/// While an ITag is out, what it samples may be found out at the edge or tick that comes anyway.
bool invalidation_tracker::drain_needs_edge() const {
    return drain_.asked != base::never && used_ == 0;
}

base::ps invalidation_tracker::schedule_edge() {
    const base::ps next = clock_.next_edge(ctx_.now());
    schedule_edge_at(next);
    return next;
}

/// There is one record: that of the earliest.
void invalidation_tracker::schedule_edge_at(base::ps when) {
    if (edge_ && edge_at_ <= when) return;
    if (edge_) ctx_.timeline.cancel(edge_);
    edge_at_ = when;
    edge_ = ctx_.timeline.at(edge_at_, base::phase::serve, timeline_id_,
                             static_cast<std::uint64_t>(op::edge));
}

void invalidation_tracker::on_time(std::uint64_t what) {
    if (static_cast<op>(what) == op::edge) {
        edge_ = {};
        edge();
        return;
    }
    armed_ = {};
    if (edge_ && edge_at_ == ctx_.now()) return;  // the edge of this instant does it
    catch_up();
    expire();
    if (due(drain_.asked)) take_drain();
    tell();
}

/// What an edge before this one would have sampled, were it not left out.
void invalidation_tracker::catch_up() {
    if (drain_.asked < ctx_.now()) take_drain();
}

void invalidation_tracker::edge() {
    catch_up();
    free_ = ~(used_ | absent_);
    if (!completions_.empty() && due(completions_.front().due)) apply(completions_.take().what);
    give_up_all();
    expire();
    if (input_.full && due(input_.due)) take_input();
    if (due(drain_.asked)) take_drain();
    if (due(resume_)) take_resume();
    tell();
    if (!given_up_itags_.empty() || input_.full || drain_needs_edge() || resume_ != base::never)
        schedule_edge();
    if (!completions_.empty())
        schedule_edge_at(std::max(clock_.next_edge(ctx_.now()), completions_.front().due));
}

void invalidation_tracker::give_up_all() {
    std::uint32_t given = 0;
    while (!given_up_itags_.empty() && due(given_up_itags_.front().due))
        given |= 1u << given_up_itags_.take().what.value;
    for (given &= used_; given != 0; given &= given - 1) {
        const auto tag = static_cast<unsigned>(std::countr_zero(given));
        given_up_ |= 1u << tag;
        retire(tag);
        trace_.given_up(entries_[tag].what, tag, free_itags());
    }
}

void invalidation_tracker::expire() {
    while (oldest_ != nobody && entries_[oldest_].expires <= ctx_.now()) {
        const unsigned tag = oldest_;
        expired_ |= 1u << tag;
        retire(tag);
        trace_.expired(entries_[tag].what, tag, free_itags(), ctx_.now() - entries_[tag].started);
    }
}

void invalidation_tracker::take_drain() { drain_ = {base::never, true, used_, 0}; }

void invalidation_tracker::take_resume() {
    resume_ = base::never;
    full_ports_.reset();
}

void invalidation_tracker::finish(std::uint32_t vector, bool lost) {
    for (; vector != 0; vector &= vector - 1)
        client_.finished(entries_[static_cast<unsigned>(std::countr_zero(vector))].id, lost);
}

void invalidation_tracker::tell() {
    const std::uint32_t expired = std::exchange(expired_, 0);
    drain_.lost |= expired & drain_.awaited;
    drain_.awaited &= used_;
    finish(std::exchange(done_, 0), false);
    finish(std::exchange(given_up_, 0), false);
    finish(expired, true);
    if (drain_.waiting && drain_.awaited == 0) {
        drain_.waiting = false;
        client_.drained(drain_.lost);
    }
    send();
    arm();
    if (std::exchange(room_made_, false) && std::exchange(refused_, false)) client_.ready();
}

unsigned invalidation_tracker::free_itags() const {
    return config_.itags - static_cast<unsigned>(std::popcount(used_));
}

void invalidation_tracker::take_input() {
    input_.full = false;
    room_made_ = true;
    // Round robin keeps a lost ITag unused for as long as possible: its late completion is then
    // unexpected.
    // One that came back at this edge is free at the next.
    const std::uint32_t unused = std::rotr(free_, static_cast<int>(next_tag_));
    const unsigned tag = (next_tag_ + static_cast<unsigned>(std::countr_zero(unused))) % itags;
    next_tag_ = (tag + 1) % itags;
    entry& e = entries_[tag];
    e = {};
    e.id = input_.id;
    e.what = input_.what;
    e.started = ctx_.now();
    e.expires = grid_.end_of(e.started);
    e.used = true;
    e.older = newest_;
    if (newest_ != nobody)
        entries_[newest_].newer = static_cast<std::uint8_t>(tag);
    else
        oldest_ = static_cast<std::uint8_t>(tag);
    newest_ = static_cast<std::uint8_t>(tag);
    used_ |= 1u << tag;
    unsent_ |= 1u << tag;
    trace_.taken(e.id, e.what, tag, free_itags());
}

void invalidation_tracker::send() {
    // Oldest first, so that the requests of a port leave in the order of their commands; a port
    // without room holds no other back. One leaves per edge.
    bool sent = false;
    for (std::uint8_t t = oldest_; unsent_ != 0 && t != nobody; t = entries_[t].newer) {
        const entry& e = entries_[t];
        if ((unsent_ >> t & 1) == 0 || full_ports_[e.what.port]) continue;
        if (sent) return void(schedule_edge());
        if (const base::ps from = e.started + issue_time_; from > ctx_.now())
            return schedule_edge_at(from);
        if (client_.try_send(e.id, base::itag{t}, e.what)) {
            unsent_ &= ~(1u << t);
            sent = true;
        } else {
            full_ports_.set(e.what.port);
        }
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
            done_ |= bit;
            retire(tag);
            trace_.completed(e.what, tag, free_itags());
        }
    }
    using oddity = invalidation_tracker_trace::oddity;
    trace_.unexpected(unknown, c.function, oddity::not_outstanding);
    trace_.unexpected(wrong, c.function, oddity::wrong_function);
    trace_.unexpected(differs, c.function, oddity::completion_count_differs);
}

void invalidation_tracker::retire(unsigned tag) {
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
    room_made_ = true;
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
