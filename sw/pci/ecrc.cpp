// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/ecrc.h"

#include <linux/pci_regs.h>

namespace drydock::sw {

namespace {

constexpr u32 enables = PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE;

}  // namespace

void pcie_set_ecrc_checking(pci_dev& d, ecrc_policy policy) {
    d.ecrc_enabled = false;
    if (policy == ecrc_policy::standard || !d.aer_cap || d.is_virtfn) return;
    const int where = d.aer_cap + PCI_ERR_CAP;
    const u32 before = pci_read_config_dword(d, where);
    u32 wanted = before & ~enables;
    if (policy == ecrc_policy::on) {
        if (before & PCI_ERR_CAP_ECRC_GENC) wanted |= PCI_ERR_CAP_ECRC_GENE;
        if (before & PCI_ERR_CAP_ECRC_CHKC) wanted |= PCI_ERR_CAP_ECRC_CHKE;
    }
    pci_write_config_dword(d, where, wanted);
    d.ecrc_enabled = (wanted & enables) != 0;
}

void pcie_restore_ecrc(pci_dev& d) {
    if (d.ecrc_enabled) pcie_set_ecrc_checking(d, ecrc_policy::on);
}

}  // namespace drydock::sw
