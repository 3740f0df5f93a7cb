// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "sw/iommu/domain.h"
#include "sw/kernel/kernel.h"

namespace drydock::sw {

/// Faults of devices whose pages come in on demand (Linux: struct iopf_queue). Requests are kept
/// until the last of their group is there; then a worker asks the domain of the PASID for page
/// after page and answers the group once. Groups of a device are served one after another.
class iopf_queue {
public:
    /// @param cpu where the workers run
    iopf_queue(kernel& k, iommu_ops& ops, unsigned cpu) : kernel_(k), ops_(ops), cpu_(cpu) {}
    iopf_queue(const iopf_queue&) = delete;
    iopf_queue& operator=(const iopf_queue&) = delete;

    /// From here on the device's faults are taken. Calls nest. @return 0
    int iopf_queue_add_device(device&);
    /// The last of them: partial groups are dropped, pending ones answered as invalid, and so is
    /// what comes until iopf_queue_remove_device().
    void stop_device(device&);
    void iopf_queue_remove_device(device&);
    /// Requests were lost: groups that are not complete never will be.
    void iopf_queue_discard_partial();

    /// @return 0; -ENODEV for a device that was not added: the driver answers
    int iommu_report_device_fault(device&, const iommu_fault&);

    u64 groups_handled() const { return handled_; }

private:
    using group = std::vector<iommu_fault>;
    struct fault_param {
        fault_param(iopf_queue& q, device& d)
            : dev(d), worker("iopf/" + d.name, [&q, this] { q.work_on(*this); }) {}
        device& dev;
        unsigned users = 0;
        bool stopping = false;
        std::map<u32, group> partial;  ///< by grpid and PASID
        std::deque<group> pending;
        bool answered = true;  ///< the group that the worker has in hand
        group in_hand;
        struct work worker;
    };
    fault_param* find(device&);
    void work_on(fault_param&);
    iommu_page_response_code handle(device&, const group&);
    void respond(device& d, const group& g, iommu_page_response_code c) {
        ops_.page_response(d, g.back(), c);
    }

    kernel& kernel_;
    iommu_ops& ops_;
    unsigned cpu_;
    std::map<device*, std::unique_ptr<fault_param>> params_;  ///< never iterated
    std::vector<fault_param*> order_;                         ///< as added
    u64 handled_ = 0;
};

}  // namespace drydock::sw
