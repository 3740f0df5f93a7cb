// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/address_map.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace drydock::endpoint {

void address_map::finish() {
    std::sort(ranges_.begin(), ranges_.end(), [](const range& a, const range& b) {
        return std::tie(a.first, a.owner) < std::tie(b.first, b.owner);
    });
    sorted_.clear();
    for (const range& r : ranges_) {
        if (r.piece == 0 || r.count == 0) continue;
        piece p{r.first, r.first + (r.piece * r.count - 1), r};
        if (!sorted_.empty() && p.first <= sorted_.back().last) {
            if (p.last <= sorted_.back().last) continue;
            p.first = sorted_.back().last + 1;
        }
        sorted_.push_back(p);
    }
}

std::optional<std::uint32_t> address_map::owner_of(std::uint64_t address) const {
    const auto after =
        std::upper_bound(sorted_.begin(), sorted_.end(), address,
                         [](std::uint64_t at, const piece& p) { return at < p.first; });
    if (after == sorted_.begin()) return std::nullopt;
    const piece& p = *std::prev(after);
    if (address > p.last) return std::nullopt;
    const auto shift = static_cast<unsigned>(std::countr_zero(p.of.piece));
    return p.of.owner + static_cast<std::uint32_t>((address - p.of.first) >> shift);
}

}  // namespace drydock::endpoint
