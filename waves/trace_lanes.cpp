// SPDX-License-Identifier: Apache-2.0
#include "waves/trace_lanes.h"

#include <utility>

namespace drydock::waves {

trace_lanes::lane trace_lanes::take(std::uint64_t group) {
    std::uint32_t& known = groups_[group];
    if (known == 0) {
        free_.emplace_back();
        known = static_cast<std::uint32_t>(free_.size());
    }
    lowest_first& free = free_[known - 1];
    if (free.empty()) {
        lanes_.push_back({known - 1, false});
        return static_cast<lane>(lanes_.size());
    }
    const lane l = free.top();
    free.pop();
    return l;
}

void trace_lanes::give_back(lane l) { free_[lanes_[l - 1].group].push(l); }

bool trace_lanes::is_new(lane l) { return !std::exchange(lanes_[l - 1].seen, true); }

}  // namespace drydock::waves
