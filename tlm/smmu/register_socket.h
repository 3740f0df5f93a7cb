// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm>

#include "tlm/smmu/little_endian.h"
#include "tlm/smmu/register_block.h"

namespace drydock::smmu {

/// The CPU's way to the registers: TLM-2.0 base protocol, blocking and non-blocking, in zero time.
/// A transfer with byte enables, an odd size or a bad alignment answers OK, reads zero and writes
/// nothing (RAZ/WI).
class register_socket final : public tlm::tlm_fw_transport_if<> {
public:
    register_socket(register_block& block, tlm::tlm_target_socket<64>& socket) : block_(block) {
        socket.bind(*this);
    }

private:
    void access(tlm::tlm_generic_payload& gp) {
        const auto size = gp.get_data_length();
        const std::uint64_t offset = gp.get_address() & (register_bytes - 1);
        std::uint8_t* data = gp.get_data_ptr();
        const bool odd = (size != 4 && size != 8) || gp.get_byte_enable_ptr() != nullptr;
        if (gp.is_read()) {
            const std::uint64_t value = odd ? 0 : block_.read(offset, size);
            store_le({data, size}, value);
        } else if (gp.is_write() && !odd) {
            block_.write(offset, size, load_le(data, size));
        }
        gp.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time&) override { access(gp); }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override {
        if (phase == tlm::BEGIN_REQ) access(gp);
        return tlm::TLM_COMPLETED;
    }
    /// Reads without side effects; writes nothing.
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override {
        if (!gp.is_read()) return 0;
        access(gp);
        return gp.get_data_length();
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }

    register_block& block_;
};

}  // namespace drydock::smmu
