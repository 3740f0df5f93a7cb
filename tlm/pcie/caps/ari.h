// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Alternative Routing-ID Interpretation, extended capability 0x000e (PCIe): capability +4,
/// control +6.
struct ari_view {
    static constexpr std::uint16_t id = 0x000e;
    static constexpr std::uint16_t size = 8;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool mfvc_groups() const { return (regs.get16(at + 4u) & 1) != 0; }
    bool acs_groups() const { return (regs.get16(at + 4u) & 2) != 0; }
    /// The next higher function number of the device, 0 at the last.
    unsigned next_function() const { return regs.get16(at + 4u) >> 8; }
    unsigned function_group() const { return (regs.get16(at + 6u) >> 4) & 7; }

    /// Control is 0 but for the function groups, where the function has them.
    static void declare(config_registers& r, std::uint16_t at) {
        const std::uint16_t groups = r.get16(at + 4u) & 3;
        r.declare_rw(at + 6u, 2, groups != 0 ? 0x70u | groups : 0);
    }
};

}  // namespace drydock::pcie
