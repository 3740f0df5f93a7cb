// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/dma_engine.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t low_half = 0xffff'ffff;
constexpr std::uint64_t ring_alignment = 4096;

std::uint64_t with_low(std::uint64_t whole, std::uint32_t v) { return (whole & ~low_half) | v; }
std::uint64_t with_high(std::uint64_t whole, std::uint32_t v) {
    return (whole & low_half) | (std::uint64_t{v} << 32);
}

}  // namespace

dma_engine::dma_engine(std::string_view name, base::context& ctx, const dma_config& config,
                       dma_function& function)
    : ctx_(ctx),
      config_(config),
      function_(function),
      place_(ctx.probe.place(name)),
      id_(ctx.timeline.join(name, *this)),
      outcome_text_{ctx.probe.text("ok"), ctx.probe.text("no_access"), ctx.probe.text("error")} {
    if (config.max_outstanding_reads < 1 || config.max_outstanding_reads > 1024)
        throw std::invalid_argument("DMA engine: max_outstanding_reads: expected 1..1024");
    if (config.max_outstanding_writes < 1 || config.max_outstanding_writes > 1024)
        throw std::invalid_argument("DMA engine: max_outstanding_writes: expected 1..1024");
    if (config.traffic_classes < 1 || config.traffic_classes > 8)
        throw std::invalid_argument("DMA engine: traffic_classes: expected 1..8");
    for (unsigned tc = 0; tc < config.traffic_classes; ++tc)
        lanes_.push_back({ring<std::uint32_t>(config.max_outstanding_reads),
                          ring<std::uint32_t>(config.max_outstanding_writes)});
    reset();
}

void dma_engine::reset() {
    free_.clear();
    for (std::size_t i = segments_.size(); i-- > 0;) {
        segments_[i] = {};
        free_.push_back(static_cast<std::uint32_t>(i));
    }
    if (ctx_.probe.wants(base::kind::span_end))
        for (dma_queue& q : queues_)
            for (std::uint32_t c = q.head; c != q.cursor + (q.cursor_started ? 1 : 0); ++c)
                if (!q.at(c).done && q.at(c).span != base::no_span)
                    ctx_.probe.emit(base::kind::span_end, place_, now(), q.at(c).span,
                                    static_cast<std::uint64_t>(dma::outcome::error));
    for (dma_queue& q : queues_) q.reset();
    segments_in_use_ = 0;
    for (lane& l : lanes_) {
        l.reads_in_use = l.writes_in_use = 0;
        l.ready_reads.clear();
        l.ready_writes.clear();
    }
    next_queue_ = 0;
    interrupts_ = 0;
    lookups_refused_ = false;
    stopping_ = 0;
    own_accesses_.clear();
    own_work_ = false;
}

std::uint32_t dma_engine::read_register(std::uint32_t offset) const {
    if (offset == dma::id_offset) return dma::id_value;
    if (offset == dma::queues_offset) return dma::queues;
    if (offset == dma::interrupts_offset) return interrupts_;
    if (offset < dma::queue_base || offset >= dma::register_bytes) return 0;
    const dma_queue& q = queues_[(offset - dma::queue_base) / dma::queue_stride];
    switch ((offset - dma::queue_base) % dma::queue_stride) {
        case dma::ring_low:
            return static_cast<std::uint32_t>(q.ring);
        case dma::ring_high:
            return static_cast<std::uint32_t>(q.ring >> 32);
        case dma::ring_log2:
            return q.ring_log2;
        case dma::control:
            return q.control;
        case dma::tail:
            return q.tail;
        case dma::head:
            return q.head;
        case dma::write_back_low:
            return static_cast<std::uint32_t>(q.write_back);
        case dma::write_back_high:
            return static_cast<std::uint32_t>(q.write_back >> 32);
        case dma::vector:
            return q.vector;
        case dma::status:
            return (q.errors << 16) | (q.busy() ? 1u : 0u);
        case dma::found_low:
            return static_cast<std::uint32_t>(q.found);
        case dma::found_high:
            return static_cast<std::uint32_t>(q.found >> 32);
        default:
            return 0;
    }
}

