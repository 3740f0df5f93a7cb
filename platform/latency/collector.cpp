// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/collector.h"

#include <algorithm>
#include <bit>

namespace drydock::latency {
namespace {

constexpr std::uint64_t command_may_be_fetched = 3, itag_retired = 14, sync_consumed = 15,
                        flush_returns = 16;  // boundaries
constexpr std::uint64_t page_answered = 60;  // boundary
constexpr std::uint64_t cmdq_err = 1;        // SMMUv3 6.3.17 GERROR.CMDQ_ERR

/// Where the span's duration counts from: b0 of an invalidation, the birth of anything else.
template <class Span>
base::ps origin(const Span& s) {
    return s.of == base::span_class::atc_inv && (s.reached & 1) != 0 ? s.at[0] : s.begin;
}

const stage_plan* plan_of(base::span_class c) {
    for (const stage_plan& p : stage_plans)
        if (p.of == c) return &p;
    return nullptr;
}

/// An operation that ends without the boundary that matters was given up.
bool came_to_its_end(base::span_class of, std::uint32_t reached, std::uint8_t first) {
    if (of == base::span_class::atc_inv) return (reached >> sync_consumed & 1) != 0;
    if (of == base::span_class::page_request) return (reached >> (page_answered - first) & 1) != 0;
    return true;
}

constexpr base::kind kinds[] = {
    base::kind::span_begin, base::kind::span_end,        base::kind::stage,
    base::kind::itag_taken, base::kind::itag_retired,    base::kind::itag_timeout,
    base::kind::gerror,     base::kind::command_fetched, base::kind::command_done};

}  // namespace

collector::collector(base::context& ctx, const waves::device_names& names)
    : ctx_(ctx), names_(names) {
    for (const base::kind k : kinds) ctx_.probe.subscribe(*this, k);
}

collector::~collector() { ctx_.probe.unsubscribe(*this); }

void collector::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::span_begin:
            return span_begin(e);
        case base::kind::stage:
            return stage(e);
        case base::kind::span_end:
            if (const std::uint32_t* slot = open_.find(e.span.value))
                span_end(e.span, slots_[*slot], e.time);
            return;
        case base::kind::itag_taken:
            expired_.erase({e.where, e.a});
            ++devices_[static_cast<std::uint16_t>(e.b)].issued;
            return;
        case base::kind::itag_retired:
            // One that timed out is retired too; it isn't completed.
            if (!expired_.erase({e.where, e.a}))
                ++devices_[static_cast<std::uint16_t>(e.b)].completed;
            return;
        case base::kind::itag_timeout:
            return timeout(e);
        case base::kind::gerror:
            if (((e.a ^ e.b) & cmdq_err) == 0) acknowledged(e.time);
            return;
        case base::kind::command_fetched:
            return command_fetched(e);
        case base::kind::command_done:
            return command_done(e);
        default:
            return;
    }
}

/// Commands whose own stages nobody tells (all but ATC_INV) are blamed here: on the longest-held
/// command that left while they waited, unless it belongs to the same operation.
void collector::command_fetched(const base::event& e) {
    queue& q = queues_[e.where];
    if (e.span == base::no_span || q.head.span != e.span) q.since = e.time;
    q.head = {};
    q.head.until = e.time;
    q.head.span = e.span;
    const std::uint32_t* slot = open_.find(e.span.value);
    if (slot == nullptr) return;
    const open_span& s = slots_[*slot];
    q.head.owner = s.label;
    q.head.parent = s.parent;
    if (s.plan != nullptr || (s.reached >> command_may_be_fetched & 1) != 0) return;
    while (!q.holds.empty() && q.holds.front().until <= s.begin) q.holds.pop_front();
    if (q.holds.empty()) return;
    const queue::hold& longest = q.holds.front();
    if (longest.owner == blame::nobody || (longest.parent == s.parent && s.parent != base::no_span))
        return;
    blame_.waited(s.label, longest.owner, command_may_be_fetched, e.time - s.begin);
    if (listener_ != nullptr)
        listener_->waited({e.span, longest.span, command_may_be_fetched, s.begin, e.time});
}

