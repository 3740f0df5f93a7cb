// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace drydock::pcie {

/// The digest behind a TLP with TD=1.
inline constexpr unsigned ecrc_bytes = 4;

/// ECRC over prefixes, header and payload of a TLP in wire order: CRC-32 of polynomial 0x04C11DB7,
/// start 0xFFFFFFFF, bytes least significant bit first, complemented (PCIe base). What may change
/// on the way, Type[0] and EP, counts as 1. The result's bit 0 is the first on the wire.
std::uint32_t ecrc_of(std::span<const std::uint8_t> tlp);

/// As the four bytes follow the TLP.
constexpr std::array<std::uint8_t, ecrc_bytes> ecrc_to_wire(std::uint32_t crc) {
    return {static_cast<std::uint8_t>(crc), static_cast<std::uint8_t>(crc >> 8),
            static_cast<std::uint8_t>(crc >> 16), static_cast<std::uint8_t>(crc >> 24)};
}

}  // namespace drydock::pcie
