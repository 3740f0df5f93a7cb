// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

/// What every Verilated unit shares. Free of SystemC and of Verilator's headers.
namespace drydock::rtl {

/// A rule that the block's SystemVerilog states as an assertion does not hold.
struct assertion_failed : std::logic_error {
    using std::logic_error::logic_error;
};

/// Bits [0, n) of a vector port, 64 a word, whatever type Verilator gave the port.
template <class Port>
void read_bits(const Port& from, std::uint64_t* to, std::size_t words) {
    if constexpr (requires { from.data(); }) {
        const std::uint32_t* const half = from.data();
        constexpr std::size_t halves = sizeof(Port) / 4;
        for (std::size_t i = 0; i < words; ++i)
            to[i] = (2 * i < halves ? half[2 * i] : 0) |
                    std::uint64_t{2 * i + 1 < halves ? half[2 * i + 1] : 0} << 32;
    } else {
        to[0] = from;
        for (std::size_t i = 1; i < words; ++i) to[i] = 0;
    }
}

template <class Port>
void write_bits(Port& to, const std::uint64_t* from) {
    if constexpr (requires { to.data(); }) {
        for (std::size_t i = 0; i < sizeof(Port) / 4; ++i)
            to[i] = static_cast<std::uint32_t>(from[i / 2] >> (i % 2 * 32));
    } else {
        to = static_cast<Port>(from[0]);
    }
}

}  // namespace drydock::rtl