void collector::command_done(const base::event& e) {
    queue& q = queues_[e.where];
    queue::hold h = q.head;
    h.held = e.time - q.head.until;
    h.until = e.time;
    while (!q.holds.empty() && q.holds.back().held <= h.held) q.holds.pop_back();
    q.holds.push_back(h);
    if (listener_ != nullptr) listener_->held({e.where, h.span, q.since, e.time});
    q.head.span = base::no_span;
}

void collector::span_begin(const base::event& e) {
    const auto of = static_cast<base::span_class>(e.a);
    if (of == base::span_class::dma || e.span == base::no_span)
        return;  // dma: many, waited for by nobody, measured by the clients
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    open_[e.span.value] = slot;
    open_span& s = slots_[slot];
    s = {};
    s.plan = plan_of(of);
    s.of = of;
    s.where = s.client = e.where;
    s.device = static_cast<std::uint16_t>(e.c);
    s.parent = base::span_id{static_cast<std::uint32_t>(e.b)};
    s.begin = s.last = e.time;
    if (const std::uint32_t* outer = open_.find(e.b)) {
        s.client = slots_[*outer].client;
        if (s.device == 0) s.device = slots_[*outer].device;
    }
    s.label = blame_.make(s.client, s.device, of);
    blame_.remember(e.span, s.label);
}

void collector::stage(const base::event& e) {
    const std::uint32_t* slot = open_.find(e.span.value);
    if (slot == nullptr) return;
    open_span& s = slots_[*slot];
    const base::span_id waited_for{static_cast<std::uint32_t>(e.b)};
    if (waited_for != base::no_span && e.time > s.last) {
        blame_.waited(s.label, blame_.of(waited_for), e.a, e.time - s.last);
        if (listener_ != nullptr) listener_->waited({e.span, waited_for, e.a, s.last, e.time});
    }
    s.last = e.time;
    if (s.plan == nullptr && e.a < boundaries) s.reached |= 1u << e.a;
    if (s.plan == nullptr || e.a < s.plan->first || e.a > s.plan->first + s.plan->names.size())
        return;
    // With several completions the boundaries are those of the last to arrive: the latest telling
    // counts.
    const std::uint64_t i = e.a - s.plan->first;
    if (s.lost && i < sync_consumed) return;  // too late to count
    if (s.of == base::span_class::atc_inv && i < itag_retired &&
        (s.reached >> itag_retired & 1) != 0)
        return;  // of a completion too many, or of work after a completion too early
    s.at[i] = e.time;
    s.reached |= 1u << i;
    if (s.of == base::span_class::atc_inv && e.a == flush_returns) span_end(e.span, s, e.time);
}

void collector::timeout(const base::event& e) {
    ++timeouts_;
    expired_[{e.where, e.a}] = true;
    ++devices_[static_cast<std::uint16_t>(e.b)].timeouts;
    const std::uint32_t* slot = open_.find(e.span.value);
    if (slot == nullptr) return;
    slots_[*slot].lost = true;
    slots_[*slot].lost_at = slots_[*slot].last = e.time;
    lost_.push_back(e.span);
}

void collector::acknowledged(base::ps now) {
    for (const base::span_id span : lost_) {
        const std::uint32_t* slot = open_.find(span.value);
        if (slot == nullptr) continue;
        slots_[*slot].restarted = true;
        slots_[*slot].restarted_at = slots_[*slot].last = now;
    }
    lost_.clear();
}

void collector::span_end(base::span_id span, open_span& s, base::ps now) {
    if (s.plan != nullptr) {
        results& r = results_[plan_index(*s.plan)];
        const bool invalidation = s.of == base::span_class::atc_inv;
        if (invalidation) {
            s.at[flush_returns] = now;
            s.reached |= 1u << flush_returns;
        }
        const bool complete = came_to_its_end(s.of, s.reached, s.plan->first);
        if (listener_ != nullptr)
            tell_ended(span, s, now,
                       s.lost     ? ending::timed_out
                       : complete ? ending::completed
                                  : ending::abandoned);
        if (!complete && !s.lost)
            ++r.abandoned;
        else if (inconsistent(s, now) || !account(s, now, s.lost ? r.timed_out : r.completed)) {
            if (inconsistent_++ == 0)
                first_inconsistency_ = "span " + std::to_string(span.value) + " (" +
                                       std::string(word(s.of)) + ", ends at " +
                                       std::to_string(now.count) +
                                       " ps): a boundary lies before the one ahead of it";
        }
    }
    free_slots_.push_back(*open_.find(span.value));
    open_.erase(span.value);
}

