// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// Virtual channels are known by VC ID, 0..7 (PCIe).
inline constexpr unsigned most_channels = 8;

/// How one end of a link uses virtual channels, as the control registers of its VC resources say.
/// Without the capability all traffic classes are in VC0.
struct channel_map {
    static constexpr std::uint8_t unmapped = 0xff;

    std::array<std::uint8_t, 8> of_tc{};                 ///< VC ID of a TC, or unmapped
    std::array<std::uint8_t, most_channels> resource{};  ///< VC resource with this VC ID
    std::uint8_t enabled = 1;                            ///< bit v: VC v is enabled
    std::uint8_t low_priority = 7;  ///< VC IDs up to it are served in turn, higher ones first

    /// The TLP is in the channel where this end has its TC (PCIe: else it is malformed).
    bool accepts(const tlp& t) const { return of_tc[t.traffic_class & 7] == t.virtual_channel; }
    /// Where a TLP of this TC is sent. One that is mapped nowhere goes out in VC0, for the receiver
    /// to judge.
    std::uint8_t channel_of(std::uint8_t tc) const {
        const std::uint8_t v = of_tc[tc & 7];
        return v == unmapped ? std::uint8_t{0} : v;
    }
    bool has(unsigned v) const { return ((enabled >> v) & 1) != 0; }
    friend bool operator==(const channel_map&, const channel_map&) = default;
};

}  // namespace drydock::pcie
