// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/iommu/reset/pieces.h"
#include "sw/iommu/reset/variants.h"

namespace drydock::sw::reset {

/// What N3, N4, N6, M2 and M3 share: nesting counts per device (reset_depth), a count of the group
/// refuses attaching while any member is between prepare() and done(), and done() sets the PASIDs
/// of its own device only. They differ in what says that a device is blocked.
class per_device_ops : public reset_ops {
public:
    int prepare(iommu_core&, pci_dev&) override;
    void done(iommu_core&, pci_dev&, int result) override;

    fence group_fence(const iommu_group& g) const override {
        return g.*count() != 0 ? fence(-EBUSY) : std::nullopt;
    }
    fence deferred_fence(const iommu_group&, const group_device& gdev) const override {
        return says_blocked(gdev) ? fence(-EBUSY) : std::nullopt;
    }
    iommu_domain* driver_domain(const iommu_group& g, const group_device& gdev) const override {
        return says_blocked(gdev) ? g.blocking_domain : g.domain;
    }
    bool wraps_probe(pci_reset_method m) const override {
        return m == pci_reset_method::bus || m == pci_reset_method::device_specific;
    }

protected:
    /// What the core takes for "physically in the blocking domain".
    virtual bool says_blocked(const group_device&) const = 0;
    /// The count that refuses attaching.
    using counter = u32 iommu_group::*;
    virtual counter count() const { return &iommu_group::recovery_cnt; }

    /// RID, flag, PASIDs, count. @return 0 or an error: nothing has changed
    int block(iommu_core&, pci_dev&, iommu_group&, group_device&);
    /// RID, flag, PASIDs, count.
    void restore(iommu_core&, pci_dev&, iommu_group&, group_device&);
    /// The outermost of nested prepare() and done() calls.
    virtual int prepare_outermost(iommu_core&, pci_dev&, iommu_group&, group_device&);
    virtual void done_outermost(iommu_core&, pci_dev&, iommu_group&, group_device&, int result);
};

}  // namespace drydock::sw::reset
