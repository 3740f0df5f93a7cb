// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "tlm/endpoint/dma_engine.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint32_t fetches_ahead = 4;  ///< outstanding descriptor reads of a queue

/// Bytes up to the next boundary of `unit` (a power of two up to a page): no request crosses it, so
/// none crosses a page, and after the first all are aligned.
std::uint32_t up_to_boundary(std::uint64_t address, std::uint32_t unit) {
    return unit - static_cast<std::uint32_t>(address & (unit - 1));
}

void put32(std::uint8_t* to, std::uint32_t v) {
    for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(v >> (8 * i));
}

}  // namespace

void dma_engine::access(const own_access& a) {
    own_accesses_.push_back(a);
    own_work_ = true;
    wake();
}

/// The next access stands in the window as if its descriptors had been fetched.
void dma_engine::begin_own() {
    dma_queue& q = queues_[own];
    if (own_accesses_.empty() || q.busy()) return;
    const own_access a = own_accesses_.front();
    own_accesses_.erase(own_accesses_.begin());
    prepare(own);
    q.control = dma::control_enable;
    if (a.pasid)
        q.control |= dma::control_pasid_valid |
                     (a.pasid->privileged ? dma::control_privileged : 0) |
                     a.pasid->pasid.value << dma::control_pasid_shift;
    for (std::uint32_t c = q.tail; c != q.tail + a.count; ++c) {
        dma_descriptor& d = q.at(c) = {};
        d.op = a.write ? dma::op::write : dma::op::read;
        d.arrived = true;
        d.length = a.bytes;
        d.address = a.address.value;
    }
    q.tail += a.count;
    q.fetched = q.arrived = q.tail;
}

void dma_engine::issue_all() {
    if (own_work_)
        for (begin_own(); !lookups_refused_ && issue_one(own);) begin_own();
    for (bool progress = true; progress && !lookups_refused_;) {
        progress = false;
        for (unsigned k = 0; k < dma::queues && !lookups_refused_; ++k) {
            const unsigned q = (next_queue_ + k) % dma::queues;
            if (issue_one(q)) {
                progress = true;
                next_queue_ = (q + 1) % dma::queues;
                break;
            }
        }
    }
}

bool dma_engine::issue_one(unsigned q) {
    return issue_write_back(q) || issue_fetch(q) || issue_segment(q);
}

bool dma_engine::issue_write_back(unsigned n) {
    dma_queue& q = queues_[n];
    if (!q.write_back_due || q.write_back_busy) return false;
    segment* s = take_segment(task::write_back, n);
    if (s == nullptr) return false;
    q.write_back_busy = true;
    q.write_back_due = false;
    if (launch(*s, q.write_back, dma::write_back_bytes)) return true;
    q.write_back_busy = false;
    q.write_back_due = true;
    return false;
}

bool dma_engine::issue_fetch(unsigned n) {
    dma_queue& q = queues_[n];
    if (!q.enabled() || q.fetched == q.tail || q.fetches == fetches_ahead) return false;
    const std::uint32_t wanted = q.tail - q.fetched;
    const std::uint32_t space = dma_window - (q.fetched - q.head);
    if (space < dma_window / 4 && space < wanted) return false;  // rather one larger read later
    const std::uint64_t address = q.descriptor_address(q.fetched);
    const std::uint32_t unit = std::max(function_.max_read_request(), dma::descriptor_bytes);
    std::uint32_t count = std::min({wanted, space, q.entries() - (q.fetched & (q.entries() - 1)),
                                    up_to_boundary(address, unit) / dma::descriptor_bytes});
    if (count == 0) return false;
    segment* s = take_segment(task::fetch, n);
    if (s == nullptr) return false;
    s->descriptor = q.fetched;
    s->offset = count;
    for (std::uint32_t c = q.fetched; c != q.fetched + count; ++c) q.at(c) = {};
    if (!launch(*s, address, count * dma::descriptor_bytes)) return false;
    q.fetched += count;
    ++q.fetches;
    return true;
}

