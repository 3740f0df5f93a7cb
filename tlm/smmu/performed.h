// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/base/ids.h"
#include "tlm/smmu/ring.h"

namespace drydock::smmu {

/// Posted writes of one root port that have arrived and are not yet performed, in the order of
/// their arrival, which is the order in which they are performed. Everything that must stay behind
/// them (a read, an Invalidate Completion) asks whether all with a smaller `order` are done. O(1);
/// grows to the working set.
class posted_order {
public:
    void arrived(std::uint64_t order, base::span_id span) { writes_.push({order, span}); }
    /// The oldest one is performed or dropped.
    void performed() { last_ = writes_.take().span; }
    /// Every write with a smaller order is performed or dropped.
    bool performed_up_to(std::uint64_t order) const {
        return writes_.empty() || writes_.front().order >= order;
    }
    /// Span of the write performed last; observers only.
    base::span_id last_performed() const { return last_; }
    std::size_t waiting() const { return writes_.size(); }

private:
    struct write {
        std::uint64_t order = 0;
        base::span_id span{};
    };
    ring<write> writes_;
    base::span_id last_{};
};

}  // namespace drydock::smmu
