// SPDX-License-Identifier: Apache-2.0
#include "sw/clients/client.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace drydock::sw {

namespace {

// A window of addresses per queue, away from the doorbell's; processes live high.
constexpr dma_addr_t dma_space = 0x1'0000'0000, dma_space_step = 0x4000'0000;
constexpr dma_addr_t sva_space = 0x7f00'0000'0000;
constexpr u64 buffer_offset = 0x1000'0000;
constexpr u64 access_align = 64;

std::invalid_argument bad(const client_config& c, const std::string& what) {
    return std::invalid_argument("client " + c.name + ": " + what);
}

}  // namespace

client::client(kernel& k, iommu_core& core, dma_engine* engine, const client_config& config,
               u64 seed)
    : kernel_(k),
      core_(core),
      engine_(engine),
      config_(config),
      dma_random_(seed, config.name + ".dma"),
      unmap_random_(seed, config.name + ".unmap"),
      place_(k.observe().place(config.name)),
      dma_text_(k.observe().text("dma")),
      unmap_text_(k.observe().text("unmap")),
      lru_lock_(k, "lru_lock(" + config.name + ")"),
      ended_(k, config.name + ".ended") {
    gone_ = engine == nullptr;
    suspended_ = config.kind == client_kind::vfio;
    check();
}

void client::check() const {
    const auto& c = config_;
    if (c.page_bytes == 0 || c.page_bytes % 4096 != 0)
        throw bad(c, "page must be a multiple of 4 KiB");
    if (c.buffer_bytes == 0 || c.buffer_bytes % c.page_bytes != 0 || c.buffer_bytes > buffer_offset)
        throw bad(c, "buffer must be whole pages, at most 256 MiB");
    if (c.kind == client_kind::sva && !c.pasid) throw bad(c, "a process needs a pasid");
    if (c.dma && (c.dma->burst == 0 || c.dma->burst > 2048))
        throw bad(c, "burst must be 1..2048 descriptors");
    if (c.dma && c.dma->atomic_percent != 0 && c.peer)
        throw bad(c, "AtomicOps go to memory, not to a peer");
    if (c.dma && (c.dma->bytes == 0 || c.dma->bytes > 4096))
        throw bad(c, "a descriptor moves 1..4096 bytes");
    if (c.unmap && (c.unmap->pages == 0 || c.unmap->pages > c.buffer_bytes / c.page_bytes))
        throw bad(c, "unmap takes 1 page up to the whole buffer");
    if (c.page_faults && c.unmap && c.unmap->atomic)
        throw bad(c, "memory reclaim cannot wait for a page fault's lock");
    if (c.kind == client_kind::vfio && c.pasid) throw bad(c, "a guest goes without pasid");
    if (c.page_faults && c.kind != client_kind::sva) throw bad(c, "only a process faults pages in");
    if (c.unmap && !c.unmap->remap && !c.page_faults)
        throw bad(c, "pages that are not mapped again need page faults");
    if ((c.dma && c.dma->every.count() <= 0) || (c.unmap && c.unmap->every.count() <= 0))
        throw bad(c, "every must be longer than 0");
}

void client::attach_pasid() {
    device& dev = engine_->dev().dev;
    domain_ = config_.kind == client_kind::sva ? &core_.sva_domain_alloc(config_.name)
                                               : &core_.paging_domain_alloc(config_.name);
    if (config_.page_faults) {
        // Of another life of the device a fault may still be in the handler.
        if (!mmap_lock_) mmap_lock_.emplace(kernel_, "mmap_lock(" + config_.name + ")");
        domain_->iopf_handler = [this](const iommu_fault& f) { return handle_mm_fault(f); };
    }
    if (const int rc = core_.iommu_attach_device_pasid(*domain_, dev, *config_.pasid); rc != 0)
        throw std::runtime_error(
            "client " + config_.name + ": PASID " + std::to_string(*config_.pasid) +
            " cannot be attached to " + dev.name + " (error " + std::to_string(rc) +
            "); does the device have the PASID capability, and the port take TLP prefixes?");
}

