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
    /// Multiple Message Capable, 1..32 (codes 6 and 7 are reserved; they act as 32).
    unsigned vectors() const { return vectors_of((regs.get16(at + 2u) >> 1) & 7); }
    /// Multiple Message Enable: how many vectors software lets the function use.
    unsigned vectors_enabled() const { return vectors_of((regs.get16(at + 2u) >> 4) & 7); }
    std::uint64_t address() const {
        return regs.get32(at + 4u) | (is_64() ? std::uint64_t{regs.get32(at + 8u)} << 32 : 0);
    }
    std::uint16_t data() const { return regs.get16(data_at()); }
    std::uint32_t mask() const { return maskable() ? regs.get32(data_at() + 4u) : 0; }
    std::uint32_t pending() const { return maskable() ? regs.get32(data_at() + 8u) : 0; }
    void set_pending(std::uint32_t bits) {
        if (maskable()) regs.set(data_at() + 8u, 4, vector_bits(vectors()), bits);
    }

    static void declare(config_registers& r, std::uint16_t at) {
        const msi_view m{r, at};
        const bool extended_data = (r.get16(at + 2u) & 0x200) != 0;
        r.declare_rw(at + 2u, 2, extended_data ? 0x471 : 0x71);
        r.declare_rw(at + 4u, 4, 0xffff'fffc);
        if (m.is_64()) r.declare_rw(at + 8u, 4, 0xffff'ffff);
        r.declare_rw(m.data_at(), extended_data ? 4 : 2, extended_data ? 0xffff'ffff : 0xffff);
        if (!m.maskable()) return;
        // Bits of vectors that the function doesn't have are reserved.
        r.declare_rw(m.data_at() + 4u, 4, vector_bits(m.vectors()));
        r.declare_status(m.data_at() + 8u, 4, vector_bits(m.vectors()));
    }

private:
    static unsigned vectors_of(unsigned code) { return 1u << (code > 5 ? 5 : code); }
    static std::uint32_t vector_bits(unsigned n) {
        return n == 32 ? 0xffff'ffff : (std::uint32_t{1} << n) - 1;
    }
    unsigned data_at() const { return at + (is_64() ? 0xcu : 8u); }
};

}  // namespace drydock::pcie
