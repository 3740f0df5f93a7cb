// SPDX-License-Identifier: Apache-2.0
// What comes down to a function: configuration and memory requests, messages.
#include <algorithm>
#include <stdexcept>

#include "tlm/endpoint/endpoint.h"
#include "tlm/pcie/atomics.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::endpoint {
namespace {

using pcie::cpl_status;
using pcie::msg_code;
using pcie::tlp_type;

/// Of registers, in the lower half of a BAR; more is against the programming model (CA).
constexpr std::uint32_t largest_read_dw = 16;
constexpr std::uint64_t read_completion_boundary =
    128;  // of whoever is no root complex (PCIe, RCB)

std::uint32_t data_word(const pcie::tlp& t, std::uint32_t dw) {
    std::uint32_t v = 0;
    for (std::uint32_t i = 4; i-- > 0;) v = (v << 8) | (*t.payload)[dw * 4 + i];
    return v;
}

void set_data_word(pcie::tlp& t, std::uint32_t dw, std::uint32_t v) {
    for (std::uint32_t i = 0; i < 4; ++i, v >>= 8)
        (*t.payload)[dw * 4 + i] = static_cast<std::uint8_t>(v);
}

std::uint8_t enables_of(const pcie::tlp& t, std::uint32_t dw) {
    if (dw == 0) return t.first_be;
    return dw + 1 == t.length ? t.last_be : std::uint8_t{0xf};
}

}  // namespace

void endpoint::receive(pcie::tlp_ptr owned) {
    const pcie::tlp& t = *owned;
    if (state_ == state::dead) {
        if (t.is_message() && t.code == msg_code::invalidate_request)
            ignore_invalidate(base::itag{static_cast<std::uint8_t>(t.tag & 31)}, t.span,
                              text_dead_);
        return free_buffer(t);
    }
    if (!acceptable(t)) return free_buffer(t);
    switch (t.type) {
        case tlp_type::cpl:
        case tlp_type::cpl_d:
        case tlp_type::cpl_locked:
        case tlp_type::cpl_d_locked:
            free_buffer(t);
            return receive_completion(t);
        case tlp_type::cfg_rd0:
        case tlp_type::cfg_wr0:
            return receive_config(t);
        case tlp_type::mrd:
        case tlp_type::mwr:
            return receive_memory(t);
        case tlp_type::msg:
        case tlp_type::msg_d:
            return receive_message(t);
        default:
            return unsupported(t);
    }
}

bool endpoint::acceptable(const pcie::tlp& t) {
    const bool bad_prefix = t.pasid && !space_.express().prefixes_supported();
    const bool bad = bad_prefix || !pcie::malformed(t, max_payload_).empty();
    // With a wrong ECRC nothing in it can be trusted: it is dropped without an answer (choice).
    if (!bad && !(t.digest_bad && checks_ecrc_)) return true;
    if (state_ == state::operational)
        errors_.report(bad ? pcie::error::malformed : pcie::error::ecrc, false, &t, id_);
    return false;
}

bool endpoint::answer_unclaimed(const pcie::tlp& t) {
    if (t.is_message() && t.code == msg_code::invalidate_request &&
        ctx_.probe.wants(base::kind::invalidate_ignored))
        ctx_.probe.emit(base::kind::invalidate_ignored, place_, now(), t.span, t.target.value,
                        text_absent_, t.tag & 31u);
    if (state_ == state::dead || !acceptable(t)) {
        free_buffer(t);
        return false;
    }
    if (t.flow_class() == pcie::fc_class::non_posted)
        answer(t, cpl_status::unsupported_request);
    else
        free_buffer(t);
    return true;
}

std::optional<pcie::msg_code> endpoint::log_malformed(const pcie::tlp& t) {
    if (state_ != state::operational) return std::nullopt;
    return errors_.log(pcie::error::malformed, false, &t, id_);
}

std::optional<pcie::msg_code> endpoint::log_unclaimed(const pcie::tlp& t) {
    // Of a function that is not there the requester learns, and nobody logs it (choice).
    const bool config = t.type == tlp_type::cfg_rd0 || t.type == tlp_type::cfg_wr0;
    if (state_ != state::operational || config) return std::nullopt;
    if (t.is_completion()) return errors_.log(pcie::error::unexpected_completion, true, &t, id_);
    return errors_.log(pcie::error::unsupported_request, t.flow_class() != pcie::fc_class::posted,
                       &t, id_);
}

// -- answers
// ---------------------------------------------------------------------------------------

