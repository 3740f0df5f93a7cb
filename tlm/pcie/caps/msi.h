// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// MSI capability, id 0x05 (PCIe): control +2, address +4; 64-bit: address high +8, data
/// +0xc, mask +0x10, pending +0x14; 32-bit: data +8, mask +0xc, pending +0x10.
struct msi_view {
    static constexpr std::uint16_t id = 0x05;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool enabled() const { return present() && (regs.get16(at + 2u) & 1) != 0; }
    bool is_64() const { return (regs.get16(at + 2u) & 0x80) != 0; }
    bool maskable() const { return (regs.get16(at + 2u) & 0x100) != 0; }
    std::uint64_t address() const {
        return regs.get32(at + 4u) | (is_64() ? std::uint64_t{regs.get32(at + 8u)} << 32 : 0);
    }
    std::uint16_t data() const { return regs.get16(at + (is_64() ? 0xcu : 8u)); }

    static void declare(config_registers& r, std::uint16_t at) {
        const std::uint16_t control = r.get16(at + 2u);
        const bool wide = (control & 0x80) != 0;
        r.declare_rw(at + 2u, 2, 0x71);
        r.declare_rw(at + 4u, 4, 0xffff'fffc);
        if (wide) r.declare_rw(at + 8u, 4, 0xffff'ffff);
        const std::uint16_t data_at = at + (wide ? 0xcu : 8u);
        r.declare_rw(data_at, 2, 0xffff);
        if ((control & 0x100) != 0) r.declare_rw(data_at + 4u, 4, 0xffff'ffff);
    }
};

}  // namespace drydock::pcie
