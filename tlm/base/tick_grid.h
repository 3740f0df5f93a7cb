// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "tlm/base/time.h"

namespace drydock::base {

/// How a block measures a long time without a counter of its own cycles: it counts ticks, at whole
/// multiples of a sixteenth of that time, rounded up to whole cycles. The first tick of a timer is
/// the first at or after its start; it ends 16 ticks later: never early, at most 6.25 % and 17
/// cycles late.
class tick_grid {
public:
    static constexpr std::int64_t ticks_per_time = 16;

    /// @param time >= 0  @param cycle of the block, > 0
    constexpr tick_grid(ps time, ps cycle)
        : grid_(std::max(clock_domain(cycle).edge_at_or_after((time + ps{ticks_per_time - 1}) /
                                                              ticks_per_time),
                         cycle)) {}

    constexpr ps tick() const { return grid_.period(); }
    constexpr ps end_of(ps start) const {
        return grid_.edge_at_or_after(start) + tick() * ticks_per_time;
    }
    constexpr bool is_tick(ps edge) const { return edge % tick() == ps{0}; }
    constexpr ps tick_after(ps t) const { return grid_.next_edge(t); }

private:
    clock_domain grid_;
};

}  // namespace drydock::base