/// Without data. Byte Count and Lower Address are those of a memory read, 4 and 0 of any other
/// request.
pcie::tlp_ptr endpoint::completion_of(const pcie::tlp& request, cpl_status status) {
    pcie::tlp_ptr c = pool_.make();
    const bool memory = request.type == tlp_type::mrd;
    const bool config = request.type == tlp_type::cfg_rd0 || request.type == tlp_type::cfg_wr0;
    c->type = tlp_type::cpl;
    c->status = status;
    c->byte_count = static_cast<std::uint16_t>(pcie::due_of(request));
    if (memory) {
        const pcie::enabled_bytes e = pcie::enabled_bytes_of(request);
        c->lower_address = static_cast<std::uint8_t>((request.address + e.first) & 0x7f);
    }
    c->completer = config ? request.target : id_;
    c->requester = request.requester;
    c->tag = request.tag;
    c->traffic_class = request.traffic_class;
    c->relaxed_ordering = request.relaxed_ordering;
    c->id_based_ordering = request.id_based_ordering;
    c->no_snoop = request.no_snoop;
    c->span = request.span;
    return c;
}

void endpoint::reply(const pcie::tlp& request, pcie::tlp_ptr completion) {
    if (reply_credits_.full()) {  // more requests than flow control allows: this one gets no answer
        errors_.report(pcie::error::receiver_overflow, false, &request, id_);
        return free_buffer(request);
    }
    reply_credits_.push({true, request.virtual_channel, request.data_credits()});
    replies_.push(now() + config_.turn_round, std::move(completion));
}

void endpoint::answer(const pcie::tlp& request, cpl_status status) {
    reply(request, completion_of(request, status));
}

/// PCIe: non-posted requests are answered with UR, which makes the error advisory; posted
/// ones are dropped. In a reset nothing is logged.
void endpoint::unsupported(const pcie::tlp& t) {
    const bool posted = t.flow_class() == pcie::fc_class::posted;
    if (state_ == state::operational)
        errors_.report(pcie::error::unsupported_request, !posted, &t, id_);
    if (posted) return free_buffer(t);
    answer(t, cpl_status::unsupported_request);
}

// -- configuration
// ---------------------------------------------------------------------------------

void endpoint::receive_config(const pcie::tlp& t) {
    if (faults::take(faults_.deaf)) {  // who looks whether it is ready sees that it is not
        const bool identity = t.type == tlp_type::cfg_rd0 && (t.address & 0xffc) == 0;
        return identity ? answer(t, cpl_status::request_retry) : free_buffer(t);
    }
    if (state_ == state::starting || (state_ == state::flr && !config_.answer_config_in_flr))
        return answer(t, cpl_status::request_retry);
    if (t.type == tlp_type::cfg_wr0 && t.poisoned) {  // nothing is written
        errors_.report(pcie::error::poisoned, true, &t, id_);
        return answer(t, cpl_status::unsupported_request);
    }
    if (t.type == tlp_type::cfg_wr0) return write_config(t);
    if (space_.express().present())
        space_.express().set_transactions_pending(outstanding_.waiting() > 0);
    pcie::tlp_ptr c = completion_of(t, cpl_status::success);
    c->type = tlp_type::cpl_d;
    c->length = 1;
    pool_.add_payload(*c);
    set_data_word(*c, 0, space_.read(static_cast<std::uint16_t>(t.address & 0xffc)));
    reply(t, std::move(c));
}

void endpoint::write_config(const pcie::tlp& t) {
    if (!is_virtual()) id_ = t.target;  // captured from every configuration write (PCIe)
    answer(t, cpl_status::success);
    space_.write(static_cast<std::uint16_t>(t.address & 0xffc), 4, data_word(t, 0), t.first_be);
    if (flr_asked_) begin_flr();
    if (cxl_reset_asked_) begin_cxl_reset();
}

// -- memory
// ------------------------------------------------------------------------------------------

/// A BAR as it is decoded; that of a virtual function is its part of the PF's VF BAR.
std::optional<pcie::bar_state> endpoint::bar(unsigned n) {
    if (!is_virtual()) return space_.bar(n);
    const pcie::sriov_view s = physical_space().sriov();
    if (s.vf_bar_bytes(n) == 0) return std::nullopt;
    pcie::bar_state b;
    b.address = s.vf_bar_address(n, which_.vf);
    b.bytes = s.vf_bar_bytes(n);
    return b;
}

bool endpoint::decodes_memory() {
    return is_virtual() ? physical_space().sriov().memory_enabled() : space_.command().memory;
}

