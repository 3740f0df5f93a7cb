// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tlm/base/ids.h"

namespace drydock::monitors {

/// Fields of a Stream Table Entry (SMMUv3 5.2).
struct ste_view {
    bool valid = false;
    std::uint8_t config = 0;  ///< STE.Config[3:1]: 0 abort, 4 bypass, 5 stage 1, 6 stage 2, 7 both
    std::uint8_t eats = 0;    ///< STE.EATS[93:92]: 0 off, 1 full ATS
    bool substreams = false;  ///< STE.S1CDMax is not 0: S1DSS counts
    /// STE.S1DSS[65:64], of requests without PASID: 0 terminate, 1 bypass, 2 substream 0.
    std::uint8_t s1dss = 0;
};
/// Fields of a Context Descriptor (SMMUv3 5.4).
struct cd_view {
    bool valid = false;
    std::uint64_t ttb0 = 0;  ///< CD.TTB0, physical address of the first-level table
};

/// What hardware would do with a device's traffic: memory as the SMMU reads it and the functions'
/// configuration space, read without side effect or time. The builder of the machine implements it.
struct hardware_view {
    virtual ~hardware_view() = default;
    /// nullopt: the stream lies outside of the stream table.
    virtual std::optional<ste_view> ste(base::stream_id) = 0;
    /// CD of (stream, substream); substream 0 for traffic without PASID. nullopt: no CD table
    /// there.
    virtual std::optional<cd_view> cd(base::stream_id, base::substream_id) = 0;
    /// ATS Control.E of the function (PCIe ATS). nullopt: no such capability, or config space not
    /// readable.
    virtual std::optional<bool> ats_enabled(base::routing_id) = 0;
    /// Whether the driver believes ATS to be on (master->ats_enabled). nullopt: driver not asked;
    /// STE.EATS stands in for it.
    virtual std::optional<bool> ats_believed(base::routing_id) { return std::nullopt; }
    /// The function whose requests the SMMU of that place sees as the stream. nullopt: of none.
    virtual std::optional<base::routing_id> function_of(std::string_view smmu, base::stream_id) = 0;
};

}  // namespace drydock::monitors
