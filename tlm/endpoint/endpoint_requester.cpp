// SPDX-License-Identifier: Apache-2.0
// What a function sends up of its own: memory requests, Translation Requests, Invalidate
// Completions, error messages; and the completions of its requests.
#include <algorithm>
#include <bit>
#include <cstring>

#include "tlm/endpoint/endpoint.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::endpoint {
namespace {

using pcie::cpl_status;
using pcie::fc_class;
using pcie::tlp_type;

constexpr std::uint16_t status_at = 0x06;                  // PCIe
constexpr std::uint16_t received_target_abort = 1u << 12;  // a CA came
constexpr std::uint16_t received_master_abort = 1u << 13;  // a UR came
/// Last boundary of a Translation Request's stages.
constexpr std::uint64_t translation_at_function = 51;
constexpr std::uint32_t least_boundary = 64;  // Read Completion Boundary
constexpr std::uint64_t page_beside = 4096;
constexpr std::uint32_t entry_bytes = 8;  // of a Translation Completion

/// Byte enables of a request (PCIe).
void set_extent(pcie::tlp& t, std::uint64_t address, std::uint32_t bytes) {
    const std::uint32_t start = static_cast<std::uint32_t>(address & 3);
    const std::uint32_t end = start + bytes;
    t.address = address & ~std::uint64_t{3};
    t.length = static_cast<std::uint16_t>((end + 3) / 4);
    const auto from = static_cast<std::uint8_t>((0xfu << start) & 0xf);
    const auto upto = static_cast<std::uint8_t>((end & 3) == 0 ? 0xfu : (1u << (end & 3)) - 1);
    t.first_be = t.length == 1 ? static_cast<std::uint8_t>(from & upto) : from;
    t.last_be = t.length == 1 ? std::uint8_t{0} : upto;
}

read_result result_of(cpl_status s) {
    switch (s) {
        case cpl_status::success:
            return read_result::success;
        case cpl_status::completer_abort:
            return read_result::completer_abort;
        default:
            return read_result::unsupported_request;
    }
}

}  // namespace

pcie::tlp_ptr endpoint::request(const memory_request& r, tlp_type type) {
    pcie::tlp_ptr t = pool_.make();
    t->type = type;
    t->at = r.at;
    t->requester = id_;
    t->pasid = r.pasid;
    t->traffic_class = r.traffic_class;
    t->relaxed_ordering = relaxed_ && r.data;  // neither descriptors, write-backs nor interrupts
    t->span = r.span;
    t->requested = r.requested;
    t->requested_known = true;
    t->obtained = r.obtained;
    set_extent(*t, r.address, r.bytes);
    if (r.data && r.at == base::address_type::translated && faults::take(faults_.forge_addresses)) {
        t->address ^= page_beside;  // an address that nobody gave it
        t->requested_known = false;
    }
    return t;
}

// -- the DMA engine's requests
// -----------------------------------------------------------------------

bool endpoint::pasid_allowed(const pcie::pasid_prefix& p) const {
    auto& self = const_cast<endpoint&>(*this);  // views are for both
    const pcie::pasid_view v = self.physical_space().pasid();
    return v.enabled() && p.pasid.value >> v.width() == 0 &&
           (!p.privileged || v.privileged_enabled());
}

bool endpoint::try_translate(lookup_id id, const std::optional<pcie::pasid_prefix>& prefix,
                             base::iova va, atc_access access) {
    atc_key key;
    key.rid = id_;
    if (prefix) {
        key.ssid = prefix->pasid;
        key.priv = prefix->privileged;
    }
    key.va = va;
    return atc_->try_lookup(id, key, access);
}

