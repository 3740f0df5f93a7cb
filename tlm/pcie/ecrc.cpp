// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/ecrc.h"

namespace drydock::pcie {
namespace {

constexpr std::uint32_t polynomial = 0xedb8'8320;  // 0x04C11DB7, bits in the order of the wire
constexpr std::uint8_t is_prefix = 0x80, fmt_mask = 0xe0;
constexpr std::uint8_t type_0 = 0x01, poisoned = 0x40;  // byte 0, byte 2
constexpr std::size_t prefix_bytes = 4;

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t v = n;
        for (unsigned bit = 0; bit < 8; ++bit) v = (v >> 1) ^ ((v & 1) != 0 ? polynomial : 0);
        table[n] = v;
    }
    return table;
}
constexpr std::array<std::uint32_t, 256> table = make_table();

}  // namespace

std::uint32_t ecrc_of(std::span<const std::uint8_t> tlp) {
    std::size_t header = 0;
    while (header < tlp.size() && (tlp[header] & fmt_mask) == is_prefix) header += prefix_bytes;
    std::uint32_t crc = 0xffff'ffff;
    for (std::size_t i = 0; i < tlp.size(); ++i) {
        std::uint8_t b = tlp[i];
        if (i == header) b |= type_0;
        if (i == header + 2) b |= poisoned;
        crc = (crc >> 8) ^ table[(crc ^ b) & 0xff];
    }
    return ~crc;
}

}  // namespace drydock::pcie
