// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/atomics.h"

#include <linux/pci_regs.h>

namespace drydock::sw {

namespace {

constexpr u16 requester_enable = 0x0040, egress_block = 0x0080;  // Device Control 2

bool has_second_registers(pci_dev& d) {
    return d.pcie_cap &&
           (pci_read_config_word(d, d.pcie_cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS) >= 2;
}

/// A port between the function and the root complex lets AtomicOps through.
bool passes(pci_dev& port, u32 sizes) {
    if (!has_second_registers(port)) return false;
    const u32 can = pci_read_config_dword(port, port.pcie_cap + PCI_EXP_DEVCAP2);
    if (port.pcie_type == PCI_EXP_TYPE_ROOT_PORT) return (can & sizes) == sizes;
    if (!(can & PCI_EXP_DEVCAP2_ATOMIC_ROUTE)) return false;
    return port.pcie_type != PCI_EXP_TYPE_UPSTREAM ||
           !(pci_read_config_word(port, port.pcie_cap + PCI_EXP_DEVCTL2) & egress_block);
}

}  // namespace

int pci_enable_atomic_ops_to_root(pci_dev& d, u32 sizes) {
    call_scope call(d.k, "pci_enable_atomic_ops_to_root", d.rid());
    pci_dev& whole = d.physfn ? *d.physfn : d;  // a virtual function follows the physical one
    if (!has_second_registers(whole)) return call.result(-EINVAL);
    for (pci_dev* port = whole.bridge; port; port = port->bridge)
        if (!passes(*port, sizes)) return call.result(-EINVAL);
    const int where = whole.pcie_cap + PCI_EXP_DEVCTL2;
    pci_write_config_word(whole, where, pci_read_config_word(whole, where) | requester_enable);
    return call.result(0);
}

}  // namespace drydock::sw