bool endpoint::try_read(const memory_request& r, std::uint32_t reader) {
    const auto tag = may_issue_ && tx_.room(fc_class::non_posted, r.traffic_class) > 0
                         ? outstanding_.take(waiter_kind::dma, reader, r.bytes)
                         : std::nullopt;
    if (!tag) {
        non_posted_refused_ = true;
        return false;
    }
    pcie::tlp_ptr t = request(r, tlp_type::mrd);
    t->tag = *tag;
    if (r.data && tx_.digests() && faults::take(faults_.corrupt_digests)) t->digest_bad = true;
    if (!r.data || !faults::take(faults_.swallow_requests)) tx_.push(std::move(t));
    return true;
}

/// Byte enables mean nothing there (PCIe); all are set.
bool endpoint::try_atomic(const memory_request& r, const atomic_request& a, std::uint32_t reader) {
    const auto tag = may_issue_ && tx_.room(fc_class::non_posted, r.traffic_class) > 0
                         ? outstanding_.take(waiter_kind::dma, reader, r.bytes)
                         : std::nullopt;
    if (!tag) {
        non_posted_refused_ = true;
        return false;
    }
    pcie::tlp_ptr t = request(r, a.type);
    t->tag = *tag;
    const bool compares = a.type == tlp_type::cas;
    t->length = static_cast<std::uint16_t>(r.bytes / 4 * (compares ? 2 : 1));
    t->last_be = t->length > 1 ? 0xf : 0;
    pool_.add_payload(*t);
    for (std::uint32_t i = 0; i < t->bytes(); ++i)
        (*t->payload)[i] = static_cast<std::uint8_t>(
            (compares && i < r.bytes ? a.compare : a.operand) >> (8 * (i % r.bytes % 8)));
    if (tx_.digests() && faults::take(faults_.corrupt_digests)) t->digest_bad = true;
    if (!faults::take(faults_.swallow_requests)) tx_.push(std::move(t));
    return true;
}

bool endpoint::try_write(const memory_request& r, std::span<const std::uint8_t> data) {
    if (!may_issue_ || tx_.room(fc_class::posted, r.traffic_class) == 0) {
        posted_refused_ = true;
        return false;
    }
    pcie::tlp_ptr t = request(r, tlp_type::mwr);
    pool_.add_payload(*t);
    std::uint8_t* const bytes = t->payload->data();
    const std::size_t start = r.address & 3;
    std::fill_n(bytes, start, std::uint8_t{0});
    std::memcpy(bytes + start, data.data(), data.size());
    std::fill(bytes + start + data.size(), bytes + t->bytes(), std::uint8_t{0});
    if (r.data && faults::take(faults_.poison_writes)) t->poisoned = true;
    if (r.data && tx_.digests() && faults::take(faults_.corrupt_digests)) t->digest_bad = true;
    if (r.data && faults::take(faults_.malform_writes))
        (t->length > 1 ? t->first_be : t->last_be) = t->length > 1 ? 0 : 0xf;
    tx_.push(std::move(t));
    return true;
}

/// An ordinary write of one DW, never translated by the ATC (PCIe).
bool endpoint::try_send_msi(std::uint64_t address, std::uint32_t data) {
    std::array<std::uint8_t, 4> bytes;
    for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(data >> (8 * i));
    memory_request r;
    r.requested = base::iova{address};
    r.address = address;
    r.bytes = 4;
    return try_write(r, bytes);
}

// -- the ATC's messages
// ----------------------------------------------------------------------------

bool endpoint::try_request(request_slot slot, const atc_key& key, bool no_write) {
    const auto tag = may_issue_ && ats_on_ && tx_.room(fc_class::non_posted) > 0
                         ? outstanding_.take(waiter_kind::translation, slot, entry_bytes)
                         : std::nullopt;
    if (!tag) {
        non_posted_refused_ = true;
        return false;
    }
    memory_request r;
    r.requested = key.va;
    r.address = key.va.value;
    r.at = base::address_type::translation_request;
    r.bytes = entry_bytes;
    if (key.ssid) r.pasid = pcie::pasid_prefix{*key.ssid, key.priv, false};
    if (ctx_.probe.wants(base::kind::span_begin)) {
        r.span = ctx_.probe.new_span();
        span_of_slot_[slot] = r.span;
        ctx_.probe.emit(base::kind::span_begin, place_, now(), r.span,
                        static_cast<std::uint64_t>(base::span_class::translation), 0, id_.value,
                        key.va.value);
    }
    pcie::tlp_ptr t = request(r, tlp_type::mrd);
    if (no_write) t->address |= pcie::translation_request_nw;
    t->tag = *tag;
    tx_.push(std::move(t));
    return true;
}

