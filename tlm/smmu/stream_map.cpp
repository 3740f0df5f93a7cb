// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/stream_map.h"

namespace drydock::smmu {

base::stream_id stream_map::mapped(base::stream_id requester) const {
    for (const stream_mapping& m : rows_)
        if (requester.value >= m.rid && requester.value - m.rid < m.count)
            return base::stream_id{m.sid + (requester.value & m.mask) -
                                   static_cast<std::uint32_t>(m.rid & m.mask)};
    return unknown;
}

std::optional<base::routing_id> stream_map::back(base::stream_id sid) const {
    if (rows_.empty())
        return sid.value > 0xffff
                   ? std::nullopt
                   : std::optional(base::routing_id{static_cast<std::uint16_t>(sid.value)});
    for (const stream_mapping& m : rows_) {
        const std::uint32_t first = m.rid & m.mask;
        const std::uint64_t kept = std::uint64_t{first} + sid.value - m.sid;
        if (sid.value < m.sid || kept > m.mask || (kept & ~std::uint64_t{m.mask}) != 0) continue;
        const auto rid = static_cast<std::uint32_t>(kept) | (m.rid & ~std::uint32_t{m.mask});
        if (rid >= m.rid && rid - m.rid < m.count)
            return base::routing_id{static_cast<std::uint16_t>(rid)};
    }
    return std::nullopt;
}

}  // namespace drydock::smmu