void endpoint::receive_memory(const pcie::tlp& t) {
    if (faults::take(faults_.deaf)) return free_buffer(t);
    const bool reachable = state_ == state::operational && power_state_ == 0 && decodes_memory();
    for (unsigned n = 0; reachable && n < 6; ++n) {
        const auto claimed = bar(n);
        if (!claimed || claimed->is_io || !claimed->contains(t.address, t.bytes())) continue;
        if (faults::take(faults_.refuse_requests)) break;
        const std::uint64_t offset = t.address - claimed->address;
        if (t.type == tlp_type::mrd) return read_memory(t, n, offset, offset >= claimed->bytes / 2);
        if (t.poisoned)
            errors_.report(pcie::error::poisoned, true, &t, id_);
        else
            write_memory(t, n, offset);
        return free_buffer(t);
    }
    unsupported(t);
}

void endpoint::read_memory(const pcie::tlp& t, unsigned bar, std::uint64_t offset, bool data) {
    if ((t.length > largest_read_dw && !data) || faults::take(faults_.abort_requests)) {
        errors_.report(pcie::error::completer_abort, true, &t, id_);
        return answer(t, cpl_status::completer_abort);
    }
    const std::uint64_t most = space_.device_control().max_payload;
    const pcie::enabled_bytes e = pcie::enabled_bytes_of(t);
    std::uint64_t at = t.address + e.first;
    const std::uint64_t end = at + std::max(e.bytes, 1u);
    const bool poison = faults::take(faults_.poison_completions);
    const bool corrupt = tx_.digests() && faults::take(faults_.corrupt_digests);
    while (at < end) {
        // In pieces of at most Max Payload that end where boundaries are (PCIe, RCB).
        const std::uint64_t dw = at / 4 * 4;
        const std::uint64_t whole =
            (dw + most) / read_completion_boundary * read_completion_boundary;
        const std::uint64_t stop = end - dw <= most ? end : whole;
        pcie::tlp_ptr c = completion_of(t, cpl_status::success);
        c->type = tlp_type::cpl_d;
        c->byte_count = static_cast<std::uint16_t>(end - at);
        c->lower_address = static_cast<std::uint8_t>(at & 0x7f);
        c->length = static_cast<std::uint16_t>((stop - dw + 3) / 4);
        pool_.add_payload(*c);
        for (std::uint32_t i = 0; i < c->length; ++i)
            set_data_word(*c, i, read_bar(bar, offset + (dw - t.address) + i * 4));
        c->poisoned = poison;
        c->digest_bad = corrupt;
        at = stop;
        if (at == end) return reply(t, std::move(c));
        if (reply_credits_.full()) break;
        reply_credits_.push({false, t.virtual_channel, 0});  // the buffer goes with the last piece
        replies_.push(now() + config_.turn_round, std::move(c));
    }
    errors_.report(pcie::error::receiver_overflow, false, &t, id_);
    free_buffer(t);
}

void endpoint::write_memory(const pcie::tlp& t, unsigned bar, std::uint64_t offset) {
    for (std::uint32_t dw = 0; dw < t.length; ++dw)
        if (const std::uint8_t enables = enables_of(t, dw); enables != 0)
            write_bar(bar, offset + dw * 4, data_word(t, dw), enables);
}

std::uint32_t endpoint::read_bar(unsigned bar, std::uint64_t offset) const {
    auto& space = const_cast<pcie::config_space&>(space_);  // views are for both
    const pcie::msix_view m = space.msix();
    if (m.present()) {
        if (bar == m.table_bar() && offset - m.table_offset() < msix_.table_bytes())
            return msix_.read_table(static_cast<std::uint32_t>(offset - m.table_offset()));
        if (bar == m.pba_bar() && offset - m.pba_offset() < msix_.pba_bytes())
            return msix_.read_pba(static_cast<std::uint32_t>(offset - m.pba_offset()));
    }
    return bar == 0 && offset < dma::register_bytes
               ? engine_.read_register(static_cast<std::uint32_t>(offset))
               : 0;
}

void endpoint::write_bar(unsigned bar, std::uint64_t offset, std::uint32_t value,
                         std::uint8_t enables) {
    if ((enables & 0xf) != 0xf) {  // bytes that are not enabled keep their value
        const std::uint32_t old = read_bar(bar, offset);
        for (unsigned i = 0; i < 4; ++i)
            if ((enables >> i & 1) == 0)
                value = (value & ~(0xffu << (8 * i))) | (old & (0xffu << (8 * i)));
    }
    const pcie::msix_view m = space_.msix();
    if (m.present() && bar == m.table_bar() && offset - m.table_offset() < msix_.table_bytes())
        return msix_.write_table(static_cast<std::uint32_t>(offset - m.table_offset()), value);
    if (m.present() && bar == m.pba_bar() && offset - m.pba_offset() < msix_.pba_bytes())
        return;  // read-only
    if (bar == 0 && offset < dma::register_bytes)
        engine_.write_register(static_cast<std::uint32_t>(offset), value);
}

