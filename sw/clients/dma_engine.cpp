// SPDX-License-Identifier: Apache-2.0
#include "sw/clients/dma_engine.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <linux/pci_regs.h>

#include "sw/arm_smmu_v3/queue.h"
#include "sw/pci/atomics.h"
#include "sw/pci/intx.h"
#include "sw/pci/msi.h"
#include "sw/pci/reset_methods.h"

namespace drydock::sw {

namespace {

constexpr u64 page = 4096;
constexpr u64 descriptor_bytes = 32;
constexpr u32 engine_id = 0x4452'4459;

// Register map in BAR0
constexpr u64 reg_id = 0x000, reg_queues = 0x004, reg_interrupts = 0x008, queue_base = 0x100,
              queue_stride = 0x40;
constexpr u64 q_ring = 0x00, q_log2 = 0x08, q_control = 0x0c, q_tail = 0x10, q_head = 0x14,
              q_write_back = 0x18, q_vector = 0x20, q_status = 0x24;
constexpr u32 control_enable = 1u << 0, control_pasid_valid = 1u << 1, control_irq_enable = 1u << 4;
constexpr u32 status_busy = 1u << 0;

constexpr hal::duration idle_limit = 100ms;
constexpr hal::duration idle_look = 10us;

std::array<u64, 4> encode(const dma_descriptor& d) {
    return {static_cast<u8>(d.what) | u64{d.interrupt} << 8 | u64{d.bytes} << 32, d.address,
            d.pattern, d.cookie};
}

}  // namespace

dma_engine::dma_engine(kernel& k, iommu_core& core, pci_dev& dev, dma_engine_options options)
    : kernel_(k),
      core_(core),
      dev_(dev),
      options_(options),
      drained_(k, "dma_engine_drained(" + dev.dev.name + ")") {}

phys_addr_t dma_engine::reg(unsigned q, u64 offset) const {
    return dev_.resource[0].start + queue_base + q * queue_stride + offset;
}

void dma_engine::probe() {
    pci_enable_device(dev_);
    pci_set_master(dev_);
    const u64 bar0 = dev_.resource[0].start;
    if (dev_.resource[0].size < queue_base + max_queues * queue_stride ||
        kernel_.readl(bar0 + reg_id) != engine_id)
        throw std::runtime_error(dev_.dev.name +
                                 ": BAR0 holds no DMA engine (no ID 0x44524459 at offset 0)");
    if (kernel_.readl(bar0 + reg_queues) < max_queues)
        throw std::runtime_error(dev_.dev.name + ": the DMA engine has fewer than 8 queues");
    map_doorbell();
    dev_.driver = this;
}

void dma_engine::map_doorbell() {
    const phys_addr_t doorbell = kernel_.msi_doorbell();
    iommu_domain* domain = core_.iommu_get_domain_for_dev(dev_.dev);
    if (!domain || domain->type == iommu_domain_type::identity) {
        msi_address_ = doorbell;
        return;
    }
    if (const int rc = core_.iommu_deferred_attach(dev_.dev, *domain); rc != 0)
        throw std::runtime_error(dev_.dev.name + ": its first mapping cannot attach it (error " +
                                 std::to_string(rc) + ")");
    map_doorbell(*domain);
    msi_address_ = msi_iova_base + doorbell % page;
}

void dma_engine::map_doorbell(iommu_domain& domain) {
    if (domain.iova_to_phys(msi_iova_base) == 0 &&
        core_.iommu_map(domain, msi_iova_base, kernel_.msi_doorbell() / page * page, page,
                        IOMMU_WRITE | IOMMU_MMIO) != 0)
        throw std::runtime_error(dev_.dev.name + ": the interrupt doorbell could not be mapped");
}

unsigned dma_engine::add_queue(const dma_queue_config& config, iommu_domain& domain,
                               dma_queue_client& client) {
    const auto q = static_cast<unsigned>(queues_.size());
    if (q == max_queues)
        throw std::runtime_error(dev_.dev.name + ": more than 8 clients on one DMA engine");
    queues_.push_back(std::make_unique<ring>(kernel_, config, client));
    ring& n = *queues_.back();
    const u64 ring_bytes = ((descriptor_bytes << config.log2_entries) + page - 1) / page * page;
    const u32 pages = static_cast<u32>(ring_bytes / page) + 1;
    n.base = kernel_.alloc_pages(pages, config.name);
    n.pages = pages;
    n.write_back = n.base + ring_bytes;
    dma_addr_t iova = config.ring_iova;
    if (domain.type == iommu_domain_type::identity)
        iova = n.config.ring_iova = n.base;
    else if (core_.iommu_map(domain, iova, n.base, pages * page, IOMMU_READ | IOMMU_WRITE) != 0)
        throw std::runtime_error(config.name + ": the descriptor ring could not be mapped");
    else
        n.domain = &domain;
    n.write_back_iova = iova + ring_bytes;
    n.vector = kernel_.request_irq(config.name, config.cpu, [this, q] { interrupt(q); });
    return q;
}

void dma_engine::start(bool used_before) {
    std::vector<msi_desc> vectors;
    for (unsigned q = 0; q < queues_.size(); ++q)
        vectors.push_back({q, msi_address_, queues_[q]->vector});
    if (!vectors.empty() && pci_enable_msix(dev_, vectors) != 0 && !share_one_message() &&
        !share_wire())
        throw std::runtime_error(dev_.dev.name + ": neither MSI-X with " +
                                 std::to_string(vectors.size()) +
                                 " vectors nor MSI could be enabled, and it has no INTx");
    enable_atomics();
    for (unsigned q = 0; q < queues_.size(); ++q) {
        if (used_before) adopt(q);
        program(q);
    }
    pci_save_state(dev_);  // for slot_reset(), which has no other
}

/// Where the way does not take them the descriptors end with errors.
void dma_engine::enable_atomics() {
    u32 sizes = 0;
    for (const auto& q : queues_)
        if (const u32 bytes = q->config.atomic_bytes)
            sizes |= bytes == 4   ? PCI_EXP_DEVCAP2_ATOMIC_COMP32
                     : bytes == 8 ? PCI_EXP_DEVCAP2_ATOMIC_COMP64
                                  : PCI_EXP_DEVCAP2_ATOMIC_COMP128;
    if (sizes != 0 && pci_enable_atomic_ops_to_root(dev_, sizes) != 0)
        kernel_.log(4, "AtomicOps do not reach the root complex", dev_.rid());
}

/// MSI: whatever queue it was, all are looked at.
bool dma_engine::share_one_message() {
    const u32 irq = kernel_.request_irq(dev_.dev.name, queues_.front()->config.cpu, [this] {
        for (unsigned q = 0; q < queues_.size(); ++q) interrupt(q);
    });
    return pci_enable_msi(dev_, {0, msi_address_, irq}) == 0;
}

bool dma_engine::share_wire() {
    intx_ = pci_intx_line(dev_);
    if (!intx_) return false;
    kernel_.request_wired_irq(*intx_, this, dev_.dev.name, queues_.front()->config.cpu,
                              [this] { return wire_raised(); });
    return true;
}

/// INTx: the device says which queues it was.
bool dma_engine::wire_raised() {
    const phys_addr_t pending = dev_.resource[0].start + reg_interrupts;
    const u32 queues = kernel_.readl(pending);
    if (queues == 0 || queues == ~0u) return false;  // another one of the wire, or gone
    kernel_.writel(pending, queues);
    kernel_.readl(pending);  // comes back behind the Deassert message
    for (unsigned q = 0; q < queues_.size(); ++q)
        if (queues >> q & 1) interrupt(q);
    return true;
}

/// No reset has come since the engine was used, or one that leaves it alone: its counts go on from
/// where they are, and what was submitted is nobody's any more.
void dma_engine::adopt(unsigned q) {
    const u32 head = kernel_.readl(reg(q, q_head));
    kernel_.writel(reg(q, q_tail), head);
    queues_[q]->adopted = head;
}

void dma_engine::program(unsigned q) {
    ring& it = *queues_[q];
    it.tail = it.head = std::exchange(it.adopted, 0);
    it.failed = 0;
    it.failed_before = it.head != 0;
    kernel_.writeq(reg(q, q_ring), it.config.ring_iova);
    kernel_.writel(reg(q, q_log2), it.config.log2_entries);
    kernel_.writeq(reg(q, q_write_back), it.write_back_iova);
    kernel_.writel(reg(q, q_vector), q);
    u32 control = control_enable | control_irq_enable;
    if (it.config.pasid) control |= control_pasid_valid | *it.config.pasid << 12;
    kernel_.writel(reg(q, q_control), control);
    it.stopped = false;
}

bool dma_engine::submit(unsigned number, const std::vector<dma_descriptor>& work) {
    ring& q = *queues_[number];
    q.lock.lock_irqsave();
    const bool open = !q.stopped;
    if (open) {
        const u32 mask = (1u << q.config.log2_entries) - 1;
        for (const auto& d : work) {
            const auto words = encode(d);
            // Stores of one burst stay in the write buffer: they are charged together below.
            kernel_.host().memory.write(q.base + (q.tail & mask) * descriptor_bytes, words.data(),
                                        sizeof words, 0);
            ++q.tail;
        }
        kernel_.spend(static_cast<std::int64_t>(work.size()) * 2 * kernel_.costs().memory_write);
        kernel_.writel(reg(number, q_tail), q.tail);
    }
    q.lock.unlock_irqrestore();
    return open;
}

void dma_engine::interrupt(unsigned number) {
    ring& q = *queues_[number];
    struct {
        u32 head;
        u32 status;
        u64 failed;
    } seen;
    static_assert(sizeof seen == 16);
    kernel_.copy_from(&seen, q.write_back, sizeof seen);
    if (q.stopped && q.tail == 0) return;  // of a life before the reset
    if (seen.head == q.head) return;
    const bool last = q.draining && q.tail - q.head == 1;  // drain()'s own
    q.head = seen.head;
    // The device's count includes what failed under another driver.
    const bool before = std::exchange(q.failed_before, false);
    const u64 failed = before ? u64{seen.status != 0} : seen.failed - q.failed;
    q.failed = seen.failed;
    if (!last) q.client.dma_completed(seen.head, static_cast<dma_status>(seen.status), failed);
    if (q.draining) drained_.wake_all();
}

bool dma_engine::wait_idle(unsigned q) {
    const auto limit = kernel_.now() + idle_limit;
    while (kernel_.readl(reg(q, q_status)) & status_busy) {
        if (kernel_.now() > limit) return false;
        kernel_.sleep(idle_look);
    }
    return true;
}

void dma_engine::reset_prepare(pci_dev&) {
    for (unsigned q = 0; q < queues_.size(); ++q) {
        ring& it = *queues_[q];
        it.lock.lock_irqsave();
        it.stopped = true;
        kernel_.writel(reg(q, q_control), 0);
        it.lock.unlock_irqrestore();
    }
    for (unsigned q = 0; q < queues_.size(); ++q)
        if (!wait_idle(q))
            kernel_.log(4, queues_[q]->config.name + ": DMA does not come to an end", dev_.rid());
}

void dma_engine::reset_done(pci_dev&) {
    const bool counts_go_on = pci_quirk_of(dev_) == pci_quirk::ivb_igd;
    for (unsigned q = 0; q < queues_.size(); ++q) {
        ring& it = *queues_[q];
        if (it.head != it.tail) it.client.dma_aborted();
        if (counts_go_on) adopt(q);
        program(q);
    }
}

// -- error recovery --

void dma_engine::stop() {
    for (auto& q : queues_) {
        q->lock.lock_irqsave();
        q->stopped = true;
        q->lock.unlock_irqrestore();
    }
}

bool dma_engine::responds() { return kernel_.readl(dev_.resource[0].start + reg_id) == engine_id; }

pci_ers_result dma_engine::error_detected(pci_dev&, pci_channel_state state) {
    if (state == pci_channel_state::normal) return pci_ers_result::can_recover;
    stop();
    if (state == pci_channel_state::frozen)
        return options_.recovers_frozen ? pci_ers_result::can_recover : pci_ers_result::need_reset;
    abort_lost();
    return pci_ers_result::disconnect;
}

void dma_engine::abort_lost() {
    for (auto& q : queues_) {
        if (q->head == q->tail) continue;
        q->tail = q->head;
        q->client.dma_aborted();
    }
}

/// Who has voted CAN_RECOVER of a frozen channel does not know whether the link was reset
/// meanwhile, and puts back what that has taken.
pci_ers_result dma_engine::mmio_enabled(pci_dev&) {
    if (options_.recovers_frozen) restore();
    if (responds()) return pci_ers_result::recovered;
    kernel_.warn_on(options_.recovers_frozen, "mmio_enabled: registers read all ones", dev_.rid());
    stop();  // the reset that is asked for would take the queues' registers
    return pci_ers_result::need_reset;
}

void dma_engine::restore() {
    pci_restore_state(dev_);
    pci_save_state(dev_);
}

pci_ers_result dma_engine::slot_reset(pci_dev&) {
    restore();
    return responds() ? pci_ers_result::recovered : pci_ers_result::disconnect;
}

int dma_engine::recover(const std::function<int(pci_dev&)>& reset) {
    call_scope call(kernel_, "dma_engine_recover", dev_.rid());
    pci_dev_lock(dev_);
    stop();
    const int rc = reset(dev_);
    if (rc == 0) {
        pci_restore_state(dev_);
        kernel_.point("s", dev_.rid());
        pci_save_state(dev_);
        reset_done(dev_);
    }
    pci_dev_unlock(dev_);
    return call.result(rc);
}

void dma_engine::resume(pci_dev& d) {
    if (options_.recovers_frozen) restore();  // a reset may have come behind mmio_enabled()
    for (unsigned q = 0; q < queues_.size(); ++q) {
        if (!queues_[q]->stopped) continue;
        if ((kernel_.readl(reg(q, q_control)) & control_enable) == 0) return reset_done(d);
        queues_[q]->stopped = false;  // there was no reset: its work goes on
    }
}

// -- removal --

/// Behind all that was submitted one more descriptor, which only interrupts.
void dma_engine::drain() {
    call_scope call(kernel_, "dma_engine_drain", dev_.rid());
    for (unsigned i = 0; i < queues_.size(); ++i) {
        ring& q = *queues_[i];
        q.draining = true;
        if (!submit(i, {{.what = dma_descriptor::op::nop, .interrupt = true, .bytes = 1}}))
            q.draining = false;  // stopped by error recovery: nothing of it comes any more
        q.lock.lock_irqsave();
        q.stopped = true;
        q.lock.unlock_irqrestore();
        drained_.wait([&q] { return !q.draining || q.head == q.tail; });
        q.draining = false;
    }
}

void dma_engine::quiesce() {
    if (options_.remove_waits) drain();
    if (dev_.disconnected)
        stop();
    else
        reset_prepare(dev_);
    abort_lost();
}

void dma_engine::remove() {
    for (auto& q : queues_) {
        if (q->domain)
            core_.iommu_unmap(*q->domain, q->config.ring_iova, q->pages * page, dev_.rid());
        kernel_.free_pages(q->base, q->pages, true);
    }
    if (intx_) kernel_.free_wired_irq(*intx_, this);
    dev_.msix_enabled = dev_.msi_enabled = false;
    dev_.driver = nullptr;
}

}  // namespace drydock::sw
