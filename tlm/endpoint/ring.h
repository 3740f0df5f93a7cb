// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace drydock::endpoint {

/// A first-in first-out queue. Its room doubles up to the working set and stays: an idle one takes
/// none.
template <class T>
class ring {
public:
    /// Without an end.
    ring() = default;
    explicit ring(std::size_t capacity) : most_(std::bit_ceil(capacity == 0 ? 1 : capacity)) {}

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    bool full() const { return count_ == most_; }
    T& front() { return slots_[head_]; }
    const T& front() const { return slots_[head_]; }
    T& at(std::size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }
    /// @pre !full()
    void push(T item) {
        if (count_ == slots_.size()) grow();
        slots_[(head_ + count_++) & (slots_.size() - 1)] = std::move(item);
    }
    T pop() {
        T item = std::move(slots_[head_]);
        head_ = (head_ + 1) & (slots_.size() - 1);
        --count_;
        return item;
    }
    void clear() {
        while (count_ > 0) pop();
        head_ = 0;
    }

private:
    void grow() {
        std::vector<T> bigger(slots_.empty() ? std::min(first_, most_) : slots_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i)
            bigger[i] = std::move(slots_[(head_ + i) & (slots_.size() - 1)]);
        slots_.swap(bigger);
        head_ = 0;
    }

    static constexpr std::size_t first_ = 8;
    std::size_t most_ = SIZE_MAX;
    std::vector<T> slots_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
};

}  // namespace drydock::endpoint
