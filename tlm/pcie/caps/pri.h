// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Page Request extended capability 0x0013 (PCIe): control +4, status +6, capacity +8,
/// allocation +0xc.
struct pri_view {
    static constexpr std::uint16_t id = 0x0013;
    static constexpr std::uint16_t size = 16;
    static constexpr std::uint16_t reset_bit = 2;
    static constexpr std::uint16_t response_failure = 1, unexpected_index = 2, stopped_bit = 0x100;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool enabled() const { return present() && (regs.get16(at + 4u) & 1) != 0; }
    bool stopped() const { return (regs.get16(at + 6u) & stopped_bit) != 0; }
    void set_stopped(bool on) { regs.set(at + 6u, 2, stopped_bit, on ? stopped_bit : 0); }
    bool pasid_required() const { return (regs.get16(at + 6u) & 0x8000) != 0; }
    /// RF or UPRGI; cleared by software only.
    void set_status(std::uint16_t bits) { regs.set(at + 6u, 2, bits, bits); }
    std::uint16_t status() const { return regs.get16(at + 6u); }
    std::uint32_t capacity() const { return regs.get32(at + 8u); }
    std::uint32_t allocation() const { return regs.get32(at + 0xcu); }
    /// PRI Reset was written since the last call; it reads 0 (PCIe).
    bool take_reset() {
        const bool written = (regs.get16(at + 4u) & reset_bit) != 0;
        regs.set(at + 4u, 2, reset_bit, 0);
        return written;
    }

    static void declare(config_registers& r, std::uint16_t at) {
        r.declare_rw(at + 4u, 2, 1 | reset_bit);
        r.declare_w1c(at + 6u, 2, response_failure | unexpected_index);
        r.declare_status(at + 6u, 2, stopped_bit, stopped_bit);
        r.declare_rw(at + 0xcu, 4, 0xffff'ffff);
    }
    /// Allocation is at most the capacity (PCIe).
    void after_write() {
        if (allocation() > capacity()) regs.set(at + 0xcu, 4, 0xffff'ffff, capacity());
    }
};

}  // namespace drydock::pcie
