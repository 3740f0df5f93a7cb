// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/quarantine/shared.h"

namespace drydock::sw {

namespace {

/// Version 4: an invalidation's entry names its device itself, so whoever releases one waits for
/// the readers; the worker makes sure that the device still has an IOMMU.
class quarantine_q4 final : public gdev_quarantine {
public:
    using gdev_quarantine::gdev_quarantine;
    std::string_view name() const override { return "Q4"; }
    void release(std::function<void()> free) override {
        if (!env_.switches.no_synchronize_rcu) env_.driver.readers().synchronize();
        free();
    }

protected:
    arm_smmu_master* master_of(const arm_smmu_inv& e) override {
        follow(*e.master);
        return e.master;
    }
    void follow(const arm_smmu_master& m) const override { m.life.use(); }
    bool worker_takes(const device& dev) const override { return dev_has_iommu(dev); }
};

}  // namespace

std::unique_ptr<quarantine_ops> make_quarantine_q4(const quarantine_environment& e) {
    return std::make_unique<quarantine_q4>(e);
}

}  // namespace drydock::sw
