// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/iommu/reset/pieces.h"
#include "sw/iommu/reset/variants.h"

namespace drydock::sw::reset {

/// What R2, R3 and R4 share: a bit of the device says that its reset is under way. Each attach of
/// the device, by RID or PASID, meets it, and so does done(), which sets PASIDs while the bit still
/// stands (H-05). All methods but the bus reset are wrapped.
class pending_reset_ops : public reset_ops {
public:
    fence device_fence(const group_device& gdev) const final { return meanwhile(gdev); }
    fence pasid_fence(const group_device& gdev) const final { return meanwhile(gdev); }
    fence deferred_fence(const iommu_group&, const group_device& gdev) const final {
        return meanwhile(gdev);
    }
    bool wraps(pci_reset_method m) const final { return all_but_bus(m); }
    bool wraps_probe(pci_reset_method m) const final {
        return m == pci_reset_method::device_specific;
    }

protected:
    /// @param answer what attaching gets meanwhile: 0, it is put off; or an error
    explicit pending_reset_ops(int answer) : answer_(answer) {}

    /// RID, PASIDs, then the bit (since R3). @return 0 or an error: nothing has changed
    static int block(iommu_core&, iommu_group&, pci_dev&, group_device&);
    static void restore(iommu_core&, iommu_group&, pci_dev&, group_device&);

private:
    fence meanwhile(const group_device& gdev) const {
        return gdev.pending_reset ? fence(answer_) : std::nullopt;
    }
    int answer_;
};

}  // namespace drydock::sw::reset
