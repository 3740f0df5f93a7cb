// SPDX-License-Identifier: Apache-2.0
#include "tlm/system/interrupt_controller.h"

#include <cstring>

namespace drydock::system {

interrupt_controller::interrupt_controller(sc_core::sc_module_name name, base::context&,
                                           const interrupt_controller_config& config)
    : sc_module(name), socket("socket"), config_(config) {
    socket.bind(*this);
}

tlm::tlm_sync_enum interrupt_controller::nb_transport_fw(tlm::tlm_generic_payload& gp,
                                                         tlm::tlm_phase& phase, sc_core::sc_time&) {
    if (phase == tlm::BEGIN_REQ) serve(gp);
    return tlm::TLM_COMPLETED;
}

void interrupt_controller::b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time&) {
    serve(gp);
}

void interrupt_controller::set_line(unsigned n, bool level) {
    if (n >= lines_.size()) lines_.resize(n + std::size_t{1});
    if (lines_[n] == level) return;
    lines_[n] = level;
    if (!level) return;
    ++interrupts_;
    if (sink_ != nullptr) sink_->line_raised(n);
}

void interrupt_controller::serve(tlm::tlm_generic_payload& gp) {
    const std::uint64_t offset = gp.get_address() - config_.base.value;
    const unsigned n = gp.get_data_length();
    if (gp.get_address() < config_.base.value || offset > config_.bytes ||
        n > config_.bytes - offset) {
        gp.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    gp.set_response_status(tlm::TLM_OK_RESPONSE);
    if (gp.is_read()) {
        std::memset(gp.get_data_ptr(), 0, n);
        return;
    }
    if (!gp.is_write() || offset + n <= doorbell || offset >= doorbell + 4) return;
    if (offset != doorbell || n != 4 || gp.get_byte_enable_ptr() != nullptr) {
        gp.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    std::uint32_t data;
    std::memcpy(&data, gp.get_data_ptr(), 4);
    ++interrupts_;
    if (sink_ != nullptr) sink_->msi(data);
}

}  // namespace drydock::system
