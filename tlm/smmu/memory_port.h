// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <tlm>

#include "tlm/base/context.h"
#include "tlm/base/ids.h"
#include "tlm/base/pool.h"
#include "tlm/base/requester.h"
#include "tlm/smmu/ring.h"

namespace drydock::smmu {

/// Whom the memory port answers; token is the caller's own.
struct memory_client {
    /// The access has had its effect: reads have sampled, writes are visible. May come within the
    /// issuing call.
    virtual void performed(std::uint64_t /*token*/) {}
    /// The response is here; never within the issuing call. The payload is the client's (forwarded)
    /// or valid during this call only.
    virtual void answered(std::uint64_t token, tlm::tlm_generic_payload&) = 0;

protected:
    ~memory_client() = default;
};

/// The SMMU's one initiator on the way to memory: TLM-2.0 base protocol with its exclusion rules,
/// so that targets that answer TLM_COMPLETED, TLM_UPDATED or TLM_ACCEPTED all fit. Any number of
/// accesses may be outstanding; while a target has not ended a request, later ones queue up in
/// order.
class memory_port final : public tlm::tlm_bw_transport_if<>, base::timeline_client {
public:
    static constexpr unsigned largest_own_access = 64;

    memory_port(std::string_view name, base::context&, tlm::tlm_initiator_socket<64>& socket);
    ~memory_port() override;

    /// The SMMU's own accesses. @param bytes 1..64
    void read(memory_client&, std::uint64_t token, base::phys_addr, unsigned bytes);
    void write(memory_client&, std::uint64_t token, base::phys_addr, std::span<const std::uint8_t>);
    /// Atomic compare and store of 8 bytes (base::atomic_update). The payload carries the
    /// extension, and its address response is an error if the target did not honour it.
    void update(memory_client&, std::uint64_t token, base::phys_addr, std::uint64_t expected,
                std::uint64_t desired);
    /// Passes somebody else's payload on as it is. @pre it lives until answered()
    void forward(memory_client&, std::uint64_t token, tlm::tlm_generic_payload&);

    /// Reads without time or side effects, for observation only. @return bytes read
    unsigned peek(base::phys_addr, std::span<std::uint8_t>);

private:
    struct own_access;

    /// Rides on every payload in flight, so that the backward path finds whose it is.
    struct ticket final : tlm::tlm_extension<ticket> {
        memory_client* client = nullptr;
        std::uint64_t token = 0;
        tlm::tlm_generic_payload* payload = nullptr;
        own_access* own = nullptr;
        bool performed = false;
        bool end_response = false;  ///< the target waits for END_RESP

        tlm::tlm_extension_base* clone() const override { return new ticket(*this); }
        void copy_from(const tlm::tlm_extension_base& o) override {
            *this = static_cast<const ticket&>(o);
        }
        void free() override {}
    };

    own_access& take_own(memory_client&, std::uint64_t token, tlm::tlm_command, base::phys_addr,
                         unsigned bytes);
    void issue(ticket&);
    void send(ticket&);
    void effect(ticket&);
    void respond_after(ticket&, base::ps delay);
    void finish(ticket&);
    void on_time(std::uint64_t op) override;
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                       sc_core::sc_time&) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

    base::context& ctx_;
    tlm::tlm_initiator_socket<64>& socket_;
    base::timeline::client_id timeline_id_;
    base::pool<ticket> tickets_;
    base::pool<own_access>* own_;     ///< owned; own_access is complete in the source only
    ring<ticket*> queue_;             ///< behind a request that the target has not ended
    tlm::tlm_generic_payload peek_;   ///< for peek(): a payload allocates when it is made
    ticket* open_request_ = nullptr;  ///< BEGIN_REQ sent, END_REQ outstanding
    bool drain_scheduled_ = false;
};

}  // namespace drydock::smmu