itag_vector endpoint::same_authority(itag_vector vector) const {
    const base::routing_id to =
        authority_of_itag_[static_cast<std::size_t>(std::countr_zero(vector))];
    itag_vector part = 0;
    for (; vector != 0; vector &= vector - 1) {
        const auto n = static_cast<std::size_t>(std::countr_zero(vector));
        if (authority_of_itag_[n] == to) part |= itag_vector{1} << n;
    }
    return part;
}

/// One message for each translation agent among the ITags; there is one as a rule.
bool endpoint::try_completion(base::routing_id rid, itag_vector vector,
                              std::uint8_t traffic_class) {
    if (state_ != state::operational) {  // ended at the very instant of the reset
        for (; vector != 0; vector &= vector - 1) {
            const auto n = static_cast<std::uint8_t>(std::countr_zero(vector));
            ignore_invalidate(base::itag{n}, span_of_itag_[n], text_queued_);
        }
        return true;
    }
    std::size_t messages = 0;
    for (itag_vector left = vector; left != 0; left &= ~same_authority(left))
        messages += config_.dma.traffic_classes;
    // One that has no room in its channel waits by itself and holds up no other channel.
    const std::size_t room = config_.dma.traffic_classes == 1
                                 ? tx_.room(fc_class::posted, traffic_class)
                                 : invalidate_completions_.free_places();
    if (room < messages) {
        posted_refused_ = true;
        return false;
    }
    while (vector != 0) {
        const itag_vector part = same_authority(vector);
        send_invalidate_completions(rid, part, traffic_class);
        vector &= ~part;
    }
    return true;
}

/// One in each TC that may hold posted requests which used what was invalidated; each says how many
/// there are (PCIe ATS). With one TC it is that of the request.
void endpoint::send_invalidate_completions(base::routing_id rid, itag_vector part,
                                           std::uint8_t traffic_class) {
    const unsigned classes = config_.dma.traffic_classes;
    if (classes == 1)
        return invalidate_completions_.send(invalidate_completion(rid, part, traffic_class));
    for (unsigned tc = 0; tc < classes; ++tc)
        invalidate_completions_.send(
            invalidate_completion(rid, part, static_cast<std::uint8_t>(tc)));
}

pcie::tlp_ptr endpoint::invalidate_completion(base::routing_id rid, itag_vector part,
                                              std::uint8_t traffic_class) {
    const auto first = static_cast<std::size_t>(std::countr_zero(part));
    pcie::tlp_ptr t = pool_.make();
    t->type = tlp_type::msg;
    t->code = pcie::msg_code::invalidate_completion;
    t->routing = pcie::msg_routing::by_id;
    t->requester = rid;
    t->target = authority_of_itag_[first];
    t->traffic_class = traffic_class;
    t->address = pcie::encode_invalidate_completion(config_.dma.traffic_classes, part);
    t->span = span_of_itag_[first];
    t->itag_spans = span_of_itag_.data();
    return t;
}

/// Room for a message that nobody waits for; a reset function and one in D3hot send none.
std::size_t endpoint::message_room() {
    if (state_ != state::operational || power_state_ != 0) return 0;
    const std::size_t room = tx_.room(fc_class::posted);
    if (room == 0) posted_refused_ = true;
    return room;
}

