// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/pcie/config_space.h"

namespace drydock::root_complex {

/// What a type-1 function forwards, decoded from its registers after each write (PCIe: type-1
/// header). Closed (base > limit) and bus-less after reset.
class bridge_windows {
public:
    static constexpr std::uint16_t bridge_control = 0x3c;       // in the upper half of that DW
    static constexpr std::uint16_t secondary_bus_reset = 0x40;  // Bridge Control[6]
    static constexpr std::uint16_t secondary_status = 0x1e;

    void decode(const pcie::config_space& space);

    /// Memory space is on and a window holds [address, address + bytes).
    bool claims(std::uint64_t address, std::uint64_t bytes) const;
    /// Bus in secondary..subordinate; an unnumbered bridge has none.
    bool has_bus(std::uint8_t bus) const {
        return secondary_ != 0 && bus >= secondary_ && bus <= subordinate_;
    }
    std::uint8_t secondary() const { return secondary_; }
    std::uint8_t subordinate() const { return subordinate_; }
    bool bus_master() const { return bus_master_; }
    /// Smallest range that has both windows; first > last: both are closed or memory space is off.
    std::uint64_t first() const { return first_; }
    std::uint64_t last() const { return last_; }

private:
    struct window {
        std::uint64_t first = 1, last = 0;
        bool holds(std::uint64_t from, std::uint64_t to) const {
            return from >= first && to <= last;
        }
    };
    window memory_, prefetchable_;
    std::uint64_t first_ = 1, last_ = 0;
    std::uint8_t secondary_ = 0, subordinate_ = 0;
    bool bus_master_ = false;
};

}  // namespace drydock::root_complex
