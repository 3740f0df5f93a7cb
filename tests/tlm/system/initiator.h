// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemc>
#include <tlm>
#include <vector>

namespace drydock::system {

/// Issues one access at a time and takes the answer in whatever way the target gives it.
struct initiator : sc_core::sc_module, tlm::tlm_bw_transport_if<>, tlm::tlm_mm_interface {
    explicit initiator(sc_core::sc_module_name n) : sc_module(n), socket("socket") {
        socket.bind(*this);
    }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override {
        if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
        responses.push_back(&gp);
        phase = tlm::END_RESP;
        return tlm::TLM_COMPLETED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    void free(tlm::tlm_generic_payload*) override {}

    tlm::tlm_sync_enum access(tlm::tlm_generic_payload& gp, bool write, std::uint64_t at,
                              void* data, unsigned bytes) {
        gp.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        gp.set_address(at);
        gp.set_data_ptr(static_cast<unsigned char*>(data));
        gp.set_data_length(bytes);
        gp.set_streaming_width(bytes);
        gp.set_byte_enable_ptr(nullptr);
        gp.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        if (!gp.has_mm()) gp.set_mm(this), gp.acquire();
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        delay = sc_core::SC_ZERO_TIME;
        return socket->nb_transport_fw(gp, phase, delay);
    }
    tlm::tlm_initiator_socket<64> socket;
    std::vector<tlm::tlm_generic_payload*> responses;
    sc_core::sc_time delay;
};

}  // namespace drydock::system
