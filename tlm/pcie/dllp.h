// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// Data Link Layer Packets, PCIe: 4 bytes and a CRC-16.
enum class dllp_type : std::uint8_t {
    ack = 0x00,
    data_link_feature = 0x02,
    nak = 0x10,
    pm_enter_l1 = 0x20,
    pm_enter_l23 = 0x21,
    pm_active_state_request_l1 = 0x23,
    pm_request_ack = 0x24,
    nop = 0x31,
    init_fc1_p = 0x40,
    init_fc1_np = 0x50,
    init_fc1_cpl = 0x60,
    update_fc_p = 0x80,
    update_fc_np = 0x90,
    update_fc_cpl = 0xa0,
    init_fc2_p = 0xc0,
    init_fc2_np = 0xd0,
    init_fc2_cpl = 0xe0
};
using dllp_wire = std::array<std::uint8_t, 6>;

/// CRC-16 as it is sent: polynomial 0x100b, start 0xffff, bytes least significant bit first,
/// complemented, bit-reversed per byte.
std::uint16_t dllp_crc(std::span<const std::uint8_t, 4> bytes);

/// Bytes 1-3 as one number of 24 bits.
dllp_wire pack_dllp(dllp_type type, std::uint32_t body);
/// @param sequence 12 bits
dllp_wire pack_ack(std::uint16_t sequence, bool nak = false);
/// Flow-control DLLP of VC 0, scaled flow control off. @param header 8 bits @param data 12 bits
dllp_wire pack_fc(dllp_type type, std::uint8_t header, std::uint16_t data);
bool dllp_crc_good(const dllp_wire& d);

/// The credit counters of one type, as both ends keep them (PCIe): header mod 256, data mod
/// 4096.
struct credit_counter {
    unsigned bits;            ///< 8 header, 12 data
    std::uint32_t limit = 0;  ///< granted in all
    std::uint32_t consumed = 0;
    constexpr std::uint32_t mask() const { return (1u << bits) - 1; }
    /// A TLP that needs so many may go.
    constexpr bool allows(std::uint32_t needed) const {
        return ((limit - (consumed + needed)) & mask()) <= (1u << (bits - 1));
    }
    /// Unused credits; more than half the counter is an FC Protocol Error (P-037).
    constexpr std::uint32_t unused() const { return (limit - consumed) & mask(); }
    constexpr bool protocol_error() const { return unused() >= (1u << (bits - 1)); }
};

}  // namespace drydock::pcie
