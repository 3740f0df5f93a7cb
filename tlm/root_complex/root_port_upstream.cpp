// SPDX-License-Identifier: Apache-2.0
// The way up: from the link to the SMMU, the CPUs and the error registers.
#include <algorithm>

#include "tlm/pcie/atomics.h"
#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/intx.h"
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

void root_port::receive(tlp_ptr t) {
    const bool bad_prefix = t->pasid && !space_.express().prefixes_supported();
    const bool bad_channel = channels_ && !channels_->map().accepts(*t);
    if (!contained() && (bad_prefix || bad_channel ||
                         !pcie::malformed(*t, space_.device_control().max_payload).empty())) {
        detect(error::malformed, t.get(), false);
        emit_dropped(*t, reason_malformed_);
        return free_buffer(*t);
    }
    // The root complex is where all that comes up ends; dropped without an answer (choice).
    if (t->digest_bad && checks_ecrc_ && !contained()) {
        detect(error::ecrc, t.get(), false);
        emit_dropped(*t, reason_ecrc_);
        return free_buffer(*t);
    }
    if (dpc_) return dpc_->judge_up(std::move(t));
    up_.push(ctx_.now() + latency_, std::move(t));
}

void root_port::arrived(tlp_ptr t) {
    // All that a root port redirects goes to the SMMU anyway.
    if (!acs_.admits(*t, windows_)) return refuse(std::move(t), error::acs_violation);
    upstream_lane& l = lane_of(*t);
    switch (t->flow_class()) {
        case fc_class::posted:
            posted_arrived(std::move(t));
            break;
        case fc_class::non_posted:
            non_posted_arrived(std::move(t));
            break;
        case fc_class::completion:
            l.completion(std::move(t));
            break;
    }
    l.pump();
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
    auto& lane = lane_of(*t);
    lane.write(std::move(t));
}

void root_port::message_to_smmu(tlp_ptr t) {
    auto& lane = lane_of(*t);
    lane.message(std::move(t));
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
            return message_to_smmu(std::move(t));
        case pcie::msg_code::page_request:
            return message_to_smmu(std::move(t));
        case pcie::msg_code::err_cor:
        case pcie::msg_code::err_nonfatal:
        case pcie::msg_code::err_fatal:
            errors_.message(t->code, t->requester);
            return free_buffer(*t);
        case pcie::msg_code::pm_pme:
            space_.express().record_pme(t->requester.value);
            look_for_pme();
            return free_buffer(*t);
        case pcie::msg_code::vendor_type1:
        case pcie::msg_code::pme_to_ack:
            return free_buffer(*t);  // without effect here
        default:
            // Seen behind the writes that came before it, as a completion is.
            if (pcie::is_intx(t->code)) {
                upstream_lane& lane = lane_of(*t);
                return lane.completion(std::move(t));
            }
            if (pcie::is_old_hot_plug(t->code)) return free_buffer(*t);
            return refuse(std::move(t), error::unsupported_request);
    }
}

void root_port::non_posted_arrived(tlp_ptr t) {
    // AtomicOps that the root complex does not complete are UR (PCIe), as all other requests.
    const bool atomic = pcie::is_atomic(t->type) && config_.atomics;
    if ((t->type != tlp_type::mrd && !atomic) || !space_.command().bus_master)
        return refuse(std::move(t), error::unsupported_request);
    upstream_lane& l = lane_of(*t);
    if (atomic) {
        if (t->poisoned) return refuse(std::move(t), error::poisoned);  // nothing is stored
        ++count_.atomics;
        return l.read(std::move(t));
    }
    if (t->at == base::address_type::translation_request) {
        ++count_.translation_requests;
        l.translation(std::move(t));
    } else {
        ++count_.reads;
        l.read(std::move(t));
    }
}

void root_port::to_cpu(tlp_ptr t) {
    if (!t->is_message()) return owner_.completion(index_, std::move(t));
    if (!link_up()) return;  // the wires below are deasserted
    const auto bit = static_cast<std::uint8_t>(1u << pcie::intx_pin_of(t->code));
    intx_below_ = static_cast<std::uint8_t>(pcie::asserts_intx(t->code) ? intx_below_ | bit
                                                                        : intx_below_ & ~bit);
    update_intx();
}

void root_port::refuse(tlp_ptr t, error e) {
    const bool answered = t->flow_class() == fc_class::non_posted;
    detect(e, t.get(), answered);
    free_buffer(*t);
    if (!answered) return emit_dropped(*t, reason_refused_);
    const unsigned due = pcie::due_of(*t);
    const bool blocked = e == error::acs_violation;
    if (blocked)
        space_.registers().set(bridge_windows::secondary_status, 2, signaled_target_abort,
                               signaled_target_abort);
    send_down(make_completion(
        pool_, *t, blocked ? cpl_status::completer_abort : cpl_status::unsupported_request, due));
}

// -- queues towards the SMMU ---------------------------------------------------------------------

/// In a step of the port's own.
void root_port::pump_later() {
    if (!ctx_.timeline.pending(soon_))
        soon_ = ctx_.timeline.at(ctx_.now(), base::phase::serve, client_);
}

void root_port::on_time(std::uint64_t) {
    lane_.pump();
    for (const auto& l : other_lanes_) l->pump();
}

void root_port::answer(upstream_request& r, base::ps later) {
    const base::ps when = ctx_.now() + later + latency_;
    const pcie::tlp& request = *r.tlp;
    const tlm::tlm_response_status status = r.get_response_status();
    const bool atomic = request.type != tlp_type::mrd;
    const bool not_done = atomic && !r.atomic.done;
    if (status != tlm::TLM_OK_RESPONSE || not_done) {
        // Aborted by the SMMU: CA (PCIe); nobody at that address, or nobody who can do it: UR.
        const bool unrouted = status == tlm::TLM_ADDRESS_ERROR_RESPONSE ||
                              (not_done && status == tlm::TLM_OK_RESPONSE);
        detect(unrouted ? error::unsupported_request : error::completer_abort, &request, true);
        down_.push(when, make_completion(pool_, request,
                                         unrouted ? cpl_status::unsupported_request
                                                  : cpl_status::completer_abort,
                                         std::max(r.due, 1u)));
        return;
    }
    if (atomic) return answer_atomic(r, when);
    split_read(pool_, request, request.payload->data(), r.first, r.due,
               space_.express().read_completion_boundary(), space_.device_control().max_payload,
               [&](tlp_ptr c) { down_.push(when, std::move(c)); });
}

/// What memory held before (PCIe: Lower Address 0).
void root_port::answer_atomic(const upstream_request& r, base::ps when) {
    tlp_ptr c = make_completion(pool_, *r.tlp, cpl_status::success, r.due);
    c->type = tlp_type::cpl_d;
    c->length = static_cast<std::uint16_t>(r.due / 4);
    pool_.add_payload(*c);
    std::copy_n(r.atomic.old.begin(), r.due, c->payload->begin());
    down_.push(when, std::move(c));
}

}  // namespace drydock::root_complex
