// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tlm>
#include <vector>

#include "platform/hal/mmio_config.h"
#include "sw/hal/mmio.h"
#include "tlm/base/context.h"
#include "tlm/base/timeline_kernel.h"

namespace drydock::hal_systemc {

/// Told when a posted store of a CPU took effect.
struct store_observer {
    virtual void stored(std::uint64_t at) = 0;

protected:
    ~store_observer() = default;
};

/// One CPU's way to the bus: TLM-2.0 base protocol, accesses in program order. Posted stores fly
/// for a while and hold nobody; a load is issued behind the stores before it. The exclusion rule
/// holds: while a target keeps a request phase open, the next access of this CPU (of no other)
/// waits.
class cpu_port final : base::timeline_client, tlm::tlm_bw_transport_if<>, tlm::tlm_mm_interface {
public:
    cpu_port(const std::string& hierarchical_name, base::context& ctx,
             base::timeline_kernel& kernel, const mmio_config& config, store_observer& observer);
    ~cpu_port() override;

    tlm::tlm_initiator_socket<64> socket;

    std::optional<sw::hal::mmio_result> load(std::uint64_t at, unsigned size, sw::hal::mmio_client&,
                                             sw::u64 cookie);
    std::optional<sw::hal::mmio_result> store(std::uint64_t at, unsigned size, sw::u64 value,
                                              sw::hal::mmio_client&, sw::u64 cookie);
    /// By transport_dbg. All ones if nobody answers.
    sw::u64 peek(std::uint64_t at, unsigned size);

private:
    struct access {
        tlm::tlm_generic_payload gp;
        sw::u64 data = 0;
        base::ps due{};
        sw::hal::mmio_client* client = nullptr;  ///< null: posted
        sw::u64 cookie = 0;
    };
    access& make(tlm::tlm_command command, std::uint64_t at, unsigned size);
    std::optional<sw::hal::mmio_result> wait_for(access& a, sw::hal::mmio_client& client,
                                                 sw::u64 cookie);
    void pump();
    void issue(access& a);
    void complete(access& a, base::ps busy);
    void pump_later();
    access& of(tlm::tlm_generic_payload& gp);

    void on_time(std::uint64_t) override { pump(); }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    void free(tlm::tlm_generic_payload* gp) override;

    base::context& ctx_;
    base::timeline_kernel& kernel_;
    const mmio_config& config_;
    store_observer& observer_;
    base::timeline::client_id id_;
    base::timeline::handle armed_;
    std::vector<std::unique_ptr<access>> all_;
    std::vector<access*> free_;
    std::vector<access*> queue_;                  ///< not issued yet, in program order
    access* request_open_ = nullptr;              ///< its request phase has not ended
    access* immediate_ = nullptr;                 ///< being issued within load() or store()
    std::optional<sw::hal::mmio_result> answer_;  ///< of immediate_
};

}  // namespace drydock::hal_systemc
