// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/quarantine/shared.h"

#include "sw/pci/reset.h"

namespace drydock::sw {

// -- the issuer's bit --

void issuer_quarantine::atc_error(arm_smmu_device& smmu, u32 sync_prod) {
    if (bit_before_ack()) smmu.cmdq().set_atc_error(sync_prod);
}

void issuer_quarantine::atc_error_acknowledged(arm_smmu_device& smmu, u32 sync_prod) {
    if (!bit_before_ack()) smmu.cmdq().set_atc_error(sync_prod);
}

// -- fence by EATS --

void eats_quarantine::atc_inv_failed(const atc_inv_failure& f) {
    if (!lost(f.error)) return;
    ask_each(f, [&](arm_smmu_master& m) {
        {
            call_scope call(k(), "arm_smmu_disable_eats", m.dev.id);
            m.ats_broken = true;
            if (f.domain)
                f.domain->mute(m);
            else
                for (arm_smmu_domain* d : m.domains) d->mute(m);
            for (std::size_t i = 0; i < f.count; ++i)
                f.entries[i].muted |= f.entries[i].master == &m;
            m.clear_eats();
            ++count_.fenced;
        }
        report(m.dev);
        follow(m);
    });
}

bool broken_works::schedule(kernel& k, const void* of, std::function<void()> run) {
    auto& w = works_[of];
    if (!w) w = std::make_unique<work>("broken_work", std::move(run));
    if (w->pending) return false;
    k.schedule_work(*w, k.current_cpu());
    return true;
}

// -- report per device --

int gdev_quarantine::issuer_error() const { return -EIO; }

void gdev_quarantine::report(device& dev) {
    call_scope call(k(), "iommu_report_device_broken", dev.id);
    const rcu::reader reading = env_.driver.readers().read_lock();
    k().point("q0", dev.id);
    group_device* gdev = env_.core.dev_to_gdev(dev);
    if (gdev && gdev->requires_reset) {
        ++count_.dropped;
    } else if (gdev) {
        gdev->requires_reset = true;
        iommu_group& g = *dev.group;
        g.refs.get();
        if (works_.schedule(k(), &dev, [this, &dev, &g] { work_on(dev, g); })) {
            ++count_.reported;
            k().point("q1", dev.id);
        } else {
            env_.core.iommu_group_put(g);
        }
    }
    env_.driver.readers().read_unlock(reading);
}

bool gdev_quarantine::still_broken(device& dev, iommu_group& g) {
    guard hold(g.lock);
    const group_device* gdev = dev.group == &g ? env_.core.dev_to_gdev(dev) : nullptr;
    return gdev && gdev->requires_reset && dev.pdev && worker_takes(dev);
}

void gdev_quarantine::work_on(device& dev, iommu_group& g) {
    if (still_broken(dev, g)) {
        k().point("q2", dev.id);
        pci_dev_lock(*dev.pdev);
        if (still_broken(dev, g) && env_.core.quarantine(*dev.pdev) == 0) ++count_.blocked;
        k().point("q3", dev.id);
        pci_dev_unlock(*dev.pdev);
    }
    env_.core.iommu_group_put(g);
}

void gdev_quarantine::recovered(device& dev, bool success) {
    if (!success) return;
    if (group_device* gdev = env_.core.dev_to_gdev(dev)) gdev->requires_reset = false;
    if (!env_.switches.no_unfence) env_.core.ops().reset_device_done(dev);
}

/// Behind the readers: call_rcu().
void gdev_quarantine::release(std::function<void()> free) {
    env_.driver.readers().call(std::move(free));
}

}  // namespace drydock::sw
