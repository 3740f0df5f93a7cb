// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/memory_port.h"

#include <algorithm>

#include "tlm/base/timeline_kernel.h"
#include "tlm/smmu/little_endian.h"

namespace drydock::smmu {
namespace {

constexpr std::uint64_t drain_queue = 0;  // any other op is the address of a ticket

}  // namespace

/// A payload of the SMMU's own with room for its data; back in the pool when nobody references it.
struct memory_port::own_access final : tlm::tlm_mm_interface {
    tlm::tlm_generic_payload payload;
    ticket rider;
    base::atomic_update atomic;
    std::array<std::uint8_t, largest_own_access> data{};
    base::pool<own_access>* home = nullptr;

    ~own_access() override {
        payload.clear_extension(&rider);
        payload.clear_extension(&atomic);
    }
    void free(tlm::tlm_generic_payload*) override { home->give(this); }
};

memory_port::memory_port(std::string_view name, base::context& ctx,
                         tlm::tlm_initiator_socket<64>& socket)
    : ctx_(ctx),
      socket_(socket),
      timeline_id_(ctx.timeline.join(name, *this)),
      tickets_("smmu memory tickets", 64),
      own_(new base::pool<own_access>("smmu memory accesses", 64)) {
    socket_.bind(*this);
}

memory_port::~memory_port() { delete own_; }

memory_port::own_access& memory_port::take_own(memory_client& client, std::uint64_t token,
                                               tlm::tlm_command command, base::phys_addr at,
                                               unsigned bytes) {
    own_access& a = *own_->take();
    a.home = own_;
    tlm::tlm_generic_payload& gp = a.payload;
    if (!gp.has_mm()) gp.set_mm(&a);
    gp.acquire();
    gp.set_command(command);
    gp.set_address(at.value);
    gp.set_data_ptr(a.data.data());
    gp.set_data_length(bytes);
    gp.set_streaming_width(bytes);
    gp.set_byte_enable_ptr(nullptr);
    gp.set_byte_enable_length(0);
    gp.set_dmi_allowed(false);
    gp.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    a.rider.client = &client;
    a.rider.token = token;
    a.rider.payload = &gp;
    a.rider.own = &a;
    a.rider.performed = a.rider.end_response = false;
    gp.set_extension(&a.rider);
    return a;
}

void memory_port::read(memory_client& client, std::uint64_t token, base::phys_addr at,
                       unsigned bytes) {
    issue(take_own(client, token, tlm::TLM_READ_COMMAND, at, bytes).rider);
}

void memory_port::write(memory_client& client, std::uint64_t token, base::phys_addr at,
                        std::span<const std::uint8_t> data) {
    own_access& a =
        take_own(client, token, tlm::TLM_WRITE_COMMAND, at, static_cast<unsigned>(data.size()));
    std::copy(data.begin(), data.end(), a.data.begin());
    issue(a.rider);
}

void memory_port::update(memory_client& client, std::uint64_t token, base::phys_addr at,
                         std::uint64_t expected, std::uint64_t desired) {
    own_access& a = take_own(client, token, tlm::TLM_WRITE_COMMAND, at, sizeof desired);
    store_le(std::span(a.data).first<sizeof desired>(), desired);
    a.atomic.expected = expected;
    a.atomic.desired = desired;
    a.atomic.done = false;
    a.payload.set_extension(&a.atomic);
    issue(a.rider);
}

void memory_port::forward(memory_client& client, std::uint64_t token,
                          tlm::tlm_generic_payload& gp) {
    ticket& t = *tickets_.take();
    t.client = &client;
    t.token = token;
    t.payload = &gp;
    t.own = nullptr;
    t.performed = t.end_response = false;
    gp.set_extension(&t);
    issue(t);
}

unsigned memory_port::peek(base::phys_addr at, std::span<std::uint8_t> into) {
    tlm::tlm_generic_payload& gp = peek_;
    gp.set_command(tlm::TLM_READ_COMMAND);
    gp.set_address(at.value);
    gp.set_data_ptr(into.data());
    gp.set_data_length(static_cast<unsigned>(into.size()));
    gp.set_streaming_width(static_cast<unsigned>(into.size()));
    return socket_->transport_dbg(gp);
}

void memory_port::issue(ticket& t) {
    if (open_request_ != nullptr || !queue_.empty())
        queue_.push(&t);
    else
        send(t);
}

void memory_port::send(ticket& t) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay;
    open_request_ = &t;  // a target may already call back from within the call
    const tlm::tlm_sync_enum answer = socket_->nb_transport_fw(*t.payload, phase, delay);
    if (answer == tlm::TLM_ACCEPTED) return;
    if (open_request_ == &t) open_request_ = nullptr;
    if (answer == tlm::TLM_COMPLETED || phase == tlm::BEGIN_RESP) {
        t.end_response = answer == tlm::TLM_UPDATED;
        effect(t);
        respond_after(t, base::from_sc(delay));
    }
}

void memory_port::effect(ticket& t) {
    if (t.performed) return;
    t.performed = true;
    t.client->performed(t.token);
}

void memory_port::respond_after(ticket& t, base::ps delay) {
    ctx_.timeline.after(delay, base::phase::arrive, timeline_id_,
                        reinterpret_cast<std::uintptr_t>(&t));
}

void memory_port::on_time(std::uint64_t op) {
    if (op != drain_queue) {
        finish(*reinterpret_cast<ticket*>(static_cast<std::uintptr_t>(op)));
        return;
    }
    drain_scheduled_ = false;
    while (open_request_ == nullptr && !queue_.empty()) send(*queue_.take());
}

void memory_port::finish(ticket& t) {
    tlm::tlm_generic_payload& gp = *t.payload;
    if (t.end_response) {
        tlm::tlm_phase phase = tlm::END_RESP;
        sc_core::sc_time none;
        socket_->nb_transport_fw(gp, phase, none);
    }
    gp.clear_extension(&t);
    memory_client& client = *t.client;
    const std::uint64_t token = t.token;
    if (t.own == nullptr) {
        tickets_.give(&t);
        client.answered(token, gp);
        return;
    }
    base::atomic_update& atomic = t.own->atomic;
    if (gp.get_extension<base::atomic_update>() == &atomic && !atomic.done && gp.is_response_ok())
        gp.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    client.answered(token, gp);
    gp.clear_extension(&atomic);
    gp.release();
}

tlm::tlm_sync_enum memory_port::nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                                sc_core::sc_time& delay) {
    // A target outside our timeline calls at its own time.
    ctx_.timeline.advance(base::from_sc(sc_core::sc_time_stamp()));
    auto* t = gp.get_extension<ticket>();
    if (t == nullptr) {
        SC_REPORT_ERROR("/drydock/smmu", "memory answers a payload that the SMMU did not send");
        return tlm::TLM_COMPLETED;
    }
    if (open_request_ == t) {  // END_REQ, or implied by BEGIN_RESP
        open_request_ = nullptr;
        if (!queue_.empty() && !drain_scheduled_) {
            drain_scheduled_ = true;
            ctx_.timeline.after(base::from_sc(delay), base::phase::arrive, timeline_id_,
                                drain_queue);
        }
    }
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
    effect(*t);
    respond_after(*t, base::from_sc(delay));
    return tlm::TLM_COMPLETED;
}

}  // namespace drydock::smmu