void endpoint::ready(atc_channel c) {
    if (c == atc_channel::lookup) engine_.room();
    while (c == atc_channel::invalidate && !held_.empty() &&
           atc_->try_invalidate(held_.front().what))
        free_invalidate(held_.pop());
    while (c == atc_channel::control && !atc_controls_.empty() &&
           atc_->try_control(id_, atc_controls_.front()))
        atc_controls_.pop();
}

// -- the queues
// --------------------------------------------------------------------------------------

/// The buffer of the oldest request that was answered in this channel; behind a stray completion
/// there is none.
void endpoint::free_reply(unsigned vc) {
    std::size_t i = 0;
    while (i + 1 < reply_credits_.size() && reply_credits_.at(i).channel != vc) ++i;
    const owed_buffer b = reply_credits_.at(i);
    for (; i > 0; --i) reply_credits_.at(i) = reply_credits_.at(i - 1);
    reply_credits_.pop();
    if (b.any) port_.free_buffer(b.channel, fc_class::non_posted, b.data);
}

void endpoint::left(fc_class c, unsigned vc) {
    if (c == fc_class::completion) {
        free_reply(vc);
    } else if (c == fc_class::non_posted) {
        more_room();
    } else {
        flush_errors();
        invalidate_completions_.room();
        if (!std::exchange(posted_refused_, false)) return;
        msix_.flush();
        msi_.flush();
        engine_.room();
        shared_pages().room();
        if (atc_) atc_->resume();
    }
}

void endpoint::more_room() {
    if (!std::exchange(non_posted_refused_, false)) return;
    engine_.room();
    if (atc_) atc_->resume();
}

/// In a reset the function issues nothing more; Invalidate Completions among it are lost.
void endpoint::drop_queued() {
    tx_.drop(fc_class::non_posted, [](const pcie::tlp_ptr&) {});
    tx_.drop(fc_class::posted, [this](const pcie::tlp_ptr& t) { lost(*t); });
    invalidate_completions_.drop([this](const pcie::tlp_ptr& t) { lost(*t); });
}

void endpoint::lost(const pcie::tlp& t) {
    if (!t.is_message() || t.code != pcie::msg_code::invalidate_completion) return;
    for (itag_vector v = pcie::completion_itag_vector(t.address); v != 0; v &= v - 1) {
        const auto n = static_cast<std::uint8_t>(std::countr_zero(v));
        ignore_invalidate(base::itag{n}, span_of_itag_[n], text_queued_);
    }
}

void endpoint::send_error(pcie::msg_code code) {
    errors_to_send_ |=
        1u << (static_cast<unsigned>(code) - static_cast<unsigned>(pcie::msg_code::err_cor));
    flush_errors();
}

void endpoint::flush_errors() {
    while (errors_to_send_ != 0 && tx_.room(fc_class::posted) > 0) {
        const auto n = static_cast<unsigned>(std::countr_zero(errors_to_send_));
        errors_to_send_ &= errors_to_send_ - 1;
        const auto code =
            static_cast<pcie::msg_code>(static_cast<unsigned>(pcie::msg_code::err_cor) + n);
        tx_.push(pcie::make_error_message(pool_, code, id_));
    }
}

// -- completions
// ---------------------------------------------------------------------------------------

void endpoint::receive_completion(const pcie::tlp& t) {
    outstanding_request* const r = t.requester == id_ ? outstanding_.find(t.tag) : nullptr;
    const bool last = t.status != cpl_status::success || !t.has_data() || t.byte_count <= t.bytes();
    if (r != nullptr && r->is == outstanding_request::state::quarantined && last)
        outstanding_.free(t.tag);
    if (state_ != state::operational) return;  // P-134
    const bool locked = t.type == tlp_type::cpl_locked || t.type == tlp_type::cpl_d_locked;
    if (r == nullptr || r->is != outstanding_request::state::waiting || locked)
        return errors_.report(pcie::error::unexpected_completion, true, &t, id_);
    if (r->kind == waiter_kind::translation)
        translation_answered(t.tag, t);
    else
        read_answered(t.tag, t);
    more_room();
}

