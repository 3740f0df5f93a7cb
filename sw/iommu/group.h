// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "sw/iommu/domain.h"

namespace drydock::sw {

/// Why a device is in the blocking domain (variant M3).
enum class gdev_blocked : u8 { no, resetting, reset_failed, quarantined };

/// A device's membership of its group (Linux: struct group_device). Which of the fields a reset
/// variant keeps its state in is said beside them; the others stay as they are.
struct group_device {
    device* dev = nullptr;
    bool pending_reset = false;  ///< R2, R3, R4: attaching is deferred (R2, R3) or refused (R4)
    /// N6, M2, M3: physically in the blocking domain, whatever group->domain says. With the other
    /// variants nobody in the core asks for it: it is what observers were told.
    bool blocked = false;
    gdev_blocked why = gdev_blocked::no;  ///< M3
    u32 reset_depth = 0;  ///< N3, N4, N6, M2, M3: prepare() calls not yet answered by done()
    bool requires_reset = false;  ///< Q3, Q4: reported as broken
};

/// Devices that share one domain (Linux: struct iommu_group).
struct iommu_group {
    iommu_group(kernel& k, std::string n)
        : name(std::move(n)),
          lock(k, "group_mutex(" + name + ")"),
          xa_lock(k, "xa_lock(" + name + ")"),
          refs(k, "iommu_group(" + name + ")"),
          life(k, "iommu_group(" + name + ")") {}

    std::string name;
    mutex lock;        ///< group->mutex: everything below
    spinlock xa_lock;  ///< of pasid_array; R1 and R2 call the driver under it
    refcount refs;     ///< its devices together hold one; R2 one more for each prepare()
    lifetime life;
    bool emptied = false;  ///< its last device went: who comes next gets a new group
    std::list<group_device> devices;
    std::list<group_device> released;  ///< memory of those that went
    iommu_domain* domain = nullptr;    ///< software's view for requests without PASID
    iommu_domain* default_domain = nullptr;
    iommu_domain* blocking_domain = nullptr;
    std::map<u32, iommu_domain*> pasid_array;
    bool requires_reset = false;  ///< Q2: one of it is reported as broken
    u64 client_queues = 0;        ///< given out so far: each has addresses of its own in the domain

    // state of the reset variants
    iommu_domain* resetting_domain = nullptr;  ///< R5, M1, N1, N2: set while a reset is under way
    u32 reset_cnt = 0;     ///< N2: prepare() calls of all members not yet answered
    u32 reset_ndevs = 0;   ///< N3: members between prepare() and done()
    u32 recovery_cnt = 0;  ///< N4, N6, M2, M3: the same: attaching is refused meanwhile
};

}  // namespace drydock::sw
