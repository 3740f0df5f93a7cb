// SPDX-License-Identifier: Apache-2.0
// An ATC that several functions use: what is said to one of them leaves the others alone.
#include <algorithm>
#include <bit>

#include "tlm/endpoint/atc.h"

namespace drydock::endpoint {
namespace {

/// Looks at each item once; those for which f is false stay, in their order.
template <class T, class F>
void take_out(ring<T>& from, F&& f) {
    for (std::size_t left = from.size(); left > 0; --left) {
        T item = from.pop();
        if (!f(item)) from.push(std::move(item));
    }
}

}  // namespace

atc::function& atc::shared_function(base::routing_id rid) {
    auto at = std::lower_bound(
        functions_.begin(), functions_.end(), rid,
        [](const function& f, base::routing_id id) { return f.rid.value < id.value; });
    if (at == functions_.end() || at->rid != rid) at = functions_.insert(at, {rid, false, false});
    return *at;
}

void atc::do_shared_control(const control& c) {
    function& f = shared_function(c.rid);
    if (c.what == atc_control::enable) {
        if (!f.enabled) remove_entries(c.rid);
        f.enabled = true;
        f.denied = false;
        return;
    }
    f.enabled = f.denied = false;
    remove_entries(c.rid);
    if (c.what == atc_control::reset)
        reset_function(c.rid);
    else
        disable_function(c.rid);
}

void atc::remove_entries(base::routing_id rid) {
    invalidate all;
    all.rid = rid;
    all.last = base::iova{UINT64_MAX};
    store_.remove(all);
}

/// As with one function: what is in use stays in use until it is released.
void atc::disable_function(base::routing_id rid) {
    take_out(to_send_, [&](request_slot s) { return requests_[s].key.rid == rid; });
    for (std::size_t i = active_requests_.size(); i-- > 0;) {
        const request_slot s = active_requests_[i];
        if (requests_[s].key.rid != rid) continue;
        refuse_waiters(s, atc_fault::disabled);
        if (requests_[s].is == request::state::to_send)
            finish_request(s);
        else
            requests_[s].abandoned = true;
    }
}

void atc::reset_function(base::routing_id rid) {
    drop_lookups(rid);
    drop_requests(rid);
    drop_uses(rid);
    drop_invalidates(rid);
}

/// Drops what was to be sampled from this edge on; what waits behind comes up, to the next edge at
/// the earliest. @return when the last one is sampled
template <class T, class Drop, class Edge>
base::ps atc::close_ranks(ring<T>& queue, Drop drop, Edge edge) const {
    base::ps last = now();
    take_out(queue, [&](T& item) {
        const base::ps at = edge(item, base::ps{});
        if (at < now()) return false;
        if (drop(item)) return true;
        if (at > now()) edge(item, (last += clock_.period()) - at);
        return false;
    });
    return last;
}

/// Those that the pipeline has taken in leave it in their turn.
void atc::drop_lookups(base::routing_id rid) {
    using turn = lookup::turn;
    const base::ps cycles = clock_.to_time({config_.lookup_cycles});
    const auto lose = [&](std::uint32_t index) {
        lookup& l = lookups_[index];
        if (l.key.rid == rid) l.is = l.is == turn::again ? turn::lost_again : turn::lost;
    };
    for (std::size_t n = 0; n < pipeline_.size(); ++n) lose(pipeline_.at(n));
    for (std::size_t n = 0; n < stalled_.size(); ++n) {
        lose(stalled_.at(n));
        lookup& l = lookups_[stalled_.at(n)];
        if (l.is == turn::lost_again) l.is = turn::lost;
    }
    const base::ps last = close_ranks(
        pipeline_,
        [&](std::uint32_t index) {
            if (lookups_[index].is != turn::lost) return false;
            free_lookups_.push_back(index);
            return true;
        },
        [&](std::uint32_t index, base::ps by) { return (lookups_[index].due += by) - cycles; });
    last_lookup_sample_ = std::min(last_lookup_sample_, last);
}

void atc::drop_requests(base::routing_id rid) {
    const auto of_it = [&](request_slot s) { return requests_[s].key.rid == rid; };
    take_out(to_send_, of_it);
    const base::ps last = close_ranks(
        fills_, [&](const sampled_fill& f) { return f.slot < requests_.size() && of_it(f.slot); },
        [](sampled_fill& f, base::ps by) { return f.edge += by; });
    last_fill_edge_ = std::min(last_fill_edge_, last);
    for (std::size_t i = active_requests_.size(); i-- > 0;) {
        const request_slot s = active_requests_[i];
        if (!of_it(s)) continue;
        for (std::uint32_t l = take_waiters(s); l != none; l = lookups_[l].next)
            free_lookups_.push_back(l);
        finish_request(s);
    }
}

void atc::drop_uses(base::routing_id rid) {
    for (std::size_t i = live_uses_.size(); i-- > 0;) {
        const std::uint32_t u = live_uses_[i];
        if (uses_[u].rid != rid) continue;
        const std::uint32_t moved = live_uses_.back();
        live_uses_[i] = moved;
        uses_[moved].position = static_cast<std::uint32_t>(i);
        live_uses_.pop_back();
        uses_[u].position = none;
        ++uses_[u].generation;
        free_uses_.push_back(u);
    }
}

void atc::drop_invalidates(base::routing_id rid) {
    const std::uint32_t taken =
        ~free_invalidations_ & static_cast<std::uint32_t>(below_bit(config_.invalidate_queue));
    std::uint32_t gone = 0;
    for (std::uint32_t left = taken; left != 0; left &= left - 1) {
        const auto slot = static_cast<std::size_t>(std::countr_zero(left));
        invalidation& i = invalidations_[slot];
        if (i.what.rid != rid || i.killed) continue;
        ignored(i.what, reason_reset_);
        gone |= std::uint32_t{1} << slot;
    }
    // One that lies in the queue keeps its place until its turn comes.
    for (std::size_t n = 0; n < queued_.size(); ++n) {
        const std::uint32_t bit = std::uint32_t{1} << queued_.at(n);
        invalidation& i = invalidations_[queued_.at(n)];
        if ((gone & bit) == 0 || i.sample >= now()) continue;
        i.killed = true;
        gone &= ~bit;
    }
    const base::ps last = close_ranks(
        queued_, [&](std::uint8_t slot) { return (gone >> slot & 1) != 0; },
        [&](std::uint8_t slot, base::ps by) { return invalidations_[slot].sample += by; });
    last_invalidate_sample_ = std::min(last_invalidate_sample_, last);
    if (current_ != no_invalidation && (gone >> current_ & 1) != 0) current_ = no_invalidation;
    free_invalidations_ |= gone;
    drained_ &= ~gone;
    late_ &= ~gone;
    const auto end = std::remove_if(ready_.begin(), ready_.begin() + ready_count_,
                                    [&](const completion& c) { return c.rid == rid; });
    ready_count_ = static_cast<unsigned>(end - ready_.begin());
}

}  // namespace drydock::endpoint
