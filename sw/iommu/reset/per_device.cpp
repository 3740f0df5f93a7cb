// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/per_device.h"

namespace drydock::sw::reset {

int per_device_ops::block(iommu_core& core, pci_dev& d, iommu_group& g, group_device& gdev) {
    if (const int rc = block_rid(core, g, d); rc != 0) return rc;
    core.set_blocked(g, gdev, true);
    core.k().point("p2", d.rid());
    remove_pasids(core, g, d);
    ++(g.*count());
    return 0;
}

void per_device_ops::restore(iommu_core& core, pci_dev& d, iommu_group& g, group_device& gdev) {
    kernel& k = core.k();
    core.reset_finished(g, d, 0);
    // Without a domain (its default could not be allocated) the device stays parked where it is.
    if (g.domain) restore_rid(core, g, d);
    core.set_blocked(g, gdev, false);
    k.point("d2", d.rid());
    restore_pasids_of_device(core, g, d);
    u32& left = g.*count();
    if (!k.warn_on(left == 0, "pci_dev_reset_iommu_done: recovery_cnt is 0", d.rid())) --left;
}

int per_device_ops::prepare_outermost(iommu_core& core, pci_dev& d, iommu_group& g,
                                      group_device& gdev) {
    return block(core, d, g, gdev);
}

void per_device_ops::done_outermost(iommu_core& core, pci_dev& d, iommu_group& g,
                                    group_device& gdev, int) {
    restore(core, d, g, gdev);
}

int per_device_ops::prepare(iommu_core& core, pci_dev& d) {
    if (!has_ats(d)) return 0;
    return locked_prepare(core, d, [&](iommu_group& g) {
        group_device* gdev = core.find_gdev(g, d.dev);
        if (core.k().warn_on(gdev == nullptr,
                             "pci_dev_reset_iommu_prepare: device is not in its group", d.rid()))
            return -ENODEV;
        if (gdev->reset_depth++ != 0) return 0;
        const int rc = prepare_outermost(core, d, g, *gdev);
        if (rc != 0) --gdev->reset_depth;
        return rc;
    });
}

void per_device_ops::done(iommu_core& core, pci_dev& d, int result) {
    if (!has_ats(d)) return;
    locked_done(core, d, [&](iommu_group& g) {
        kernel& k = core.k();
        group_device* gdev = core.find_gdev(g, d.dev);
        if (k.warn_on(gdev == nullptr, "pci_dev_reset_iommu_done: device is not in its group",
                      d.rid()))
            return;
        if (k.warn_on(gdev->reset_depth == 0, "pci_dev_reset_iommu_done: not prepared", d.rid()))
            return;
        if (--gdev->reset_depth != 0) return;
        if (k.warn_on(g.blocking_domain == nullptr, "pci_dev_reset_iommu_done: no blocking domain",
                      d.rid()))
            return;
        done_outermost(core, d, g, *gdev, result);
    });
}

}  // namespace drydock::sw::reset
