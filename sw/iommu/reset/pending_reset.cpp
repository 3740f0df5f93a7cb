// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/pending_reset.h"

namespace drydock::sw::reset {

int pending_reset_ops::block(iommu_core& core, iommu_group& g, pci_dev& d, group_device& gdev) {
    if (const int rc = block_rid(core, g, d); rc != 0) return rc;
    core.k().point("p2", d.rid());
    remove_pasids(core, g, d);
    gdev.pending_reset = true;
    core.set_blocked(g, gdev, true);
    return 0;
}

void pending_reset_ops::restore(iommu_core& core, iommu_group& g, pci_dev& d, group_device& gdev) {
    core.reset_finished(g, d, 0);
    restore_rid(core, g, d);
    core.k().point("d2", d.rid());
    restore_pasids_of_group(core, g, d, g.blocking_domain);
    gdev.pending_reset = false;
    core.set_blocked(g, gdev, false);
}

}  // namespace drydock::sw::reset
