// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tlm>

#include "tlm/base/context.h"
#include "tlm/pcie/ring.h"
#include "tlm/pcie/tlp.h"

namespace drydock::root_complex {

/// Whom the table of outstanding CPU requests asks.
struct cpu_requests_owner {
    /// Gives the response to the CPU.
    virtual void respond(tlm::tlm_generic_payload& gp) = 0;
    /// Sends the request of a slot on its way (again).
    virtual void issue(std::uint16_t tag) = 0;
    /// A request that the root complex answers itself falls due.
    virtual void local_due(std::uint16_t tag) = 0;
    virtual void timed_out(std::uint16_t tag) = 0;

protected:
    ~cpu_requests_owner() = default;
};

/// One outstanding non-posted request of a CPU. Its index is the tag on the link (8-bit tags).
struct cpu_request {
    enum class kind : std::uint8_t { none, memory, config, local };
    tlm::tlm_generic_payload* gp = nullptr;
    kind what = kind::none;
    std::uint16_t port = 0;
    base::routing_id target{};   ///< config
    std::uint16_t reg = 0;       ///< config: byte offset of the access
    std::uint32_t received = 0;  ///< bytes of a read that are back
    base::ps first_issued{};
    base::timeline::handle deadline;
    base::timeline::handle step;  ///< local answer or re-issue
};

/// The table, its tags, deadlines and completions (PCIe).
class cpu_requests final : base::timeline_client {
public:
    cpu_requests(base::context& ctx, const std::string& name, cpu_requests_owner& owner,
                 base::ps timeout, base::ps rrs_retry, base::ps rrs_limit);

    bool full() const { return free_.empty(); }
    /// @pre !full()
    std::uint16_t open(tlm::tlm_generic_payload& gp, cpu_request::kind what);
    cpu_request& operator[](std::uint16_t tag) { return slots_[tag]; }
    bool is_open(std::uint16_t tag) const {
        return tag < slots_.size() && slots_[tag].gp != nullptr;
    }
    void start_deadline(std::uint16_t tag);
    void answer_later(std::uint16_t tag, base::ps delay);

    /// What came of a completion.
    enum class outcome : std::uint8_t { more, finished, retried, unexpected, malformed, poisoned };
    /// @param visible  RRS Software Visibility is on at the port
    outcome completion(const pcie::tlp& t, bool visible);
    /// All ones for a read (P-010), OK for a write; responds. exception: an error response instead
    /// (RP PIO Exception).
    void fail(std::uint16_t tag, bool exception = false);
    void finish(std::uint16_t tag, bool exception = false);
    /// Fails everything that went through a port.
    void fail_port(std::uint16_t port);
    std::size_t in_use() const { return slots_.size() - free_.size(); }

private:
    enum what_falls_due : std::uint64_t { timeout_due = 0, step_due = 1 };
    void on_time(std::uint64_t op) override;
    bool take_data(cpu_request& r, const pcie::tlp& t);

    base::context& ctx_;
    cpu_requests_owner& owner_;
    base::ps timeout_, rrs_retry_, rrs_limit_;
    base::timeline::client_id id_;
    std::array<cpu_request, 256> slots_;
    pcie::ring<std::uint16_t> free_{
        256};  ///< the tag freed longest ago is used next, so that late completions miss
};

/// All ones into a read's data.
void fill_ones(tlm::tlm_generic_payload& gp);

}  // namespace drydock::root_complex
