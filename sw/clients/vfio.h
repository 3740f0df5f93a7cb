// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "sw/clients/client.h"

namespace drydock::sw {

struct vfio_results {
    u64 due = 0, missed = 0;
    u64 starts = 0;  ///< the device was attached, the guest ran
    u64 busy = 0;    ///< attaches refused with -EBUSY
    u64 pasids = 0;  ///< PASIDs attached
    u64 failed = 0;  ///< starts given up
    u64 resets = 0, resets_failed = 0;
    hal::duration longest_start{};  ///< from the due time until the guest ran
};

/// A virtual machine monitor that hands a device to one guest after another (Linux: VFIO with
/// iommufd): reset when the device is opened, the guest's domain attached, and a further one to
/// a PASID if it has one; DMA of the guest; reset when it is closed, back to the default domain.
/// What the guest has mapped stays mapped; its unmaps (balloon) know nothing of resets.
class vfio {
public:
    /// @param guest of kind vfio  @param reset of the device when it is opened and closed
    vfio(kernel& k, iommu_core& core, client& guest, const vm_load& load,
         std::function<int(pci_dev&)> reset);

    void start();
    const client& guest() const { return guest_; }
    const vfio_results& results() const { return results_; }

private:
    void run_guests();
    void reset();
    bool attach();
    template <class Call>
    bool persist(Call&&);
    void detach_pasid();

    kernel& kernel_;
    iommu_core& core_;
    client& guest_;
    vm_load load_;
    iommu_domain* pasid_domain_ = nullptr;
    std::function<int(pci_dev&)> reset_;
    vfio_results results_;
};

}  // namespace drydock::sw