void endpoint::translation_answered(std::uint16_t tag, const pcie::tlp& t) {
    using status = completion_entry::status;
    const auto slot = static_cast<request_slot>(outstanding_.at(tag).owner);
    outstanding_.free(tag);
    completion_entry e;
    e.obtained = t.obtained;
    if (t.poisoned) {
        errors_.report(pcie::error::poisoned, true, &t, id_);
        e.result = status::timeout;
    } else if (t.status == cpl_status::success && t.has_data() && t.bytes() >= entry_bytes) {
        e.data = pcie::payload_word(t);
    } else if (t.status == cpl_status::success || t.status == cpl_status::request_retry) {
        errors_.report(pcie::error::malformed, false, &t, id_);
        e.result = status::timeout;
    } else {
        e.result = t.status == cpl_status::completer_abort ? status::completer_abort
                                                           : status::unsupported_request;
    }
    end_translation(slot, e);
    atc_->try_fill(slot, e);
}

void endpoint::end_translation(request_slot slot, const completion_entry& e) {
    const base::span_id span = std::exchange(span_of_slot_[slot], base::no_span);
    if (span == base::no_span) return;
    if (ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, now(), span, translation_at_function);
    if (ctx_.probe.wants(base::kind::span_end))
        ctx_.probe.emit(base::kind::span_end, place_, now(), span,
                        static_cast<std::uint64_t>(e.result), e.data);
}

void endpoint::read_answered(std::uint16_t tag, const pcie::tlp& t) {
    outstanding_request& r = outstanding_.at(tag);
    const std::uint32_t reader = r.owner;
    if (t.status != cpl_status::success || t.poisoned || !t.has_data()) {
        if (t.poisoned) errors_.report(pcie::error::poisoned, true, &t, id_);
        if (t.status == cpl_status::unsupported_request)
            space_.registers().set(status_at, 2, received_master_abort, received_master_abort);
        if (t.status == cpl_status::completer_abort)
            space_.registers().set(status_at, 2, received_target_abort, received_target_abort);
        const read_result result = t.poisoned || t.status == cpl_status::success
                                       ? read_result::poisoned
                                       : result_of(t.status);
        outstanding_.free(tag);
        return engine_.read_done(reader, result);
    }
    const std::uint32_t start = t.lower_address & 3u;
    const std::uint32_t due = r.bytes - r.received;
    const std::uint32_t bytes = std::min(due, t.bytes() - start);
    const bool at_boundary = (t.lower_address + bytes) % least_boundary == 0;
    // Not the next piece of this read, or one that ends where none may.
    if (t.byte_count != due || (bytes < due && !at_boundary)) {
        errors_.report(pcie::error::malformed, false, &t, id_);
        outstanding_.free(tag);
        return engine_.read_done(reader, read_result::poisoned);
    }
    engine_.read_data(reader, r.received, {t.payload->data() + start, bytes});
    r.received += bytes;
    if (r.received < r.bytes) return;
    outstanding_.free(tag);
    engine_.read_done(reader, read_result::success);
}

void endpoint::timed_out(std::uint16_t tag) {
    const outstanding_request r = outstanding_.at(tag);
    errors_.report(pcie::error::completion_timeout, false, nullptr, id_);
    non_posted_refused_ = true;  // the tag is about to be free
    if (r.kind == waiter_kind::dma) {
        engine_.read_done(r.owner, read_result::timeout);
    } else {
        const completion_entry e{completion_entry::status::timeout, 0, {}};
        end_translation(static_cast<request_slot>(r.owner), e);
        atc_->try_fill(static_cast<request_slot>(r.owner), e);
    }
    more_room();
}

}  // namespace drydock::endpoint
