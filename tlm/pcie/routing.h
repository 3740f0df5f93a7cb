// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "tlm/base/ids.h"

namespace drydock::pcie {

/// Bus number of a Routing ID.
constexpr std::uint8_t bus_of(base::routing_id id) {
    return static_cast<std::uint8_t>(id.value >> 8);
}
/// Device number of a Routing ID, 0..31.
constexpr std::uint8_t device_of(base::routing_id id) { return (id.value >> 3) & 0x1f; }
/// Function number of a Routing ID, 0..7.
constexpr std::uint8_t function_of(base::routing_id id) { return id.value & 7; }
constexpr base::routing_id make_routing_id(unsigned bus, unsigned device, unsigned function) {
    return base::routing_id{
        static_cast<std::uint16_t>((bus << 8) | ((device & 0x1f) << 3) | (function & 7))};
}

/// Knows which root port leads to a function, as software has programmed the bus ranges. The root
/// complex implements it; the SMMU asks it before it sends an Invalidate Request.
struct requester_directory {
    virtual ~requester_directory() = default;
    /// Index of the root port whose secondary..subordinate range has the bus; none: nothing routes
    /// there (PCIe: CMD_ATC_INV then counts as complete).
    virtual std::optional<std::uint16_t> port_of(base::routing_id) const = 0;
    /// DL_Active of that port's link.
    virtual bool link_up(std::uint16_t port) const = 0;
    /// True where an Invalidate Request towards a link that is down fails at once instead of being
    /// dropped (PCIe, parameter invalidate_on_link_down).
    virtual bool fail_fast(std::uint16_t port) const = 0;
};

}  // namespace drydock::pcie
