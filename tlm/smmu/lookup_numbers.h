// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace drydock::smmu {

/// Running numbers of look-ups and which of their effects are visible: a ring of bits between the
/// oldest unperformed number and the newest. Every operation is O(1) (amortised); the ring grows to
/// the longest span ever open.
class lookup_numbers {
public:
    lookup_numbers() : done_(1024) {}

    /// The next number, from 1.
    std::uint64_t next() {
        if (newest_ + 1 - oldest_ == done_.size()) grow();
        done_[++newest_ & mask()] = 0;
        return newest_;
    }
    std::uint64_t newest() const { return newest_; }
    /// newest() + 1 if every look-up is performed.
    std::uint64_t oldest_unperformed() const { return oldest_; }
    /// @throws std::logic_error for a number never given out or reported twice
    void performed(std::uint64_t number) {
        if (number < oldest_ || number > newest_ || done_[number & mask()] != 0)
            throw std::logic_error("smmu: look-up " + std::to_string(number) +
                                   " is not open; open are " + std::to_string(oldest_) + ".." +
                                   std::to_string(newest_));
        done_[number & mask()] = 1;
        while (oldest_ <= newest_ && done_[oldest_ & mask()] != 0) ++oldest_;
    }

private:
    std::uint64_t mask() const { return done_.size() - 1; }
    void grow() {
        std::vector<std::uint8_t> bigger(done_.size() * 2);
        for (std::uint64_t n = oldest_; n <= newest_; ++n)
            bigger[n & (bigger.size() - 1)] = done_[n & mask()];
        done_.swap(bigger);
    }
    std::vector<std::uint8_t> done_;
    std::uint64_t oldest_ = 1;
    std::uint64_t newest_ = 0;
};

}  // namespace drydock::smmu
