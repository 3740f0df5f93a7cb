// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "platform/profile/bins.h"
#include "platform/profile/operations.h"
#include "tlm/base/context.h"

namespace drydock::profile {

/// Something that lasted, on a lane.
struct bar {
    base::ps from{}, until{};
    std::uint32_t text = 0;  ///< probe::text
    base::span_id span{};
    base::span_class of{};
    base::place_id client = 0;
    std::uint16_t device = 0;
};

/// The longest bars of a lane, as many as fit, and how its time was used altogether.
class lane {
public:
    static constexpr std::size_t most_bars = 400, activity_columns = 1024;
    /// Shorter ones only count as activity.
    static constexpr base::ps shortest{5'000'000};

    void add(const bar& b);
    /// Bars that are always kept: states, not durations.
    void add_state(const bar& b) {
        if (states_.size() < most_bars) states_.push_back(b);
    }
    /// {"width_ps","busy":[ps per column]} and the bars, in order of time
    nlohmann::json activity() const;
    std::vector<bar> bars() const;

private:
    std::vector<bar> longest_;  // a heap, the shortest on top
    std::vector<bar> states_;
    columns<busy> activity_{activity_columns};
};

/// What every CPU, command queue and device did over the run's time, for the swim-lanes.
class swim_lanes {
public:
    swim_lanes(base::context& ctx, const waves::device_names& names, unsigned cpus);
    /// Kinds that on_event() wants.
    static std::span<const base::kind> kinds();
    void on_event(const base::event& e);
    void held(const latency::hold& h, const span_owners::owner* owner);
    void finish(base::ps now);

    /// {"cpus":[lane..],"queues":[lane..],"errors":[lane..],"devices":[lane..],"marks":[..],
    /// "mark_counts":{}}; a lane: {"name","bars":[[from ps, length ps, text, id]..],"activity":{}}
    nlohmann::json to_json(const words& w) const;

private:
    struct interval {
        base::ps since{};
        std::uint32_t text = 0;
        base::span_id span{};
    };
    struct device_lane {
        lane states;
        std::optional<interval> state, blocked;
        std::map<std::uint32_t, interval> resets;  ///< open ones, by span
    };
    struct mark {
        base::ps at{};
        std::uint16_t device = 0;
        std::string_view kind;
        std::uint32_t text = 0, more = 0;  ///< probe::text
        base::span_id span{};
    };
    void function_state(const base::event& e);
    void blocked(const base::event& e);
    void irqs(const base::event& e);
    void reset(const base::event& e);
    void error(const base::event& e);
    void put_mark(const base::event& e, std::uint16_t device, std::string_view kind,
                  std::uint64_t text, std::uint64_t more = 0);
    static void close(std::optional<interval>& i, lane& to, base::ps now);
    nlohmann::json lane_json(const std::string& name, const lane& l, const words& w) const;

    static constexpr std::size_t most_marks = 400;  ///< of each kind

    base::context& ctx_;
    std::uint32_t text_off_, text_held_, text_blocked_, text_reset_, text_error_;
    std::vector<lane> cpus_;
    std::vector<std::optional<base::ps>> irqs_off_;
    std::map<base::place_id, lane> queues_;
    std::map<base::place_id, std::optional<interval>> errors_;  ///< by SMMU
    std::map<base::place_id, lane> error_lanes_;
    std::map<std::uint16_t, device_lane> devices_;
    std::map<std::uint32_t, std::uint16_t> device_of_reset_;  ///< by span
    std::vector<mark> marks_;
    std::map<std::string_view, std::uint64_t> mark_counts_;
};

}  // namespace drydock::profile
