// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tlm>
#include <vector>

#include "tlm/base/ids.h"
#include "tlm/base/pool.h"

namespace drydock::system {

/// Address decoder between initiators and targets, in zero time. Addresses stay absolute. An access
/// that no range holds as a whole answers TLM_ADDRESS_ERROR_RESPONSE. Responses that come later
/// find their initiator through an extension on the payload, taken from a pool.
class bus final : public sc_core::sc_module {
public:
    explicit bus(sc_core::sc_module_name name);
    ~bus() override;

    /// A socket for one more initiator to bind to. Elaboration only.
    tlm::tlm_target_socket<64>& add_initiator(const std::string& name);
    /// A socket to bind to the target of [base, base + bytes). Elaboration only. The same target
    /// may have several ranges: add_range.
    /// @throws std::invalid_argument where ranges overlap
    tlm::tlm_initiator_socket<64>& add_target(const std::string& name, base::phys_addr base,
                                              std::uint64_t bytes);
    /// One more range of the target that was added last.
    void add_range(base::phys_addr base, std::uint64_t bytes);

private:
    struct route;
    struct initiator_side;
    struct target_side;
    struct range {
        std::uint64_t first;
        std::uint64_t last;  // inclusive
        target_side* target;
    };

    target_side* decode(std::uint64_t address, unsigned bytes);
    void insert(base::phys_addr base, std::uint64_t bytes, target_side* target);

    base::pool<route> routes_;
    std::vector<std::unique_ptr<initiator_side>> initiators_;
    std::vector<std::unique_ptr<target_side>> targets_;
    std::vector<range> ranges_;  // by address
    std::size_t last_hit_ = 0;
};

}  // namespace drydock::system
