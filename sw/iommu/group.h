// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "sw/iommu/domain.h"

namespace drydock::sw {

/// A device's membership of its group (Linux: struct group_device).
struct group_device {
    device* dev = nullptr;
    bool blocked = false;  ///< physically in the blocking domain, whatever group->domain says
    u32 reset_depth = 0;   ///< prepare() calls not yet answered by done()
};

/// Devices that share one domain (Linux: struct iommu_group).
struct iommu_group {
    iommu_group(kernel& k, std::string n)
        : name(std::move(n)),
          lock(k, "group_mutex(" + name + ")"),
          refs(k, "iommu_group(" + name + ")") {}

    std::string name;
    mutex lock;  ///< group->mutex: everything below
    refcount refs;
    std::list<group_device> devices;
    iommu_domain* domain = nullptr;  ///< software's view for requests without PASID
    iommu_domain* default_domain = nullptr;
    iommu_domain* blocking_domain = nullptr;
    std::map<u32, iommu_domain*> pasid_array;
    u64 client_queues = 0;  ///< given out so far: each has addresses of its own in the domain
    u32 recovery_cnt = 0;  ///< devices between prepare() and done(): attaching is refused meanwhile
};

}  // namespace drydock::sw
