// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "sw/kernel/kernel.h"

namespace drydock::sw {

struct iommu_group;
struct pci_dev;

/// PASID 0 on the SMMU stands for requests without PASID (Linux: IOMMU_NO_PASID).
inline constexpr u32 IOMMU_NO_PASID = 0;

/// What an IOMMU driver keeps with a device (Linux: dev_iommu_priv_get()).
struct iommu_private {
    virtual ~iommu_private() = default;
};

/// The IOMMU's view of a device (Linux: struct dev_iommu). A device without one does DMA directly.
struct dev_iommu {
    std::vector<u32> ids;  ///< Requester IDs by which the device speaks: its own, aliases
    u32 iommu_dev = 0;     ///< number of the IOMMU that its translations go to
    /// StreamIDs at that IOMMU, one for each of `ids`; empty: the same numbers.
    std::vector<u32> streams = {};
    u32 max_pasids = 0;  ///< 0: no PASIDs
    /// The first mapping attaches it; so far it is in no domain, or a reset has put it into the
    /// blocking one.
    bool attach_deferred = false;
    bool require_direct =
        false;  ///< firmware demands 1:1 mappings: may not be blocked by attaching
    struct direct_region {
        u64 start, bytes;
    };
    std::vector<direct_region> direct = {};  ///< which; none said: the page of the MSI doorbell
    std::unique_ptr<iommu_private> priv;
};

/// Linux's struct device, as far as resets and translation need it.
struct device {
    device(kernel& kern, std::string n, u16 routing_id)
        : k(kern), name(std::move(n)), id(routing_id), lock(kern, "device_lock(" + name + ")") {}

    kernel& k;
    std::string name;
    u16 id;                   ///< Routing ID, by which observers name the device
    mutex lock;               ///< device_lock()
    pci_dev* pdev = nullptr;  ///< to_pci_dev(); null for a device that is not on PCI
    std::unique_ptr<dev_iommu> iommu;
    iommu_group* group = nullptr;
};

inline bool dev_has_iommu(const device& dev) { return dev.iommu != nullptr; }

/// Whether requests of the two can have one Requester ID (Linux: pci_devs_are_dma_aliases()).
inline bool dma_aliases(const device& a, const device& b) {
    if (!a.iommu || !b.iommu) return false;
    for (const u32 id : a.iommu->ids)
        for (const u32 other : b.iommu->ids)
            if (id == other) return true;
    return false;
}

/// Tells observers of a call into a larger function and of its result.
class call_scope {
public:
    call_scope(kernel& k, std::string_view function, u16 device);
    ~call_scope();
    call_scope(const call_scope&) = delete;
    call_scope& operator=(const call_scope&) = delete;
    /// @return r, so that `return call.result(rc);` reads well
    int result(int r) { return result_ = r; }

private:
    kernel& k_;
    hal::text_id function_;
    u16 device_;
    int result_ = 0;
};

}  // namespace drydock::sw
