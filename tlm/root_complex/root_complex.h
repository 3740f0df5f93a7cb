// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <tlm>
#include <utility>
#include <vector>

#include "tlm/pcie/routing.h"
#include "tlm/root_complex/config.h"
#include "tlm/root_complex/cpu_requests.h"
#include "tlm/root_complex/root_port.h"

namespace drydock::root_complex {

/// A root complex with root ports at 00:01.0, 00:02.0, ...
///
/// CPU side: ECAM and MMIO by the windows that software programs in the ports. Writes to memory
/// space are posted: they complete when the port has taken them. Reads and configuration accesses
/// are answered by BEGIN_RESP; what nobody answers reads all ones (P-010). Accesses: config 1, 2 or
/// 4 bytes, naturally aligned; memory any length within one 4 KiB page, up to the port's Max
/// Payload for writes. b_transport does the same for an SC_THREAD: it returns with the response,
/// after the time that nb_transport would have taken; what `t` brings is waited for first.
class root_complex final : public sc_core::sc_module,
                           public pcie::requester_directory,
                           private tlm::tlm_fw_transport_if<>,
                           private root_port_owner,
                           private cpu_requests_owner {
public:
    /// @throws std::invalid_argument for an impossible configuration
    root_complex(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                 const root_complex_config& config);

    tlm::tlm_target_socket<64> cpu;
    unsigned ports() const { return static_cast<unsigned>(ports_.size()); }
    pcie::downstream_socket& port(unsigned p) { return ports_[p]->link; }
    pcie::upstream_socket& ats(unsigned p) { return way(p).ats; }
    tlm::tlm_initiator_socket<64>& posted(unsigned p) { return way(p).posted(); }
    tlm::tlm_initiator_socket<64>& non_posted(unsigned p) { return way(p).non_posted(); }
    /// Ways to the SMMU: VC0 of each port by the port's number, then the other VC resources of port
    /// 0, 1, ..
    unsigned ways() const { return static_cast<unsigned>(ways_.size()); }
    /// The port that a way belongs to.
    unsigned port_of_way(unsigned w) const { return ways_[w].first; }
    root_port& root(unsigned p) { return *ports_[p]; }

    /// Level interrupts: INTA..D of root port p are lines 4p .. 4p + 3.
    struct intx_sink {
        virtual void intx(unsigned line, bool level) = 0;

    protected:
        ~intx_sink() = default;
    };
    void connect(intx_sink& s) { intx_sink_ = &s; }

    std::optional<std::uint16_t> port_of(base::routing_id id) const override;
    bool link_up(std::uint16_t p) const override { return ports_[p]->link_up(); }
    bool fail_fast(std::uint16_t) const override { return config_.fail_fast; }

    struct counters {
        std::uint64_t config_accesses = 0, memory_accesses = 0, unrouted = 0, timeouts = 0,
                      unexpected = 0;
        /// Memory accesses that devices asked for: peer-to-peer.
        std::uint64_t peer_requests = 0;
        /// Requests that a port ended by a completion of its own, by status.
        std::uint64_t ended_ur = 0, ended_ca = 0;
    };
    const counters& count() const { return count_; }

private:
    static constexpr std::uint16_t nowhere = UINT16_MAX;
    enum class taken : std::uint8_t { done, answers_later, waits };

    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override;
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time& t) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override;

    /// Takes it or puts it to those that wait. @return true: answered already
    bool begin(tlm::tlm_generic_payload& gp);
    taken take(tlm::tlm_generic_payload& gp);
    taken take_config(tlm::tlm_generic_payload& gp, std::uint64_t offset);
    taken take_memory(tlm::tlm_generic_payload& gp);
    void count_peer(const tlm::tlm_generic_payload& gp);
    taken answer_locally(tlm::tlm_generic_payload& gp, base::routing_id target, std::uint16_t reg);
    void resume_waiting();
    upstream_lane& way(unsigned w) { return ports_[ways_[w].first]->lane(ways_[w].second); }
    /// The root port that is this function of bus 0; null: none is.
    root_port* port_at(base::routing_id id) const;
    /// The request of a slot failed at the device: RP PIO. @return true: the CPU gets an exception
    bool log_pio(std::uint16_t tag, pio_failure how);
    pcie::tlp_ptr make_request(std::uint16_t tag);
    pcie::tlp_ptr make_config(const cpu_request& r, std::uint16_t tag);
    pcie::tlp_ptr make_memory(const tlm::tlm_generic_payload& gp, std::uint16_t tag);

    // from the ports
    void completion(unsigned port, pcie::tlp_ptr t) override;
    void write_left(unsigned) override { resume_waiting(); }
    void request_lost(unsigned, std::uint16_t tag, pcie::cpl_status status) override;
    void link_changed(unsigned port, bool up) override;
    void buses_changed() override;
    void intx_changed(unsigned port, std::uint8_t wires) override;
    // from the table
    void respond(tlm::tlm_generic_payload& gp) override;
    void issue(std::uint16_t tag) override;
    void local_due(std::uint16_t tag) override;
    void timed_out(std::uint16_t tag) override;

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    root_complex_config config_;
    upstream_request_pool requests_;
    intx_sink* intx_sink_ = nullptr;
    std::vector<std::uint8_t> intx_;  ///< wires of each port
    std::vector<std::unique_ptr<root_port>> ports_;
    std::vector<std::pair<unsigned, unsigned>> ways_;  ///< port, VC resource
    cpu_requests table_;
    std::array<std::uint16_t, 256> bus_to_port_;
    pcie::ring<tlm::tlm_generic_payload*> waiting_;  ///< for a tag or for room at a port, in order
    bool resuming_ = false;
    counters count_;
};

}  // namespace drydock::root_complex
