// SPDX-License-Identifier: Apache-2.0
#include "waves/operations.h"

#include <algorithm>

namespace drydock::waves {

void operations::begin(const base::event& e) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    open_[e.span.value] = slot;
    slots_[slot].begin = e;
    slots_[slot].stages.clear();
}

void operations::stage(const base::event& e) {
    const std::uint32_t* slot = open_.find(e.span.value);
    if (slot == nullptr) return;
    operation& o = slots_[*slot];
    while (!o.stages.empty() && o.stages.back().number >= e.a) o.stages.pop_back();
    o.stages.push_back({static_cast<std::uint32_t>(e.a), (e.time - o.begin.time).count,
                        base::span_id{static_cast<std::uint32_t>(e.b)}, e.where});
}

const operation* operations::find(base::span_id s) const {
    const std::uint32_t* slot = open_.find(s.value);
    return slot == nullptr ? nullptr : &slots_[*slot];
}

void operations::end(base::span_id s) {
    const std::uint32_t* slot = open_.find(s.value);
    if (slot == nullptr) return;
    free_slots_.push_back(*slot);
    open_.erase(s.value);
}

std::vector<const operation*> operations::all() const {
    std::vector<const operation*> under_way;
    for (const operation& o : slots_)
        if (find(o.begin.span) == &o) under_way.push_back(&o);
    std::sort(under_way.begin(), under_way.end(),
              [](const operation* a, const operation* b) { return a->begin.span < b->begin.span; });
    return under_way;
}

}  // namespace drydock::waves
