// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tlm/pcie/link_timing.h"

namespace drydock::conform {

/// A saturating DMA over one link: every operation moves `bytes`, split as the sizes demand.
struct transfer {
    unsigned gen = 3, lanes = 8;
    unsigned max_payload = 256;         ///< bytes, 128..4096, power of two
    unsigned max_read_request = 512;    ///< bytes, 128..4096, power of two
    unsigned completion_boundary = 64;  ///< RCB, bytes, 64 or 128
    unsigned bytes = 64;                ///< of one operation, 1..65536
    pcie::dllp_accounting accounting = pcie::dllp_accounting::mechanistic;
};

/// Data rate in Gb/s, the bytes of an operation alone counted.
struct bandwidth {
    double write_gbps = 0, read_gbps = 0;
};

/// Simulates every transfer, a link with a sender and a receiver each for writes and for reads, and
/// measures them in their steady state. One call per process.
/// @throws std::invalid_argument for a link that does not exist
std::vector<bandwidth> measure(const std::vector<transfer>& transfers);

}  // namespace drydock::conform
