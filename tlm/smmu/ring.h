// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace drydock::smmu {

/// First in, first out; allocates only while it grows to the working set.
template <class T>
class ring {
public:
    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    T& front() { return slots_[head_]; }
    const T& front() const { return slots_[head_]; }
    const T& back() const { return slots_[(head_ + count_ - 1) & (slots_.size() - 1)]; }
    T& operator[](std::size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }
    void push(T item) {
        if (count_ == slots_.size()) grow();
        slots_[(head_ + count_++) & (slots_.size() - 1)] = std::move(item);
    }
    void pop() {
        head_ = (head_ + 1) & (slots_.size() - 1);
        --count_;
    }
    T take() {
        T item = std::move(front());
        pop();
        return item;
    }
    void clear() { head_ = count_ = 0; }

private:
    void grow() {
        std::vector<T> bigger(slots_.empty() ? 16 : slots_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i) bigger[i] = std::move((*this)[i]);
        slots_.swap(bigger);
        head_ = 0;
    }
    std::vector<T> slots_;
    std::size_t head_ = 0, count_ = 0;
};

}  // namespace drydock::smmu
