// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/pieces.h"

namespace drydock::sw::reset {

int refused_for_direct(iommu_core& core, const pci_dev& d) {
    core.k().log(4, "firmware demands a 1:1 mapping: not blocked for a reset", d.rid());
    return -EINVAL;
}

int block_rid(iommu_core& core, iommu_group& g, pci_dev& d) {
    if (core.direct_refused(d.dev, false)) return refused_for_direct(core, d);
    if (const int rc = core.__iommu_group_alloc_blocking_domain(g); rc != 0) return rc;
    if (g.domain != g.blocking_domain)
        if (const int rc = core.__iommu_attach_device(*g.blocking_domain, d.dev, g.domain); rc != 0)
            return rc;
    return 0;
}

void remove_pasids(iommu_core& core, iommu_group& g, pci_dev& d) {
    if (d.dev.iommu->max_pasids > 0)
        for (const auto& [pasid, domain] : g.pasid_array)
            core.remove_dev_pasid(d.dev, pasid, *domain);
    core.k().point("p3", d.rid());
}

void restore_rid(iommu_core& core, iommu_group& g, pci_dev& d) {
    if (g.domain == g.blocking_domain || !core.follow(g.domain)) return;
    core.k().warn_on(core.__iommu_attach_device(*g.domain, d.dev, g.blocking_domain) != 0,
                     "pci_dev_reset_iommu_done: re-attach failed", d.rid());
}

void restore_pasids_of_device(iommu_core& core, iommu_group& g, pci_dev& d) {
    if (d.dev.iommu->max_pasids > 0)
        for (const auto& [pasid, domain] : g.pasid_array)
            core.k().warn_on(core.set_dev_pasid(*domain, d.dev, pasid, g.blocking_domain) != 0,
                             "pci_dev_reset_iommu_done: PASID re-attach failed", d.rid());
    core.k().point("d3", d.rid());
}

void restore_pasids_of_group(iommu_core& core, iommu_group& g, pci_dev& d, iommu_domain* old) {
    for (const auto& [pasid, domain] : g.pasid_array)
        core.k().warn_on(core.__iommu_set_group_pasid(*domain, g, pasid, old) != 0,
                         "pci_dev_reset_iommu_done: PASID re-attach failed", d.rid());
    core.k().point("d3", d.rid());
}

}  // namespace drydock::sw::reset
