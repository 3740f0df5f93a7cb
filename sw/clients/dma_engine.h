// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sw/iommu/iommu.h"
#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// One piece of work for a queue.
struct dma_descriptor {
    enum class op : u8 { nop = 0, read = 1, write = 2, fetch_add = 3, swap = 4, cas = 5 };
    op what = op::nop;
    bool interrupt =
        false;      ///< status write-back and interrupt when this one and all before it are done
    u32 bytes = 0;  ///< 1..4096
    dma_addr_t address = 0;
    u64 pattern = 0;  ///< what op::write writes; operand of an AtomicOp
    u64 cookie = 0;   ///< of op::cas: what it compares with
};

enum class dma_status : u8 { ok = 0, no_access = 1, error = 2 };

/// Who uses a queue. Called in interrupt context (completed) or by the task that resets (aborted,
/// restarted).
struct dma_queue_client {
    /// All that was submitted up to `head` is done; worst outcome and failures since the last call.
    virtual void dma_completed(u32 head, dma_status worst, u64 failed) = 0;
    /// What was submitted and not completed will not be any more.
    virtual void dma_aborted() = 0;

protected:
    ~dma_queue_client() = default;
};

struct dma_queue_config {
    std::string name;
    unsigned cpu = 0;               ///< takes the interrupt
    std::optional<u32> pasid = {};  ///< every request of the queue carries it
    u32 log2_entries = 6;           ///< 2..12
    dma_addr_t ring_iova = 0;       ///< ring, then one page for the write-back
    u32 atomic_bytes = 0;           ///< operand of its AtomicOps: 4, 8, 16; 0: it sends none
};

/// How drivers of the field differ.
struct dma_engine_options {
    /// error_detected() of a frozen channel votes CAN_RECOVER: the driver takes its registers for
    /// readable in mmio_enabled(), which WARNs where they are not.
    bool recovers_frozen = false;
    /// remove() has the engine end its work and waits for the interrupt that says so, however long.
    bool remove_waits = false;
};

/// Driver of an endpoint's DMA engine: up to 8 descriptor rings, one per client.
class dma_engine final : public pci_driver {
public:
    /// Writes of a vector go through the SMMU like any other: the doorbell is mapped here.
    static constexpr dma_addr_t msi_iova_base = 0x0800'0000;
    static constexpr unsigned max_queues = 8;

    dma_engine(kernel& k, iommu_core& core, pci_dev& dev, dma_engine_options options = {});

    /// Takes the device: decoding, bus master. @throws std::runtime_error if it is no such engine
    void probe();
    /// Makes a queue and maps ring and write-back page in `domain`. Before start(). @return its
    /// number
    /// @throws std::runtime_error beyond 8 queues or if mapping fails
    unsigned add_queue(const dma_queue_config&, iommu_domain& domain, dma_queue_client&);
    /// Interrupts on, queues enabled.
    /// @param used_before  not reset since another driver has let it go, perhaps
    void start(bool used_before = false);
    /// Maps what interrupts are written to in a further domain, at the same address.
    void map_doorbell(iommu_domain&);

    bool responds();  ///< reads a register: false, if what comes is not what it holds
    /// By the driver's own means: queues stopped, `reset` (the device is locked), what was saved at
    /// the start put back, queues programmed again. @return what `reset` returned
    int recover(const std::function<int(pci_dev&)>& reset);

    /// @return false if the queue is stopped. @pre fewer descriptors outstanding than the ring has
    /// entries
    bool submit(unsigned queue, const std::vector<dma_descriptor>&);
    unsigned queues() const { return static_cast<unsigned>(queues_.size()); }
    bool stopped(unsigned queue) const { return queues_[queue]->stopped; }
    pci_dev& dev() { return dev_; }

    void reset_prepare(
        pci_dev&) override;  ///< quiesces: no new work, then waits until nothing is outstanding
    void reset_done(pci_dev&) override;  ///< programs the queues again, aborts what was lost

    /// Lets the device go: queues stopped, what was submitted aborted, rings given back.
    void remove();
    /// Its first half: from here on no queue takes work.
    void quiesce();

    // Error recovery: while the way is frozen no queue takes work and no register is touched.
    pci_ers_result error_detected(pci_dev&, pci_channel_state) override;
    pci_ers_result mmio_enabled(pci_dev&) override;
    pci_ers_result slot_reset(pci_dev&) override;  ///< restores what was saved at the start
    void resume(pci_dev&) override;                ///< as reset_done(), where queues are stopped

private:
    struct ring {
        ring(kernel& k, dma_queue_config c, dma_queue_client& cl)
            : config(std::move(c)), client(cl), lock(k, "dma_queue(" + config.name + ")") {}
        dma_queue_config config;
        dma_queue_client& client;
        iommu_domain* domain = nullptr;  ///< ring and write-back are mapped there
        u32 pages = 0;
        spinlock lock;  ///< submitting against stopping
        phys_addr_t base = 0, write_back = 0;
        dma_addr_t write_back_iova = 0;
        u32 tail = 0, head = 0;
        u64 failed = 0;
        u32 adopted = 0;             ///< head of a queue that was in use before
        bool failed_before = false;  ///< until the first write-back tells how many
        u32 vector = 0;
        bool stopped = true;
        bool draining = false;  ///< its last descriptor is drain()'s
    };
    phys_addr_t reg(unsigned q, u64 offset) const;
    void enable_atomics();
    void adopt(unsigned q);
    void program(unsigned q);
    bool share_one_message();
    bool share_wire();
    bool wire_raised();
    void interrupt(unsigned q);
    void map_doorbell();
    bool wait_idle(unsigned q);
    void stop();
    void abort_lost();
    void restore();
    void drain();

    kernel& kernel_;
    iommu_core& core_;
    pci_dev& dev_;
    dma_engine_options options_;
    wait_queue drained_;
    std::vector<std::unique_ptr<ring>> queues_;
    u64 msi_address_ = 0;
    std::optional<u32> intx_;  ///< wired interrupt in use
};

}  // namespace drydock::sw
