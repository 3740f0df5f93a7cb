// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tlm/pcie/config_image.h"

/// What the builder of configuration spaces makes capabilities of.
namespace drydock::pcie::building {

/// Little-endian bytes of a capability under construction.
struct blob {
    std::vector<std::uint8_t> bytes;
    explicit blob(std::size_t n) : bytes(n) {}
    void put16(std::size_t at, std::uint32_t v) {
        bytes[at] = static_cast<std::uint8_t>(v);
        bytes[at + 1] = static_cast<std::uint8_t>(v >> 8);
    }
    void put32(std::size_t at, std::uint32_t v) {
        put16(at, v);
        put16(at + 2, v >> 16);
    }
};

inline void require(bool good, const std::string& field, std::uint64_t value, const char* range) {
    if (!good)
        throw config_error(
            "", 0, field + ": " + std::to_string(value) + " is out of range, expected " + range);
}

inline std::uint32_t flag(bool on, unsigned bit) { return on ? 1u << bit : 0; }

}  // namespace drydock::pcie::building
