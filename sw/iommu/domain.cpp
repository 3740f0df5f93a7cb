// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/domain.h"

#include "sw/pci/device.h"

namespace drydock::sw {

std::string_view iommu_domain_type_name(iommu_domain_type t) {
    switch (t) {
        case iommu_domain_type::identity:
            return "identity";
        case iommu_domain_type::blocked:
            return "blocked";
        case iommu_domain_type::paging:
            return "paging";
        case iommu_domain_type::sva:
            return "sva";
    }
    return "unknown";
}

int iommu_domain::map_pages(dma_addr_t, phys_addr_t, u64, u32) { return -EINVAL; }
unmap_class iommu_domain::unmap_pages(dma_addr_t, u64) { return unmap_class::none; }
phys_addr_t iommu_domain::iova_to_phys(dma_addr_t) { return 0; }

}  // namespace drydock::sw
