// SPDX-License-Identifier: Apache-2.0
// The way up: from the link to the SMMU, the CPUs and the error registers.
#include <algorithm>

#include "tlm/pcie/ats_messages.h"
#include "tlm/root_complex/read_completions.h"
#include "tlm/root_complex/root_port.h"

namespace drydock::root_complex {

using pcie::cpl_status;
using pcie::error;
using pcie::fc_class;
using pcie::tlp_ptr;
using pcie::tlp_type;

namespace {
constexpr std::uint32_t signaled_target_abort = 0x0800;  // Secondary Status[11]
}

void root_port::free_buffer(const pcie::tlp& t) {
    link.credit_return(t.flow_class(), 1, t.data_credits());
}

void root_port::receive(tlp_ptr t) {
    const bool bad_prefix = t->pasid && !space_.express().prefixes_supported();
    if (!contained() &&
        (bad_prefix || !pcie::malformed(*t, space_.device_control().max_payload).empty())) {
        detect(error::malformed, t.get(), false);
        emit_dropped(*t, reason_malformed_);
        return free_buffer(*t);
    }
    if (dpc_) return dpc_->judge_up(std::move(t));
    up_.push(ctx_.now() + latency_, std::move(t));
}

void root_port::arrived(tlp_ptr t) {
    // All that a root port redirects goes to the SMMU anyway.
    if (!acs_.admits(*t, windows_)) return refuse(std::move(t), error::acs_violation);
    switch (t->flow_class()) {
        case fc_class::posted:
            posted_arrived(std::move(t));
            break;
        case fc_class::non_posted:
            non_posted_arrived(std::move(t));
            break;
        case fc_class::completion:
            completions_.push({std::move(t), writes_in_});
            break;
    }
    pump_up();
}

void root_port::posted_arrived(tlp_ptr t) {
    if (t->type != tlp_type::mwr) return message_arrived(std::move(t));
    if (t->poisoned) {
        detect(error::poisoned, t.get(), false);
        emit_dropped(*t, reason_refused_);
        return free_buffer(*t);
    }
    // Bus Master Enable of the port: PCIe, P-013.
    if (!space_.command().bus_master || t->at == base::address_type::translation_request)
        return refuse(std::move(t), error::unsupported_request);
    ++count_.writes;
    ++writes_in_;
    hand_over(std::move(t));
}

void root_port::hand_over(tlp_ptr t, bool own) {
    t->order = ++order_;
    ++posted_in_;
    posted_queue_.push({std::move(t), own});
}

void root_port::message_arrived(tlp_ptr t) {
    ++count_.messages;
    switch (t->code) {
        case pcie::msg_code::invalidate_completion:
            if (ctx_.probe.wants(base::kind::stage))
                pcie::for_each_completed_span(*t, [&](base::span_id span) {
                    ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), span, 13, 0,
                                    pcie::completion_cc(t->address) - 1);
                });
            return hand_over(std::move(t));
        case pcie::msg_code::page_request:
            return hand_over(std::move(t));
        case pcie::msg_code::err_cor:
        case pcie::msg_code::err_nonfatal:
        case pcie::msg_code::err_fatal:
            errors_.message(t->code, t->requester);
            return free_buffer(*t);
        case pcie::msg_code::pm_pme:
            space_.express().record_pme(t->requester.value);
            return free_buffer(*t);
        case pcie::msg_code::vendor_type1:
        case pcie::msg_code::pme_to_ack:
            return free_buffer(*t);  // without effect here
        default:
            if (pcie::is_intx(t->code) || pcie::is_old_hot_plug(t->code)) return free_buffer(*t);
            return refuse(std::move(t), error::unsupported_request);
    }
}

void root_port::non_posted_arrived(tlp_ptr t) {
    if (t->type != tlp_type::mrd || !space_.command().bus_master)
        return refuse(std::move(t), error::unsupported_request);
    t->order = ++order_;
    if (t->at == base::address_type::translation_request) {
        ++count_.translation_requests;
        translations_.push({std::move(t), posted_in_});
    } else {
        ++count_.reads;
        reads_.push({std::move(t), posted_in_});
    }
}

void root_port::refuse(tlp_ptr t, error e) {
    const bool answered = t->flow_class() == fc_class::non_posted;
    detect(e, t.get(), answered);
    free_buffer(*t);
    if (!answered) return emit_dropped(*t, reason_refused_);
    const unsigned due =
        t->type == tlp_type::mrd ? std::max(pcie::enabled_bytes_of(*t).bytes, 1u) : 4;
    const bool blocked = e == error::acs_violation;
    if (blocked)
        space_.registers().set(bridge_windows::secondary_status, 2, signaled_target_abort,
                               signaled_target_abort);
    send_down(make_completion(
        pool_, *t, blocked ? cpl_status::completer_abort : cpl_status::unsupported_request, due));
}

