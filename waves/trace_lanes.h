// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "waves/flat_map.h"

namespace drydock::waves {

/// Ids of a trace's async spans. Those that share one are drawn on one track, so each transaction
/// takes the lowest id of its group that no other holds: a viewer needs as many tracks as
/// transactions overlap, not as many as there are.
class trace_lanes {
public:
    using lane = std::uint32_t;  ///< 1.. , of all groups

    lane take(std::uint64_t group);
    void give_back(lane l);
    /// Whether it is asked for the first time: then the track needs a name.
    bool is_new(lane l);

private:
    using lowest_first = std::priority_queue<lane, std::vector<lane>, std::greater<>>;
    struct state {
        std::uint32_t group;
        bool seen;
    };
    flat_map<std::uint64_t, std::uint32_t> groups_;  // index into free_ + 1
    std::vector<lowest_first> free_;
    std::vector<state> lanes_;
};

}  // namespace drydock::waves
