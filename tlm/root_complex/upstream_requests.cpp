// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/upstream_requests.h"

#include <algorithm>

#include "tlm/base/timeline_kernel.h"
#include "tlm/pcie/atomics.h"
#include "tlm/pcie/errors.h"

namespace drydock::root_complex {

upstream_request& upstream_request_pool::make(pcie::tlp_ptr t, pcie::tlp_pool& payloads,
                                              std::uint16_t port) {
    upstream_request& r = *pool_.take();
    r.set_mm(this);
    r.acquire();
    r.own = false;
    const bool write = t->type == pcie::tlp_type::mwr;
    const pcie::enabled_bytes e = pcie::enabled_bytes_of(*t);
    r.first = e.first;
    r.due = e.bytes;
    if (!t->has_data()) {
        payloads.add_payload(*t);
        if (e.bytes == 0) std::fill_n(t->payload->begin(), 4, std::uint8_t{0});
    }
    r.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    r.set_address(t->address + e.first);
    r.set_data_ptr(t->payload->data() + e.first);
    const unsigned bytes = e.bytes == 0 ? t->bytes() : e.bytes;
    r.set_data_length(bytes);
    r.set_streaming_width(bytes);
    r.set_byte_enable_ptr(nullptr);
    r.set_byte_enable_length(0);
    if (e.bytes == 0 || (write && !e.contiguous)) {  // at most two DWs can have gaps
        const unsigned pattern = t->first_be | (t->length == 2 ? unsigned{t->last_be} << 4 : 0);
        for (unsigned i = 0; i < bytes; ++i)
            r.byte_enables[i] =
                ((pattern >> (i + e.first)) & 1) != 0 ? TLM_BYTE_ENABLED : TLM_BYTE_DISABLED;
        r.set_byte_enable_ptr(r.byte_enables.data());
        r.set_byte_enable_length(bytes);
    }
    if (t->type != pcie::tlp_type::mrd && !write) make_atomic(r, *t);
    r.set_dmi_allowed(false);
    r.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    base::requester& who = r.who;
    who.stream = base::stream_id{t->requester.value};  // StreamID = Routing ID
    who.substream.reset();
    who.privileged = who.execute = false;
    if (t->pasid) {
        who.substream = t->pasid->pasid;
        who.privileged = t->pasid->privileged;
        who.execute = t->pasid->execute;
    }
    who.at = t->at;
    who.port = port;
    who.order = t->order;
    who.span = t->span;
    who.requested = t->requested;
    who.requested_known = t->requested_known;
    who.obtained = t->obtained;
    r.tlp = std::move(t);
    return r;
}

/// Byte enables mean nothing there (PCIe).
void upstream_request_pool::make_atomic(upstream_request& r, const pcie::tlp& t) {
    using kind = base::atomic_operation::kind;
    r.atomic.what = t.type == pcie::tlp_type::fetch_add ? kind::fetch_add
                    : t.type == pcie::tlp_type::swap    ? kind::swap
                                                        : kind::compare_and_swap;
    r.atomic.done = false;
    r.first = 0;
    r.due = pcie::operand_bytes(t);
    r.set_command(tlm::TLM_IGNORE_COMMAND);
    r.set_address(t.address);
    r.set_data_ptr(t.payload->data());
    r.set_data_length(r.due);
    r.set_streaming_width(r.due);
    r.set_byte_enable_ptr(nullptr);
    r.set_byte_enable_length(0);
    r.set_extension(&r.atomic);
}

void upstream_request_pool::free(tlm::tlm_generic_payload* gp) {
    auto* const r = static_cast<upstream_request*>(gp);
    if (r->get_command() == tlm::TLM_IGNORE_COMMAND) r->clear_extension(&r->atomic);
    r->tlp.reset();
    r->reset();  // extensions that somebody attached on the way
    pool_.give(r);
}

upstream_channel::upstream_channel(const char* name, upstream_owner& owner)
    : socket(name), owner_(owner) {
    socket.bind(*this);
}

void upstream_channel::send(upstream_request& r) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time t;
    waiting_ = &r;
    const tlm::tlm_sync_enum answer = socket->nb_transport_fw(r, phase, t);
    if (answer == tlm::TLM_ACCEPTED)
        return;  // END_REQ or BEGIN_RESP comes, or came during the call
    if (waiting_ == &r) {
        waiting_ = nullptr;
        owner_.accepted(r);
    }
    if (answer == tlm::TLM_UPDATED && phase == tlm::END_REQ) return;
    if (answer == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP) {
        tlm::tlm_phase end = tlm::END_RESP;
        sc_core::sc_time none;
        r.acquire();
        finish(r, t);
        socket->nb_transport_fw(r, end, none);
        r.release();
        return;
    }
    finish(r, t);
}

tlm::tlm_sync_enum upstream_channel::nb_transport_bw(tlm::tlm_generic_payload& gp,
                                                     tlm::tlm_phase& phase, sc_core::sc_time& t) {
    auto& r = static_cast<upstream_request&>(gp);
    if (waiting_ == &r) {  // END_REQ, or BEGIN_RESP which implies it
        waiting_ = nullptr;
        owner_.accepted(r);
    }
    if (phase == tlm::BEGIN_RESP) {
        finish(r, t);
        owner_.channel_free();
        phase = tlm::END_RESP;
        return tlm::TLM_COMPLETED;
    }
    owner_.channel_free();
    return tlm::TLM_ACCEPTED;
}

void upstream_channel::finish(upstream_request& r, const sc_core::sc_time& t) {
    owner_.done(r, base::from_sc(t));
    r.release();
}

}  // namespace drydock::root_complex
