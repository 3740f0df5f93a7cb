// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace drydock::sw {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

using phys_addr_t = u64;  ///< address on the CPU's bus: RAM, SMMU registers, ECAM, BARs
using dma_addr_t = u64;   ///< address as a device issues it (IOVA)

namespace hal {
/// Simulated time, whole picoseconds; write `10us`, `100ms` (std::chrono_literals) and it converts.
using duration = std::chrono::duration<std::int64_t, std::pico>;
/// Instants are durations since the start of the simulation.
using time_point = duration;
/// Identity of a transaction, for observers; 0 is none.
using span_id = u32;
/// Index of a named place (CPU, task, client) or text in the observer's tables.
using place_id = u32;
using text_id = u32;
}  // namespace hal
}  // namespace drydock::sw
