// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Designated Vendor-Specific, extended capability 0x0023 (PCIe): vendor +4 [15:0], revision
/// [19:16], length [31:20], id +8 [15:0].
struct dvsec_view {
    static constexpr std::uint16_t id = 0x0023;

    config_registers& regs;
    std::uint16_t at;

    std::uint16_t vendor() const { return regs.get16(at + 4u); }
    unsigned length() const { return regs.get32(at + 4u) >> 20; }
    std::uint16_t dvsec_id() const { return regs.get16(at + 8u); }
};

inline constexpr std::uint16_t cxl_vendor = 0x1e98;

/// CXL DVSEC for ports, id 3 (CXL): port control +0xc. All 0 after reset: a secondary bus reset has
/// no effect below.
struct cxl_port_view {
    static constexpr std::uint16_t dvsec_id = 3;
    static constexpr std::uint16_t size = 0x28;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    /// Secondary bus reset acts on the link below; true without the capability.
    bool sbr_unmasked() const { return !present() || (regs.get16(at + 0xcu) & 1) != 0; }
    /// Link Disable acts on the link below; true without the capability.
    bool link_disable_unmasked() const { return !present() || (regs.get16(at + 0xcu) & 2) != 0; }

    /// Unmask SBR[0], Unmask Link Disable[1], alternate memory[2] and bus master enable[3].
    static void declare(config_registers& r, std::uint16_t at) { r.declare_rw(at + 0xcu, 2, 0xf); }
};

/// CXL DVSEC for devices, id 0 (CXL): capability +0xa, control 2 +0x10, status 2 +0x12; the rest is
/// kept as read-only bytes.
struct cxl_device_view {
    static constexpr std::uint16_t dvsec_id = 0;
    static constexpr std::uint16_t size = 0x38, least = 0x14;
    static constexpr std::uint16_t initiate_writeback = 2, initiate_reset = 4;  // control 2
    static constexpr std::uint16_t cache_invalid = 1, reset_complete = 2, reset_error = 4;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool cache_capable() const { return (capability() & 1) != 0; }
    bool mem_capable() const { return (capability() & 4) != 0; }
    bool reset_capable() const { return present() && (capability() & 0x80) != 0; }
    bool mem_clear_capable() const { return (capability() & 0x800) != 0; }
    /// How long a CXL reset may take: 10 ms, 100 ms, 1 s, 10 s, 100 s; reserved codes as the last.
    unsigned reset_timeout_ms() const {
        unsigned ms = 10;
        for (unsigned code = (capability() >> 8) & 7, n = 0; n < code && n < 4; ++n) ms *= 10;
        return ms;
    }
    bool caching_disabled() const { return (regs.get16(at + 0x10u) & 1) != 0; }
    bool mem_clear_enabled() const { return (regs.get16(at + 0x10u) & 8) != 0; }
    std::uint16_t status() const { return regs.get16(at + 0x12u) & 7; }
    void set_status(std::uint16_t bits) { regs.set(at + 0x12u, 2, 7, bits); }
    /// As just written: what is initiated (config_listener::config_written).
    bool initiates_writeback() const { return (regs.get16(at + 0x10u) & initiate_writeback) != 0; }
    bool initiates_reset() const { return (regs.get16(at + 0x10u) & initiate_reset) != 0; }
    /// The two initiate bits act at once and read 0.
    void after_write() { regs.set(at + 0x10u, 2, initiate_writeback | initiate_reset, 0); }

    static void declare(config_registers& r, std::uint16_t at) {
        const cxl_device_view v{r, at};
        std::uint32_t control = 1;
        if ((v.capability() & 0x40) != 0) control |= initiate_writeback;
        if (v.reset_capable()) control |= initiate_reset;
        if (v.mem_clear_capable()) control |= 8;
        r.declare_rw(at + 0x10u, 2, control);
        r.declare_status(at + 0x12u, 2, cache_invalid | reset_complete | reset_error);
    }

private:
    std::uint16_t capability() const { return regs.get16(at + 0xau); }
};

}  // namespace drydock::pcie
