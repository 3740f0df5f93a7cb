// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Access Control Services, extended capability 0x000d (PCIe): capability +4, control +6, egress
/// control vector +8 where P2P Egress Control is supported.
struct acs_view {
    static constexpr std::uint16_t id = 0x000d;
    // The same bits in capability and control.
    static constexpr std::uint16_t source_validation = 1, translation_blocking = 2,
                                   request_redirect = 4, completion_redirect = 8,
                                   upstream_forwarding = 0x10, egress_control = 0x20,
                                   direct_translated = 0x40;
    static constexpr std::uint16_t all = 0x7f;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    std::uint16_t supported() const { return regs.get16(at + 4u) & all; }
    /// None of them without the capability.
    std::uint16_t enabled() const { return present() ? regs.get16(at + 6u) & all : 0; }
    /// Bits of the egress control vector, 1..256 (coded 0 means 256); 0 without egress control.
    unsigned vector_bits() const {
        if ((supported() & egress_control) == 0) return 0;
        const unsigned n = regs.get16(at + 4u) >> 8;
        return n == 0 ? 256 : n;
    }
    /// Egress control forbids requests to this port or function number.
    bool egress_blocked(unsigned n) const {
        return n < vector_bits() && ((regs.get(at + 8u + n / 8, 1) >> (n % 8)) & 1) != 0;
    }

    /// Services that are not supported cannot be enabled.
    static void declare(config_registers& r, std::uint16_t at) {
        const acs_view v{r, at};
        r.declare_rw(at + 6u, 2, v.supported());
        for (unsigned n = 0; n < v.vector_bits(); n += 8) {
            const unsigned left = v.vector_bits() - n;
            r.declare_rw(at + 8u + n / 8, 1, left >= 8 ? 0xff : (1u << left) - 1);
        }
    }
};

}  // namespace drydock::pcie
