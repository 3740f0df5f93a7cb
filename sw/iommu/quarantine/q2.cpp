// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/quarantine/shared.h"
#include "sw/pci/reset.h"

namespace drydock::sw {

namespace {

/// Version 2: the issuer fences, the core is told and blocks the device by a worker. All of it per
/// group: one flag, one work; a group of several is neither blocked nor mentioned.
class quarantine_q2 final : public eats_quarantine {
public:
    using eats_quarantine::eats_quarantine;
    std::string_view name() const override { return "Q2"; }
    /// The same as when a wait takes too long: the two cannot be told apart.
    int issuer_error() const override { return -ETIMEDOUT; }

    void report(device&) override;
    void recovered(device&, bool success) override;

private:
    void work_on(iommu_group&);
    void block(pci_dev&, iommu_group&);

    broken_works works_;
};

void quarantine_q2::report(device& dev) {
    call_scope call(k(), "iommu_report_device_broken", dev.id);
    iommu_group* const g = dev.group;
    k().point("q0", dev.id);
    if (!g) return;
    env_.core.follow(*g);
    g->refs.get();
    if (g->requires_reset) {
        ++count_.dropped;
        env_.core.iommu_group_put(*g);
        return;
    }
    g->requires_reset = true;
    if (!works_.schedule(k(), g, [this, g] { work_on(*g); })) {
        env_.core.iommu_group_put(*g);
        return;
    }
    ++count_.reported;
    k().point("q1", dev.id);
}

void quarantine_q2::work_on(iommu_group& g) {
    pci_dev* pdev = nullptr;
    {
        guard hold(g.lock);
        if (!g.requires_reset) {  // recovered before the worker came
            env_.core.iommu_group_put(g);
            return;
        }
        if (g.devices.size() == 1) pdev = g.devices.front().dev->pdev;
    }
    k().point("q2", pdev ? pdev->rid() : u16{0});
    if (pdev) block(*pdev, g);
    env_.core.iommu_group_put(g);
}

/// A reset that held the lock before may have healed the device: nobody looks again.
void quarantine_q2::block(pci_dev& d, iommu_group& g) {
    pci_dev_lock(d);
    if (!env_.switches.retest_under_device_lock || g.requires_reset)
        if (env_.core.quarantine(d) == 0) ++count_.blocked;
    k().point("q3", d.rid());
    pci_dev_unlock(d);
}

/// done() clears the flag whatever came of the reset. The driver's own fence goes with it: no other
/// call would lift it (choice).
void quarantine_q2::recovered(device& dev, bool) {
    dev.group->requires_reset = false;
    if (!env_.switches.no_unfence) env_.core.ops().reset_device_done(dev);
}

}  // namespace

std::unique_ptr<quarantine_ops> make_quarantine_q2(const quarantine_environment& e) {
    return std::make_unique<quarantine_q2>(e);
}

}  // namespace drydock::sw
