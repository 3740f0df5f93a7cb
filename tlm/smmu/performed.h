// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tlm/base/ids.h"

namespace drydock::smmu {

/// Posted writes of one root port that have arrived and are not yet performed, in the order of their
/// arrival, which is the order in which they are performed. Everything that must stay behind them (a read,
/// an Invalidate Completion) asks whether all with a smaller `order` are done. O(1); grows to the working set.
class posted_order {
public:
    posted_order() : ring_(64) {}

    void arrived(std::uint64_t order, base::span_id span) {
        if (count_ == ring_.size()) grow();
        ring_[(head_ + count_++) & (ring_.size() - 1)] = {order, span};
    }
    /// The oldest one is performed or dropped.
    void performed() {
        last_ = ring_[head_].span;
        head_ = (head_ + 1) & (ring_.size() - 1);
        --count_;
    }
    /// Every write with a smaller order is performed or dropped.
    bool performed_up_to(std::uint64_t order) const { return count_ == 0 || ring_[head_].order >= order; }
    /// Span of the write performed last; observers only.
    base::span_id last_performed() const { return last_; }
    std::size_t waiting() const { return count_; }

private:
    struct write {
        std::uint64_t order = 0;
        base::span_id span{};
    };
    void grow() {
        std::vector<write> bigger(ring_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i) bigger[i] = ring_[(head_ + i) & (ring_.size() - 1)];
        ring_.swap(bigger);
        head_ = 0;
    }
    std::vector<write> ring_;
    std::size_t head_ = 0, count_ = 0;
    base::span_id last_{};
};

}  // namespace drydock::smmu
