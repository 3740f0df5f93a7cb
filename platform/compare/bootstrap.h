// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "platform/compare/distribution.h"

namespace drydock::compare {

/// How a statistic of b differs from that of a.
struct difference {
    const char* statistic = "";
    double a = 0, b = 0;  ///< ps
    /// 95 % of the resampled differences b - a lie between; nothing if there is too little to
    /// resample.
    struct range {
        double low = 0, high = 0;
    };
    std::optional<range> interval;

    double by() const { return b - a; }
    /// The interval excludes that nothing changed.
    bool clear() const {
        return interval && by() != 0 && (interval->low > 0 || interval->high < 0);
    }
};

inline constexpr unsigned replicates = 1000;     ///< resamplings
inline constexpr std::size_t fewest_blocks = 8;  ///< of each side, below that no interval is given

/// Bootstrap of every statistic, by blocks of simulated time: whoever is delayed delays his
/// successors, so single transactions are not independent, stretches of time nearly are. A
/// replicate draws as many blocks as there are, with replacement, from each side on its own; the
/// interval is between the 2.5th and the 97.5th percentile of the differences. Same inputs, same
/// result.
std::vector<difference> differences(const distribution& a, const distribution& b);

}  // namespace drydock::compare
