// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/caps/dpc.h"

namespace drydock::pcie {

void dpc_view::declare(config_registers& r, std::uint16_t at) {
    r.declare_rw(at + 6u, 2, 0x00bf);  // SW Trigger [6] reads 0
    r.declare_w1c(at + 8u, 2, 0x0009, retention::sticky);
    r.declare_status(at + 8u, 2, 0x1f76, 0, retention::sticky);
    r.declare_status(at + 0xau, 2, 0xffff, 0, retention::sticky);
    if ((r.get16(at + 4u) & 0x20) == 0) return;  // RP Extensions
    r.declare_w1c(at + 0xcu, 4, pio_bits, retention::sticky);
    r.declare_rw(at + 0x10u, 4, pio_bits, pio_bits, retention::sticky);
    for (const unsigned reg : {0x14u, 0x18u, 0x1cu})
        r.declare_rw(at + reg, 4, pio_bits, 0, retention::sticky);
    for (unsigned dw = 0; dw < 4; ++dw)
        r.declare_status(at + 0x20u + 4 * dw, 4, 0xffff'ffff, 0, retention::sticky);
}

}  // namespace drydock::pcie
