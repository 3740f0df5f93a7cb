// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sw/clients/dma_engine.h"
#include "sw/clients/loads.h"
#include "sw/clients/random.h"

namespace drydock::sw {

enum class client_kind : u8 {
    dma_client,  ///< a driver: DMA mappings of the device's domain; knows of resets
    sva,         ///< a process on a PASID; its unmaps know nothing of resets
    vfio,        ///< a guest: a domain of its own, which a virtual machine monitor attaches
};

struct client_config {
    std::string name;
    client_kind kind = client_kind::dma_client;
    u16 device = 0;  ///< Routing ID
    /// Another device: the buffer is the upper half of its BAR0 (Linux: p2pdma).
    std::optional<u16> peer = {};
    phys_addr_t peer_address = 0;  ///< where that is on the CPU's bus
    std::optional<u32> pasid = {};
    unsigned cpu = 0;
    u64 buffer_bytes = 1 << 20;  ///< whole pages
    u64 page_bytes = 4096;       ///< multiple of 4 KiB
    std::optional<dma_load> dma = {};
    std::optional<unmap_load> unmap = {};
    std::optional<demand_paging> page_faults = {};  ///< of sva
    vm_load vm = {};                                ///< of vfio
    std::optional<health_watch> ras = {};           ///< of dma_client
    bool autostart = true;
};

/// Operations of one kind. due = done + missed + the one in progress.
struct operation_counts {
    u64 due = 0, done = 0, missed = 0;
    hal::duration longest{};
    std::optional<hal::time_point> begun;  ///< of the one in progress
};

struct client_results {
    operation_counts unmap, dma;
    u64 unmaps_of_class[3] = {};  ///< none, tlbi_only, atc
    u64 dma_no_access = 0;        ///< descriptors, not bursts
    u64 dma_errors = 0;
    u64 dma_bytes = 0;
    u64 pages_brought_in = 0;      ///< because the device asked
    u64 page_faults_spurious = 0;  ///< of pages that were there already
    u64 page_faults_invalid = 0;   ///< of addresses outside the buffer
};

/// A closed-loop user of one queue of a DMA engine, as two tasks on its CPU: one submits bursts,
/// one unmaps pages and maps new ones in their place. A due time that passes while an operation is
/// in progress is missed.
class client final : dma_queue_client {
public:
    /// @param domain that the queue's requests translate by; null for sva: a domain of its own, on
    /// the PASID
    /// @param engine  null: its device is not there yet
    client(kernel& k, iommu_core& core, dma_engine* engine, const client_config& config, u64 seed);

    /// Allocates and maps the buffer, attaches the PASID, makes the queue. From a task, before
    /// engine.start().
    /// @throws std::runtime_error or std::invalid_argument naming the client and what is wrong
    void setup();
    /// Starts the tasks; due times count from now. Without a device it is only noted.
    void start();
    bool started() const { return started_; }

    /// The driver lets go of the device: tasks end, what was mapped and attached is given back.
    void unbind();
    /// A device has come in the place of the one that went: as setup(), results go on.
    void rebind(dma_engine&);
    bool bound() const { return !gone_; }

    /// From a task: pages go at once, for good. @param reclaim in atomic context, as memory reclaim
    /// does it @return the class of the unmap; -ENOENT: one of them is not mapped
    int unmap_pages(page_run pages, bool reclaim = false);
    /// Where a device reaches that page, or did.
    dma_addr_t address_of(u64 page) const { return addresses_[page]; }

    /// While suspended no DMA is due; what is under way goes on.
    void suspend_dma() { suspended_ = true; }
    void resume_dma() { suspended_ = false; }
    /// What else begins with each start() that has a device.
    void beside(std::function<void()> f) { beside_.push_back(std::move(f)); }
    /// A further task on its CPU, named after it; it has to end soon once bound() is false.
    void run(const char* what, std::function<void()> body);

    const client_config& config() const { return config_; }
    const client_results& results() const { return results_; }
    bool queue_stopped() const { return gone_ || engine_->stopped(queue_); }
    iommu_domain* domain() const { return domain_; }
    dma_engine& engine() const { return *engine_; }

private:
    void check() const;
    void attach_pasid();
    void dma_task();
    void unmap_task();
    void begin_burst();
    void end_burst(dma_status worst);
    void unmap_once();
    unmap_class unmap_range(dma_addr_t, u64 bytes, bool reclaim);
    void map_buffer();
    void map_page(u64 page, phys_addr_t at);
    bool resident_at_start(u64 page) const;
    iommu_page_response_code handle_mm_fault(const iommu_fault&);
    u64 victim();
    u64 missed_until(hal::time_point due, hal::duration every) const;
    void tell_due(hal::text_id op, u64 missed);
    hal::time_point account(operation_counts&, hal::text_id op, hal::time_point due,
                            hal::duration every);
    void dma_completed(u32 head, dma_status worst, u64 failed) override;
    void dma_aborted() override;

    kernel& kernel_;
    iommu_core& core_;
    dma_engine* engine_;
    client_config config_;
    random_stream dma_random_, unmap_random_;
    hal::place_id place_;
    hal::text_id dma_text_, unmap_text_;
    iommu_domain* domain_ = nullptr;
    dma_addr_t buffer_ = 0;
    std::vector<dma_addr_t> addresses_;  ///< of the pages, as a device uses them
    /// Of the buffer, in the order of its addresses; 0: not there. Where pages come in on demand,
    /// under mmap_lock_.
    std::vector<phys_addr_t> pages_;
    std::optional<mutex> mmap_lock_;
    spinlock lru_lock_;  ///< of unmaps by memory reclaim
    std::vector<dma_descriptor> work_;
    std::vector<u32> recent_;  ///< pages of the latest burst that were not unmapped since
    /// Mapped anew since the last burst: the next one uses them first, as a driver posts the
    /// buffers that it has just refilled.
    std::vector<u32> refilled_;
    std::vector<phys_addr_t> fresh_;
    unsigned queue_ = 0;
    u32 submitted_ = 0;  ///< tail of the burst in progress
    u64 burst_bytes_ = 0;
    client_results results_;
    wait_queue ended_;
    std::vector<std::function<void()>> beside_;
    unsigned running_ = 0;  ///< tasks
    bool gone_ = false, started_ = false, suspended_ = false;
};

}  // namespace drydock::sw
