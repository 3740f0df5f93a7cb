// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/ats.h"

#include <linux/pci_regs.h>

#include "sw/pci/iov.h"

namespace drydock::sw {

bool pci_ats_supported(const pci_dev& d) { return d.ats_cap != 0; }

namespace {
u16 ats_control(const pci_dev& d) {
    if (d.is_virtfn) return PCI_ATS_CTRL_ENABLE;  // the unit is the PF's
    return static_cast<u16>(PCI_ATS_CTRL_ENABLE | PCI_ATS_CTRL_STU(d.ats_stu - PCI_ATS_MIN_STU));
}
}  // namespace

int pci_enable_ats(pci_dev& d, u8 page_shift) {
    if (!pci_ats_supported(d)) return -EINVAL;
    if (d.k.warn_on(d.ats_enabled, "pci_enable_ats: ATS is already enabled", d.rid()))
        return -EBUSY;
    if (page_shift < PCI_ATS_MIN_STU) return -EINVAL;
    if (d.is_virtfn && d.physfn->ats_stu != page_shift) return -EINVAL;
    d.ats_stu = page_shift;
    pci_write_config_word(d, d.ats_cap + PCI_ATS_CTRL, ats_control(d));
    d.ats_enabled = true;
    return 0;
}

void pci_prepare_ats(pci_dev& d, u8 page_shift) {
    if (!pci_ats_supported(d) || d.is_virtfn || d.ats_enabled || page_shift < PCI_ATS_MIN_STU)
        return;
    d.ats_stu = page_shift;
    pci_write_config_word(d, d.ats_cap + PCI_ATS_CTRL,
                          static_cast<u16>(PCI_ATS_CTRL_STU(page_shift - PCI_ATS_MIN_STU)));
}

void pci_disable_ats(pci_dev& d) {
    if (d.k.warn_on(!d.ats_enabled, "pci_disable_ats: ATS is not enabled", d.rid())) return;
    const u16 ctrl = pci_read_config_word(d, d.ats_cap + PCI_ATS_CTRL);
    pci_write_config_word(d, d.ats_cap + PCI_ATS_CTRL,
                          static_cast<u16>(ctrl & ~PCI_ATS_CTRL_ENABLE));
    d.ats_enabled = false;
}

void pci_restore_ats_state(pci_dev& d) {
    if (d.ats_enabled) pci_write_config_word(d, d.ats_cap + PCI_ATS_CTRL, ats_control(d));
}

int pci_max_pasids(pci_dev& of) {
    pci_dev& d = pci_physfn(of);
    if (!d.pasid_cap) return -EINVAL;
    const u16 cap = pci_read_config_word(d, d.pasid_cap + PCI_PASID_CAP);
    return 1 << (cap >> 8 & 0x1f);  // Max PASID Width[12:8]
}

u16 pci_pasid_features(pci_dev& of) {
    pci_dev& d = pci_physfn(of);
    if (!d.pasid_cap) return 0;
    return pci_read_config_word(d, d.pasid_cap + PCI_PASID_CAP) &
           (PCI_PASID_CAP_EXEC | PCI_PASID_CAP_PRIV);
}

int pci_enable_pasid(pci_dev& d, u16 features) {
    if (d.is_virtfn) return d.physfn->pasid_enabled ? 0 : -EINVAL;  // it has none of its own
    if (d.k.warn_on(d.pasid_enabled, "pci_enable_pasid: PASID is already enabled", d.rid()))
        return -EBUSY;
    if (!d.pasid_cap || !d.eetlp_prefix_path || d.ats_enabled) return -EINVAL;
    if (features & ~pci_pasid_features(d)) return -EINVAL;
    // Capability and control bits of Execute and Privileged stand at the same positions.
    pci_write_config_word(d, d.pasid_cap + PCI_PASID_CTRL,
                          static_cast<u16>(PCI_PASID_CTRL_ENABLE | features));
    d.pasid_enabled = true;
    d.pasid_features = features;
    return 0;
}

void pci_disable_pasid(pci_dev& d) {
    if (d.is_virtfn) return;
    if (d.k.warn_on(!d.pasid_enabled, "pci_disable_pasid: PASID is not enabled", d.rid())) return;
    pci_write_config_word(d, d.pasid_cap + PCI_PASID_CTRL, 0);
    d.pasid_enabled = false;
}

void pci_restore_pasid_state(pci_dev& d) {
    if (!d.pasid_enabled) return;
    pci_write_config_word(d, d.pasid_cap + PCI_PASID_CTRL,
                          static_cast<u16>(PCI_PASID_CTRL_ENABLE | d.pasid_features));
}

}  // namespace drydock::sw
