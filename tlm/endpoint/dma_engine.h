// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/requester.h"
#include "tlm/endpoint/atc_if.h"
#include "tlm/endpoint/dma_queue.h"
#include "tlm/endpoint/ring.h"

namespace drydock::endpoint {

/// One memory request as the engine wants it on the link: within one 4 KiB page, MPS or MRRS kept.
struct memory_request {
    base::iova requested{};     ///< address before translation
    std::uint64_t address = 0;  ///< as it goes out
    base::address_type at = base::address_type::untranslated;
    std::uint32_t bytes = 0;  ///< 1..4096
    bool data = false;        ///< what a descriptor moves; neither descriptors nor write-backs
    std::optional<pcie::pasid_prefix> pasid;
    std::uint8_t traffic_class = 0;
    base::span_id span{};
    base::ps obtained{};  ///< when the translation was obtained; observers only
};

/// The operation of a memory_request whose `bytes` are the operand's.
struct atomic_request {
    pcie::tlp_type type{};  ///< fetch_add, swap, cas
    std::uint64_t operand = 0, compare = 0;
};

/// How a read ended.
enum class read_result : std::uint8_t {
    success,
    unsupported_request,
    completer_abort,
    timeout,
    poisoned
};

/// What the engine asks of the function around it.
struct dma_function {
    virtual ~dma_function() = default;
    /// Bus Master Enable, D0 and not in reset.
    virtual bool may_issue() const = 0;
    virtual bool ats_enabled() const = 0;
    /// AtomicOp Requester Enable.
    virtual bool atomics_enabled() const = 0;
    /// A request may carry this PASID.
    virtual bool pasid_allowed(const pcie::pasid_prefix&) const = 0;
    virtual std::uint32_t max_payload() const = 0;
    virtual std::uint32_t max_read_request() const = 0;
    virtual base::routing_id id() const = 0;
    virtual bool try_translate(lookup_id, const std::optional<pcie::pasid_prefix>&, base::iova,
                               atc_access) = 0;
    virtual void release(use_id) = 0;
    /// Asks for the page; dma_engine::page_answered() tells the end. false: it cannot be asked for.
    virtual bool try_page(std::uint32_t waiter, const std::optional<pcie::pasid_prefix>&,
                          base::iova, bool write) = 0;
    /// A queue was disabled and is quiet, and no other one uses its PASID.
    virtual void pasid_stopped(base::substream_id) = 0;
    /// false: no tag or no room; dma_engine::room() tells when to repeat. `reader` comes back with
    /// the data.
    virtual bool try_read(const memory_request&, std::uint32_t reader) = 0;
    /// As try_read(); what memory held comes back.
    virtual bool try_atomic(const memory_request&, const atomic_request&, std::uint32_t reader) = 0;
    /// Enters the posted queue, or false: full.
    virtual bool try_write(const memory_request&, std::span<const std::uint8_t> data) = 0;
    /// Interrupt behind everything written so far. false: no message tells of it, INTx does.
    virtual bool fire(std::uint32_t vector) = 0;
    /// interrupts() is 0 now, or no longer.
    virtual void interrupts_changed() = 0;
};

struct dma_config {
    // Of each traffic class:
    unsigned max_outstanding_reads = 64;   ///< reads and descriptor fetches on the way, 1..1024
    unsigned max_outstanding_writes = 64;  ///< writes between translation and posted queue, 1..1024
    /// Queue q uses TC q modulo this; an Invalidate Completion goes out in each of them. 1..8
    unsigned traffic_classes = 1;
    bool relaxed_ordering = false;  ///< RO in what moves data, where Device Control enables it
    unsigned page_tries = 64;       ///< a page is asked for so often in a row, then it is no_access
};

/// An access that a device makes by itself: nobody has given it work.
struct own_access {
    bool write = true;
    base::iova address{};
    std::optional<pcie::pasid_prefix> pasid = {};
    std::uint32_t bytes = 64;  ///< 1..4096
    std::uint32_t count = 1;   ///< so many; 1..64
};

/// A descriptor-ring DMA engine of 8 queues, served round robin one TLP at a time.
///
/// Descriptors are fetched ahead in reads of up to MRRS. Segments of many descriptors are under way
/// together; the head moves in order. A write is done when it enters the posted queue, a read when
/// its last completion is back: then the use of the translation is given back. A fetch that fails
/// stops its queue (enable reads 0, interrupt). Works at the end of an instant (phase serve), only
/// when something changed.
class dma_engine final : base::timeline_client {
public:
    dma_engine(std::string_view hierarchical_name, base::context& ctx, const dma_config& config,
               dma_function& function);

    /// Aligned 32-bit register accesses; unimplemented offsets read 0.
    std::uint32_t read_register(std::uint32_t offset) const;
    void write_register(std::uint32_t offset, std::uint32_t value);

