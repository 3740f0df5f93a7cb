// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/bench_machine.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

#include "tlm/pcie/ats_messages.h"

namespace drydock::accuracy {
namespace {

using base::ps;

/// Room that comes free is a completion's for so long, if one waits.
constexpr ps completion_goes_first{4'000};
constexpr ps request_time{2'000}, completion_time{2'000}, warm_up_gap{30'000};
constexpr std::size_t recent_uses = 16;
constexpr ps patience{1'000'000'000'000};
constexpr std::uint16_t first_function = 0x100;
constexpr std::uint64_t first_page = 0x40'0000;  // of 4 KiB
constexpr std::uint32_t warm_up_pages_most = 1u << 14;

}  // namespace

bench_machine::bench_machine(const pattern& p, fidelity f, unsigned invalidations)
    : pattern_(p),
      invalidations_(invalidations),
      invalidate_rng_(ctx_.rng(p.name, "invalidate")),
      dma_rng_(ctx_.rng(p.name, "dma")),
      id_(ctx_.timeline.join("machine", *this)),
      atc_(make_atc(f, p, ctx_, *this)),
      tracker_(make_tracker(f, p, ctx_, *this)),
      working_set_(std::min(shape_of(p).entries * p.occupancy_percent / 100, warm_up_pages_most)),
      credits_(p.requests_down) {
    ctx_.probe.subscribe(*this, base::kind::stage);
    times_.atc.resize(invalidations);
    times_.tracker.resize(invalidations);
    sent_.resize(invalidations);
    for (unsigned f_ = 0; f_ < p.functions; ++f_)
        tracker_->set_queue_depth(base::routing_id{static_cast<std::uint16_t>(first_function + f_)},
                                  shape_of(p).queue / p.functions);
    atc_->set_stu(12);
    ctx_.timeline.seal();
}

run_times bench_machine::run(recording* into) {
    into_ = into;
    enable_functions();
    while (finished_ < invalidations_ && now() < patience) ctx_.timeline.run(now() + ps{1'000'000});
    if (finished_ < invalidations_)
        throw std::logic_error(std::string(pattern_.name) + ": " + std::to_string(finished_) +
                               " of " + std::to_string(invalidations_) +
                               " invalidates finished within a second");
    return std::move(times_);
}

void bench_machine::at(ps delay, op what, std::uint32_t number) {
    ctx_.timeline.after(delay, base::phase::arrive, id_,
                        static_cast<std::uint64_t>(what) << 32 | number);
}

void bench_machine::on_time(std::uint64_t packed) {
    const auto number = static_cast<std::uint32_t>(packed);
    switch (static_cast<op>(packed >> 32)) {
        case op::issue:
            return issue();
        case op::request_at_function:
            at_function_.push_back(number);
            return feed_function();
        case op::credit_back:
            if (credits_++ == 0) {
                record(tracker_stimulus{.what = tracker_stimulus::kind::room, .room = true});
                tracker_->resume();
            }
            return;
        case op::fill:
            fills_.push_back(number);
            return feed_fills();
        case op::dma:
            return dma();
        case op::read_back:
            --reads_;
            return done_with(number);
        case op::posted_sent:
            return posted_sent();
        case op::admit_write:
            return admit_write();
        case op::completion_at_tracker: {
            const smmu::invalidate_completion c = completions_[number];
            record(tracker_stimulus{.what = tracker_stimulus::kind::completion, .completion = c});
            for (std::uint32_t n = 0; n < invalidations_; ++n)
                if (times_.tracker[n].sent != base::never &&
                    times_.tracker[n].finished == base::never &&
                    (c.itag_vector >> sent_[n].tag.value & 1) != 0 && sent_[n].rid == c.function)
                    times_.tracker[n].answered = now();
            return tracker_->completion(c);
        }
    }
}

void bench_machine::record(atc_stimulus s) {
    if (into_ == nullptr) return;
    s.at = now();
    into_->atc.push_back(s);
}
void bench_machine::record(tracker_stimulus s) {
    if (into_ == nullptr) return;
    s.at = now();
    into_->tracker.push_back(s);
}

// -- before it is measured -----------------------------------------------------------------------

void bench_machine::enable_functions() {
    while (functions_enabled_ < pattern_.functions) {
        const auto rid = static_cast<std::uint16_t>(first_function + functions_enabled_);
        if (!atc_->try_control(base::routing_id{rid}, endpoint::atc_control::enable)) return;
        record(atc_stimulus{.what = atc_stimulus::kind::enable, .number = rid});
        ++functions_enabled_;
    }
    at(warm_up_gap, op::dma);
}

endpoint::atc_key bench_machine::page(std::uint32_t index) const {
    endpoint::atc_key k;
    k.rid =
        base::routing_id{static_cast<std::uint16_t>(first_function + index % pattern_.functions)};
    if (pattern_.pasids > 0)
        k.ssid = base::substream_id{1 + index / pattern_.functions % pattern_.pasids};
    k.va = base::iova{(first_page << 12) + (std::uint64_t{index} << pattern_.page_log2)};
    return k;
}

void bench_machine::start_measuring() {
    measuring_ = true;
    at(pattern_.gap, op::issue);
}

// -- invalidates ---------------------------------------------------------------------------------

smmu::invalidation bench_machine::next_invalidation() {
    // Half of them hit a page that DMA has just drawn, whether or not there was room to use it.
    const bool in_use = invalidate_rng_.chance(1, 2) && !drawn_.empty();
    const auto index =
        in_use ? drawn_[drawn_.size() - 1 -
                        invalidate_rng_.below(std::min<std::size_t>(drawn_.size(), recent_uses))]
               : static_cast<std::uint32_t>(
                     invalidate_rng_.below(std::max<std::uint32_t>(working_set_, 64)));
    const endpoint::atc_key k = page(index);
    smmu::invalidation i;
    i.function = k.rid;
    i.ssid = k.ssid;
    const bool global = k.ssid && invalidate_rng_.chance(pattern_.global_percent, 100);
    const bool all = invalidate_rng_.chance(pattern_.all_percent, 100);
    const unsigned log2 =
        pattern_.range_log2_least + static_cast<unsigned>(invalidate_rng_.below(
                                        pattern_.range_log2_most - pattern_.range_log2_least + 1));
    const std::uint64_t bytes = all ? 0 : std::uint64_t{1} << log2;
    i.body =
        pcie::encode_invalidate_body(bytes == 0 ? 0 : k.va.value & ~(bytes - 1), bytes, global);
    return i;
}

void bench_machine::issue() {
    for (unsigned n = 0; n < pattern_.burst && issued_ < invalidations_; ++n) {
        smmu::invalidation i = next_invalidation();
        i.span = base::span_id{++issued_};
        todo_.push_back(i);
    }
    feed_tracker();
    if (issued_ < invalidations_) at(pattern_.gap, op::issue);
}

void bench_machine::feed_tracker() {
    while (!todo_.empty()) {
        const smmu::invalidation i = todo_.front();
        const smmu::invalidation_id id = i.span.value - 1;
        if (!tracker_->try_invalidate(id, i)) return;
        times_.tracker[id].accepted = now();
        record(tracker_stimulus{
            .what = tracker_stimulus::kind::invalidate, .id = id, .invalidation = i});
        todo_.pop_front();
    }
}

bool bench_machine::try_send(smmu::invalidation_id id, base::itag tag,
                             const smmu::invalidation& i) {
    if (credits_ == 0) return false;
    times_.tracker[id].sent = now();
    const pcie::ats_range range = pcie::decode_ats_range(i.body);
    sent_[id] = {i.function,
                 tag,
                 i.ssid,
                 (i.body & 1) != 0,
                 base::iova{range.first},
                 base::iova{range.last},
                 0,
                 i.span};
    if (--credits_ == 0)
        record(tracker_stimulus{.what = tracker_stimulus::kind::room, .room = false});
    at(request_time + pattern_.latency_one_way, op::request_at_function, id);
    return true;
}

void bench_machine::feed_function() {
    while (!at_function_.empty()) {
        const std::uint32_t id = at_function_.front();
        if (!atc_->try_invalidate(sent_[id])) return;
        times_.atc[id].taken = now();
        record(atc_stimulus{
            .what = atc_stimulus::kind::invalidate, .number = id, .invalidate = sent_[id]});
        at_function_.pop_front();
        at(pattern_.latency_one_way, op::credit_back);
    }
}

void bench_machine::on_event(const base::event& e) {
    if (e.span.value == 0 || e.span.value > invalidations_) return;
    atc_times& t = times_.atc[e.span.value - 1];
    if (e.a == 9) t.started = e.time;
    if (e.a == 10) t.processed = e.time;
    if (e.a == 11) t.drained = e.time;
}

bool bench_machine::try_completion(base::routing_id rid, endpoint::itag_vector vector,
                                   std::uint8_t) {
    for (std::uint32_t n = 0; n < invalidations_; ++n) {
        atc_times& t = times_.atc[n];
        if (t.taken != base::never && t.completed == base::never && sent_[n].rid == rid &&
            (vector >> sent_[n].tag.value & 1) != 0)
            t.completed = now();
    }
    if (!posted_room()) {
        completion_refused_ = true;
        return false;
    }
    completions_.push_back({0, rid, vector, 1});
    post({true, static_cast<std::uint32_t>(completions_.size() - 1)});
    return true;
}

void bench_machine::finished(smmu::invalidation_id id, bool) {
    times_.tracker[id].finished = now();
    times_.order.push_back(id);
    if (++finished_ == invalidations_) ctx_.timeline.stop();
}

// -- translations --------------------------------------------------------------------------------

bool bench_machine::try_request(endpoint::request_slot slot, const endpoint::atc_key& k, bool) {
    requests_.push_back({slot, k, asked_[name_of(k)]++});
    at(pattern_.translation, op::fill, static_cast<std::uint32_t>(requests_.size() - 1));
    return true;
}

void bench_machine::feed_fills() {
    while (!fills_.empty()) {
        const requested& r = requests_[fills_.front()];
        const std::uint64_t bytes = std::uint64_t{1} << pattern_.page_log2;
        endpoint::completion_entry e;
        e.data = pcie::translation_entry{.address = r.key.va.value & ~(bytes - 1),
                                         .bytes = bytes,
                                         .read = true,
                                         .write = true}
                     .encode();
        if (!atc_->try_fill(r.slot, e)) return;
        record(atc_stimulus{
            .what = atc_stimulus::kind::fill, .number = r.number, .key = r.key, .entry = e});
        fills_.pop_front();
    }
}

// -- DMA -----------------------------------------------------------------------------------------

void bench_machine::dma() {
    if (!measuring_) {
        if (warmed_ == working_set_) return start_measuring(), at(warm_up_gap, op::dma);
        if (!lookup_waits_) look_up(page(warmed_++), false, true);
        return at(warm_up_gap, op::dma);
    }
    if (pattern_.lookup_gap == ps{0} || working_set_ == 0) return;
    const bool write = dma_rng_.chance(pattern_.write_percent, 100);
    const auto index = static_cast<std::uint32_t>(dma_rng_.below(working_set_));
    drawn_.push_back(index);
    const bool room = write ? writes_waiting_.size() < 4 : reads_ < pattern_.reads;
    if (!lookup_waits_ && room) look_up(page(index), write, false);
    at(pattern_.lookup_gap, op::dma);
}

void bench_machine::look_up(const endpoint::atc_key& k, bool write, bool warm_up) {
    uses_.push_back({k, write, warm_up, 0});
    if (!write && !warm_up) ++reads_;
    lookup_waits_ = true;
    feed_lookup();
}

void bench_machine::feed_lookup() {
    if (!lookup_waits_) return;
    const auto number = static_cast<std::uint32_t>(uses_.size() - 1);
    const use& u = uses_.back();
    const auto access = u.write ? endpoint::atc_access::write : endpoint::atc_access::read;
    if (!atc_->try_lookup(number, u.key, access)) return;
    lookup_waits_ = false;
    record(atc_stimulus{
        .what = atc_stimulus::kind::lookup, .access = access, .number = number, .key = u.key});
}

void bench_machine::hit(endpoint::lookup_id number, endpoint::use_id id,
                        const endpoint::translation&) {
    use& u = uses_[number];
    u.id = id;
    if (u.warm_up)
        done_with(number);
    else if (u.write)
        post({false, number});
    else
        at(pattern_.read_latency, op::read_back, number);
}

void bench_machine::fault(endpoint::lookup_id number, endpoint::atc_fault) {
    if (!uses_[number].write && !uses_[number].warm_up) --reads_;
}

void bench_machine::done_with(std::uint32_t number) {
    record(atc_stimulus{.what = atc_stimulus::kind::release, .number = number});
    atc_->release(uses_[number].id);
}

void bench_machine::ready(endpoint::atc_channel c) {
    if (c == endpoint::atc_channel::lookup) feed_lookup();
    if (c == endpoint::atc_channel::fill) feed_fills();
    if (c == endpoint::atc_channel::invalidate) feed_function();
    if (c == endpoint::atc_channel::control && functions_enabled_ < pattern_.functions)
        enable_functions();
}

// -- posted queue --------------------------------------------------------------------------------

void bench_machine::tell_room() {
    if (std::exchange(room_told_, posted_room()) == posted_room()) return;
    record(atc_stimulus{.what = atc_stimulus::kind::completion_room, .room = posted_room()});
    if (posted_room() && std::exchange(completion_refused_, false)) atc_->resume();
}

/// A write enters while there is room for it; a completion that was let in takes no room of theirs.
void bench_machine::post(const posted& p) {
    if (!p.completion) {
        if (!posted_room()) return writes_waiting_.push_back(p);
        ++writes_queued_;
        tell_room();
        done_with(p.number);
    }
    posted_.push_back(p);
    send_posted();
}

void bench_machine::send_posted() {
    if (sending_ || posted_.empty()) return;
    sending_ = true;
    at(posted_.front().completion ? completion_time : pattern_.write_time, op::posted_sent);
}

void bench_machine::posted_sent() {
    const posted p = posted_.front();
    posted_.pop_front();
    sending_ = false;
    if (p.completion) {
        at(pattern_.latency_one_way, op::completion_at_tracker, p.number);
    } else {
        --writes_queued_;
        tell_room();
        if (!writes_waiting_.empty()) at(completion_goes_first, op::admit_write);
    }
    send_posted();
}

void bench_machine::admit_write() {
    if (writes_waiting_.empty() || !posted_room()) return;
    const posted next = writes_waiting_.front();
    writes_waiting_.pop_front();
    post(next);
}

}  // namespace drydock::accuracy
