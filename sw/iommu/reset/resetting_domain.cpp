// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/resetting_domain.h"

namespace drydock::sw::reset {

int resetting_domain_ops::prepare(iommu_core& core, pci_dev& d) {
    if (!has_ats(d)) return 0;
    return locked_prepare(core, d, [&](iommu_group& g) { return begin(core, g, d); });
}

void resetting_domain_ops::done(iommu_core& core, pci_dev& d, int) {
    if (!has_ats(d)) return;
    locked_done(core, d, [&](iommu_group& g) {
        if (g.resetting_domain && ends(g)) restore(core, g, d);
    });
}

int resetting_domain_ops::begin(iommu_core& core, iommu_group& g, pci_dev& d) const {
    if (core.k().warn_on(g.resetting_domain != nullptr,
                         "pci_dev_reset_iommu_prepare: prepared already", d.rid()))
        return -EBUSY;
    return block(core, g, d);
}

int resetting_domain_ops::block(iommu_core& core, iommu_group& g, pci_dev& d) {
    if (const int rc = block_rid(core, g, d); rc != 0) return rc;
    core.k().point("p2", d.rid());
    remove_pasids(core, g, d);
    g.resetting_domain = g.blocking_domain;
    if (group_device* gdev = core.find_gdev(g, d.dev)) core.set_blocked(g, *gdev, true);
    return 0;
}

void resetting_domain_ops::restore(iommu_core& core, iommu_group& g, pci_dev& d) {
    if (core.k().warn_on(!g.blocking_domain, "pci_dev_reset_iommu_done: no blocking domain",
                         d.rid()))
        return;
    core.reset_finished(g, d, 0);
    restore_rid(core, g, d);
    core.k().point("d2", d.rid());
    restore_pasids_of_group(core, g, d, g.blocking_domain);
    g.resetting_domain = nullptr;
    // To the core nobody is blocked any more, whose reset it was or not.
    for (group_device& gdev : g.devices) core.set_blocked(g, gdev, false);
}

}  // namespace drydock::sw::reset
