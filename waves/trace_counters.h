// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "waves/trace.h"
#include "waves/trace_file.h"

namespace drydock::waves {

/// The counters of a trace: free ITags, credits, depths of queues, and gauges.
class trace_counters {
public:
    trace_counters(base::probe& p, trace_file& to, const std::vector<gauge>& gauges);

    /// @param shown whether the file takes values of this instant
    void on_event(const base::event& e, bool shown);

private:
    struct command_queue {
        std::uint64_t prod = 0, mask = 0;  // with the wrap bit
        std::int64_t depth = 0;
    };
    struct credits {
        std::int64_t header = 0, data = 0;
        bool infinite = false;
    };
    /// Of a place and VC; what does not change is not written again.
    void count(base::place_id where, std::string_view name, const base::event& e,
               std::int64_t value, std::uint64_t vc = 0);
    void stage(const base::event& e);
    void span_ended(const base::event& e);
    void credit(const base::event& e, int sign);
    void command(const base::event& e);
    std::uint32_t component(base::place_id p) { return file_.of(p).process; }

    const base::probe& probe_;
    trace_file& file_;
    std::vector<std::pair<base::place_id, const gauge*>> gauges_;
    std::map<base::place_id, command_queue> commands_;
    std::map<std::pair<base::place_id, std::uint64_t>, credits> credits_;
    std::map<std::uint32_t, std::int64_t> depth_;     // of a component's queue
    std::map<std::uint32_t, base::place_id> queued_;  // span -> function or SMMU it lies at
    std::map<std::tuple<base::place_id, std::string_view, std::uint64_t>, std::int64_t> told_;
    bool shown_ = true;
};

}  // namespace drydock::waves