void dma_engine::write_register(std::uint32_t offset, std::uint32_t value) {
    if (offset == dma::interrupts_offset) {
        interrupts_ &= ~value;
        return function_.interrupts_changed();
    }
    if (offset < dma::queue_base || offset >= dma::register_bytes) return;
    const unsigned n = (offset - dma::queue_base) / dma::queue_stride;
    dma_queue& q = queues_[n];
    switch ((offset - dma::queue_base) % dma::queue_stride) {
        case dma::ring_low:
            if (!q.enabled())
                q.ring = with_low(q.ring, value & ~static_cast<std::uint32_t>(ring_alignment - 1));
            break;
        case dma::ring_high:
            if (!q.enabled()) q.ring = with_high(q.ring, value);
            break;
        case dma::ring_log2:
            if (!q.enabled()) q.ring_log2 = value & 0xf;
            break;
        case dma::control:
            write_control(n, value);
            break;
        case dma::tail:
            ring_doorbell(n, value);
            break;
        case dma::write_back_low:
            q.write_back = with_low(q.write_back, value & ~(dma::write_back_bytes - 1));
            break;
        case dma::write_back_high:
            q.write_back = with_high(q.write_back, value);
            break;
        case dma::vector:
            q.vector = value;
            break;
        default:
            break;
    }
}

/// An engine that nobody uses keeps no descriptors.
void dma_engine::prepare(unsigned n) {
    dma_queue& q = queues_[n];
    if (!q.window) q.window = std::make_unique<std::array<dma_descriptor, dma_window>>();
    if (!segments_.empty()) return;
    segments_.resize(lanes_.size() *
                     (config_.max_outstanding_reads + config_.max_outstanding_writes));
    free_.reserve(segments_.size());
    for (std::size_t i = segments_.size(); i-- > 0;) free_.push_back(static_cast<std::uint32_t>(i));
}

void dma_engine::write_control(unsigned n, std::uint32_t value) {
    dma_queue& q = queues_[n];
    const bool was_enabled = q.enabled();
    const auto before = q.prefix();
    q.control = value;
    if (q.enabled() && !q.ring_valid()) {  // nothing to fetch from: refused
        q.control &= ~dma::control_enable;
        count_error(q);
    }
    if (q.enabled()) prepare(n);
    if (was_enabled && !q.enabled()) {
        for (segment& s : segments_)
            if (s.is != segment::state::free && s.queue == n && s.what == task::fetch)
                s.stale = true;
        q.drop_prefetched();
        if (before) {
            q.stopping = before->pasid;
            stopping_ |= 1u << n;
        }
    }
    if (q.enabled()) stopping_ &= ~(1u << n);
    wake();
}

/// A count that would overrun the ring is not taken.
void dma_engine::ring_doorbell(unsigned n, std::uint32_t value) {
    dma_queue& q = queues_[n];
    if (q.ring_valid() && value - q.head > q.entries()) return count_error(q);
    q.tail = value;
    wake();
}

/// Tells of PASIDs that no queue uses any more.
void dma_engine::note_stopped() {
    for (std::uint32_t left = stopping_; left != 0; left &= left - 1) {
        const auto n = static_cast<unsigned>(std::countr_zero(left));
        if (queues_[n].busy()) continue;
        stopping_ &= ~(1u << n);
        const base::substream_id pasid = queues_[n].stopping;
        const bool used = std::any_of(queues_.begin(), queues_.end(), [&](const dma_queue& q) {
            const auto p = q.prefix();
            return p && p->pasid == pasid && (q.enabled() || q.busy());
        });
        if (!used) function_.pasid_stopped(pasid);
    }
}

void dma_engine::room() {
    lookups_refused_ = false;
    wake();
}

void dma_engine::drop_translation(segment& s) {
    give_back_use(s);
    s.request.at = base::address_type::untranslated;
    s.request.address = s.request.requested.value;
    s.request.obtained = {};
}

void dma_engine::ats_disabled() {
    for (segment& s : segments_)
        if (s.is == segment::state::ready && s.holds_use) drop_translation(s);
    lookups_refused_ = false;
    wake();
}

void dma_engine::suspend() {
    for (segment& s : segments_) {
        if (s.is != segment::state::ready || !s.holds_use) continue;
        drop_translation(s);
        s.translate_again = true;
    }
}

void dma_engine::wake() {
    if (awake_) return;
    awake_ = true;
    ctx_.timeline.at(now(), base::phase::serve, id_);
}

void dma_engine::on_time(std::uint64_t) {
    awake_ = false;
    if (stopping_ != 0) note_stopped();
    if (!function_.may_issue()) return;
    do {  // what ends here may make room for more, and be followed by a write-back
        again_ = false;
        send_ready();
        issue_all();
        send_ready();
    } while (again_);
    if (stopping_ != 0) note_stopped();
}

}  // namespace drydock::endpoint
