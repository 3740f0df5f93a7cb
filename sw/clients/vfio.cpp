// SPDX-License-Identifier: Apache-2.0
#include "sw/clients/vfio.h"

#include <algorithm>

namespace drydock::sw {

vfio::vfio(kernel& k, iommu_core& core, client& guest, const vm_load& load,
           std::function<int(pci_dev&)> reset)
    : kernel_(k), core_(core), guest_(guest), load_(load), reset_(std::move(reset)) {
    if (load_.pasid) pasid_domain_ = &core_.paging_domain_alloc(guest_.config().name + ".pasid");
}

void vfio::start() {
    if (guest_.bound()) guest_.run(".vm", [this] { run_guests(); });
}

void vfio::reset() {
    ++results_.resets;
    if (reset_(guest_.engine().dev()) != 0) ++results_.resets_failed;
}

/// Again and again while a reset refuses it.
template <class Call>
bool vfio::persist(Call&& call) {
    const auto limit = kernel_.now() + load_.give_up;
    for (;;) {
        const int rc = call(guest_.engine().dev().dev);
        if (rc == 0) return true;
        if (rc != -EBUSY || kernel_.now() >= limit) return false;
        ++results_.busy;
        kernel_.sleep(load_.retry);
        if (!guest_.bound()) return false;
    }
}

bool vfio::attach() {
    if (!persist(
            [this](device& d) { return core_.iommu_attach_group(*guest_.domain(), *d.group); }))
        return false;
    if (!load_.pasid) return true;
    if (persist([this](device& d) {
            return core_.iommu_attach_device_pasid(*pasid_domain_, d, *load_.pasid);
        })) {
        ++results_.pasids;
        return true;
    }
    if (guest_.bound()) core_.iommu_detach_group(*guest_.engine().dev().dev.group);
    return false;
}

void vfio::detach_pasid() {
    if (load_.pasid) core_.iommu_detach_device_pasid(guest_.engine().dev().dev, *load_.pasid);
}

void vfio::run_guests() {
    for (auto due = kernel_.now();;) {
        kernel_.sleep_until(std::max(due, kernel_.now()));
        if (!guest_.bound()) return;
        ++results_.due;
        reset();
        if (attach()) {
            ++results_.starts;
            results_.longest_start = std::max(results_.longest_start, kernel_.now() - due);
            guest_.resume_dma();
            kernel_.sleep(load_.lives);
            guest_.suspend_dma();
            if (!guest_.bound()) return detach_pasid();
            reset();
            detach_pasid();
            core_.iommu_detach_group(*guest_.engine().dev().dev.group);
        } else {
            ++results_.failed;
        }
        for (due += load_.every; due <= kernel_.now(); due += load_.every) {
            ++results_.due;
            ++results_.missed;
        }
    }
}

}  // namespace drydock::sw
