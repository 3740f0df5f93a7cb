// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/per_device.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// The ATC series from v3 on, not merged: M2, but done() is told how the reset went. After a failed
/// one the device stays blocked, and attaching refused, until a reset that works; `why` says for
/// which of the reasons. A device that is quarantined is blocked without a depth: the next good
/// reset lifts it, and tells the driver to lift its own. Only asking what a method could do blocks
/// nothing.
class reset_m3 final : public per_device_ops {
public:
    std::string_view name() const override { return "M3"; }
    int quarantine(iommu_core&, pci_dev&) override;
    bool must_succeed_passes() const override { return true; }
    bool skips_pasid_removal(const group_device& gdev) const override { return gdev.blocked; }
    bool wraps_probe(pci_reset_method) const override { return false; }

protected:
    bool says_blocked(const group_device& gdev) const override { return gdev.blocked; }
    int prepare_outermost(iommu_core&, pci_dev&, iommu_group&, group_device&) override;
    void done_outermost(iommu_core&, pci_dev&, iommu_group&, group_device&, int) override;
};

int reset_m3::quarantine(iommu_core& core, pci_dev& d) {
    if (!has_ats(d)) return 0;
    return locked_prepare(core, d, [&](iommu_group& g) {
        group_device* gdev = core.find_gdev(g, d.dev);
        if (!gdev) return -ENODEV;
        if (gdev->why != gdev_blocked::no) return 0;  // a reset is under way, or was to be
        if (const int rc = block(core, d, g, *gdev); rc != 0) return rc;
        gdev->why = gdev_blocked::quarantined;
        return 0;
    });
}

int reset_m3::prepare_outermost(iommu_core& core, pci_dev& d, iommu_group& g, group_device& gdev) {
    if (gdev.why == gdev_blocked::no) {
        if (const int rc = block(core, d, g, gdev); rc != 0) return rc;
    } else {  // blocked since before
        core.k().point("p2", d.rid());
        core.k().point("p3", d.rid());
    }
    gdev.why = gdev_blocked::resetting;
    return 0;
}

void reset_m3::done_outermost(iommu_core& core, pci_dev& d, iommu_group& g, group_device& gdev,
                              int result) {
    if (result != 0) {
        gdev.why = gdev_blocked::reset_failed;
        core.k().log(4, "reset failed: device stays blocked", d.rid());
        return;
    }
    restore(core, d, g, gdev);
    gdev.why = gdev_blocked::no;
}

}  // namespace

std::unique_ptr<reset_ops> make_reset_m3() { return std::make_unique<reset_m3>(); }

}  // namespace drydock::sw
