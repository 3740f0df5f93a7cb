// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace drydock::smmu {

/// A little-endian number of `bytes` bytes, 0..8, as it lies in memory.
constexpr std::uint64_t load_le(const std::uint8_t* p, std::size_t bytes = 8) {
    std::uint64_t v = 0;
    for (std::size_t i = bytes; i-- > 0;) v = v << 8 | p[i];
    return v;
}

/// Stores the low bytes of v.
constexpr void store_le(std::span<std::uint8_t> into, std::uint64_t v) {
    for (std::size_t i = 0; i < into.size(); ++i)
        into[i] = static_cast<std::uint8_t>(i < 8 ? v >> (8 * i) : 0);
}

/// Words of a record as they lie in memory.
template <std::size_t N>
constexpr std::array<std::uint8_t, 8 * N> bytes_of(const std::array<std::uint64_t, N>& words) {
    std::array<std::uint8_t, 8 * N> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
    return bytes;
}

}  // namespace drydock::smmu
