// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tlm/pcie/intx.h"

namespace drydock::root_complex {

/// Virtual INTx wires of a switch: each downstream port's, as its messages and its own interrupts
/// leave them, and their OR at the upstream port, swizzled by the port's device number (PCIe).
class intx_collector {
public:
    explicit intx_collector(std::size_t ports) : below_(ports), own_(ports) {}

    /// From the link below downstream port n. @return the wires above that change with it, a bit
    /// each
    std::uint8_t set(unsigned n, unsigned pin, bool asserted) {
        const auto bit = static_cast<std::uint8_t>(1u << pin);
        below_[n] = static_cast<std::uint8_t>(asserted ? below_[n] | bit : below_[n] & ~bit);
        return changed();
    }
    /// Port n's own interrupt, INTA.
    std::uint8_t set_own(unsigned n, bool asserted) {
        own_[n] = asserted ? 1 : 0;
        return changed();
    }
    /// Link n is down: its wires are deasserted.
    std::uint8_t link_down(unsigned n) {
        below_[n] = 0;
        return changed();
    }
    /// DL_Down above, which resets the whole switch: nobody is told.
    void reset() {
        for (auto& b : below_) b = 0;
        for (auto& b : own_) b = 0;
        above_ = 0;
    }
    bool asserted(unsigned pin) const { return (above_ >> pin & 1) != 0; }

private:
    std::uint8_t changed() {
        unsigned now = 0;
        for (unsigned n = 0; n < below_.size(); ++n)
            for (unsigned pin = 0; pin < pcie::intx_pins; ++pin)
                if (((below_[n] | own_[n]) >> pin & 1) != 0)
                    now |= 1u << pcie::intx_swizzle(pin, n);
        const auto difference = static_cast<std::uint8_t>(now ^ above_);
        above_ = static_cast<std::uint8_t>(now);
        return difference;
    }

    std::vector<std::uint8_t> below_, own_;  ///< by downstream port
    std::uint8_t above_ = 0;                 ///< as the upstream port has told
};

}  // namespace drydock::root_complex
