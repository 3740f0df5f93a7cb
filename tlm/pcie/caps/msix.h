// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// MSI-X capability, id 0x11 (PCIe): control +2, table +4, PBA +8. The table lies in a BAR.
struct msix_view {
    static constexpr std::uint16_t id = 0x11;
    static constexpr std::uint16_t size = 12;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool enabled() const { return present() && (regs.get16(at + 2u) & 0x8000) != 0; }
    bool function_mask() const { return (regs.get16(at + 2u) & 0x4000) != 0; }
    /// 1..2048.
    unsigned vectors() const { return (regs.get16(at + 2u) & 0x7ffu) + 1; }
    unsigned table_bar() const { return regs.get32(at + 4u) & 7; }
    std::uint32_t table_offset() const { return regs.get32(at + 4u) & ~7u; }
    unsigned pba_bar() const { return regs.get32(at + 8u) & 7; }
    std::uint32_t pba_offset() const { return regs.get32(at + 8u) & ~7u; }

    static void declare(config_registers& r, std::uint16_t at) { r.declare_rw(at + 2u, 2, 0xc000); }
};

}  // namespace drydock::pcie
