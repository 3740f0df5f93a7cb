// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/arm_smmu_v3/tables.h"
#include "sw/kernel/kernel.h"

namespace drydock::sw {

/// Whose the devices of an SMMU are.
enum class guest_mode : u8 {
    off,       ///< the host's
    full_ats,  ///< one guest's; ATS answers with physical addresses (EATS=1)
    split_ats  ///< one guest's; ATS answers with intermediate ones, stage 2 comes later (EATS=2)
};

/// One guest with its stage 2 (Linux: the nesting parent and the vIOMMU of iommufd). The guest sees
/// its memory and the interrupt doorbell where the host has them, and nothing else; its own tables
/// are stage 1.
class arm_smmu_vm {
public:
    static constexpr u16 vmid = 1;  ///< 0 is the host's

    /// Makes the stage 2 tables. @param ram  and its size: of the guest, rounded to whole GiB
    arm_smmu_vm(kernel&, phys_addr_t ram, u64 bytes, guest_mode, u8 oas_code);

    /// Puts the stage 2 below an STE with a CD table (iommufd: a nested hwpt).
    void nest(entry_words& ste) const;

private:
    phys_addr_t table(phys_addr_t above, unsigned index);

    kernel& kernel_;
    guest_mode mode_;
    u8 oas_code_;
    phys_addr_t root_;
};

}  // namespace drydock::sw
