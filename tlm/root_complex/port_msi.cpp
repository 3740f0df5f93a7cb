// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/port_msi.h"

namespace drydock::root_complex {

port_msi::port_msi(pcie::config_space& space, msi_writer& writer)
    : space_(space), writer_(writer) {}

unsigned port_msi::message_of(unsigned wish) const {
    if (!view().present()) return 0;
    // Multiple Message Enable, no more than Multiple Message Capable (PCIe, MSI).
    const std::uint16_t control = view().regs.get16(view().at + 2u);
    const unsigned capable = (control >> 1) & 7, enabled = (control >> 4) & 7;
    return wish < (1u << (enabled < capable ? enabled : capable)) ? wish : 0;
}

void port_msi::raise(unsigned message) {
    if (!view().enabled()) return;
    pcie::config_registers& r = space_.registers();
    if (view().maskable() && ((r.get32(mask_at()) >> message) & 1) != 0)
        return r.set(mask_at() + 4, 4, 1u << message, 1u << message);
    send(message);
}

void port_msi::send(unsigned message) {
    if (space_.command().bus_master) writer_.write_msi(view().address(), view().data() | message);
}

bool port_msi::config_written(std::uint16_t offset) {
    if (!view().present()) return false;
    if (view().maskable() && view().enabled()) {
        pcie::config_registers& r = space_.registers();
        const std::uint32_t due = r.get32(mask_at() + 4) & ~r.get32(mask_at());
        r.set(mask_at() + 4, 4, due, 0);
        for (unsigned m = 0; m < 32; ++m)
            if (((due >> m) & 1) != 0) send(m);
    }
    return offset == view().at;
}

}  // namespace drydock::root_complex
