// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/dllp.h"

namespace drydock::pcie {
namespace {

constexpr std::uint16_t polynomial = 0x100b;

constexpr std::uint8_t reversed(std::uint8_t b) {
    std::uint8_t r = 0;
    for (unsigned i = 0; i < 8; ++i) r = static_cast<std::uint8_t>((r << 1) | ((b >> i) & 1));
    return r;
}

}  // namespace

std::uint16_t dllp_crc(std::span<const std::uint8_t, 4> bytes) {
    std::uint16_t crc = 0xffff;
    for (const std::uint8_t b : bytes)
        for (unsigned bit = 0; bit < 8; ++bit) {
            const bool feedback = ((crc >> 15) ^ (b >> bit)) & 1;
            crc = static_cast<std::uint16_t>((crc << 1) ^ (feedback ? polynomial : 0));
        }
    crc = static_cast<std::uint16_t>(~crc);
    return static_cast<std::uint16_t>((reversed(static_cast<std::uint8_t>(crc >> 8)) << 8) |
                                      reversed(static_cast<std::uint8_t>(crc)));
}

dllp_wire pack_dllp(dllp_type type, std::uint32_t body) {
    dllp_wire d{static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(body >> 16),
                static_cast<std::uint8_t>(body >> 8), static_cast<std::uint8_t>(body)};
    const std::uint16_t crc = dllp_crc(std::span<const std::uint8_t, 4>(d.data(), 4));
    d[4] = static_cast<std::uint8_t>(crc >> 8);
    d[5] = static_cast<std::uint8_t>(crc);
    return d;
}

dllp_wire pack_ack(std::uint16_t sequence, bool nak) {
    return pack_dllp(nak ? dllp_type::nak : dllp_type::ack, sequence & 0xfffu);
}

dllp_wire pack_fc(dllp_type type, std::uint8_t header, std::uint16_t data) {
    return pack_dllp(type, (std::uint32_t{header} << 14) | (data & 0xfffu));
}

bool dllp_crc_good(const dllp_wire& d) {
    const std::uint16_t crc = dllp_crc(std::span<const std::uint8_t, 4>(d.data(), 4));
    return d[4] == (crc >> 8) && d[5] == (crc & 0xff);
}

}  // namespace drydock::pcie
