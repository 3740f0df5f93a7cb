// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Device/Port type, PCIe capability flags[7:4] (PCIe).
enum class port_type : std::uint8_t {
    endpoint = 0,
    root_port = 4,
    switch_upstream = 5,
    switch_downstream = 6,
    root_complex_endpoint = 9
};

/// Device Control, decoded (PCIe, +8).
struct device_control_bits {
    bool correctable_reporting = false, nonfatal_reporting = false, fatal_reporting = false,
         unsupported_request_reporting = false, relaxed_ordering = false, extended_tag = false;
    std::uint16_t max_payload = 128;       ///< bytes, 128..4096
    std::uint16_t max_read_request = 512;  ///< bytes, 128..4096
};

/// PCI Express capability, id 0x10 (PCIe): flags +2, DevCap +4, DevCtl +8, DevSta +0xa,
/// LnkCap +0xc, LnkCtl +0x10, LnkSta +0x12, SltCap +0x14, SltCtl +0x18, SltSta +0x1a, RootCtl
/// +0x1c, RootCap +0x1e, RootSta +0x20, DevCap2 +0x24, DevCtl2 +0x28, LnkCap2 +0x2c, LnkCtl2 +0x30.
struct express_view {
    static constexpr std::uint16_t id = 0x10;
    static constexpr std::uint16_t size = 0x3c;
    // Device Status bits
    static constexpr std::uint16_t correctable_detected = 1, nonfatal_detected = 2,
                                   fatal_detected = 4, unsupported_request_detected = 8,
                                   transactions_pending = 0x20;
    static constexpr std::uint16_t initiate_flr = 0x8000;  // DevCtl[15]

    static constexpr std::uint16_t ari_forwarding_bit = 0x20;  // DevCap2[5], DevCtl2[5]

    static constexpr std::uint16_t atomic_routing = 0x40;          // DevCap2[6]
    static constexpr std::uint16_t atomic_requester = 0x40;        // DevCtl2[6]
    static constexpr std::uint16_t atomic_egress_blocking = 0x80;  // DevCtl2[7]
    static constexpr std::uint16_t prefix_blocking = 0x8000;       // DevCtl2[15]

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    bool has_second_registers() const { return present() && (regs.get16(at + 2u) & 0xf) >= 2; }
    /// Device Control 2; 0 where the capability has none.
    std::uint16_t device_control2() const {
        return has_second_registers() ? regs.get16(at + 0x28u) : std::uint16_t{0};
    }
    bool routes_atomics() const {
        return has_second_registers() && (regs.get32(at + 0x24u) & atomic_routing) != 0;
    }
    port_type type() const { return static_cast<port_type>((regs.get16(at + 2u) >> 4) & 0xf); }
    bool flr_capable() const { return ((regs.get32(at + 4u) >> 28) & 1) != 0; }
    unsigned max_payload_supported() const { return 128u << (regs.get32(at + 4u) & 7); }
    /// End-End TLP prefixes, DevCap2[21]; without version 2 of the capability there are none.
    bool prefixes_supported() const {
        return present() && (regs.get16(at + 2u) & 0xf) >= 2 &&
               ((regs.get32(at + 0x24u) >> 21) & 1) != 0;
    }

    static device_control_bits device_control_of(const config_registers& r, std::uint16_t at);
    device_control_bits device_control() const { return device_control_of(regs, at); }
    void set_device_status(std::uint16_t bits) { regs.set(at + 0xau, 2, bits, bits); }
    void set_transactions_pending(bool on) {
        regs.set(at + 0xau, 2, transactions_pending, on ? transactions_pending : 0);
    }
    /// Completion Timeout Disable, DevCtl2[4].
    bool completion_timeout_disabled() const { return (regs.get16(at + 0x28u) & 0x10) != 0; }
    /// ARI Forwarding Enable, DevCtl2[5].
    bool ari_forwarding() const { return (regs.get16(at + 0x28u) & ari_forwarding_bit) != 0; }
    /// 64 or 128, LnkCtl[3].
    unsigned read_completion_boundary() const {
        return (regs.get16(at + 0x10u) & 8) != 0 ? 128 : 64;
    }
    /// Retrain Link, LnkCtl[5], reads 0. @return it was written
    bool take_retrain() {
        const bool asked = (regs.get16(at + 0x10u) & 0x20) != 0;
        if (asked) regs.set(at + 0x10u, 2, 0x20, 0);
        return asked;
    }
    bool link_disabled() const { return (regs.get16(at + 0x10u) & 0x10) != 0; }
    /// Current speed and width; Data Link Layer Link Active (LnkSta[13]).
    void set_link_status(unsigned gen, unsigned width, bool active) {
        regs.set(at + 0x12u, 2, 0x23ff,
                 (gen & 0xf) | ((width & 0x3f) << 4) | (active ? 0x2000u : 0u));
    }
    bool link_active() const { return (regs.get16(at + 0x12u) & 0x2000) != 0; }
    /// RRS Software Visibility Enable, RootCtl[4].
    bool rrs_visibility() const { return (regs.get16(at + 0x1cu) & 0x10) != 0; }
    /// Root Status: a PM_PME from `who` (P-023).
    void record_pme(std::uint16_t who);

    static void declare(config_registers& r, std::uint16_t at);
};

}  // namespace drydock::pcie
