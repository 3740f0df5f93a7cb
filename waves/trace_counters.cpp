// SPDX-License-Identifier: Apache-2.0
#include "waves/trace_counters.h"

#include <algorithm>

namespace drydock::waves {
namespace {

using base::kind;

// SMMUv3 6.3.25, 6.3.26, page 0.
constexpr std::uint64_t cmdq_base = 0x90, cmdq_prod = 0x98;
// Boundaries of kind::stage at which something enters a queue or leaves it.
constexpr std::uint64_t request_at_function = 8, atc_starts = 9, page_at_smmu = 57,
                        page_seen_by_software = 58;
constexpr std::string_view credit_words[] = {"posted credits", "non-posted credits",
                                             "completion credits"};

}  // namespace

trace_counters::trace_counters(base::probe& p, trace_file& to, const std::vector<gauge>& gauges)
    : probe_(p), file_(to) {
    for (const gauge& g : gauges) gauges_.emplace_back(p.place(g.where), &g);
}

void trace_counters::count(base::place_id where, std::string_view name, const base::event& e,
                           std::int64_t value, std::uint64_t vc) {
    if (!shown_) return;
    const auto [told, is_new] = told_.try_emplace({where, name, vc}, value);
    if (!is_new && told->second == value) return;
    told->second = value;
    // Viewers call it by both names: "smmu" "command queue".
    file_.begin('C', {component(where), 0}, e.time, probe_.name(where));
    if (vc == 0)
        file_.arg(name, value);
    else
        file_.arg(std::string(name) + " of VC" + std::to_string(vc), value);
    file_.end();
}

void trace_counters::on_event(const base::event& e, bool shown) {
    shown_ = shown;
    switch (e.what) {
        case kind::itag_taken:
        case kind::itag_retired:
            return count(e.where, "free ITags", e, static_cast<std::int64_t>(e.c));
        case kind::credit_consumed:
            return credit(e, -1);
        case kind::credit_returned:
            return credit(e, 1);
        case kind::register_write:
        case kind::command_done:
            return command(e);
        case kind::stage:
            return stage(e);
        case kind::span_end:
            return span_ended(e);
        case kind::atc_fill:
        case kind::atc_invalidated:
            for (const auto& [where, g] : gauges_)
                if (where == e.where)
                    count(where, g->name, e, static_cast<std::int64_t>(g->read()));
            return;
        default:
            return;
    }
}

/// Without an advertisement there is no limit: UINT32_MAX.
void trace_counters::credit(const base::event& e, int sign) {
    if (e.a > 2) return;
    credits& c = credits_[{e.where, e.d << 2 | e.a}];
    if (sign > 0 && e.b == UINT32_MAX) c.infinite = true;
    if (c.infinite) return;
    c.header += sign * static_cast<std::int64_t>(e.b);
    c.data += sign * static_cast<std::int64_t>(e.c == UINT32_MAX ? 0 : e.c);
    count(e.where, credit_words[e.a], e, c.header, e.d);
}

void trace_counters::command(const base::event& e) {
    command_queue& q = commands_[e.where];
    if (e.what == kind::command_done) {
        q.depth = std::max<std::int64_t>(0, q.depth - 1);
    } else if (e.a == cmdq_base) {
        q.mask = (std::uint64_t{2} << (e.b & 31)) - 1;
        return;
    } else if (e.a == cmdq_prod) {
        q.depth += static_cast<std::int64_t>((e.b - q.prod) & q.mask);
        q.prod = e.b;
    } else {
        return;
    }
    count(e.where, "command queue", e, q.depth);
}

void trace_counters::stage(const base::event& e) {
    if (e.a == request_at_function || e.a == page_at_smmu) {
        if (!queued_.emplace(e.span.value, e.where).second) return;
        count(e.where, e.a == page_at_smmu ? "PRI queue" : "invalidate queue", e,
              ++depth_[e.where]);
    } else if (e.a == atc_starts || e.a == page_seen_by_software) {
        const auto at = queued_.find(e.span.value);
        if (at == queued_.end()) return;
        count(at->second, e.a == page_seen_by_software ? "PRI queue" : "invalidate queue", e,
              --depth_[at->second]);
        queued_.erase(at);
    }
}

/// What was lost in a queue leaves it when its transaction ends.
void trace_counters::span_ended(const base::event& e) {
    const auto at = queued_.find(e.span.value);
    if (at == queued_.end()) return;
    --depth_[at->second];
    queued_.erase(at);
}

}  // namespace drydock::waves
