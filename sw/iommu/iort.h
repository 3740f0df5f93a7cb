// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "sw/hal/types.h"

namespace drydock::sw {

/// One line of what firmware says of the root complex (IORT: ID mappings of a root complex node;
/// device tree: iommu-map): Requester IDs rid..rid+count-1 go to an SMMU, which knows them as
/// sid + (RID & mask) - (rid & mask).
struct iort_mapping {
    u16 rid = 0;
    u32 count = 0x10000;
    u32 iommu = 0;  ///< number of the SMMU
    u32 sid = 0;
    u16 mask = 0xffff;
};

struct iort_id {
    u32 iommu = 0, sid = 0;
};

/// @return none: nothing translates for this Requester ID
inline std::optional<iort_id> iort_map_id(const std::vector<iort_mapping>& table, u16 rid) {
    for (const iort_mapping& m : table)
        if (rid >= m.rid && u32{rid} - m.rid < m.count)
            return iort_id{m.iommu, m.sid + u32(rid & m.mask) - u32(m.rid & m.mask)};
    return std::nullopt;
}

}  // namespace drydock::sw
