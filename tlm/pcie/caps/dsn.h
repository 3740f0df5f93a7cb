// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Device Serial Number, extended capability 0x0003 (PCIe): an EUI-64, low half +4, high half +8.
/// Read-only.
struct dsn_view {
    static constexpr std::uint16_t id = 0x0003;
    static constexpr std::uint16_t size = 12;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    std::uint64_t serial() const {
        return regs.get32(at + 4u) | (std::uint64_t{regs.get32(at + 8u)} << 32);
    }
    static void declare(config_registers&, std::uint16_t) {}
};

}  // namespace drydock::pcie
