// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/pieces.h"
#include "sw/iommu/reset/variants.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// The first RFC: prepare() takes group->mutex and keeps it, done() gives it back. Nothing can
/// happen to the group meanwhile, however long the reset takes (H-32). Only FLRs are wrapped, and
/// a prepare() that refuses does not stop them (H-03). PASIDs are removed under a spinlock (H-07);
/// of a group that is blocked already they are not looked at (H-04). A prepare() that fails late
/// keeps the mutex for ever (H-33).
class reset_r1 final : public reset_ops {
public:
    std::string_view name() const override { return "R1"; }
    int prepare(iommu_core&, pci_dev&) override;
    void done(iommu_core&, pci_dev&, int) override;

    bool deferred_attach_locks() const override { return false; }
    bool driver_asks_old() const override { return true; }
    bool wraps(pci_reset_method m) const override {
        return m == pci_reset_method::flr || m == pci_reset_method::af_flr;
    }
    bool prepare_failure_aborts() const override { return false; }

private:
    static int block(iommu_core&, pci_dev&, iommu_group&, iommu_domain& blocked);
};

int reset_r1::block(iommu_core& core, pci_dev& d, iommu_group& g, iommu_domain& blocked) {
    kernel& k = core.k();
    group_device* gdev = core.find_gdev(g, d.dev);
    if (!core.follow(g.domain)) return -EFAULT;
    if (g.domain->type == iommu_domain_type::blocked) {
        if (gdev) core.set_blocked(g, *gdev, true);
        return 0;
    }
    if (const int rc = core.__iommu_attach_device(blocked, d.dev, g.domain); rc != 0) return rc;
    if (gdev) core.set_blocked(g, *gdev, true);
    k.point("p2", d.rid());
    guard xa(g.xa_lock);
    remove_pasids(core, g, d);
    return 0;
}

int reset_r1::prepare(iommu_core& core, pci_dev& d) {
    if (!has_iommu(d)) return 0;
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_prepare", d.rid());
    if (core.direct_refused(d.dev, true)) return call.result(refused_for_direct(core, d));
    iommu_group& g = *d.dev.group;
    iommu_domain* blocked = core.blocked_domain();
    if (!blocked) return call.result(-EOPNOTSUPP);
    k.point("p0", d.rid());
    core.follow(g);
    g.lock.lock();  // until done()
    k.point("p1", d.rid());
    const int rc = block(core, d, g, *blocked);
    if (rc == 0) k.point("p4", d.rid());
    return call.result(rc);
}

void reset_r1::done(iommu_core& core, pci_dev& d, int) {
    if (!has_iommu(d)) return;
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_done", d.rid());
    iommu_group& g = *d.dev.group;
    if (k.warn_on(!g.lock.held_by_current(), "iommu_dev_reset_done: group mutex is not held",
                  d.rid()))
        return k.point("d4", d.rid());
    k.point("d1", d.rid());
    core.reset_finished(g, d, 0);
    if (core.follow(g.domain) && g.domain->type != iommu_domain_type::blocked) {
        k.warn_on(core.__iommu_attach_device(*g.domain, d.dev, core.blocked_domain()) != 0,
                  "iommu_dev_reset_done: re-attach failed", d.rid());
        k.point("d2", d.rid());
        if (d.dev.iommu->max_pasids > 0)
            for (const auto& [pasid, domain] : g.pasid_array)
                k.warn_on(core.set_dev_pasid(*domain, d.dev, pasid, core.blocked_domain()) != 0,
                          "iommu_dev_reset_done: PASID re-attach failed", d.rid());
        k.point("d3", d.rid());
    }
    if (group_device* gdev = core.find_gdev(g, d.dev)) core.set_blocked(g, *gdev, false);
    g.lock.unlock();
    k.point("d4", d.rid());
}

}  // namespace

std::unique_ptr<reset_ops> make_reset_r1() { return std::make_unique<reset_r1>(); }

}  // namespace drydock::sw
