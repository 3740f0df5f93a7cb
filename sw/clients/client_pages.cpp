// SPDX-License-Identifier: Apache-2.0
// A client's buffer: mapping it, taking pages away, bringing them in when the device asks.
#include <algorithm>
#include <stdexcept>

#include "sw/clients/client.h"

namespace drydock::sw {

bool client::resident_at_start(u64 page) const {
    if (!config_.page_faults) return true;
    const u64 percent = config_.page_faults->resident_percent;
    return (page + 1) * percent / 100 != page * percent / 100;
}

void client::map_buffer() {
    const u64 count = config_.buffer_bytes / config_.page_bytes;
    const auto contiguous = static_cast<u32>(config_.page_bytes / 4096);
    const bool identity = domain_->type == iommu_domain_type::identity;
    pages_.resize(count);
    addresses_.resize(count);
    for (u64 i = 0; i < count; ++i) {
        addresses_[i] = buffer_ + i * config_.page_bytes;
        if (!resident_at_start(i)) continue;
        pages_[i] = config_.peer ? config_.peer_address + i * config_.page_bytes
                                 : kernel_.alloc_pages(contiguous, config_.name);
        if (identity) {
            addresses_[i] = pages_[i];
            continue;
        }
        if (core_.iommu_map(*domain_, buffer_ + i * config_.page_bytes, pages_[i],
                            config_.page_bytes, IOMMU_READ | IOMMU_WRITE) != 0)
            throw std::runtime_error("client " + config_.name + ": its buffer could not be mapped");
    }
}

void client::map_page(u64 page, phys_addr_t at) {
    const int rc = core_.iommu_map(*domain_, buffer_ + page * config_.page_bytes, at,
                                   config_.page_bytes, IOMMU_READ | IOMMU_WRITE);
    kernel_.warn_on(rc != 0, "client could not map a page again", engine_->dev().rid());
}

void client::unmap_once() {
    const u64 first = victim(), count = config_.unmap->pages, bytes = config_.page_bytes;
    const auto contiguous = static_cast<u32>(bytes / 4096);
    // Taken before the old ones are free: a page never follows itself.
    fresh_.clear();
    if (config_.unmap->remap)
        for (u64 i = 0; i < count; ++i)
            fresh_.push_back(kernel_.alloc_pages(contiguous, config_.name));
    auto& tell = kernel_.observe();
    const auto begun = kernel_.now();
    results_.unmap.begun = begun;
    tell.emit(hal::note::op_begin, place_, kernel_.current_span(), unmap_text_,
              engine_->dev().rid());
    if (mmap_lock_) mmap_lock_->lock();
    const unmap_class c =
        unmap_range(buffer_ + first * bytes, count * bytes, config_.unmap->atomic);
    const auto took = kernel_.now() - begun;
    results_.unmap.begun.reset();
    ++results_.unmap.done;
    ++results_.unmaps_of_class[static_cast<unsigned>(c)];
    results_.unmap.longest = std::max(results_.unmap.longest, took);
    tell.emit(hal::note::op_end, place_, kernel_.current_span(), unmap_text_, engine_->dev().rid(),
              static_cast<u64>(c), static_cast<u64>(took.count()));
    for (u64 i = 0; i < count; ++i) {
        if (!fresh_.empty()) map_page(first + i, fresh_[i]);
        // Poisoned; from here on another owner's.
        if (pages_[first + i] != 0) kernel_.free_pages(pages_[first + i], contiguous, true);
        pages_[first + i] = fresh_.empty() ? 0 : fresh_[i];
        if (refilled_.size() < pages_.size()) refilled_.push_back(static_cast<u32>(first + i));
    }
    if (mmap_lock_) mmap_lock_->unlock();
}

unmap_class client::unmap_range(dma_addr_t at, u64 bytes, bool reclaim) {
    if (reclaim) lru_lock_.lock_irqsave();
    const unmap_class c = core_.iommu_unmap(*domain_, at, bytes, engine_->dev().rid());
    if (reclaim) lru_lock_.unlock_irqrestore();
    return c;
}

int client::unmap_pages(page_run pages, bool reclaim) {
    const u64 end = pages.first + pages.count;
    if (gone_ || end > pages_.size()) return -ENOENT;
    for (u64 page = pages.first; page < end; ++page)
        if (pages_[page] == 0) return -ENOENT;
    if (domain_->type == iommu_domain_type::identity) return -EINVAL;
    const u64 bytes = config_.page_bytes;
    const unmap_class c = unmap_range(addresses_[pages.first], pages.count * bytes, reclaim);
    for (u64 page = pages.first; page < end; ++page) {
        kernel_.free_pages(pages_[page], static_cast<u32>(bytes / 4096), true);
        pages_[page] = 0;
    }
    return static_cast<int>(c);
}

/// A worker of the fault queue asks for one page (Linux: handle_mm_fault()).
iommu_page_response_code client::handle_mm_fault(const iommu_fault& f) {
    guard hold(*mmap_lock_);
    kernel_.spend(kernel_.costs().function_call);
    // Nothing is left of a process whose device has gone.
    if (f.addr < buffer_ || f.addr >= buffer_ + pages_.size() * config_.page_bytes) {
        ++results_.page_faults_invalid;
        return iommu_page_response_code::invalid;
    }
    const u64 page = (f.addr - buffer_) / config_.page_bytes;
    if (pages_[page] != 0) {  // another fault has brought it in meanwhile
        ++results_.page_faults_spurious;
        return iommu_page_response_code::success;
    }
    kernel_.spend(kernel_.costs().page_fault);
    pages_[page] = kernel_.alloc_pages(static_cast<u32>(config_.page_bytes / 4096), config_.name);
    map_page(page, pages_[page]);
    ++results_.pages_brought_in;
    return iommu_page_response_code::success;
}

}  // namespace drydock::sw
