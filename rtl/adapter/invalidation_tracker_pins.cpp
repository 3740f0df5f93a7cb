// SPDX-License-Identifier: Apache-2.0
#include <Vinvalidation_tracker_large.h>
#include <Vinvalidation_tracker_large___024root.h>
#include <Vinvalidation_tracker_small.h>
#include <Vinvalidation_tracker_small___024root.h>
#include "rtl/adapter/invalidation_tracker_verilated.h"

namespace drydock::rtl {
invalidation_tracker_pins::limits invalidation_tracker_limits(tracker_set set) {
    return set == tracker_set::small ? invalidation_tracker_pins::limits{8, 4, 1}
                                     : invalidation_tracker_pins::limits{32, 32, 4};
}

std::unique_ptr<invalidation_tracker_pins> make_invalidation_tracker(tracker_set set,
                                                                     unsigned pool) {
    if (set == tracker_set::small)
        return std::make_unique<
            verilated_invalidation_tracker<Vinvalidation_tracker_small, 8, 4, 1>>(pool);
    return std::make_unique<verilated_invalidation_tracker<Vinvalidation_tracker_large, 32, 32, 4>>(
        pool);
}

}  // namespace drydock::rtl
