// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/bridge_windows.h"

#include <algorithm>

namespace drydock::root_complex {
namespace {

// Type-1 header, PCIe.
constexpr unsigned bus_numbers = 0x18, memory_base = 0x20, memory_limit = 0x22,
                   prefetchable_base = 0x24, prefetchable_limit = 0x26,
                   prefetchable_base_high = 0x28, prefetchable_limit_high = 0x2c;
constexpr std::uint64_t granule_mask = 0xf'ffff;  // 1 MiB

}  // namespace

void bridge_windows::decode(const pcie::config_space& space) {
    const pcie::config_registers& r = space.registers();
    const auto low = [&](unsigned at) { return std::uint64_t{r.get16(at) & 0xfff0u} << 16; };
    const auto high = [&](unsigned at) { return std::uint64_t{r.get32(at)} << 32; };
    secondary_ = r.image.bytes[bus_numbers + 1];
    subordinate_ = r.image.bytes[bus_numbers + 2];
    const pcie::command_bits command = space.command();
    // In D1..D3hot a function answers configuration requests only (PCIe PM).
    const bool awake = (r.get16(space.find(pcie::power_view::id, false) + 4u) & 3) == 0;
    bus_master_ = command.bus_master && awake;
    memory_ = prefetchable_ = {};
    if (command.memory && awake) {
        memory_ = {low(memory_base), low(memory_limit) | granule_mask};
        prefetchable_ = {high(prefetchable_base_high) | low(prefetchable_base),
                         high(prefetchable_limit_high) | low(prefetchable_limit) | granule_mask};
    }
    first_ = UINT64_MAX;
    last_ = 0;
    for (const window& w : {memory_, prefetchable_}) {
        if (w.first > w.last) continue;
        first_ = std::min(first_, w.first);
        last_ = std::max(last_, w.last);
    }
}

bool bridge_windows::claims(std::uint64_t address, std::uint64_t bytes) const {
    const std::uint64_t last = address + (bytes == 0 ? 0 : bytes - 1);
    if (last < address) return false;
    return memory_.holds(address, last) || prefetchable_.holds(address, last);
}

}  // namespace drydock::root_complex
