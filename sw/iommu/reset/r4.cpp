// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/pending_reset.h"
#include "sw/pci/iov.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// The fourth version: attaching a device that is being reset is refused with -EBUSY instead of put
/// off. Nothing is blocked for a physical function with virtual ones and for a device that shares
/// Requester IDs with a member of its group: those are as unprotected as ever (H-18, H-19). done()
/// meets its own refusal when it sets PASIDs (H-05).
class reset_r4 final : public pending_reset_ops {
public:
    reset_r4() : pending_reset_ops(-EBUSY) {}
    std::string_view name() const override { return "R4"; }
    int prepare(iommu_core&, pci_dev&) override;
    void done(iommu_core&, pci_dev&, int) override;

    iommu_domain* driver_domain(const iommu_group& g, const group_device& gdev) const override {
        return gdev.pending_reset ? g.blocking_domain : g.domain;
    }

private:
    static bool bypassed(const iommu_group&, const pci_dev&);
};

bool reset_r4::bypassed(const iommu_group& g, const pci_dev& d) {
    if (pci_num_vf(d) > 0) return true;
    for (const group_device& other : g.devices)
        if (other.dev != &d.dev && dma_aliases(*other.dev, d.dev)) return true;
    return false;
}

int reset_r4::prepare(iommu_core& core, pci_dev& d) {
    if (!has_ats(d)) return 0;
    return locked_prepare(core, d, [&](iommu_group& g) {
        group_device* gdev = core.find_gdev(g, d.dev);
        if (!gdev) return -ENODEV;
        if (bypassed(g, d)) return 0;
        return block(core, g, d, *gdev);
    });
}

void reset_r4::done(iommu_core& core, pci_dev& d, int) {
    if (!has_ats(d)) return;
    locked_done(core, d, [&](iommu_group& g) {
        group_device* gdev = core.find_gdev(g, d.dev);
        if (!gdev || !gdev->pending_reset) return;
        if (core.k().warn_on(!g.blocking_domain, "iommu_dev_reset_done: no blocking domain",
                             d.rid()))
            return;
        restore(core, g, d, *gdev);
    });
}

}  // namespace

std::unique_ptr<reset_ops> make_reset_r4() { return std::make_unique<reset_r4>(); }

}  // namespace drydock::sw