bool collector::inconsistent(const open_span& s, base::ps end) const {
    base::ps last = origin(s);
    bool error_passed = !s.lost;
    for (std::size_t i = 0; i <= s.plan->names.size(); ++i) {
        if ((s.reached >> i & 1) == 0) continue;
        if (!error_passed && i >= sync_consumed) {
            if (s.lost_at < last || (s.restarted && s.restarted_at < s.lost_at)) return true;
            last = s.restarted ? s.restarted_at : s.lost_at;
            error_passed = true;
        }
        if (s.at[i] < last) return true;
        last = s.at[i];
    }
    return last > end || s.begin > end;
}

template <class F>
void collector::cut(const open_span& s, base::ps end, F&& f) {
    base::ps last = origin(s);
    const auto until = [&](std::size_t what, base::ps t) {
        f(what, last, t);
        last = t;
    };
    if ((s.reached & 1) != 0 && s.at[0] != last) until(piece_rest, s.at[0]);
    bool error_passed = !s.lost;
    const auto pass_error = [&] {
        until(piece_lost, s.lost_at);
        if (s.restarted) until(piece_error_restart, s.restarted_at);
        error_passed = true;
    };
    for (std::size_t i = 1; i <= s.plan->names.size(); ++i) {
        if ((s.reached >> i & 1) == 0) continue;
        if (!error_passed && i >= sync_consumed) pass_error();
        until(i - 1, s.at[i]);
    }
    if (!error_passed) pass_error();
    if (end != last) until(piece_rest, end);
}

void collector::tell_ended(base::span_id span, const open_span& s, base::ps now, ending how) {
    std::array<piece, boundaries + 4> pieces;
    std::size_t n = 0;
    const auto& names = s.plan->names;
    cut(s, now, [&](std::size_t what, base::ps from, base::ps until) {
        const std::string_view name = what < names.size()           ? names[what]
                                      : what == piece_lost          ? lost_stage
                                      : what == piece_error_restart ? error_restart_stage
                                                                    : rest_stage;
        pieces[n++] = {name, what, from, until};
    });
    listener_->ended({s.of,
                      span,
                      s.parent,
                      s.where,
                      s.client,
                      s.device,
                      origin(s),
                      now,
                      how,
                      {pieces.data(), n}});
}

bool collector::account(const open_span& s, base::ps end, breakdown& into) {
    const base::ps from = origin(s);
    base::ps sum{}, rest{};
    cut(s, end, [&](std::size_t what, base::ps began, base::ps until) {
        sum += until - began;
        if (what == piece_rest)
            rest += until - began;
        else
            (what == piece_lost            ? into.lost
             : what == piece_error_restart ? into.error_restart
                                           : into.stages[what])
                .add(until - began);
    });
    if (rest.count != 0) into.rest.add(rest);
    into.total.add(end - from);
    if (s.of == base::span_class::unmap) {
        const int reached =
            std::bit_width(s.reached);  // 6 boundaries: pte tlbi tlbi_sync atc_inv atc_sync
        const std::size_t c = reached > 4 ? 2 : reached > 2 ? 1 : 0;
        unmap_classes_[c].add(end - from);
        unmap_clients_[s.client][c].add(end - from);
    }
    return sum == end - from;
}

void collector::finish(base::ps now) {
    for (std::uint32_t span = 1; open_.size() > 0; ++span) {
        const std::uint32_t* slot = open_.find(span);
        if (slot == nullptr) continue;
        const open_span& s = slots_[*slot];
        if (s.plan != nullptr) {
            results_[plan_index(*s.plan)].censored.push_back(now - origin(s));
            if (listener_ != nullptr) tell_ended(base::span_id{span}, s, now, ending::open);
        }
        open_.erase(span);
    }
    slots_.clear();
    free_slots_.clear();
    if (listener_ != nullptr)
        for (const auto& [where, q] : queues_)
            if (q.head.span != base::no_span) listener_->held({where, q.head.span, q.since, now});
    for (results& r : results_) std::sort(r.censored.begin(), r.censored.end());
}

}  // namespace drydock::latency
