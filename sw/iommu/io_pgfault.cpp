// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/io_pgfault.h"

#include <utility>

#include "sw/iommu/group.h"
#include "sw/pci/device.h"

namespace drydock::sw {

namespace {
constexpr u32 no_pasid = ~u32{0};
constexpr unsigned grpid_bits = 9;
/// PRG indices are of the function; the PASID tells a group from a leftover of another.
u32 key_of(const iommu_fault& f) {
    return (f.pasid_valid ? f.pasid << grpid_bits : no_pasid << grpid_bits) | f.grpid;
}
}  // namespace

iopf_queue::fault_param* iopf_queue::find(device& d) {
    const auto it = params_.find(&d);
    return it == params_.end() || it->second->users == 0 ? nullptr : it->second.get();
}

int iopf_queue::iopf_queue_add_device(device& d) {
    auto& p = params_[&d];
    if (!p) order_.push_back((p = std::make_unique<fault_param>(*this, d)).get());
    p->stopping = false;
    ++p->users;
    return 0;
}

void iopf_queue::stop_device(device& d) {
    fault_param* p = find(d);
    if (!p || p->users > 1) {
        if (p) --p->users;
        return;
    }
    p->stopping = true;
    p->partial.clear();
    if (!p->answered) {
        p->answered = true;
        respond(d, p->in_hand, iommu_page_response_code::invalid);
    }
    while (!p->pending.empty()) {
        const group g = std::move(p->pending.front());
        p->pending.pop_front();
        respond(d, g, iommu_page_response_code::invalid);
    }
}

void iopf_queue::iopf_queue_remove_device(device& d) {
    if (fault_param* p = find(d)) p->users = 0;
}

void iopf_queue::iopf_queue_discard_partial() {
    for (fault_param* p : order_) p->partial.clear();
}

int iopf_queue::iommu_report_device_fault(device& d, const iommu_fault& f) {
    fault_param* p = find(d);
    if (!p) return -ENODEV;
    if (p->stopping) {
        if (f.last) ops_.page_response(d, f, iommu_page_response_code::invalid);
        return 0;
    }
    group& g = p->partial[key_of(f)];
    g.push_back(f);
    if (!f.last) return 0;
    p->pending.push_back(std::move(g));
    p->partial.erase(key_of(f));
    kernel_.schedule_work(p->worker, cpu_);
    return 0;
}

void iopf_queue::work_on(fault_param& p) {
    while (!p.pending.empty()) {
        p.in_hand = std::move(p.pending.front());
        p.pending.pop_front();
        p.answered = false;
        const iommu_page_response_code c = handle(p.dev, p.in_hand);
        ++handled_;
        // The device may have been stopped meanwhile, and the group answered.
        if (!std::exchange(p.answered, true)) respond(p.dev, p.in_hand, c);
    }
}

/// Page after page until one cannot be had (Linux: iommu_sva_handle_iopf()).
iommu_page_response_code iopf_queue::handle(device& d, const group& g) {
    call_scope call(kernel_, "iommu_sva_handle_iopf", d.id);
    // g may be answered and gone while a page is fetched.
    const group faults = g;  // NOLINT(performance-unnecessary-copy-initialization)
    for (const iommu_fault& f : faults) {
        iommu_domain* domain = nullptr;
        if (d.group && f.pasid_valid) {
            const auto it = d.group->pasid_array.find(f.pasid);
            if (it != d.group->pasid_array.end()) domain = it->second;
        } else if (d.group) {
            domain = d.group->domain;
        }
        const auto c = domain && domain->iopf_handler ? domain->iopf_handler(f)
                                                      : iommu_page_response_code::invalid;
        if (c != iommu_page_response_code::success) {
            call.result(-EFAULT);
            return c;
        }
    }
    return iommu_page_response_code::success;
}

}  // namespace drydock::sw
