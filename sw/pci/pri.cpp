// SPDX-License-Identifier: Apache-2.0
// Page Request Interface of a function: order and checks as Linux has them.
#include <linux/pci_regs.h>

#include <algorithm>

#include "sw/pci/ats.h"
#include "sw/pci/iov.h"

namespace drydock::sw {

bool pci_pri_supported(const pci_dev& d) { return (d.physfn ? *d.physfn : d).pri_cap != 0; }

void pci_pri_init(pci_dev& d) {
    if (!pci_pri_supported(d)) return;
    pci_dev& pf = pci_physfn(d);
    d.pasid_required =
        (pci_read_config_word(pf, pf.pri_cap + PCI_PRI_STATUS) & PCI_PRI_STATUS_PASID) != 0;
}

bool pci_prg_resp_pasid_required(const pci_dev& d) { return d.pasid_required; }

bool pci_pri_stopped(pci_dev& of) {
    pci_dev& d = pci_physfn(of);
    return (pci_read_config_word(d, d.pri_cap + PCI_PRI_STATUS) & PCI_PRI_STATUS_STOPPED) != 0;
}

int pci_enable_pri(pci_dev& d, u32 reqs) {
    if (d.k.warn_on(d.pri_enabled, "pci_enable_pri: PRI is already enabled", d.rid()))
        return -EBUSY;
    if (!pci_pri_supported(d) || reqs == 0) return -EINVAL;
    if (d.is_virtfn) return d.physfn->pri_enabled ? 0 : -EINVAL;  // it has none of its own
    if (!pci_pri_stopped(d)) return -EBUSY;
    d.pri_reqs_alloc = std::min(reqs, pci_read_config_dword(d, d.pri_cap + PCI_PRI_MAX_REQ));
    pci_write_config_dword(d, d.pri_cap + PCI_PRI_ALLOC_REQ, d.pri_reqs_alloc);
    pci_write_config_word(d, d.pri_cap + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE);
    d.pri_enabled = true;
    return 0;
}

void pci_disable_pri(pci_dev& d) {
    if (d.k.warn_on(!d.pri_enabled, "pci_disable_pri: PRI is not enabled", d.rid())) return;
    const u16 control = pci_read_config_word(d, d.pri_cap + PCI_PRI_CTRL);
    pci_write_config_word(d, d.pri_cap + PCI_PRI_CTRL,
                          static_cast<u16>(control & ~PCI_PRI_CTRL_ENABLE));
    d.pri_enabled = false;
}

int pci_reset_pri(pci_dev& d) {
    if (d.k.warn_on(d.pri_enabled, "pci_reset_pri: PRI is enabled", d.rid())) return -EBUSY;
    if (!pci_pri_supported(d)) return -EINVAL;
    pci_write_config_word(d, d.pri_cap + PCI_PRI_CTRL, PCI_PRI_CTRL_RESET);
    return 0;
}

void pci_restore_pri_state(pci_dev& d) {
    if (!d.pri_enabled) return;
    pci_write_config_dword(d, d.pri_cap + PCI_PRI_ALLOC_REQ, d.pri_reqs_alloc);
    pci_write_config_word(d, d.pri_cap + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE);
}

}  // namespace drydock::sw