void client::setup() {
    const bool sva = config_.kind == client_kind::sva;
    if (config_.pasid) {
        attach_pasid();
    } else if (config_.kind == client_kind::vfio) {
        domain_ = &core_.paging_domain_alloc(config_.name);
        engine_->map_doorbell(*domain_);
    } else {
        domain_ = core_.iommu_get_domain_for_dev(engine_->dev().dev);
    }
    if (domain_->type == iommu_domain_type::identity && config_.unmap)
        throw bad(config_, "has nothing to unmap on a device in identity mode");
    const u32 burst = config_.dma ? config_.dma->burst : 1;
    dma_queue_config q{.name = config_.name + ".irq", .cpu = config_.cpu, .pasid = config_.pasid};
    if (config_.dma && config_.dma->atomic_percent != 0) q.atomic_bytes = config_.dma->atomic_bytes;
    q.log2_entries = std::max<u32>(2, static_cast<u32>(std::bit_width(2 * burst - 1)));
    // Numbered within the group, so that no two clients of a domain share addresses.
    const dma_addr_t space = sva ? sva_space : dma_space;
    q.ring_iova = space + engine_->dev().dev.group->client_queues++ * dma_space_step;
    queue_ = engine_->add_queue(q, *domain_, *this);
    buffer_ = q.ring_iova + buffer_offset;
    map_buffer();
    work_.reserve(burst);
    recent_.reserve(burst);
}

void client::start() {
    started_ = true;
    if (gone_) return;
    if (config_.unmap) run(".unmap", [this] { unmap_task(); });
    if (config_.dma) run(".dma", [this] { dma_task(); });
    for (const auto& f : beside_) f();
}

void client::run(const char* what, std::function<void()> body) {
    ++running_;
    kernel_.run_task(config_.name + what, config_.cpu, [this, body = std::move(body)] {
        body();
        --running_;
        ended_.wake_all();
    });
}

void client::unbind() {
    gone_ = true;
    ended_.wait([this] { return running_ == 0; });
    device& dev = engine_->dev().dev;
    // A process loses its PASID as a whole, a driver gives back what it has mapped.
    if (config_.pasid) core_.iommu_detach_device_pasid(dev, *config_.pasid);
    if (mmap_lock_) mmap_lock_->lock();  // a fault that is being handled comes to its end
    if (domain_->type != iommu_domain_type::identity)
        core_.iommu_unmap(*domain_, buffer_, config_.buffer_bytes, dev.id);
    const auto contiguous = static_cast<u32>(config_.page_bytes / 4096);
    for (const phys_addr_t page : pages_)
        if (page != 0 && !config_.peer) kernel_.free_pages(page, contiguous, true);
    pages_.clear();
    if (mmap_lock_) mmap_lock_->unlock();
}

void client::rebind(dma_engine& engine) {
    engine_ = &engine;
    recent_.clear();
    refilled_.clear();
    submitted_ = 0;
    setup();
    gone_ = false;  // from here on it has a queue
}

// -- due times --

u64 client::missed_until(hal::time_point due, hal::duration every) const {
    const auto passed = kernel_.now() - due;
    return passed < every ? 0 : static_cast<u64>(passed / every);
}

void client::tell_due(hal::text_id op, u64 missed) {
    auto& tell = kernel_.observe();
    if (tell.wants(hal::note::op_due))
        tell.emit(hal::note::op_due, place_, kernel_.current_span(), op, engine_->dev().rid(),
                  missed);
}

/// Counts what was missed since `due` was served. @return the next due time
hal::time_point client::account(operation_counts& n, hal::text_id op, hal::time_point due,
                                hal::duration every) {
    const u64 missed = missed_until(due, every);
    n.due += missed;
    n.missed += missed;
    if (missed != 0) tell_due(op, missed);
    return due + static_cast<std::int64_t>(missed + 1) * every;
}

// -- DMA --

