// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/latency/blame.h"
#include "platform/latency/listener.h"
#include "platform/latency/samples.h"
#include "platform/latency/stages.h"
#include "tlm/base/context.h"
#include "waves/device_names.h"
#include "waves/flat_map.h"

namespace drydock::latency {

/// Where the nanoseconds go: follows the spans of invalidations, unmaps, translations and page
/// requests and keeps the distribution of every stage. Reads spans, stages, ITags and the command
/// queue's errors from the probe only; changes nothing. Stages are whole picoseconds, never
/// negative, and sum to the span's duration exactly; what breaks this is counted in inconsistent()
/// and kept out.
///
/// How one ends: completed; timed out (its ITag expired: stages as far as reached, then lost,
/// error_restart, sync, sw_observe; counted apart from the percentiles of completions); abandoned
/// (the flush returned before its SYNC was consumed, or the function stopped waiting for a page
/// without a response); or censored (still open at the end).
class collector final : public base::observer {
public:
    collector(base::context& ctx, const waves::device_names& names);
    ~collector();
    collector(const collector&) = delete;
    collector& operator=(const collector&) = delete;

    /// Tells `l` of every transaction; null: nobody. It outlives the collector, or is taken back.
    void tell(listener* l) { listener_ = l; }

    /// The run is over: what is still open is censored. Once, before the results are read.
    void finish(base::ps now);

    /// runs[].latency: per class {"count","timeouts","censored",percentiles,"stages":{}};
    /// invalidation has "abandoned" and "timed_out" besides, page_request "abandoned", unmap has
    /// "classes" and "clients".
    nlohmann::json latency() const;
    /// runs[].blame
    nlohmann::json blame_table() const { return blame_.to_json(ctx_.probe, names_); }
    /// runs[].devices: {name: {"invalidations": {"issued","completed","timeouts"}}}
    nlohmann::json devices() const;

    std::uint64_t inconsistent() const { return inconsistent_; }
    /// What was wrong the first time, "" if nothing was.
    const std::string& first_inconsistency() const { return first_inconsistency_; }

private:
    static constexpr std::size_t boundaries = 17;
    static constexpr std::size_t piece_lost = boundaries, piece_error_restart = boundaries + 1,
                                 piece_rest = boundaries + 2;
    struct open_span {
        const stage_plan* plan = nullptr;  // null: kept for its label only
        base::span_class of{};
        base::place_id where = 0;
        base::place_id client = 0;  // place of the outermost span
        std::uint16_t device = 0;
        blame::label label = blame::nobody;
        base::span_id parent{};
        base::ps begin{}, last{};
        std::uint32_t reached = 0;  // bit i: at[i] is set
        std::array<base::ps, boundaries> at{};
        bool lost = false, restarted = false;
        base::ps lost_at{}, restarted_at{};
    };
    /// Distribution of a whole and of its stages.
    struct breakdown {
        samples total;
        std::array<samples, boundaries> stages;  // as in the plan
        samples rest, lost, error_restart;
    };
    struct results {
        breakdown completed, timed_out;
        std::uint64_t abandoned = 0;
        std::vector<base::ps> censored;  // ages
    };
    struct invalidations {
        std::uint64_t issued = 0, completed = 0, timeouts = 0;
    };

    /// A command queue, for who kept it busy while others waited: commands leave in order, so what
    /// waits is kept by the longest-held command ahead of it.
    struct queue {
        struct hold {
            blame::label owner = blame::nobody;
            base::span_id parent{}, span{};
            base::ps held{}, until{};
        };
        base::ps since{};        // the first fetch of the command at the head: an error repeats one
        hold head;               // the command at the head; `until` is when it was fetched
        std::deque<hold> holds;  // earlier ones, each longer than all after it
    };

    void on_event(const base::event& e) override;
    void command_fetched(const base::event& e);
    void command_done(const base::event& e);
    void span_begin(const base::event& e);
    void stage(const base::event& e);
    void span_end(base::span_id span, open_span& s, base::ps now);
    void timeout(const base::event& e);
    void acknowledged(base::ps now);
    /// Calls f(what, until) for each piece of s in order, the first begins with s: what is the
    /// index of a stage in the plan, or one of piece_*.
    template <class F>
    static void cut(const open_span& s, base::ps end, F&& f);
    void tell_ended(base::span_id span, const open_span& s, base::ps now, ending how);
    /// Cuts s into stages. @return false if they are not a partition of its duration
    bool account(const open_span& s, base::ps end, breakdown& into);
    bool inconsistent(const open_span& s, base::ps end) const;
    nlohmann::json section(const results& r, const stage_plan& plan) const;
    static std::size_t plan_index(const stage_plan& p) {
        return static_cast<std::size_t>(&p - stage_plans.data());
    }

    base::context& ctx_;
    const waves::device_names& names_;
    listener* listener_ = nullptr;
    blame blame_;
    waves::flat_map<std::uint64_t, std::uint32_t> open_;  // span -> slot
    std::vector<open_span> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::vector<base::span_id> lost_;  // timed out, error not acknowledged
    std::array<results, stage_plans.size()> results_;
    std::array<samples, 3> unmap_classes_;  // none, tlbi_only, atc
    std::map<base::place_id, std::array<samples, 3>> unmap_clients_;
    std::map<std::uint16_t, invalidations> devices_;
    std::map<base::place_id, queue> queues_;
    waves::flat_map<waves::key_pair, bool> expired_;  // (tracker, ITag): timed out, not retired
    std::uint64_t timeouts_ = 0;
    std::uint64_t inconsistent_ = 0;
    std::string first_inconsistency_;
};

}  // namespace drydock::latency
