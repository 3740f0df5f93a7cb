// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/pending_reset.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// The third version: R2 with a blocking domain of the group, allocated when it is first needed,
/// and the bit set at the end of prepare(): a failure leaves nothing behind. PASIDs are removed
/// whatever the RID is in. The driver may ask what the device translates by and is told the
/// blocking domain while the bit is set. An attach is still put off, whether it could work or not
/// (H-31), and done() still sets PASIDs through the bit (H-05).
class reset_r3 final : public pending_reset_ops {
public:
    reset_r3() : pending_reset_ops(0) {}
    std::string_view name() const override { return "R3"; }
    int prepare(iommu_core&, pci_dev&) override;
    void done(iommu_core&, pci_dev&, int) override;

    iommu_domain* driver_domain(const iommu_group& g, const group_device& gdev) const override {
        return gdev.pending_reset ? g.blocking_domain : g.domain;
    }
    bool driver_asks_old() const override { return true; }
};

int reset_r3::prepare(iommu_core& core, pci_dev& d) {
    if (!has_iommu(d)) return 0;
    return locked_prepare(core, d, [&](iommu_group& g) {
        group_device* gdev = core.find_gdev(g, d.dev);
        if (!gdev) return -ENODEV;
        return block(core, g, d, *gdev);
    });
}

void reset_r3::done(iommu_core& core, pci_dev& d, int) {
    if (!has_iommu(d)) return;
    locked_done(core, d, [&](iommu_group& g) {
        group_device* gdev = core.find_gdev(g, d.dev);
        if (core.k().warn_on(!g.blocking_domain || !gdev || !gdev->pending_reset,
                             "iommu_dev_reset_done: not prepared", d.rid()))
            return;
        restore(core, g, d, *gdev);
    });
}

}  // namespace

std::unique_ptr<reset_ops> make_reset_r3() { return std::make_unique<reset_r3>(); }

}  // namespace drydock::sw
