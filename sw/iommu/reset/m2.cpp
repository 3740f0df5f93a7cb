// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/iommu.h"
#include "sw/pci/ats.h"

namespace drydock::sw {

namespace {

/// The merged set for 7.1: gdev->blocked, gdev->reset_depth, group->recovery_cnt.
/// `blocked` follows the switch of the RID at once and stands before the PASID loop in both
/// directions, so that the driver, when it asks, gets the domain that hardware uses. Nesting counts
/// per device; siblings stay.
class reset_m2 final : public reset_ops {
public:
    std::string_view name() const override { return "M2"; }
    int prepare(iommu_core&, pci_dev&) override;
    void done(iommu_core&, pci_dev&) override;

    std::optional<int> group_fence(const iommu_group& g) const override {
        return g.recovery_cnt != 0 ? std::optional<int>(-EBUSY) : std::nullopt;
    }
    bool must_succeed_passes() const override { return true; }
    std::optional<int> deferred_fence(const iommu_group&, const group_device& gdev) const override {
        return gdev.blocked ? std::optional<int>(-EBUSY) : std::nullopt;
    }
    bool skips_pasid_removal(const group_device& gdev) const override { return gdev.blocked; }
    iommu_domain* driver_domain(const iommu_group& g, const group_device& gdev) const override {
        return gdev.blocked ? g.blocking_domain : g.domain;
    }

private:
    static bool applies(const pci_dev& d) { return pci_ats_supported(d) && dev_has_iommu(d.dev); }
    int block(iommu_core&, pci_dev&, iommu_group&, group_device&);
};

int reset_m2::block(iommu_core& core, pci_dev& d, iommu_group& g, group_device& gdev) {
    if (const int rc = core.__iommu_group_alloc_blocking_domain(g); rc != 0) return rc;
    if (g.domain != g.blocking_domain)
        if (const int rc = core.__iommu_attach_device(*g.blocking_domain, d.dev, g.domain); rc != 0)
            return rc;
    core.set_blocked(g, gdev, true);
    core.k().point("p2", d.rid());
    if (d.dev.iommu->max_pasids > 0)
        for (const auto& [pasid, domain] : g.pasid_array)
            core.remove_dev_pasid(d.dev, pasid, *domain);
    core.k().point("p3", d.rid());
    ++g.recovery_cnt;
    return 0;
}

int reset_m2::prepare(iommu_core& core, pci_dev& d) {
    if (!applies(d)) return 0;
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_prepare", d.rid());
    k.point("p0", d.rid());
    int rc = 0;
    {
        iommu_group& g = *d.dev.group;
        guard hold(g.lock);
        k.point("p1", d.rid());
        group_device* gdev = core.dev_to_gdev(d.dev);
        if (k.warn_on(gdev == nullptr, "pci_dev_reset_iommu_prepare: device is not in its group",
                      d.rid()))
            return call.result(-ENODEV);
        if (gdev->reset_depth++ == 0) {
            rc = block(core, d, g, *gdev);
            if (rc != 0) --gdev->reset_depth;
        }
    }
    if (rc == 0) k.point("p4", d.rid());
    return call.result(rc);
}

void reset_m2::done(iommu_core& core, pci_dev& d) {
    if (!applies(d)) return;
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_done", d.rid());
    {
        iommu_group& g = *d.dev.group;
        guard hold(g.lock);
        k.point("d1", d.rid());
        group_device* gdev = core.dev_to_gdev(d.dev);
        if (k.warn_on(gdev == nullptr, "pci_dev_reset_iommu_done: device is not in its group",
                      d.rid()))
            return;
        if (k.warn_on(gdev->reset_depth == 0, "pci_dev_reset_iommu_done: not prepared", d.rid()))
            return;
        if (--gdev->reset_depth != 0) return;
        if (k.warn_on(g.blocking_domain == nullptr, "pci_dev_reset_iommu_done: no blocking domain",
                      d.rid()))
            return;
        // Without a domain (its default could not be allocated) the device stays parked where it
        // is.
        if (g.domain != nullptr && g.domain != g.blocking_domain)
            k.warn_on(core.__iommu_attach_device(*g.domain, d.dev, g.blocking_domain) != 0,
                      "pci_dev_reset_iommu_done: re-attach failed", d.rid());
        core.set_blocked(g, *gdev, false);
        k.point("d2", d.rid());
        if (d.dev.iommu->max_pasids > 0)
            for (const auto& [pasid, domain] : g.pasid_array)
                k.warn_on(core.set_dev_pasid(*domain, d.dev, pasid, g.blocking_domain) != 0,
                          "pci_dev_reset_iommu_done: PASID re-attach failed", d.rid());
        k.point("d3", d.rid());
        if (!k.warn_on(g.recovery_cnt == 0, "pci_dev_reset_iommu_done: recovery_cnt is 0", d.rid()))
            --g.recovery_cnt;
    }
    k.point("d4", d.rid());
}

}  // namespace

std::unique_ptr<reset_ops> make_reset_m2() { return std::make_unique<reset_m2>(); }

}  // namespace drydock::sw