bool dma_engine::issue_segment(unsigned n) {
    dma_queue& q = queues_[n];
    if (!q.cursor_started) {
        if (!q.enabled() || q.cursor == q.arrived) return false;
        begin_descriptor(n);
        if (!q.cursor_started) return true;  // nothing to move
    }
    dma_descriptor& d = q.at(q.cursor);
    const bool reads = d.op == dma::op::read, atomic = dma::is_atomic(d.op);
    segment* s = take_segment(atomic ? task::atomic : reads ? task::read : task::write, n);
    if (s == nullptr) return false;
    const std::uint64_t address = d.address + d.issued;
    const std::uint32_t unit = reads ? function_.max_read_request() : function_.max_payload();
    const std::uint32_t bytes =
        atomic ? d.length : std::min(d.length - d.issued, up_to_boundary(address, unit));
    s->descriptor = q.cursor;
    s->offset = d.issued;
    s->request.span = d.span;
    s->request.data = true;
    if (!launch(*s, address, bytes)) return false;
    d.issued += bytes;
    ++d.segments;
    if (d.issued == d.length) {
        ++q.cursor;
        q.cursor_started = false;
    }
    return true;
}

bool dma_engine::possible(const dma_queue& q, const dma_descriptor& d) const {
    const auto prefix = q.prefix();
    if (prefix && !function_.pasid_allowed(*prefix)) return false;
    if (!dma::is_atomic(d.op)) return d.length >= 1 && d.length <= dma::max_length;
    const bool wide = d.op == dma::op::cas && d.length == 16;
    return function_.atomics_enabled() && (d.length == 4 || d.length == 8 || wide) &&
           d.address % d.length == 0;
}

/// Descriptors without work, or that nobody can do, are done at once.
void dma_engine::begin_descriptor(unsigned n) {
    dma_queue& q = queues_[n];
    dma_descriptor& d = q.at(q.cursor);
    if (ctx_.probe.wants(base::kind::span_begin)) {
        d.span = ctx_.probe.new_span();
        ctx_.probe.emit(base::kind::span_begin, place_, now(), d.span,
                        static_cast<std::uint64_t>(base::span_class::dma), 0, function_.id().value,
                        d.address);
    }
    const bool moves = d.op != dma::op::nop && d.op <= dma::op::cas;
    const bool good = d.op == dma::op::nop || (moves && possible(q, d));
    if (moves && good) {
        q.cursor_started = true;
        return;
    }
    const std::uint32_t count = q.cursor++;
    d.length = d.issued = 0;
    segment_done(n, count, good ? dma::outcome::ok : dma::outcome::error);
}

dma_engine::segment* dma_engine::take_segment(task what, unsigned q) {
    const bool reads = answered(what);
    const unsigned tc = lanes_.size() == 1 ? 0 : q % config_.traffic_classes;
    lane& l = lanes_[tc];
    unsigned& in_use = reads ? l.reads_in_use : l.writes_in_use;
    if (in_use == (reads ? config_.max_outstanding_reads : config_.max_outstanding_writes))
        return nullptr;
    ++in_use;
    ++segments_in_use_;
    ++queues_[q].segments;
    segment& s = segments_[free_.back()];
    free_.pop_back();
    s = {};
    s.what = what;
    s.queue = static_cast<std::uint8_t>(q);
    s.request.traffic_class = static_cast<std::uint8_t>(tc);
    s.is = segment::state::ready;
    return &s;
}

/// Has the address translated if ATS is on. @return false: not now, the segment is given back
bool dma_engine::launch(segment& s, std::uint64_t address, std::uint32_t bytes) {
    s.request.requested = base::iova{address};
    s.request.address = address;
    s.request.bytes = bytes;
    s.request.pasid = queues_[s.queue].prefix();
    if (!function_.ats_enabled()) {
        make_ready(s);
        return true;
    }
    if (translate(s)) return true;
    free_segment(s);
    return false;
}

bool dma_engine::translate(segment& s) {
    // An AtomicOp needs both rights; an ATC is asked for one at a time.
    const bool writes = !answered(s.what) || (s.what == task::atomic && s.may_read);
    lookups_refused_ = !function_.try_translate(index_of(s), s.request.pasid, s.request.requested,
                                                writes ? atc_access::write : atc_access::read);
    if (lookups_refused_) return false;
    s.is = segment::state::translating;
    s.translate_again = false;
    return true;
}

void dma_engine::make_ready(segment& s) {
    s.is = segment::state::ready;
    const bool reads = answered(s.what);
    lane& l = lane_of(s);
    (reads ? l.ready_reads : l.ready_writes).push(index_of(s));
}

