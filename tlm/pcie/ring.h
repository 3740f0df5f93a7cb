// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace drydock::pcie {

/// First in, first out, in one array that grows to the working set and then never allocates.
template <class T>
class ring {
public:
    explicit ring(std::size_t capacity = 8) : items_(capacity) {}  // a power of two

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    T& front() { return items_[head_]; }
    const T& front() const { return items_[head_]; }
    T& back() { return items_[(head_ + count_ - 1) & (items_.size() - 1)]; }
    /// The item `n` places behind the front.
    const T& at(std::size_t n) const { return items_[(head_ + n) & (items_.size() - 1)]; }
    T& at(std::size_t n) { return items_[(head_ + n) & (items_.size() - 1)]; }
    /// Takes it out; what is before it moves up, in n steps.
    T take(std::size_t n) {
        T item = std::move(at(n));
        for (; n > 0; --n) at(n) = std::move(at(n - 1));
        pop();
        return item;
    }
    void push(T item) {
        if (count_ == items_.size()) grow();
        items_[(head_ + count_++) & (items_.size() - 1)] = std::move(item);
    }
    T pop() {
        T item = std::move(items_[head_]);
        head_ = (head_ + 1) & (items_.size() - 1);
        --count_;
        return item;
    }
    void clear() {
        while (!empty()) pop();
    }

private:
    void grow() {
        std::vector<T> bigger(items_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i)
            bigger[i] = std::move(items_[(head_ + i) & (items_.size() - 1)]);
        items_.swap(bigger);
        head_ = 0;
    }
    std::vector<T> items_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
};

}  // namespace drydock::pcie
