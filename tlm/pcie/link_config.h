// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tlm/base/time.h"
#include "tlm/pcie/link_timing.h"
#include "tlm/pcie/link_training.h"
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// Unit of link_config::bit_errors.
inline constexpr double bit_errors_per = 1e15;

/// Receive buffer that one end advertises for one class: TLPs and units of 16 B; 0 = infinite.
struct credit_limit {
    std::uint32_t header = 0;
    std::uint32_t data = 0;
};
using credit_limits = std::array<credit_limit, fc_classes>;

/// Buffers of a VC resource at both ends, as below.
struct channel_buffers {
    credit_limits device{{{64, 1024}, {64, 64}, {0, 0}}};
    credit_limits port{{{64, 1024}, {64, 64}, {0, 0}}};
};

struct link_config {
    unsigned gen = 4;
    unsigned width = 8;
    base::ps propagation{1'000};
    unsigned max_payload = 256;  ///< bytes; for the ACK limit and the check of data credits
    dllp_accounting dllp = dllp_accounting::mechanistic;
    unsigned tlps_per_ack = 1;        ///< mechanistic: one ACK for so many TLPs (PCIe)
    unsigned tlps_per_update_fc = 4;  ///< mechanistic: one UpdateFC for so many freed TLPs
    std::uint32_t store = 8;          ///< TLPs of each class that wait on the sending side
    /// Buffers of the device (for what goes down) and of the port (for what goes up). Endpoints and
    /// root complexes advertise infinite completion credits (PCIe).
    credit_limits device_buffers{{{64, 1024}, {64, 64}, {0, 0}}};
    credit_limits port_buffers{{{64, 1024}, {64, 64}, {0, 0}}};
    /// Of VC resource 1, 2, ..; what is not named has the buffers of a channel_buffers.
    std::vector<channel_buffers> channels{};
    /// TLPs of a store among which one that may pass a blocked one is looked for; 1: none passes.
    unsigned reorder_window = 8;
    /// Bits that arrive wrong, of 10^15. 0: none, and no TLP is numbered or acknowledged.
    std::uint64_t bit_errors = 0;
    base::ps recovery = link_recovery_time;  ///< L0, Recovery, L0 after REPLAY_NUM rolled over
    /// The link is the first that an Invalidate Request, or its completion on the way back, meets:
    /// it tells boundaries 7 and 12 of the invalidation. Not so between switches.
    bool first_of_requests = true, first_of_completions = true;
};

}  // namespace drydock::pcie
