// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "tlm/base/time.h"

namespace drydock::smmu {

/// A stage of the SMMU's pipeline: takes one transaction a cycle, in order of arrival, and keeps
/// each for its latency. Holds times only: O(1), nothing is queued.
class pipeline {
public:
    pipeline(base::ps clock, std::uint32_t latency_cycles)
        : clock_(clock), latency_(clock * latency_cycles) {}

    /// One arrives. @return when it is through
    base::ps enter(base::ps arrival) {
        const base::ps begin = std::max(arrival, free_);
        free_ = begin + clock_;
        return begin + latency_;
    }

private:
    base::ps clock_, latency_;
    base::ps free_{};  ///< when the next one may enter
};

}  // namespace drydock::smmu
