// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace drydock::waves {

/// Two words that together name something, e.g. (domain, page).
struct key_pair {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    friend bool operator==(const key_pair&, const key_pair&) = default;
};

constexpr std::uint64_t scatter(std::uint64_t z) {  // finaliser of SplitMix64
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
constexpr std::uint64_t scatter(const key_pair& k) {
    return scatter(k.a ^ scatter(k.b + 0x9e3779b97f4a7c15u));
}

/// The observers' table: open addressing, one step of O(1) per access, no allocation once it has
/// grown to the working set. Has no order on purpose: nothing may be printed by walking it.
/// @tparam Key std::uint64_t or key_pair  @tparam Value default-constructible, movable
template <class Key, class Value>
class flat_map {
public:
    flat_map() : slots_(64) {}

    std::size_t size() const { return size_; }

    Value* find(const Key& k) {
        for (std::size_t i = home(k);; i = next(i)) {
            if (!slots_[i].used) return nullptr;
            if (slots_[i].key == k) return &slots_[i].value;
        }
    }
    const Value* find(const Key& k) const { return const_cast<flat_map*>(this)->find(k); }

    /// The value of k, default-made if it is new. References live until the next insertion.
    Value& operator[](const Key& k) {
        if (Value* v = find(k)) return *v;
        if ((size_ + 1) * 4 > slots_.size() * 3) grow();
        std::size_t i = home(k);
        while (slots_[i].used) i = next(i);
        slots_[i].used = true;
        slots_[i].key = k;
        slots_[i].value = Value{};
        ++size_;
        return slots_[i].value;
    }

    bool erase(const Key& k) {
        std::size_t hole = home(k);
        for (;; hole = next(hole)) {
            if (!slots_[hole].used) return false;
            if (slots_[hole].key == k) break;
        }
        // Backward shift: whoever was pushed past the hole moves into it, so no tombstones stay.
        for (std::size_t i = next(hole); slots_[i].used; i = next(i)) {
            const std::size_t distance = (i - home(slots_[i].key)) & (slots_.size() - 1);
            if (distance >= ((i - hole) & (slots_.size() - 1))) {
                slots_[hole] = std::move(slots_[i]);
                hole = i;
            }
        }
        slots_[hole].used = false;
        slots_[hole].value = Value{};
        --size_;
        return true;
    }

private:
    struct slot {
        Key key{};
        Value value{};
        bool used = false;
    };
    std::size_t home(const Key& k) const { return scatter(k) & (slots_.size() - 1); }
    std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
    void grow() {
        std::vector<slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (slot& s : old) {
            if (!s.used) continue;
            std::size_t i = home(s.key);
            while (slots_[i].used) i = next(i);
            slots_[i] = std::move(s);
        }
    }
    std::vector<slot> slots_;
    std::size_t size_ = 0;
};

}  // namespace drydock::waves
