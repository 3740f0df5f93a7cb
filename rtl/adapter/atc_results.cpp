// SPDX-License-Identifier: Apache-2.0
// What the block says, as calls of the ATC's client and as events.
#include <algorithm>
#include <bit>
#include <utility>

#include "rtl/adapter/atc.h"

namespace drydock::rtl {
namespace {

constexpr unsigned page_log2 = 12;

template <class F>
void each_bit(const std::uint64_t* words, F&& f) {
    for (std::size_t w = 0; w < use_words; ++w)
        for (std::uint64_t left = words[w]; left != 0; left &= left - 1)
            f(static_cast<std::uint16_t>(w * 64 + static_cast<unsigned>(std::countr_zero(left))));
}

bool has_bit(const std::uint64_t* words, std::uint16_t n) {
    return (words[n / 64] >> n % 64 & 1) != 0;
}

endpoint::atc_fault fault_of(std::uint8_t answer) {
    switch (static_cast<atc_answer>(answer)) {
        case atc_answer::unsupported_request:
            return endpoint::atc_fault::unsupported_request;
        case atc_answer::completer_abort:
            return endpoint::atc_fault::completer_abort;
        case atc_answer::timeout:
            return endpoint::atc_fault::timeout;
        case atc_answer::disabled:
            return endpoint::atc_fault::disabled;
        default:
            return endpoint::atc_fault::no_access;
    }
}

std::uint64_t substream_field(const std::optional<base::substream_id>& s) {
    return s ? s->value : 0;
}

}  // namespace

bool atc::hand_out() {
    if (out_.dropped_valid) hand_out_dropped();
    if (out_.wake_valid) hand_out_wake();
    hand_out_invalidates();
    if (out_.answer_valid) hand_out_answer();
    if (out_.request_valid && !requests_blocked_) hand_out_request();
    if (out_.completion_valid && !completions_blocked_) hand_out_completion();
    hand_out_ready();
    return busy();
}

void atc::hand_out_dropped() {
    each_bit(out_.dropped, [&](std::uint16_t tag) { refuse(tag, endpoint::atc_fault::disabled); });
}

/// In the order in which they began to wait.
void atc::hand_out_wake() {
    const endpoint::atc_key& key = requested_[filled_.slot];
    const base::ps obtained =
        filled_.entry.obtained != base::ps{} ? filled_.entry.obtained : ctx_.now();
    if (out_.wake_kept) {
        obtained_[out_.wake_entry % obtained_.size()] = obtained;
        if (ctx_.probe.wants(base::kind::atc_fill)) {
            const std::uint64_t bytes = std::uint64_t{1} << (out_.wake_size + page_log2);
            ctx_.probe.emit(base::kind::atc_fill, place_, ctx_.now(), {},
                            key.va.value & ~(bytes - 1), out_.wake_base << page_log2, bytes,
                            substream_field(key.ssid));
        }
    }
    woken_.clear();
    const auto note = [&](std::uint16_t tag) { woken_.push_back(tag); };
    each_bit(out_.wake_hit, note);
    each_bit(out_.wake_fault, note);
    std::sort(woken_.begin(), woken_.end(), [&](std::uint16_t a, std::uint16_t b) {
        return lookups_[a].joined < lookups_[b].joined;
    });
    const atc_outputs o = out_;
    for (const std::uint16_t tag : woken_)
        if (has_bit(o.wake_hit, tag))
            grant(tag, o.wake_base, o.wake_size, o.wake_untranslated != 0, obtained);
        else
            refuse(tag, fault_of(o.wake_reason));
}

void atc::hand_out_answer() {
    const std::uint16_t tag = out_.answer_tag;
    lookup& l = lookups_[tag];
    const auto what = static_cast<atc_answer>(out_.answer);
    if (ctx_.probe.wants(base::kind::atc_lookup) && l.is == lookup::state::in_progress)
        ctx_.probe.emit(base::kind::atc_lookup, place_, ctx_.now(), {}, l.key.va.value,
                        what == atc_answer::hit, substream_field(l.key.ssid));
    if (what == atc_answer::waiting)
        l.joined = ++joins_;
    else if (what == atc_answer::hit)
        grant(tag, out_.answer_base, out_.answer_size, out_.answer_untranslated != 0,
              obtained_[out_.answer_entry % obtained_.size()]);
    else if (what != atc_answer::stalled)
        refuse(tag, fault_of(out_.answer));
}

void atc::grant(std::uint16_t tag, std::uint64_t base, unsigned size, bool untranslated,
                base::ps obtained) {
    lookup& l = lookups_[tag];
    if (l.is == lookup::state::free) return;
    if (l.is == lookup::state::forgotten) return give_back(tag);
    l.is = lookup::state::used;
    const std::uint64_t inside = (std::uint64_t{1} << (size + page_log2)) - 1;
    endpoint::translation t;
    t.pa = base::phys_addr{untranslated ? l.key.va.value
                                        : base << page_log2 | (l.key.va.value & inside)};
    t.bytes_left = inside - (l.key.va.value & inside) + 1;
    t.untranslated_only = untranslated;
    t.obtained = obtained;
    client_.hit(l.id, tag | std::uint32_t{l.generation} << 16, t);
}

/// Its function was reset before the block granted it.
void atc::give_back(std::uint16_t tag) {
    releases_[tag / 64] |= std::uint64_t{1} << (tag % 64);
    releasing_ = true;
    free_tag(tag);
}

void atc::refuse(std::uint16_t tag, endpoint::atc_fault why) {
    const lookup l = lookups_[tag];
    if (l.is == lookup::state::free) return;
    free_tag(tag);
    if (l.is == lookup::state::in_progress) client_.fault(l.id, why);
}

// -- invalidates -------------------------------------------------------------------------------

void atc::hand_out_invalidates() {
    if (out_.processed_valid) {
        const invalidation& i = invalidations_[out_.processed_slot];
        stage(10, i.what.span);
        if (ctx_.probe.wants(base::kind::atc_invalidated))
            ctx_.probe.emit(base::kind::atc_invalidated, place_, ctx_.now(), i.what.span,
                            i.what.tag.value, out_.processed_removed);
    }
    for (std::uint32_t left = out_.drained; left != 0; left &= left - 1) {
        invalidation& i = invalidations_[static_cast<std::size_t>(std::countr_zero(left))];
        stage(11, i.what.span);
        i.drained = true;
    }
    for (std::uint32_t left = out_.ignored; left != 0; left &= left - 1)
        ignored(static_cast<std::uint8_t>(std::countr_zero(left)),
                config_.ignore_when_disabled ? reason_disabled_ : reason_reset_);
    if (out_.started_valid) {
        const invalidation& i = invalidations_[out_.started_slot];
        stage(9, i.what.span, i.sample < ctx_.now() ? previous_ : base::no_span);
        previous_ = i.what.span;
    }
}

void atc::ignored(std::uint8_t slot, std::uint32_t reason) {
    invalidation& i = invalidations_[slot];
    if (!std::exchange(i.taken, false)) return;
    i.drained = false;
    --invalidates_;
    if (ctx_.probe.wants(base::kind::invalidate_ignored))
        ctx_.probe.emit(base::kind::invalidate_ignored, place_, ctx_.now(), i.what.span,
                        i.what.rid.value, reason, i.what.tag.value);
}

void atc::stage(unsigned boundary, base::span_id span, base::span_id waited_for) {
    if (span != base::no_span && ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), span, boundary, waited_for.value);
}

