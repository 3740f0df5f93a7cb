// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Advanced Error Reporting, extended capability 0x0001 (PCIe): uncorrectable status +4, mask
/// +8, severity +0xc, correctable status +0x10, mask +0x14, control +0x18, header log +0x1c, root
/// command +0x2c, root status +0x30, source IDs +0x34, prefix log +0x38.
struct aer_view {
    static constexpr std::uint16_t id = 0x0001;
    static constexpr std::uint16_t size = 0x48;
    static constexpr std::uint32_t default_severity = 0x0046'2030;
    static constexpr std::uint32_t default_mask = 0x0040'0000;
    static constexpr std::uint32_t default_mask_with_egress_blocking = 0x0440'0000;
    static constexpr std::uint32_t default_correctable_mask = 0x0000'e000;
    static constexpr std::uint32_t advisory_bit = 1u << 13;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    std::uint32_t uncorrectable_status() const { return regs.get32(at + 4u); }
    std::uint32_t uncorrectable_mask() const { return regs.get32(at + 8u); }
    std::uint32_t severity() const { return regs.get32(at + 0xcu); }
    std::uint32_t correctable_status() const { return regs.get32(at + 0x10u); }
    std::uint32_t correctable_mask() const { return regs.get32(at + 0x14u); }
    void set_uncorrectable(std::uint32_t bits) { regs.set(at + 4u, 4, bits, bits); }
    void set_correctable(std::uint32_t bits) { regs.set(at + 0x10u, 4, bits, bits); }
    /// First Error Pointer.
    unsigned first_error() const { return regs.get32(at + 0x18u) & 0x1f; }
    /// The slot is taken while the status bit it points to is set and a header was logged (P-095,
    /// P-096).
    bool first_error_taken() const { return ((uncorrectable_status() >> first_error()) & 1) != 0; }
    void log_first(unsigned bit, const std::uint8_t* header16);
    /// ECRC Generation Enable, ECRC Check Enable: can be set only where the function is capable.
    bool generates_ecrc() const { return present() && (regs.get32(at + 0x18u) & 0x40) != 0; }
    bool checks_ecrc() const { return present() && (regs.get32(at + 0x18u) & 0x100) != 0; }
    std::uint32_t root_command() const { return regs.get32(at + 0x2cu); }
    std::uint32_t root_status() const { return regs.get32(at + 0x30u); }

    /// root: the registers of a root port as well.
    static void declare(config_registers& r, std::uint16_t at, bool root);
};

}  // namespace drydock::pcie
