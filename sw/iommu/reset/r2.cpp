// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/pending_reset.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// The second RFC: a bit of the device, set first and cleared last; attaching it meanwhile
/// "succeeds" and is realised by done(). prepare() holds a reference to the group until done().
/// What it gets wrong: the bit stays after a prepare() that failed (H-06); done() sets PASIDs
/// through the very fence that the bit is (H-05), and for the siblings as well (H-15); the driver
/// is called under a spinlock (H-07) and takes group->domain for what it attaches away from
/// (H-10b); nested, the inner done() ends it all (H-20a).
class reset_r2 final : public pending_reset_ops {
public:
    reset_r2() : pending_reset_ops(0) {}
    std::string_view name() const override { return "R2"; }
    int prepare(iommu_core&, pci_dev&) override;
    void done(iommu_core&, pci_dev&, int) override;

    bool driver_asks_old() const override { return true; }

private:
    static int block(iommu_core&, pci_dev&, iommu_group&, iommu_domain& blocked);
    static void restore(iommu_core&, pci_dev&, iommu_group&, iommu_domain& blocked);
};

int reset_r2::block(iommu_core& core, pci_dev& d, iommu_group& g, iommu_domain& blocked) {
    kernel& k = core.k();
    group_device* gdev = core.find_gdev(g, d.dev);
    if (!gdev) return -ENODEV;
    gdev->pending_reset = true;
    if (!core.follow(g.domain)) return -EFAULT;
    if (g.domain->type == iommu_domain_type::blocked) {
        core.set_blocked(g, *gdev, true);
        return 0;
    }
    if (const int rc = core.__iommu_attach_device(blocked, d.dev, g.domain); rc != 0) return rc;
    core.set_blocked(g, *gdev, true);
    k.point("p2", d.rid());
    guard xa(g.xa_lock);
    remove_pasids(core, g, d);
    return 0;
}

int reset_r2::prepare(iommu_core& core, pci_dev& d) {
    if (!has_iommu(d)) return 0;
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_prepare", d.rid());
    if (core.direct_refused(d.dev, true)) return call.result(refused_for_direct(core, d));
    iommu_domain* blocked = core.blocked_domain();
    if (!blocked) return call.result(-EOPNOTSUPP);
    iommu_group& g = *d.dev.group;
    k.point("p0", d.rid());
    core.follow(g);
    g.refs.get();
    int rc = 0;
    {
        guard hold(g.lock);
        k.point("p1", d.rid());
        rc = block(core, d, g, *blocked);
    }
    if (rc != 0)
        core.iommu_group_put(g);
    else
        k.point("p4", d.rid());
    return call.result(rc);
}

void reset_r2::restore(iommu_core& core, pci_dev& d, iommu_group& g, iommu_domain& blocked) {
    kernel& k = core.k();
    if (!core.follow(g.domain) || g.domain->type == iommu_domain_type::blocked) return;
    k.warn_on(core.__iommu_attach_device(*g.domain, d.dev, &blocked) != 0,
              "iommu_dev_reset_done: re-attach failed", d.rid());
    k.point("d2", d.rid());
    guard xa(g.xa_lock);
    restore_pasids_of_group(core, g, d, &blocked);
}

void reset_r2::done(iommu_core& core, pci_dev& d, int) {
    if (!has_iommu(d)) return;
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_done", d.rid());
    iommu_group& g = *d.dev.group;
    bool prepared = false;
    {
        guard hold(g.lock);
        k.point("d1", d.rid());
        iommu_domain* blocked = core.blocked_domain();
        group_device* gdev = core.find_gdev(g, d.dev);
        prepared = blocked && gdev && gdev->pending_reset;
        if (!k.warn_on(!prepared, "iommu_dev_reset_done: not prepared", d.rid())) {
            core.reset_finished(g, d, 0);
            restore(core, d, g, *blocked);
            gdev->pending_reset = false;
            core.set_blocked(g, *gdev, false);
        }
    }
    if (prepared) core.iommu_group_put(g);  // else what prepare() took stays taken
    k.point("d4", d.rid());
}

}  // namespace

std::unique_ptr<reset_ops> make_reset_r2() { return std::make_unique<reset_r2>(); }

}  // namespace drydock::sw
