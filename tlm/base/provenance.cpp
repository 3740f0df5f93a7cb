// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/provenance.h"

namespace drydock::base {

void provenance::shadow(phys_addr base, std::uint64_t bytes) {
    regions_.push_back({base.value, std::vector<span_id>((bytes + granule - 1) / granule)});
}

span_id provenance::writer_of(phys_addr at) const {
    if (!on_) return no_span;
    for (const region& r : regions_) {
        const std::uint64_t slot = (at.value - r.base) / granule;
        if (at.value >= r.base && slot < r.slots.size()) return r.slots[slot];
    }
    return no_span;
}

void provenance::record(phys_addr at, std::uint64_t bytes, span_id by) {
    for (region& r : regions_) {
        if (at.value < r.base || at.value - r.base >= r.slots.size() * granule) continue;
        const std::uint64_t last = (at.value + bytes - 1 - r.base) / granule;
        for (std::uint64_t s = (at.value - r.base) / granule; s <= last && s < r.slots.size(); ++s)
            r.slots[s] = by;
    }
}

}  // namespace drydock::base
