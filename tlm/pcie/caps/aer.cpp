// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/caps/aer.h"

namespace drydock::pcie {
namespace {

constexpr std::uint32_t uncorrectable_bits = 0x07ff'f030;  // bits 4, 5, 12-26 (PCIe)
constexpr std::uint32_t correctable_bits = 0x0000'f1c1;    // 0, 6, 7, 8, 12-15
constexpr std::uint32_t control_bits = 0x0000'0140;        // ECRC generation and check enable
constexpr unsigned header_log = 0x1c;

}  // namespace

void aer_view::log_first(unsigned bit, const std::uint8_t* header16) {
    regs.set(at + 0x18u, 4, 0x1f, bit);
    for (unsigned dw = 0; dw < 4;
         ++dw) {  // the log's DWs hold header bytes in wire order, first byte highest
        std::uint32_t v = 0;
        for (unsigned i = 0; i < 4; ++i) v = (v << 8) | header16[4 * dw + i];
        regs.set(at + header_log + 4 * dw, 4, 0xffff'ffff, v);
    }
}

void aer_view::declare(config_registers& r, std::uint16_t at, bool root) {
    r.declare_w1c(at + 4u, 4, uncorrectable_bits, retention::sticky);
    r.declare_rw(at + 8u, 4, uncorrectable_bits, default_mask, retention::sticky);
    r.declare_rw(at + 0xcu, 4, uncorrectable_bits, default_severity, retention::sticky);
    r.declare_w1c(at + 0x10u, 4, correctable_bits, retention::sticky);
    r.declare_rw(at + 0x14u, 4, correctable_bits, default_correctable_mask, retention::sticky);
    // ECRC can be enabled only where capable: bits 5 and 7 say so.
    const std::uint32_t capable = r.get32(at + 0x18u) & 0xa0;
    r.declare_rw(at + 0x18u, 4, control_bits & (capable << 1), 0, retention::sticky);
    r.declare_status(at + 0x18u, 4, 0x1f, 0, retention::sticky);
    for (unsigned dw = 0; dw < 4; ++dw)
        r.declare_status(at + header_log + 4 * dw, 4, 0xffff'ffff, 0, retention::sticky);
    if (!root) return;
    r.declare_rw(at + 0x2cu, 4, 7);
    r.declare_w1c(at + 0x30u, 4, 0x7f, retention::sticky);
    r.declare_status(at + 0x34u, 4, 0xffff'ffff, 0, retention::sticky);
}

}  // namespace drydock::pcie
