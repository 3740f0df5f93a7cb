// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// PASID extended capability 0x001b (PCIe): capability +4, control +6.
struct pasid_view {
    static constexpr std::uint16_t id = 0x001b;
    static constexpr std::uint16_t size = 8;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool execute_supported() const { return (regs.get16(at + 4u) & 2) != 0; }
    bool privileged_supported() const { return (regs.get16(at + 4u) & 4) != 0; }
    /// Max PASID Width, 0..20 bits.
    unsigned width() const { return (regs.get16(at + 4u) >> 8) & 0x1f; }
    bool enabled() const { return present() && (regs.get16(at + 6u) & 1) != 0; }
    bool execute_enabled() const { return (regs.get16(at + 6u) & 2) != 0; }
    bool privileged_enabled() const { return (regs.get16(at + 6u) & 4) != 0; }

    /// Features that are not supported cannot be enabled.
    static void declare(config_registers& r, std::uint16_t at) {
        r.declare_rw(at + 6u, 2, 1u | (r.get16(at + 4u) & 6u));
    }
};

}  // namespace drydock::pcie
