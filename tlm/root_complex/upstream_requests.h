// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tlm>

#include "tlm/base/atomic_operation.h"
#include "tlm/base/pool.h"
#include "tlm/base/requester.h"
#include "tlm/pcie/ring.h"
#include "tlm/pcie/tlp.h"

namespace drydock::root_complex {

/// A memory request of a device as the generic payload that goes to the SMMU. Pooled; it owns the
/// TLP, whose payload buffer holds the data of writes and of reads.
struct upstream_request final : tlm::tlm_generic_payload {
    base::requester who;
    base::atomic_operation atomic;  ///< of an AtomicOp, whose operands are the TLP's payload
    pcie::tlp_ptr tlp;
    std::array<std::uint8_t, 8> byte_enables{};
    unsigned first = 0;  ///< offset of the first enabled byte in the TLP's data
    unsigned due = 0;    ///< bytes from the first to the last enabled one; 0: zero-length request
    bool own = false;    ///< of the port itself (its MSI): no buffer of the link is behind it
    upstream_request() { set_extension(&who); }
    ~upstream_request() override { clear_extension<base::requester>(); }
};

/// Makes them and takes them back.
class upstream_request_pool final : public tlm::tlm_mm_interface {
public:
    upstream_request_pool() : pool_("upstream requests", 64) {}
    /// Holds one reference: release() gives it back.
    upstream_request& make(pcie::tlp_ptr t, pcie::tlp_pool& payloads, std::uint16_t port);
    void free(tlm::tlm_generic_payload* gp) override;
    std::size_t in_use() const { return pool_.in_use(); }

private:
    static void make_atomic(upstream_request& r, const pcie::tlp& t);

    base::pool<upstream_request> pool_;
};

/// Whom a request channel tells.
struct upstream_owner {
    /// The SMMU has taken it: its place in the buffer is free.
    virtual void accepted(upstream_request& r) = 0;
    /// Performed; the response status and the data of a read are there. The channel gives r back
    /// afterwards.
    virtual void done(upstream_request& r, base::ps later) = 0;
    /// The channel can take the next one, told from inside a call of the SMMU.
    virtual void channel_free() = 0;

protected:
    ~upstream_owner() = default;
};

/// The initiator of one socket to the SMMU: TLM-2.0 base protocol, non-blocking, with its exclusion
/// rule.
class upstream_channel final : tlm::tlm_bw_transport_if<> {
public:
    upstream_channel(const char* name, upstream_owner& owner);

    tlm::tlm_initiator_socket<64> socket;

    /// No request may be sent before the one before it was taken.
    bool free() const { return waiting_ == nullptr; }
    /// @pre free()
    void send(upstream_request& r);

private:
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    void finish(upstream_request& r, const sc_core::sc_time& t);

    upstream_owner& owner_;
    upstream_request* waiting_ = nullptr;  ///< sent and not yet taken
};

}  // namespace drydock::root_complex
