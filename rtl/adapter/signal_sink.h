// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace drydock::rtl {

/// Is shown the signals of a block, always the same ones in the same order. Free of SystemC and of
/// Verilator, so that a block of another shared object can show its own.
struct signal_sink {
    using words = std::span<const std::string_view>;
    static constexpr unsigned most_bits = 256;  ///< of one signal; what is above is not shown

    /// @param name   below the block; what stands before its last '.' is a scope
    /// @param value  32 bits each, the lowest first, most_bits of them
    /// @param words  of an enumeration, by value
    virtual void put(std::string_view name, unsigned bits, const std::uint32_t* value, words) = 0;

    /// The same of a number, of 64-bit words or of a vector of Verilator's.
    template <class T>
    void operator()(std::string_view name, unsigned bits, const T& value, words w = {}) {
        constexpr std::size_t size = most_bits / 32;
        std::array<std::uint32_t, size> halves{};
        if constexpr (std::is_array_v<T>) {
            for (std::size_t h = 0; h < size && h / 2 < std::size(value); ++h)
                halves[h] = static_cast<std::uint32_t>(value[h / 2] >> (h % 2 * 32));
        } else if constexpr (requires { value.data(); }) {
            constexpr std::size_t has = std::min(size, sizeof(T) / 4);
            for (std::size_t h = 0; h < has; ++h) halves[h] = value.data()[h];
        } else {
            const auto v = static_cast<std::uint64_t>(value);
            halves[0] = static_cast<std::uint32_t>(v);
            halves[1] = static_cast<std::uint32_t>(v >> 32);
        }
        put(name, bits, halves.data(), w);
    }

protected:
    ~signal_sink() = default;
};

/// Bits that number `values` things.
constexpr unsigned number_bits(std::uint32_t values) {
    return values <= 2 ? 1 : static_cast<unsigned>(std::bit_width(values - 1));
}

}  // namespace drydock::rtl