// -- messages
// ------------------------------------------------------------------------------------------

void endpoint::receive_message(const pcie::tlp& t) {
    switch (t.code) {
        case msg_code::invalidate_request:
            return receive_invalidate(t);
        case msg_code::prg_response:
            return receive_page_response(t);
        case msg_code::unlock:
        case msg_code::pme_turn_off:
        case msg_code::set_slot_power_limit:
        case msg_code::vendor_type1:
            return free_buffer(t);  // P-022: nothing to do, nothing logged
        default:
            return pcie::is_old_hot_plug(t.code) ? free_buffer(t) : unsupported(t);
    }
}

/// The interface is the physical function's, also while a virtual one is in reset.
void endpoint::receive_page_response(const pcie::tlp& t) {
    const state owner = is_virtual() ? which_.physical->state_ : state_;
    if (owner == state::operational && !shared_pages().receive_response(t, page_user_))
        return unsupported(t);
    free_buffer(t);
}

void endpoint::receive_invalidate(const pcie::tlp& t) {
    const base::itag tag{static_cast<std::uint8_t>(t.tag & 31)};
    if (t.span != base::no_span && ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, now(), t.span, 8, 0, id_.value);
    if (state_ != state::operational || faults_.deaf_until_reset != 0 ||
        faults::take(faults_.swallow_invalidates)) {
        ignore_invalidate(tag, t.span,
                          state_ != state::operational ? text_in_reset_ : text_injected_);
        return free_buffer(t);
    }
    if (t.poisoned) {  // its range cannot be trusted: as lost as one that never came
        errors_.report(pcie::error::poisoned, false, &t, id_);
        ignore_invalidate(tag, t.span, text_poisoned_);
        return free_buffer(t);
    }
    const bool prefix_refused = t.pasid && config_.refuse_pasid_invalidates && !pasid_on_;
    if (!atc_ || !t.has_data() || t.length != 2 || t.target != id_ || prefix_refused) {
        errors_.report(pcie::error::unsupported_request, false, &t, id_);
        return free_buffer(t);
    }
    if (t.pasid && !pasid_on_ && ats_on_)
        errors_.note("Invalidate Request with PASID while PASID Enable is 0", id_, t.span);
    const std::uint64_t body = pcie::payload_word(t);
    const pcie::ats_range range = pcie::decode_ats_range(body);
    const std::uint64_t unit =
        physical_space().ats().stu_bytes() - 1;  // a range below the STU: the STU around it
    invalidate i;
    i.rid = id_;
    i.tag = tag;
    if (t.pasid) i.ssid = t.pasid->pasid;
    i.global = t.pasid && (body & 1) != 0 && space_.ats().global_invalidate();
    i.first = base::iova{range.first & ~unit};
    i.last = base::iova{range.last | unit};
    i.traffic_class = t.traffic_class;
    i.span = t.span;
    authority_of_itag_[tag.value] = t.requester;
    span_of_itag_[tag.value] = t.span;
    invalidate_completions_.reused(tag);
    if (faults::take(faults_.complete_early)) {
        send_invalidate_completions(id_, itag_vector{1} << tag.value, t.traffic_class);
        return free_buffer(t);
    }
    take_invalidate({i, t.data_credits(), t.virtual_channel});
}

/// Up to the queue depth requests are taken at once; the buffers of the others stay taken, which
/// stalls the sender's posted traffic (PCIe).
void endpoint::take_invalidate(const held_invalidate& h) {
    if (held_.empty() && atc_->try_invalidate(h.what)) return free_invalidate(h);
    if (!held_.full()) return held_.push(h);
    // More than this function's buffers hold: the sender broke flow control.
    errors_.report(pcie::error::receiver_overflow, false, nullptr, id_);
    ignore_invalidate(h.what.tag, h.what.span, text_overflow_);
    free_invalidate(h);
}

void endpoint::ignore_invalidate(base::itag tag, base::span_id span, std::uint32_t reason) {
    if (ctx_.probe.wants(base::kind::invalidate_ignored))
        ctx_.probe.emit(base::kind::invalidate_ignored, place_, now(), span, id_.value, reason,
                        tag.value);
}

}  // namespace drydock::endpoint
