// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tlm/endpoint/dma_engine.h"

namespace drydock::endpoint {
namespace {

std::uint64_t get64(std::span<const std::uint8_t> from, std::size_t at) {
    std::uint64_t v = 0;
    for (std::size_t i = 8; i-- > 0;) v = (v << 8) | from[at + i];
    return v;
}

void parse(dma_descriptor& d, std::span<const std::uint8_t> bytes) {
    const std::uint64_t word0 = get64(bytes, 0);
    d.op = static_cast<dma::op>(word0 & 0xff);
    d.irq = (word0 >> 8 & 1) != 0;
    d.length = static_cast<std::uint32_t>(word0 >> 32);
    d.address = get64(bytes, 8);
    d.pattern = get64(bytes, 16);
    d.cookie = get64(bytes, 24);
}

}  // namespace

void dma_engine::read_data(std::uint32_t reader, std::uint32_t offset,
                           std::span<const std::uint8_t> data) {
    segment& s = segments_[reader];
    if (s.what == task::atomic) {
        std::array<std::uint8_t, 8> first{};
        std::copy_n(data.begin(), std::min(data.size(), first.size()), first.begin());
        queues_[s.queue].found = get64(first, 0);
    }
    if (s.what != task::fetch || s.stale) return;  // what a descriptor reads goes nowhere
    // Completions end at multiples of 64 B, hence never within a descriptor.
    for (std::uint32_t done = 0; done + dma::descriptor_bytes <= data.size();
         done += dma::descriptor_bytes)
        parse(queues_[s.queue].at(s.descriptor + (offset + done) / dma::descriptor_bytes),
              data.subspan(done, dma::descriptor_bytes));
}

void dma_engine::read_done(std::uint32_t reader, read_result result) {
    finish(segments_[reader],
           result == read_result::success ? dma::outcome::ok : dma::outcome::error);
    wake();
}

void dma_engine::finish(segment& s, dma::outcome result) {
    const unsigned n = s.queue;
    dma_queue& q = queues_[n];
    again_ = true;
    give_back_use(s);
    switch (s.what) {
        case task::fetch:
            fetch_done(s, result);
            break;
        case task::write_back:
            q.write_back_busy = false;
            q.worst = dma::outcome::ok;
            if (result != dma::outcome::ok) count_error(q);
            if ((q.control & dma::control_irq_enable) != 0) interrupt(n);
            break;
        case task::read:
        case task::write:
        case task::atomic: {
            dma_descriptor& d = q.at(s.descriptor);
            --d.segments;
            segment_done(n, s.descriptor, result);
            break;
        }
    }
    free_segment(s);
}

void dma_engine::interrupt(unsigned n) {
    if (function_.fire(queues_[n].vector)) return;
    interrupts_ |= 1u << n;
    function_.interrupts_changed();
}

void dma_engine::give_back_use(segment& s) {
    if (!s.holds_use) return;
    s.holds_use = false;
    function_.release(s.use);
}

void dma_engine::free_segment(segment& s) {
    lane& l = lane_of(s);
    --(answered(s.what) ? l.reads_in_use : l.writes_in_use);
    --segments_in_use_;
    --queues_[s.queue].segments;
    s.is = segment::state::free;
    free_.push_back(index_of(s));
}

void dma_engine::fetch_done(segment& s, dma::outcome result) {
    dma_queue& q = queues_[s.queue];
    --q.fetches;
    if (s.stale) return;
    if (result == dma::outcome::ok) {
        for (std::uint32_t c = s.descriptor; c != s.descriptor + s.offset; ++c)
            q.at(c).arrived = true;
        while (q.arrived != q.fetched && q.at(q.arrived).arrived) ++q.arrived;
        return;
    }
    // Without its descriptors the queue cannot go on.
    count_error(q);
    q.worst = std::max(q.worst, result);
    write_control(s.queue, q.control & ~dma::control_enable);
    if ((q.control & dma::control_irq_enable) != 0) interrupt(s.queue);
}

/// A part of a descriptor ended. The first that fails ends the handing out of the rest.
void dma_engine::segment_done(unsigned n, std::uint32_t count, dma::outcome result) {
    dma_queue& q = queues_[n];
    dma_descriptor& d = q.at(count);
    d.result = std::max(d.result, result);
    if (result != dma::outcome::ok && d.issued < d.length) {
        d.issued = d.length;
        ++q.cursor;
        q.cursor_started = false;
    }
    if (d.segments > 0 || d.issued < d.length) return;
    d.done = true;
    if (d.result != dma::outcome::ok) {
        ++q.failed;
        q.worst = std::max(q.worst, d.result);
        count_error(q);
    }
    if (ctx_.probe.wants(base::kind::dma_done))
        ctx_.probe.emit(base::kind::dma_done, place_, now(), d.span, n, count,
                        outcome_text_[static_cast<std::size_t>(d.result)], d.length);
    if (d.span != base::no_span && ctx_.probe.wants(base::kind::span_end))
        ctx_.probe.emit(base::kind::span_end, place_, now(), d.span,
                        static_cast<std::uint64_t>(d.result), d.cookie);
    advance_head(n);
}

void dma_engine::advance_head(unsigned n) {
    dma_queue& q = queues_[n];
    while (q.head != q.cursor && q.at(q.head).done) {
        q.at(q.head).done = false;
        if (q.at(q.head).irq) q.write_back_due = true;
        ++q.head;
    }
}

void dma_engine::count_error(dma_queue& q) {
    q.errors = std::min<std::uint32_t>(q.errors + 1, 0xffff);
}

}  // namespace drydock::endpoint
