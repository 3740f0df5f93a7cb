// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Advanced Features capability, id 0x13 (PCIe): length +2 (always 6), capabilities +3, control +4,
/// status +5. FLR for functions without PCI Express.
struct af_view {
    static constexpr std::uint16_t id = 0x13;
    static constexpr std::uint16_t size = 6;
    static constexpr std::uint8_t initiate_flr = 1;  // control[0]

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool reports_pending() const { return present() && (regs.get(at + 3u, 1) & 1) != 0; }
    bool flr_capable() const { return present() && (regs.get(at + 3u, 1) & 2) != 0; }
    bool transactions_pending() const { return (regs.get(at + 5u, 1) & 1) != 0; }
    void set_transactions_pending(bool on) {
        if (reports_pending()) regs.set(at + 5u, 1, 1, on ? 1 : 0);
    }
    /// Initiate FLR was written; the bit reads 0 from now on.
    bool take_flr() {
        const bool written = (regs.get(at + 4u, 1) & initiate_flr) != 0;
        regs.set(at + 4u, 1, initiate_flr, 0);
        return written;
    }

    static void declare(config_registers& r, std::uint16_t at) {
        if (af_view{r, at}.flr_capable()) r.declare_rw(at + 4u, 1, initiate_flr);
        r.declare_status(at + 5u, 1, 1);
    }
};

}  // namespace drydock::pcie
