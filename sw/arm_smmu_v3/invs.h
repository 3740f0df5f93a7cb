// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <memory>
#include <vector>

#include "sw/kernel/kernel.h"

namespace drydock::sw {

class arm_smmu_device;
class arm_smmu_master;

/// What has to be told of an unmap. The order of the enumerators is the order of the commands.
enum class arm_smmu_inv_type : u8 { s1_asid, s2_vmid, s2_vmid_s1_clear, ats, ats_full };

/// One addressee (Linux: struct arm_smmu_inv).
struct arm_smmu_inv {
    arm_smmu_device* smmu = nullptr;
    arm_smmu_inv_type type{};
    u32 id = 0;          ///< ASID, or StreamID for ATS
    u32 ssid = 0;        ///< PASID for ATS, IOMMU_NO_PASID: without
    u32 users = 1;       ///< 0: trash, skipped
    u16 rid = 0;         ///< Routing ID for ATS, by which observers name the device
    bool muted = false;  ///< ATS: the device is fenced, nothing is sent (INV_TYPE_ATS_BROKEN)
    arm_smmu_master* master = nullptr;  ///< ATS: whose it is

    bool live() const { return users != 0 && !muted; }

    bool is_ats() const {
        return type == arm_smmu_inv_type::ats || type == arm_smmu_inv_type::ats_full;
    }
};

/// Order of the array: SMMU (by number), type, id, ssid.
std::strong_ordering arm_smmu_inv_cmp(const arm_smmu_inv&, const arm_smmu_inv&);

/// Sorted addressees of a domain (Linux: struct arm_smmu_invs). Readers hold the lock for the whole
/// of an invalidation if an ATC is among them; who removes entries waits for them.
class arm_smmu_invs {
public:
    explicit arm_smmu_invs(kernel& k, std::vector<arm_smmu_inv> entries = {});

    const std::vector<arm_smmu_inv>& entries() const { return inv_; }
    std::vector<arm_smmu_inv>& entries() { return inv_; }
    /// Nothing is sent to this device any more; readers may be at it.
    void mute(const arm_smmu_master&);
    bool has_ats() const { return has_ats_; }
    u32 trash() const { return trash_; }
    rwlock& lock() { return lock_; }

    /// A new array with `add` merged in: equal entries get more users, trash goes.
    std::shared_ptr<arm_smmu_invs> merge(const std::vector<arm_smmu_inv>& add) const;

    /// Takes the users of `remove` back; entries without users become trash, at the end they are
    /// cut off. Under the writer's lock: returns only when no reader still sends to what was
    /// removed. @param serialise false: does not take that lock
    /// @return entries that lost their last user
    std::vector<arm_smmu_inv> unref(const std::vector<arm_smmu_inv>& remove, bool serialise = true);

    /// A compact array without trash; null if there is none.
    std::shared_ptr<arm_smmu_invs> purge() const;

private:
    kernel& kernel_;
    rwlock lock_;
    std::vector<arm_smmu_inv> inv_;
    u32 trash_ = 0;
    bool has_ats_ = false;
};

/// Whether the commands up to `cur` need a SYNC before those of `next`: another SMMU, ATC_INV
/// behind TLBI, and before the stage 1 entries of a stage 2 are cleared.
bool arm_smmu_invs_end_batch(const arm_smmu_inv& cur, const arm_smmu_inv& next);

}  // namespace drydock::sw
