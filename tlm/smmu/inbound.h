// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm>

#include "tlm/base/requester.h"
#include "tlm/smmu/ring.h"

namespace drydock::smmu {

class inbound;

/// Decides whether a transaction may come in now.
struct gatekeeper {
    /// BEGIN_REQ has arrived; called once per transaction, before admit().
    virtual void arrived(inbound&, tlm::tlm_generic_payload&) = 0;
    /// @return false: no slot; inbound::admit_waiting() is called when there may be one
    virtual bool admit(inbound&, tlm::tlm_generic_payload&) = 0;

protected:
    ~gatekeeper() = default;
};

/// One target socket towards a root port: TLM-2.0 base protocol, non-blocking. BEGIN_REQ is ended
/// at once while there is room, later otherwise; responses leave one at a time.
class inbound final : public tlm::tlm_fw_transport_if<> {
public:
    inbound(gatekeeper& g, unsigned port, bool posted, tlm::tlm_target_socket<64>& socket)
        : gate_(g), port_(port), posted_(posted), socket_(socket) {
        socket_.bind(*this);
    }
    unsigned port() const { return port_; }
    bool posted() const { return posted_; }
    bool waiting() const { return waiting_ != nullptr; }

    /// Ends the request that waits, if there is room now. @return true if it came in
    bool admit_waiting() {
        if (waiting_ == nullptr || !gate_.admit(*this, *waiting_)) return false;
        tlm::tlm_generic_payload& gp = *waiting_;
        waiting_ = nullptr;
        tlm::tlm_phase phase = tlm::END_REQ;
        sc_core::sc_time none;
        socket_->nb_transport_bw(gp, phase, none);
        return true;
    }
    void respond(tlm::tlm_generic_payload& gp) {
        responses_.push(&gp);
        send_responses();
    }

private:
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override {
        if (phase == tlm::END_RESP) {
            response_open_ = false;
            send_responses();
            return tlm::TLM_COMPLETED;
        }
        gate_.arrived(*this, gp);
        if (gate_.admit(*this, gp)) {
            phase = tlm::END_REQ;
            return tlm::TLM_UPDATED;
        }
        waiting_ = &gp;
        return tlm::TLM_ACCEPTED;
    }
    void send_responses() {
        while (!response_open_ && !responses_.empty()) {
            tlm::tlm_generic_payload& gp = *responses_.take();
            tlm::tlm_phase phase = tlm::BEGIN_RESP;
            sc_core::sc_time none;
            response_open_ = true;
            const tlm::tlm_sync_enum answer = socket_->nb_transport_bw(gp, phase, none);
            if (answer == tlm::TLM_COMPLETED ||
                (answer == tlm::TLM_UPDATED && phase == tlm::END_RESP))
                response_open_ = false;
        }
    }
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time&) override {
        SC_REPORT_ERROR(
            "/drydock/smmu",
            "a root port speaks nb_transport; b_transport cannot wait for a translation");
        gp.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    }
    /// Nothing: an address means something only after a translation, which takes time.
    unsigned transport_dbg(tlm::tlm_generic_payload&) override { return 0; }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }

    gatekeeper& gate_;
    unsigned port_;
    bool posted_;
    tlm::tlm_target_socket<64>& socket_;
    tlm::tlm_generic_payload* waiting_ = nullptr;
    ring<tlm::tlm_generic_payload*> responses_;
    bool response_open_ = false;
};

}  // namespace drydock::smmu
