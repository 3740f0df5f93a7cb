// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tlm/base/ids.h"

namespace drydock::smmu {

/// Requester IDs [rid, rid + count) are the StreamIDs sid + (RID & mask) - (rid & mask), as IORT's
/// ID mappings and the device tree's iommu-map say it.
struct stream_mapping {
    std::uint16_t rid = 0;
    std::uint32_t count = 0x10000;
    std::uint32_t sid = 0;
    std::uint16_t mask = 0xffff;
};

/// From the Requester ID that a root port's requests carry to the StreamID that this SMMU knows the
/// function by, and back for the messages that an SMMU sends. Without rows they are the same, and a
/// StreamID of more than 16 bits names a root complex that is not there.
class stream_map {
public:
    /// What a Requester ID that no row has becomes: beyond every stream table of fewer than 32
    /// bits, hence C_BAD_STREAMID (choice).
    static constexpr base::stream_id unknown{0xffff'ffff};

    stream_map() = default;
    explicit stream_map(std::vector<stream_mapping> rows) : rows_(std::move(rows)) {}

    base::stream_id of(base::stream_id requester) const {
        return rows_.empty() ? requester : mapped(requester);
    }
    base::stream_id of(base::routing_id requester) const {
        return of(base::stream_id{requester.value});
    }
    /// Of functions that differ in masked bits only: the one with those of the row's first.
    std::optional<base::routing_id> back(base::stream_id) const;

private:
    base::stream_id mapped(base::stream_id requester) const;

    std::vector<stream_mapping> rows_;
};

}  // namespace drydock::smmu