void dma_engine::hit(lookup_id id, use_id use, const translation& t) {
    segment& s = segments_[id];
    if (s.is != segment::state::translating) return function_.release(use);  // of before a reset
    if (t.untranslated_only || !function_.ats_enabled()) {
        function_.release(use);
    } else if (!function_.may_issue()) {
        function_.release(use);
        s.translate_again = true;
    } else if (s.what == task::atomic && !std::exchange(s.may_read, true)) {
        function_.release(use);
        s.translate_again = true;
    } else {
        s.holds_use = true;
        s.use = use;
        s.request.at = base::address_type::translated;
        s.request.address = t.pa.value;
        s.request.obtained = t.obtained;
    }
    make_ready(s);
    wake();
}

void dma_engine::fault(lookup_id id, atc_fault why) {
    segment& s = segments_[id];
    if (s.is != segment::state::translating) return;
    const bool writes = !answered(s.what) || (s.what == task::atomic && s.may_read);
    if (why == atc_fault::no_access && s.page_tries < config_.page_tries &&
        function_.try_page(id, s.request.pasid, s.request.requested, writes)) {
        ++s.page_tries;
        s.is = segment::state::paging;
        return;
    }
    if (why == atc_fault::disabled) {  // ATS went off meanwhile: the TA translates
        make_ready(s);
    } else {
        finish(s, why == atc_fault::no_access ? dma::outcome::no_access : dma::outcome::error);
    }
    wake();
}

void dma_engine::page_answered(std::uint32_t waiter, bool success) {
    segment& s = segments_[waiter];
    if (s.is != segment::state::paging) return;
    if (success) {  // with ATS off meanwhile it goes untranslated
        s.translate_again = true;
        make_ready(s);
    } else {
        finish(s, dma::outcome::no_access);
    }
    wake();
}

/// Takes out of the front what has to be translated again. @return false: it cannot be for now
bool dma_engine::left_to_translate(ring<std::uint32_t>& ready) {
    while (!ready.empty() && segments_[ready.front()].translate_again && function_.ats_enabled()) {
        if (!translate(segments_[ready.front()])) return false;
        ready.pop();
    }
    return !ready.empty();
}

void dma_engine::send_ready() {
    for (lane& l : lanes_) send_ready(l);
}

void dma_engine::send_ready(lane& l) {
    while (left_to_translate(l.ready_writes) && send_write(segments_[l.ready_writes.front()])) {
        const std::uint32_t i = l.ready_writes.pop();
        finish(segments_[i], dma::outcome::ok);
    }
    while (left_to_translate(l.ready_reads)) {
        segment& s = segments_[l.ready_reads.front()];
        if (!send_read(s)) break;
        s.is = segment::state::sent;
        l.ready_reads.pop();
    }
}

bool dma_engine::send_read(segment& s) {
    if (s.what != task::atomic) return function_.try_read(s.request, index_of(s));
    const dma_descriptor& d = queues_[s.queue].at(s.descriptor);
    using pcie::tlp_type;
    const tlp_type type = d.op == dma::op::fetch_add ? tlp_type::fetch_add
                          : d.op == dma::op::swap    ? tlp_type::swap
                                                     : tlp_type::cas;
    return function_.try_atomic(s.request, {type, d.pattern, d.cookie}, index_of(s));
}

bool dma_engine::send_write(segment& s) {
    std::array<std::uint8_t, pcie::max_payload_bytes> data;
    dma_queue& q = queues_[s.queue];
    if (s.what == task::write_back) {
        put32(&data[0], q.head);
        put32(&data[4], static_cast<std::uint32_t>(q.worst));
        put32(&data[8], static_cast<std::uint32_t>(q.failed));
        put32(&data[12], static_cast<std::uint32_t>(q.failed >> 32));
    } else {
        const std::uint64_t pattern = q.at(s.descriptor).pattern;
        for (std::uint32_t i = 0; i < s.request.bytes; ++i)
            data[i] = static_cast<std::uint8_t>(pattern >> (8 * ((s.offset + i) % 8)));
    }
    return function_.try_write(s.request, {data.data(), s.request.bytes});
}

}  // namespace drydock::endpoint
