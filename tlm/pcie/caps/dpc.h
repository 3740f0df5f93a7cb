// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Downstream Port Containment, extended capability 0x001d (PCIe): capability +4, control +6,
/// status +8, source +0xa; with RP Extensions RP PIO status +0xc, mask +0x10, severity +0x14,
/// SysError +0x18, Exception +0x1c, header log +0x20.
struct dpc_view {
    static constexpr std::uint16_t id = 0x001d;
    static constexpr std::uint16_t size = 0x44;
    static constexpr std::uint32_t pio_bits = 0x0007'0707;  // PCIe, "RP PIO bits"

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool root_port_extensions() const { return (regs.get16(at + 4u) & 0x20) != 0; }
    /// 0 off, 1 ERR_FATAL, 2 ERR_NONFATAL or ERR_FATAL.
    unsigned trigger_enable() const { return regs.get16(at + 6u) & 3; }
    bool completion_control_ur() const { return (regs.get16(at + 6u) & 4) != 0; }
    bool interrupt_enabled() const { return (regs.get16(at + 6u) & 8) != 0; }
    bool triggered() const { return present() && (regs.get16(at + 8u) & 1) != 0; }
    unsigned reason() const { return (regs.get16(at + 8u) >> 1) & 3; }
    std::uint16_t source() const { return regs.get16(at + 0xau); }

    static void declare(config_registers& r, std::uint16_t at);
};

}  // namespace drydock::pcie