    // -- answers of the function -----------------------------------------------------------------
    void hit(lookup_id, use_id, const translation&);
    void fault(lookup_id, atc_fault);
    /// The page that a segment waits for is there, or will not come.
    void page_answered(std::uint32_t waiter, bool success);
    void read_data(std::uint32_t reader, std::uint32_t offset, std::span<const std::uint8_t> data);
    void read_done(std::uint32_t reader, read_result result);
    /// Something that was refused or forbidden may work now.
    void room();
    /// ATS Enable changed: translated requests that have not gone out go untranslated.
    void ats_disabled();
    /// Nothing may be issued for now: translations of what has not gone out are given back, so that
    /// no Invalidate Request waits for it, and asked for again later.
    void suspend();
    void reset();
    /// Does this as soon as the function may issue requests and what was asked before is done; a
    /// reset forgets it.
    void access(const own_access&);

    /// Queues whose interrupts no message has told, bit q.
    std::uint32_t interrupts() const { return interrupts_; }
    const dma_queue& queue(unsigned q) const { return queues_[q]; }
    bool idle() const { return segments_in_use_ == 0; }

private:
    enum class task : std::uint8_t { fetch, read, write, write_back, atomic };
    static bool answered(task t) { return t != task::write && t != task::write_back; }
    struct segment {
        enum class state : std::uint8_t { free, translating, paging, ready, sent };
        state is = state::free;
        task what{};
        std::uint8_t queue = 0;
        bool stale = false;  // a fetch of before the queue was disabled
        bool holds_use = false;
        bool translate_again = false;  // its translation was given back unused, or its page came
        bool may_read = false;         // of an AtomicOp: the right to read was looked up
        unsigned page_tries = 0;
        std::uint32_t descriptor = 0;  // count; of a fetch the first
        std::uint32_t offset = 0;      // in the descriptor
        use_id use = 0;
        memory_request request{};
    };

    /// What one traffic class has under way: none waits for another.
    struct lane {
        ring<std::uint32_t> ready_reads, ready_writes;
        unsigned reads_in_use = 0, writes_in_use = 0;
    };

    void on_time(std::uint64_t) override;
    void wake();
    base::ps now() const { return ctx_.timeline.now(); }

    // dma_engine.cpp
    void prepare(unsigned q);
    void write_control(unsigned q, std::uint32_t value);
    void ring_doorbell(unsigned q, std::uint32_t value);
    void note_stopped();
    // dma_issue.cpp
    void begin_own();
    void issue_all();
    bool issue_one(unsigned q);
    bool issue_write_back(unsigned q);
    bool issue_fetch(unsigned q);
    bool issue_segment(unsigned q);
    void begin_descriptor(unsigned q);
    segment* take_segment(task what, unsigned q);
    bool launch(segment& s, std::uint64_t address, std::uint32_t bytes);
    void make_ready(segment& s);
    void drop_translation(segment& s);
    bool translate(segment& s);
    bool left_to_translate(ring<std::uint32_t>& ready);
    void send_ready();
    void send_ready(lane& l);
    lane& lane_of(const segment& s) { return lanes_[s.request.traffic_class]; }
    bool send_write(segment& s);
    bool send_read(segment& s);
    bool possible(const dma_queue& q, const dma_descriptor& d) const;
    // dma_finish.cpp
    void finish(segment& s, dma::outcome result);
    void give_back_use(segment& s);
    void free_segment(segment& s);
    void interrupt(unsigned q);
    void fetch_done(segment& s, dma::outcome result);
    void segment_done(unsigned q, std::uint32_t descriptor, dma::outcome result);
    void advance_head(unsigned q);
    void count_error(dma_queue& q);
    std::uint32_t index_of(const segment& s) const {
        return static_cast<std::uint32_t>(&s - segments_.data());
    }

    base::context& ctx_;
    dma_config config_;
    dma_function& function_;
    base::place_id place_;
    base::timeline::client_id id_;
    /// The last one has no registers: what the function does by itself.
    static constexpr unsigned own = dma::queues;
    std::array<dma_queue, dma::queues + 1> queues_{};
    std::vector<own_access> own_accesses_;  // not begun
    bool own_work_ = false;                 // there is, or was since the last reset
    std::vector<segment> segments_;         // from the first time that a queue is enabled on
    std::vector<std::uint32_t> free_;
    unsigned segments_in_use_ = 0;
    std::vector<lane> lanes_;  // by traffic class
    unsigned next_queue_ = 0;
    bool awake_ = false;
    bool again_ = false;
    bool lookups_refused_ = false;
    std::uint32_t interrupts_ = 0;
    std::uint32_t stopping_ = 0;  // bit q: disabled with a PASID, not yet quiet
    std::array<std::uint32_t, 3> outcome_text_;
};

}  // namespace drydock::endpoint
