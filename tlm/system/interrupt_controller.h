// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <tlm>
#include <vector>

#include "tlm/base/context.h"

namespace drydock::system {

/// Whom MSIs interrupt.
struct msi_sink {
    virtual void msi(std::uint32_t data) = 0;
    /// A wire goes high.
    virtual void line_raised(unsigned /*n*/) {}

protected:
    ~msi_sink() = default;
};

struct interrupt_controller_config {
    base::phys_addr base{0x0808'0000};
    std::uint64_t bytes = 64 * 1024;
};

/// An MSI frame: a 4-byte write to offset 0x40 is an interrupt of that number. Everything else in
/// the frame reads zero and ignores writes; the doorbell takes no other size. Beside it wires,
/// which interrupt as long as they are high: whoever has handled one looks again.
class interrupt_controller final : public sc_core::sc_module, private tlm::tlm_fw_transport_if<> {
public:
    static constexpr std::uint64_t doorbell = 0x40;

    interrupt_controller(sc_core::sc_module_name name, base::context&,
                         const interrupt_controller_config& config = {});

    tlm::tlm_target_socket<64> socket;

    void connect(msi_sink& sink) { sink_ = &sink; }
    void set_line(unsigned n, bool level);
    bool line(unsigned n) const { return n < lines_.size() && lines_[n]; }
    std::uint64_t interrupts() const { return interrupts_; }

private:
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override;
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload&) override { return 0; }
    void serve(tlm::tlm_generic_payload& gp);

    interrupt_controller_config config_;
    msi_sink* sink_ = nullptr;
    std::vector<bool> lines_;
    std::uint64_t interrupts_ = 0;
};

}  // namespace drydock::system
