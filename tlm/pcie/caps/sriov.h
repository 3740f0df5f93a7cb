// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// SR-IOV, extended capability 0x0010 (PCIe): capability +4, control +8, status +0xa, InitialVFs
/// +0xc, TotalVFs +0xe, NumVFs +0x10, dependency link +0x12, First VF Offset +0x14, VF Stride
/// +0x16, VF Device ID +0x1a, supported page sizes +0x1c, system page size +0x20, VF BAR0-5
/// +0x24..0x38, migration array +0x3c.
struct sriov_view {
    static constexpr std::uint16_t id = 0x0010;
    static constexpr std::uint16_t size = 0x40;
    static constexpr std::uint16_t vf_enable = 1, vf_memory_space = 8, ari_hierarchy = 0x10,
                                   vf_10_bit_tag = 0x20;  // control
    static constexpr std::uint32_t page_4k = 1;           // page sizes: bit n = 2^(n+12) bytes

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool enabled() const { return present() && (control() & vf_enable) != 0; }
    bool memory_enabled() const { return present() && (control() & vf_memory_space) != 0; }
    bool ari() const { return (control() & ari_hierarchy) != 0; }
    unsigned initial_vfs() const { return regs.get16(at + 0xcu); }
    unsigned total_vfs() const { return regs.get16(at + 0xeu); }
    unsigned num_vfs() const { return regs.get16(at + 0x10u); }
    unsigned first_offset() const { return regs.get16(at + 0x14u); }
    unsigned stride() const { return regs.get16(at + 0x16u); }
    /// 10-bit tag requester enable of the VFs, control[5].
    bool vf_10_bit_tags() const { return (control() & vf_10_bit_tag) != 0; }
    std::uint16_t vf_device_id() const { return regs.get16(at + 0x1au); }
    std::uint32_t system_page_size() const { return regs.get32(at + 0x20u); }
    /// Routing ID of VF k = 1..NumVFs of the function `pf`; bits beyond 16 are lost.
    std::uint16_t routing_id(std::uint16_t pf, unsigned k) const {
        return static_cast<std::uint16_t>(pf + first_offset() + (k - 1) * stride());
    }
    /// Bytes of VF BAR n of one VF; 0: not implemented.
    std::uint64_t vf_bar_bytes(unsigned n) const { return regs.image.vf_bar_size[n]; }
    /// Address of VF BAR n of VF k = 1..NumVFs.
    std::uint64_t vf_bar_address(unsigned n, unsigned k) const;

    /// NumVFs and the system page size keep their value while VF Enable is set.
    bool locked(std::uint16_t dword) const {
        return enabled() && (dword == at + 0x10u || dword == at + 0x20u);
    }
    /// NumVFs is at most TotalVFs; a system page size that isn't one of the supported ones is not
    /// taken (choices: both are undefined).
    void after_write(std::uint32_t old_page_size);

    /// @throws config_error for a VF BAR size that none can have
    static void declare(config_registers& r, std::uint16_t at);

private:
    std::uint16_t control() const { return regs.get16(at + 8u); }
};

}  // namespace drydock::pcie
