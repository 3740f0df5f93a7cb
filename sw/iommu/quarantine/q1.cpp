// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>

#include "sw/arm_smmu_v3/master.h"
#include "sw/iommu/iommu.h"
#include "sw/iommu/quarantine/quarantine.h"
#include "sw/pci/reset.h"

namespace drydock::sw {

namespace {

/// The first version of the series: the interrupt takes the command before the failed SYNC for the
/// guilty one, whatever a batch held before it, and a worker resets that device itself, whether its
/// driver is in the middle of something or not. The flush has returned meanwhile.
class quarantine_q1 final : public quarantine_ops {
public:
    explicit quarantine_q1(const quarantine_environment& e)
        : env_(e),
          lock_(e.k, "arm_smmu_broken_lock"),
          work_("broken_work", [this] { reset_all(); }) {}
    std::string_view name() const override { return "Q1"; }

    void atc_error(arm_smmu_device&, u32 sync_prod) override;
    /// What it holds against a device is its place in the list.
    void report(device&) override;

private:
    void reset_all();
    void reset(pci_dev&);

    quarantine_environment env_;
    spinlock lock_;
    std::deque<pci_dev*> broken_;  ///< until its reset has returned
    work work_;
};

void quarantine_q1::atc_error(arm_smmu_device& smmu, u32 sync_prod) {
    const cmdq_words before = smmu.cmdq().command_before(sync_prod);
    if ((before[0] & 0xff) != CMDQ_OP_ATC_INV) return;
    if (arm_smmu_master* m = smmu.find_master(static_cast<u32>(before[0] >> 32))) report(m->dev);
}

void quarantine_q1::report(device& dev) {
    call_scope call(env_.k, "arm_smmu_report_broken", dev.id);
    if (!dev.pdev) return;
    env_.k.point("q0", dev.id);
    lock_.lock_irqsave();
    if (std::find(broken_.begin(), broken_.end(), dev.pdev) != broken_.end()) {
        ++count_.dropped;
    } else if (env_.k.should_fail("gfp_atomic", dev.id) == 0) {
        broken_.push_back(dev.pdev);
        ++count_.reported;
        env_.k.schedule_work(work_, env_.k.current_cpu());
        env_.k.point("q1", dev.id);
    } else {
        env_.k.log(4, "no memory to have a broken device reset", dev.id);
    }
    lock_.unlock_irqrestore();
}

void quarantine_q1::reset_all() {
    while (!broken_.empty()) {
        reset(*broken_.front());
        lock_.lock_irqsave();
        broken_.pop_front();
        lock_.unlock_irqrestore();
    }
}

void quarantine_q1::reset(pci_dev& d) {
    call_scope call(env_.k, "arm_smmu_reset_broken_device", d.rid());
    env_.k.point("q2", d.rid());
    pci_dev_lock(d);
    pci_clear_master(d);
    if (env_.core.quarantine(d) == 0) ++count_.blocked;
    env_.k.point("q3", d.rid());
    pci_dev_unlock(d);
    ++count_.reset;
    if (call.result(env_.reset_function(d)) == 0) pci_set_master(d);
}

}  // namespace

std::unique_ptr<quarantine_ops> make_quarantine_q1(const quarantine_environment& e) {
    return std::make_unique<quarantine_q1>(e);
}

}  // namespace drydock::sw