void client::dma_task() {
    const auto every = config_.dma->every;
    for (auto due = kernel_.now();;) {
        kernel_.sleep_until(std::max(due, kernel_.now()));
        if (gone_) return;
        if (suspended_) {
            due = kernel_.now() + every;
            continue;
        }
        ++results_.dma.due;
        if (results_.dma.begun || engine_->stopped(queue_)) {
            ++results_.dma.missed;
            tell_due(dma_text_, 1);
        } else {
            tell_due(dma_text_, 0);
            begin_burst();
        }
        due = account(results_.dma, dma_text_, due, every);
    }
}

void client::begin_burst() {
    const auto& load = *config_.dma;
    work_.clear();
    recent_.clear();
    burst_bytes_ = 0;
    const u64 places =
        (config_.page_bytes - std::min<u64>(load.bytes, config_.page_bytes)) / access_align + 1;
    const auto refilled = static_cast<u32>(std::min<std::size_t>(refilled_.size(), load.burst));
    for (u32 i = 0; i < load.burst; ++i) {
        const u32 page =
            i < refilled ? refilled_[i] : static_cast<u32>(dma_random_.below(pages_.size()));
        const u64 percent = dma_random_.below(100);
        const bool atomic = percent >= 100 - load.atomic_percent;
        const bool read = percent < load.read_percent;
        recent_.push_back(page);
        burst_bytes_ += atomic ? load.atomic_bytes : load.bytes;
        work_.push_back({.what = atomic ? load.atomic
                                 : read ? dma_descriptor::op::read
                                        : dma_descriptor::op::write,
                         .interrupt = i + 1 == load.burst,
                         .bytes = atomic ? load.atomic_bytes : load.bytes,
                         .address = addresses_[page] + dma_random_.below(places) * access_align,
                         .pattern = u64{submitted_ + i} << 32 | page,
                         .cookie = submitted_ + i});
    }
    refilled_.erase(refilled_.begin(), refilled_.begin() + refilled);
    results_.dma.begun = kernel_.now();
    submitted_ += load.burst;
    auto& tell = kernel_.observe();
    tell.emit(hal::note::op_begin, place_, kernel_.current_span(), dma_text_, engine_->dev().rid());
    if (!engine_->submit(queue_, work_)) end_burst(dma_status::error);
}

void client::end_burst(dma_status worst) {
    if (!results_.dma.begun) return;
    const auto took = kernel_.now() - *results_.dma.begun;
    results_.dma.begun.reset();
    ++results_.dma.done;
    results_.dma.longest = std::max(results_.dma.longest, took);
    kernel_.observe().emit(hal::note::op_end, place_, kernel_.current_span(), dma_text_,
                           engine_->dev().rid(), static_cast<u64>(worst),
                           static_cast<u64>(took.count()));
}

void client::dma_completed(u32, dma_status worst, u64 failed) {
    const auto& load = *config_.dma;
    (worst == dma_status::no_access ? results_.dma_no_access : results_.dma_errors) += failed;
    results_.dma_bytes += burst_bytes_ - std::min<u64>(failed * load.bytes, burst_bytes_);
    end_burst(worst);
}

void client::dma_aborted() {
    results_.dma_errors += config_.dma->burst;
    end_burst(dma_status::error);
}

// -- unmapping --

void client::unmap_task() {
    const auto every = config_.unmap->every;
    // Half a period behind the DMA task, which shares the CPU.
    for (auto due = kernel_.now() + every / 2;;) {
        kernel_.sleep_until(std::max(due, kernel_.now()));
        if (gone_) return;
        ++results_.unmap.due;
        tell_due(unmap_text_, 0);
        unmap_once();
        due = account(results_.unmap, unmap_text_, due, every);
    }
}

/// First page of the range to unmap: one with DMA lately in flight, so that the ATC has something
/// to drain.
u64 client::victim() {
    const u64 last = pages_.size() - config_.unmap->pages;
    if (recent_.empty()) return unmap_random_.below(last + 1);
    const auto i = unmap_random_.below(recent_.size());
    const u64 page = recent_[i];
    recent_[i] = recent_.back();
    recent_.pop_back();
    return std::min(page, last);
}

}  // namespace drydock::sw
