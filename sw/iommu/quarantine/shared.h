// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "sw/arm_smmu_v3/domain.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/iommu/iommu.h"
#include "sw/iommu/quarantine/quarantine.h"

namespace drydock::sw {

/// What the variants have in common whose issuer deals with a lost ATC_INV (Q2 .. Q5): the bit per
/// slot of the command queue, asking each device alone, the fence.
class issuer_quarantine : public quarantine_ops {
public:
    explicit issuer_quarantine(const quarantine_environment& e) : env_(e) {}

    void atc_error(arm_smmu_device&, u32 sync_prod) override;
    void atc_error_acknowledged(arm_smmu_device&, u32 sync_prod) override;
    bool attach_turns_ats_on() const override { return env_.switches.attach_ignores_ats_broken; }

protected:
    virtual bool bit_before_ack() const { return env_.switches.bit_before_ack; }
    /// Whether the issuer's error means a lost ATC_INV.
    bool lost(int error) const {
        return error == issuer_error() || env_.switches.fence_on_poll_timeout;
    }
    /// Sends each ATC_INV again with a SYNC of its own. Calls guilty() for the devices that do not
    /// answer this time either; what it mutes is not asked any more.
    template <class Guilty>
    void ask_each(const atc_inv_failure&, Guilty guilty);
    /// Whose entry it is.
    virtual arm_smmu_master* master_of(const arm_smmu_inv& e) { return e.smmu->find_master(e.id); }
    /// The loop goes on with it.
    virtual void follow(const arm_smmu_master&) const {}
    kernel& k() const { return env_.k; }

    quarantine_environment env_;
};

template <class Guilty>
void issuer_quarantine::ask_each(const atc_inv_failure& f, Guilty guilty) {
    for (std::size_t i = 0; i < f.count; ++i) {
        const arm_smmu_inv& e = f.entries[i];
        if (!e.is_ats() || !e.live()) continue;
        const bool full = e.type == arm_smmu_inv_type::ats_full;
        arm_smmu_cmdq_ent cmd = full ? arm_smmu_atc_inv_to_cmd(IOMMU_NO_PASID, 0, 0)
                                     : arm_smmu_atc_inv_to_cmd(e.ssid, f.iova, f.size);
        cmd.sid = e.id;
        cmd.rid = e.rid;
        const int rc = f.smmu.cmdq().issue_cmd_with_sync(cmd);
        if (rc == 0 || !lost(rc)) continue;
        if (arm_smmu_master* m = master_of(e)) guilty(*m);
    }
}

/// Q2 .. Q4: EATS goes, and what the flush at hand would still send.
class eats_quarantine : public issuer_quarantine {
public:
    using issuer_quarantine::issuer_quarantine;
    void atc_inv_failed(const atc_inv_failure&) override;
};

/// A worker's queue for each of something, made when it is first needed.
class broken_works {
public:
    /// @return false if it is queued already
    bool schedule(kernel&, const void* of, std::function<void()> run);

private:
    std::map<const void*, std::unique_ptr<work>> works_;
};

/// Q3, Q4: the report is about a device, found without a lock; its worker holds the device's lock
/// while it looks whether a reset has healed it meanwhile.
class gdev_quarantine : public eats_quarantine {
public:
    using eats_quarantine::eats_quarantine;
    int issuer_error() const override;
    void report(device&) override;
    void recovered(device&, bool success) override;
    void release(std::function<void()> free) override;

protected:
    virtual bool worker_takes(const device&) const { return true; }

private:
    void work_on(device&, iommu_group&);
    bool still_broken(device&, iommu_group&);

    broken_works works_;
};

}  // namespace drydock::sw
