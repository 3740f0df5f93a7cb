// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <systemc>
#include <tlm>

#include "tlm/base/context.h"
#include "tlm/base/register_observer.h"
#include "tlm/pcie/routing.h"
#include "tlm/pcie/sockets.h"
#include "tlm/smmu/config.h"
#include "tlm/smmu/interrupt_wires.h"

namespace drydock::smmu {

struct invalidation_tracker_if;
class pri_queue;
class translator;

/// An Arm SMMUv3.2 (Non-secure interface) between the root ports and memory, with ATS and PRI.
///
/// Per root port three ways in: posted and non-posted memory requests (TLM-2.0 base protocol,
/// generic payload with base::requester) and the TLPs of ATS, PRI and invalidation. One way out to
/// memory, which also carries the SMMU's own table and queue accesses and MSIs. Interrupts are MSIs
/// and pulses on wires, for who connects them.
class smmu final : public sc_core::sc_module {
public:
    /// @param ports  root ports, >= 1
    /// @throws std::invalid_argument for a configuration that is not possible
    smmu(sc_core::sc_module_name name, base::context&, pcie::tlp_pool&, const smmu_config&,
         unsigned ports);
    ~smmu() override;

    /// Memory requests of port p. An abort is answered TLM_GENERIC_ERROR_RESPONSE; of a posted
    /// write it means dropped.
    tlm::tlm_target_socket<64>& posted(unsigned p);
    tlm::tlm_target_socket<64>& non_posted(unsigned p);
    pcie::downstream_socket& ats(unsigned p);

    tlm::tlm_initiator_socket<64> memory;
    tlm::tlm_target_socket<64> registers;  ///< 128 KiB, SMMUv3

    /// Way `way` (as a port's sockets) carries one more virtual channel of root port `port`: what
    /// comes in by it is in order within it alone.
    void belongs_to(unsigned way, unsigned port);
    /// Who leads to a function; without one every ATC_INV counts as complete.
    void set_directory(const pcie::requester_directory&);
    /// Invalidate queue depth of a function, from its ATS capability; 0 means 32.
    void set_queue_depth(base::routing_id, unsigned depth);
    /// Called whenever hardware changes CMDQ_CONS, GERROR, EVENTQ_PROD, PRIQ_PROD, CR0ACK,
    /// IRQ_CTRLACK or GBPA.
    void observe_registers(base::register_observer&);
    /// Whom a CMD_SYNC with CS=2 wakes.
    void connect_event(base::sev_sink&);
    /// Every interrupt pulses its wire, whether or not an MSI is sent as well.
    void connect_interrupts(interrupt_wires&);
    /// Service Failure Mode: GERROR.SFM_ERR; from here on every transaction is aborted, no command
    /// is consumed and no record written, whatever CR0 says, until the end (choice).
    void fail_service();

    // -- for tests and benchmarks --
    const invalidation_tracker_if& tracker() const;
    const translator& translation() const;
    const pri_queue& page_requests() const;

private:
    void start_of_simulation() override;

    class core;
    std::unique_ptr<core> core_;
};

}  // namespace drydock::smmu
