// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/base/time.h"

namespace drydock::pcie {

/// What Data Link Layer Packets cost (PCIe).
enum class dllp_accounting : std::uint8_t {
    mechanistic,  ///< ACKs and UpdateFCs occupy the direction opposite to the TLPs that cause them
    pcie_bench,   ///< both directions lose the share that the pcie-bench model charges
    none,         ///< neither DLLPs nor SKP ordered sets
};

/// Generation 1..6 and width 1..32 as a link may have them. @throws std::invalid_argument otherwise
void check_link(unsigned gen, unsigned width);

/// ACK latency limit and UpdateFC guideline interval in symbol times (PCIe).
/// @param max_payload bytes, 128..4096
unsigned ack_limit_symbols(unsigned gen, unsigned width, unsigned max_payload);

/// The same as a time: no TLP waits longer for its ACK.
base::ps ack_limit(unsigned gen, unsigned width, unsigned max_payload);
/// REPLAY_TIMER: three ACK limits, from gen4 on 24,000 symbol times (PCIe, the least allowed).
base::ps replay_timeout(unsigned gen, unsigned width, unsigned max_payload);

/// A flit, and its share that carries TLPs; the rest is 6 bytes of DLLPs, 8 of CRC, 6 of FEC.
inline constexpr unsigned flit_bytes = 256, flit_tlp_bytes = 236;

/// Bytes added to a TLP on the wire: framing, sequence number, LCRC (PCIe). Flits have them
/// inside.
constexpr unsigned tlp_framing_bytes(unsigned gen) { return gen >= 6 ? 0 : 8; }
/// A DLLP with CRC-16 and framing (PCIe); gen6 carries DLLPs in room of their own.
constexpr unsigned dllp_bytes(unsigned gen) { return gen >= 6 ? 0 : 8; }

/// Time that bytes take on a link, as a fraction so that nothing is lost before the last rounding.
class serial_rate {
public:
    /// Includes line code, SKP ordered sets and, for pcie_bench, its DLLP share.
    serial_rate(unsigned gen, unsigned width, unsigned max_payload, dllp_accounting accounting);

    base::fine_time of(std::uint64_t bytes) const {
        return base::fine_time::raw(static_cast<std::int64_t>(bytes) * numerator_ / denominator_);
    }

private:
    std::int64_t numerator_;  // raw fine_time per byte = numerator / denominator
    std::int64_t denominator_;
};

}  // namespace drydock::pcie
