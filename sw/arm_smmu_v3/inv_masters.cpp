// SPDX-License-Identifier: Apache-2.0
// How an unmap found its addressees before there were invalidation arrays (linux-flow 3.3): the
// domain's ASID, then, if any device with ATS is attached, its list of masters. The list is kept in
// an array all the same; what differs is who waits for whom.
#include "sw/arm_smmu_v3/domain.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/iommu/quarantine/quarantine.h"

namespace drydock::sw {

bool arm_smmu_domain::takes(const arm_smmu_master& m) const {
    if (instance && *instance != m.smmu.number()) return false;
    return !devices_lock_ || !smmu_ || smmu_ == &m.smmu;
}

void arm_smmu_domain::add_masters(const std::vector<arm_smmu_inv>& add) {
    auto longer = invs_->merge(add);
    devices_lock_->lock_irqsave();
    invs_ = std::move(longer);
    smmu_ = add.front().smmu;
    devices_lock_->unlock_irqrestore();
}

/// The lock is held while commands are collected, not until their SYNC: nobody waits for an
/// invalidation that is on its way. The ASID stays in the TLB until the domain goes.
void arm_smmu_domain::remove_masters(const std::vector<arm_smmu_inv>& remove) {
    devices_lock_->lock_irqsave();
    invs_->unref(remove, false);
    if (auto compact = invs_->purge()) invs_ = std::move(compact);
    devices_lock_->unlock_irqrestore();
}

unmap_class arm_smmu_domain::inv_masters(u64 iova, u64 size, bool leaf, hal::span_id unmap) {
    if (!smmu_) return unmap_class::none;
    kernel& k = driver_.k();
    arm_smmu_cmdq& cmdq = smmu_->cmdq();
    arm_smmu_cmdq_batch tlbi(cmdq);
    tlbi.belongs_to(unmap);
    arm_smmu_inv asid;
    asid.smmu = smmu_;
    asid.type = arm_smmu_inv_type::s1_asid;
    asid.id = asid_;
    add_commands(tlbi, asid, iova, size, leaf);
    tlbi.submit();
    if (unmap != 0) {
        k.observe().emit(hal::note::stage, k.current_place(), unmap, unmap_tlbi_synced);
        k.point("i1");
    }
    if (!invs_->has_ats()) return unmap_class::tlbi_only;  // nr_ats_masters, behind smp_mb()
    if (driver_.options().async_invalidation) {
        driver_.later().add({this, invs_, iova, size});
        return unmap_class::tlbi_only;
    }
    arm_smmu_cmdq_batch atc(cmdq);
    atc.belongs_to(unmap);
    devices_lock_->lock_irqsave();
    const std::shared_ptr<arm_smmu_invs> list = invs_;
    for (const arm_smmu_inv& i : list->entries())
        if (i.is_ats() && i.live() && i.master->reachable()) add_commands(atc, i, iova, size, leaf);
    devices_lock_->unlock_irqrestore();
    if (atc.num() == 0) return unmap_class::tlbi_only;
    const int rc = atc.submit();
    if (rc != 0 && driver_.quarantine())
        driver_.quarantine()->atc_inv_failed(
            {*smmu_, this, list->entries().data(), list->entries().size(), iova, size, rc});
    return unmap_class::atc;
}

}  // namespace drydock::sw
