// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Power Management capability, id 0x01 (PCIe): PMC +2, PMCSR +4.
struct power_view {
    static constexpr std::uint16_t id = 0x01;
    static constexpr std::uint16_t size = 8;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    /// D-state 0..3 (3 = D3hot).
    unsigned state() const { return present() ? regs.get16(at + 4u) & 3u : 0; }
    bool no_soft_reset() const { return (regs.get16(at + 4u) & 8) != 0; }

    static void declare(config_registers& r, std::uint16_t at) {
        r.declare_rw(at + 4u, 2, 3);
        r.declare_rw(at + 4u, 2, 0x100, 0, retention::sticky);
        r.declare_w1c(at + 4u, 2, 0x8000, retention::sticky);
    }
    /// D1 and D2 can be entered only where PMC[9], [10] say so: the write of another state is
    /// ignored.
    bool reachable(unsigned d) const {
        const std::uint16_t pmc = regs.get16(at + 2u);
        return d == 0 || d == 3 || (d == 1 ? (pmc & 0x200) != 0 : (pmc & 0x400) != 0);
    }
};

}  // namespace drydock::pcie
