// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/resetting_domain.h"

namespace drydock::sw::reset {

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