// -- queues towards the SMMU ---------------------------------------------------------------------

void root_port::pump_soon() {
    // Told from inside a call of the SMMU: go on in a step of our own. Nothing waits: nothing to
    // do.
    if (pumping_ || ctx_.timeline.pending(soon_)) return;
    if (posted_queue_.empty() && reads_.empty() && translations_.empty() && completions_.empty())
        return;
    soon_ = ctx_.timeline.at(ctx_.now(), base::phase::serve, client_);
}

void root_port::on_time(std::uint64_t) { pump_up(); }

void root_port::pump_up() {
    if (pumping_) return;
    pumping_ = true;
    bool moved = true;
    while (moved) {
        moved = pump_posted();
        moved = pump_reads() || moved;
        moved = pump_translations() || moved;
        moved = pump_completions() || moved;
    }
    pumping_ = false;
}

bool root_port::pump_posted() {
    bool moved = false;
    while (!posted_queue_.empty()) {
        if (posted_queue_.front().t->type == tlp_type::mwr) {
            if (!posted_channel_.free()) break;
            ++posted_out_;
            posted_entry e = posted_queue_.pop();
            upstream_request& r =
                requests_.make(std::move(e.t), pool_, static_cast<std::uint16_t>(index_));
            r.own = e.own;
            posted_channel_.send(r);
        } else {
            auto& room = smmu_room_[static_cast<std::size_t>(fc_class::posted)];
            if (room == 0) break;
            --room;
            ++posted_out_;
            tlp_ptr t = posted_queue_.pop().t;
            free_buffer(*t);
            ats.send(std::move(t));
        }
        moved = true;
    }
    return moved;
}

bool root_port::pump_reads() {
    bool moved = false;
    while (!reads_.empty() && reads_.front().gate <= posted_out_ && non_posted_channel_.free() &&
           reads_open_ < config_.outstanding_reads) {
        ++reads_open_;
        non_posted_channel_.send(
            requests_.make(reads_.pop().t, pool_, static_cast<std::uint16_t>(index_)));
        moved = true;
    }
    return moved;
}

bool root_port::pump_translations() {
    bool moved = false;
    auto& room = smmu_room_[static_cast<std::size_t>(fc_class::non_posted)];
    while (!translations_.empty() && translations_.front().gate <= posted_out_ && room > 0) {
        --room;
        tlp_ptr t = translations_.pop().t;
        free_buffer(*t);
        ats.send(std::move(t));
        moved = true;
    }
    return moved;
}

bool root_port::pump_completions() {
    bool moved = false;
    // A completion pushes the posted writes before it (P-031): they are performed first.
    while (!completions_.empty() && completions_.front().gate <= writes_done_) {
        tlp_ptr t = completions_.pop().t;
        free_buffer(*t);
        owner_.completion(index_, std::move(t));
        moved = true;
    }
    return moved;
}

void root_port::room_at_smmu(fc_class c, std::uint32_t hdr) {
    smmu_room_[static_cast<std::size_t>(c)] += hdr;
    pump_soon();
}

void root_port::request_accepted(upstream_request& r) {
    if (r.own) return;
    const bool write = r.is_write();
    link.credit_return(write ? fc_class::posted : fc_class::non_posted, 1,
                       write ? r.tlp->data_credits() : 0);
}

void root_port::request_done(upstream_request& r, base::ps later) {
    if (r.is_write()) {
        ++writes_done_;
    } else {
        --reads_open_;
        answer_read(r, ctx_.now() + later + latency_);
    }
}

void root_port::answer_read(upstream_request& r, base::ps when) {
    const pcie::tlp& request = *r.tlp;
    const tlm::tlm_response_status status = r.get_response_status();
    if (status != tlm::TLM_OK_RESPONSE) {
        // Aborted by the SMMU: CA (PCIe); nobody at that address: UR.
        const bool unrouted = status == tlm::TLM_ADDRESS_ERROR_RESPONSE;
        detect(unrouted ? error::unsupported_request : error::completer_abort, &request, true);
        down_.push(when, make_completion(pool_, request,
                                         unrouted ? cpl_status::unsupported_request
                                                  : cpl_status::completer_abort,
                                         std::max(r.due, 1u)));
        return;
    }
    split_read(pool_, request, request.payload->data(), r.first, r.due,
               space_.express().read_completion_boundary(), space_.device_control().max_payload,
               [&](tlp_ptr c) { down_.push(when, std::move(c)); });
}

}  // namespace drydock::root_complex
