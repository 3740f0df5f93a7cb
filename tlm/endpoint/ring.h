// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

namespace drydock::endpoint {

/// A first-in first-out queue of fixed capacity; never allocates after construction.
template <class T>
class ring {
public:
    explicit ring(std::size_t capacity) : slots_(std::bit_ceil(capacity == 0 ? 1 : capacity)) {}

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    bool full() const { return count_ == slots_.size(); }
    T& front() { return slots_[head_]; }
    const T& front() const { return slots_[head_]; }
    T& at(std::size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }
    /// @pre !full()
    void push(T item) { slots_[(head_ + count_++) & (slots_.size() - 1)] = std::move(item); }
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
    std::vector<T> slots_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
};

/// The same without an end: it doubles its room to the working set, and keeps it.
template <class T>
class growing_ring {
public:
    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    T& front() { return slots_[head_]; }
    const T& front() const { return slots_[head_]; }
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

private:
    void grow() {
        std::vector<T> bigger(slots_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i)
            bigger[i] = std::move(slots_[(head_ + i) & (slots_.size() - 1)]);
        slots_.swap(bigger);
        head_ = 0;
    }
    std::vector<T> slots_ = std::vector<T>(16);
    std::size_t head_ = 0;
    std::size_t count_ = 0;
};

}  // namespace drydock::endpoint
