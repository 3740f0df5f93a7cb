// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/acs.h"

#include <linux/pci_regs.h>

namespace drydock::sw {

void pci_enable_acs(pci_dev& d, acs_policy policy) {
    if (!d.acs_cap) return;
    constexpr u16 standard = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;
    constexpr u16 every = standard | PCI_ACS_TB | PCI_ACS_EC | PCI_ACS_DT;
    const u16 supported = pci_read_config_word(d, d.acs_cap + PCI_ACS_CAP);
    const u16 wanted = policy == acs_policy::all ? every : standard;
    const u16 before = pci_read_config_word(d, d.acs_cap + PCI_ACS_CTRL);
    pci_write_config_word(d, d.acs_cap + PCI_ACS_CTRL,
                          static_cast<u16>(before | (supported & wanted)));
}

}  // namespace drydock::sw
