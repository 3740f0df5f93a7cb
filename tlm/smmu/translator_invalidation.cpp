// SPDX-License-Identifier: Apache-2.0
// What a TLBI takes out of TLBs, walk caches and IPA cache, and out of walks under way.
#include <algorithm>

#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {
namespace {

constexpr bool of_stage2(stream_world w) { return w == stream_world::stage2; }

}  // namespace

/// Calls match(walk) for every walk under way: what it reads may be what was just invalidated.
template <class Match>
void translator::engine::mark_walks(Match&& match) {
    ++tlbi_count_;
    for (walk_slot& w : walks_)
        if (w.busy) match(w);
}

void translator::engine::kill_all(stream_world world) {
    tlbi_sets_ = 1;
    stamps_.kill_world(world);
    walk_stamps_.kill_world(world);
    mark_walks([&](walk_slot& w) {
        w.fills = w.fills && w.tag.world != world && !(of_stage2(world) && w.stage2());
    });
}

void translator::engine::kill_vmid(stream_world world, std::uint16_t vmid) {
    tlbi_sets_ = 1;
    stamps_.kill_vmid(world, vmid);
    walk_stamps_.kill_vmid(world, vmid);
    mark_walks([&](walk_slot& w) {
        const bool meant = w.tag.world == world || (of_stage2(world) && w.stage2());
        w.fills = w.fills && !(meant && w.tag.vmid == vmid);
    });
}

void translator::engine::kill_asid(const tlb_context& c) {
    tlbi_sets_ = 1;
    stamps_.kill_asid(c);
    walk_stamps_.kill_asid(c);
    mark_walks([&](walk_slot& w) { w.fills = w.fills && w.tag != c; });
}

/// The ASID's entries and global ones in the range. The leaf of a walk under way may turn out
/// global.
void translator::engine::kill_range(const tlb_context& c, tlbi_range r) {
    const std::uint64_t before = sets_probed_by_tcu();
    std::uint64_t busiest = 0;
    bool short_enough = true, global = false;
    for (tbu& t : tbus_) {
        const std::uint64_t probed = t.sets_probed();
        short_enough &= t.micro.invalidate(c, r.first, r.last);
        short_enough &= t.main.invalidate(c, r.first, r.last);
        global |= t.micro.has_global() || t.main.has_global();
        busiest = std::max(busiest, t.sets_probed() - probed);
    }
    if (of_stage2(c.world)) short_enough &= ipas_.invalidate(c, r.first, r.last);
    if (!r.leaf) forget_tables(c, r, global);
    if (!short_enough) {
        if (global) return kill_vmid(c.world, c.vmid);
        stamps_.kill_asid(c);
        r = {0, ~std::uint64_t{0}};
    }
    tlbi_sets_ = std::max<std::uint64_t>(busiest + sets_probed_by_tcu() - before, 1);
    mark_walks([&](walk_slot& w) {
        if (of_stage2(c.world)) {  // what a walk under way has read of stage 2 is not kept
            w.fills = w.fills && !(w.stage2() && w.tag.vmid == c.vmid);
            return;
        }
        if (w.tag.world != c.world || w.tag.vmid != c.vmid) return;
        const bool first_range = w.first_killed > w.last_killed;
        w.first_killed = first_range ? r.first : std::min(w.first_killed, r.first);
        w.last_killed = first_range ? r.last : std::max(w.last_killed, r.last);
    });
}

/// Tables that lead to the range. Global pages may have been reached by the tables of any ASID.
void translator::engine::forget_tables(const tlb_context& c, const tlbi_range& r, bool global) {
    walk_cache& tables = of_stage2(c.world) ? tables2_ : tables1_;
    if (global)
        walk_stamps_.kill_vmid(c.world, c.vmid);
    else if (!tables.invalidate(c, r.first, r.last))
        walk_stamps_.kill_asid(c);
}

std::uint64_t translator::engine::sets_probed_by_tcu() const {
    return ipas_.sets_probed() + tables1_.sets_probed() + tables2_.sets_probed();
}

void translator::engine::count_probes() {
    work_.sets_probed = sets_probed_by_tcu();
    for (const tbu& t : tbus_) work_.sets_probed += t.sets_probed();
}

}  // namespace drydock::smmu
