// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/channels.h"
#include "tlm/pcie/config_registers.h"

namespace drydock::pcie {

/// Virtual Channel, extended capability 0x0002 (PCIe): port capability 1 +4, 2 +8, control +0xc,
/// status +0xe; of VC resource n at +0x10 + 12 n: capability, control (TC/VC Map [7:0], VC ID
/// [26:24], VC Enable [31]), status (VC Negotiation Pending, +0xa bit 1).
///
/// No arbitration tables: channels up to the Low Priority Extended VC Count are served in turn
/// whatever VC Arbitration Select says, those above it by strict priority, the highest VC ID first.
struct vc_view {
    static constexpr std::uint16_t id = 0x0002;
    static constexpr unsigned first_resource = 0x10, resource_size = 12;
    static constexpr std::uint32_t enable_bit = 0x8000'0000, id_bits = 0x0700'0000, map_bits = 0xff,
                                   port_arbitration = 0x000e'0000;

    config_registers& regs;
    std::uint16_t at;

    bool present() const { return at != 0; }
    /// VC resources, VC0 among them: 1..8.
    unsigned channels() const {
        const unsigned said = 1 + (regs.get32(at + 4u) & 7);
        const unsigned fit = (config_bytes - at - first_resource) / resource_size;
        return said < fit ? said : fit;  // what a dump cuts off is not there
    }
    unsigned low_priority() const { return (regs.get32(at + 4u) >> 4) & 7; }
    unsigned control_at(unsigned n) const { return at + first_resource + resource_size * n + 4; }
    /// One of the resources' registers lies in this DW.
    bool has(std::uint16_t offset) const {
        return present() && offset >= at &&
               offset < at + first_resource + resource_size * channels();
    }
    bool enabled(unsigned n) const {
        return n == 0 || (regs.get32(control_at(n)) & enable_bit) != 0;
    }
    unsigned vc_id(unsigned n) const {
        return n == 0 ? 0 : (regs.get32(control_at(n)) & id_bits) >> 24;
    }
    /// As the registers say. Of two resources with one VC ID, or with one TC, the first counts.
    channel_map map() const;
    void set_negotiating(unsigned n, bool on) { regs.set(control_at(n) + 6, 2, 2, on ? 2 : 0); }
    bool negotiating(unsigned n) const { return (regs.get16(control_at(n) + 6) & 2) != 0; }

    /// FLR keeps VC resources (PCIe).
    static void declare(config_registers& r, std::uint16_t at);
};

}  // namespace drydock::pcie