// -- messages ----------------------------------------------------------------------------------

void atc::hand_out_request() {
    endpoint::atc_key key;
    key.rid = base::routing_id{out_.request_rid};
    if (out_.request_pasid_valid) key.ssid = base::substream_id{out_.request_pasid};
    key.priv = out_.request_privileged != 0;
    key.va = base::iova{out_.request_page << page_log2};
    const auto slot = static_cast<endpoint::request_slot>(out_.request_slot);
    requested_[slot] = key;
    if (client_.try_request(slot, key, out_.request_no_write != 0))
        in_.request_ready = 1;
    else
        requests_blocked_ = true;
}

void atc::hand_out_completion() {
    if (client_.try_completion(base::routing_id{out_.completion_rid}, out_.completion_itags,
                               out_.completion_class)) {
        in_.completion_ready = 1;
        completed();
    } else {
        completions_blocked_ = true;
    }
}

/// The message is handed over, and with it the places of what it completes.
void atc::completed() {
    for (invalidation& i : invalidations_) {
        if (!i.drained || i.what.rid.value != out_.completion_rid ||
            i.what.traffic_class != out_.completion_class ||
            (out_.completion_itags >> (i.what.tag.value & 31) & 1) == 0)
            continue;
        i.taken = i.drained = false;
        --invalidates_;
    }
}

void atc::hand_out_ready() {
    ready_due_ = false;
    if (lookup_refused_ && room_for_lookups()) {
        lookup_refused_ = false;
        client_.ready(endpoint::atc_channel::lookup);
    }
    if (invalidate_refused_ && room_for_invalidates()) {
        invalidate_refused_ = false;
        client_.ready(endpoint::atc_channel::invalidate);
    }
    if (control_refused_ && control_queue_.size() < most_controls) {
        control_refused_ = false;
        client_.ready(endpoint::atc_channel::control);
    }
}

}  // namespace drydock::rtl
