// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// ATS extended capability 0x000f (PCIe): capability +4, control +6. A virtual function has its own
/// Enable; queue depth and STU read 0 there, those of the PF apply.
struct ats_view {
    static constexpr std::uint16_t id = 0x000f;
    static constexpr std::uint16_t size = 8;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool enabled() const { return present() && (regs.get16(at + 6u) & 0x8000) != 0; }
    /// Smallest Translation Unit: 2^(stu + 12) bytes.
    unsigned stu() const { return regs.get16(at + 6u) & 0x1f; }
    std::uint64_t stu_bytes() const { return std::uint64_t{4096} << stu(); }
    /// Invalidate Queue Depth, 1..32 (coded 0 means 32).
    unsigned queue_depth() const {
        const unsigned d = regs.get16(at + 4u) & 0x1f;
        return d == 0 ? 32 : d;
    }
    bool page_aligned() const { return (regs.get16(at + 4u) & 0x20) != 0; }
    bool global_invalidate() const { return (regs.get16(at + 4u) & 0x40) != 0; }

    static void declare(config_registers& r, std::uint16_t at) {
        r.declare_rw(at + 6u, 2, r.image.virtual_function ? 0x8000 : 0x801f);
    }
};

}  // namespace drydock::pcie
