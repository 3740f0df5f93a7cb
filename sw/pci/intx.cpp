// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/intx.h"

#include <linux/pci_regs.h>

namespace drydock::sw {

namespace {

constexpr u32 pins = 4;

u32 slot_of(const pci_dev& d) {
    const bool ari = d.bridge && d.bridge->ari_enabled;
    return ari ? 0 : d.devfn >> 3;
}

}  // namespace

std::optional<u32> pci_intx_line(pci_dev& d) {
    u32 pin = pci_read_config_byte(d, PCI_INTERRUPT_PIN);
    if (pin == 0 || pin > pins) return std::nullopt;
    const pci_dev* at = &d;
    for (; at->bridge; at = at->bridge) pin = (pin - 1 + slot_of(*at)) % pins + 1;
    return (slot_of(*at) - 1) * pins + pin - 1;
}

}  // namespace drydock::sw
