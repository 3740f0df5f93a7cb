// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/iommu/reset/pieces.h"
#include "sw/iommu/reset/variants.h"

namespace drydock::sw::reset {

/// What R5, M1, N1 and N2 share: one pointer of the group, group->resetting_domain, says for all of
/// its members that a reset is under way. So the driver is told the blocking domain for siblings
/// that are not blocked (H-13, H-17), during all of done() (H-10), and not yet while PASIDs are
/// removed (H-08, H-09); whoever calls done() first, for whichever member, ends it (H-12, H-20c).
/// done() sets the PASIDs of the whole group (H-15).
class resetting_domain_ops : public reset_ops {
public:
    int prepare(iommu_core&, pci_dev&) final;
    void done(iommu_core&, pci_dev&, int result) final;

    fence group_fence(const iommu_group& g) const override {
        return g.resetting_domain ? fence(-EBUSY) : std::nullopt;
    }
    fence deferred_fence(const iommu_group& g, const group_device&) const override {
        return group_fence(g);
    }
    iommu_domain* driver_domain(const iommu_group& g, const group_device&) const override {
        return g.resetting_domain ? g.resetting_domain : g.domain;
    }
    bool wraps_probe(pci_reset_method m) const override {
        return m == pci_reset_method::bus || m == pci_reset_method::device_specific;
    }

protected:
    /// What prepare() does; group->mutex held. Here: one reset at a time, a second is refused with
    /// a WARN.
    virtual int begin(iommu_core&, iommu_group&, pci_dev&) const;
    /// Whether this done() is the one that restores.
    virtual bool ends(iommu_group&) const { return true; }

    /// RID, PASIDs, then the pointer. @return 0 or an error: nothing has changed
    static int block(iommu_core&, iommu_group&, pci_dev&);

private:
    /// RID, PASIDs of the whole group, then the pointer.
    static void restore(iommu_core&, iommu_group&, pci_dev&);
};

}  // namespace drydock::sw::reset
