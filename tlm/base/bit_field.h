// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace drydock::base {

/// Bits [High:Low] of a 64-bit word, as specifications write them: `using cs = bit_field<13, 12>;`
/// then `cs::get(word)` and `cs::set(word, value)`.
template <unsigned High, unsigned Low = High>
struct bit_field {
    static_assert(High >= Low && High < 64);
    static constexpr unsigned width = High - Low + 1;
    static constexpr std::uint64_t low_mask = ~std::uint64_t{0} >> (64 - width);
    static constexpr std::uint64_t mask = low_mask << Low;

    static constexpr std::uint64_t get(std::uint64_t word) { return (word >> Low) & low_mask; }
    static constexpr bool test(std::uint64_t word) { return (word & mask) != 0; }
    /// value at the field's place; bits of value that do not fit are cut off.
    static constexpr std::uint64_t make(std::uint64_t value) { return (value & low_mask) << Low; }
    static constexpr std::uint64_t set(std::uint64_t word, std::uint64_t value) {
        return (word & ~mask) | make(value);
    }
};

/// Mask of bits [high:low].
constexpr std::uint64_t bit_mask(unsigned high, unsigned low) {
    return (~std::uint64_t{0} >> (63 - high)) & (~std::uint64_t{0} << low);
}

}  // namespace drydock::base
