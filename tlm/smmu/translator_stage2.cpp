// SPDX-License-Identifier: Apache-2.0
// Stage 2 within a walk: the tables and the output of stage 1, CDs, and addresses that have no
// other stage.
#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {

using purpose = walk_slot::purpose;

/// Translates an IPA for `what`; goes on in stage2_known().
void translator::engine::to_physical(std::uint32_t w, std::uint64_t ipa, purpose what) {
    walk_slot& walk = walks_[w];
    walk.stage2_for = what;
    walk.now = {};
    walk.now.ipa = ipa;
    if (!fits(ipa, walk.regime2.shape.input_bits)) return fail_stage2(w, event_id::f_translation);
    base::ps when = ipa_port_.enter(context_.now());
    if (const leaf* hit = ipas_.find(walk.stage2_tag(), ipa)) {
        ++work_.ipa_hits;
        walk.now.leaf = hit->s2;
        walk.now.log2_bytes = hit->log2_bytes;
        walk.now.pa = hit->pa | (ipa & ((std::uint64_t{1} << hit->log2_bytes) - 1));
        walk.now.known = true;
    } else {
        begin_stage2(w);
        const walk_cache::hit known = tables2_.find(walk.stage2_tag(), walk.regime2.shape, ipa);
        if (known.pointer != nullptr)
            walk.walk2.resume(walk.regime2.shape, known.level, known.pointer->table);
        ++(known.pointer != nullptr ? work_.walk_cache_hits : work_.walk_cache_misses);
        when = walk_port_.enter(when);
    }
    walk.awaited = walk_slot::phase::stage2_caches;
    context_.timeline.at(when, base::phase::serve, id_, transactions_.size() + w);
}

/// IPA cache and, where it had nothing, walk caches have been read.
void translator::engine::stage2_looked_up(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    if (walk.now.known) return stage2_known(w);
    read_descriptor(w, walk_slot::phase::descriptor2, walk.walk2.address);
}

void translator::engine::begin_stage2(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    walk.walk2.begin(walk.regime2.shape, walk.now.ipa);
}

/// From the start, past the caches.
void translator::engine::walk_stage2(std::uint32_t w) {
    begin_stage2(w);
    read_descriptor(w, walk_slot::phase::descriptor2, walks_[w].walk2.address);
}

void translator::engine::stage2_read(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    switch (walk.walk2.next(walk.regime2.shape, walk.answer)) {
        case table_walk::step::table:
            remember_table(walk, tables2_, walk.stage2_tag(), walk.regime2.shape, walk.walk2, {});
            return read_descriptor(w, walk_slot::phase::descriptor2, walk.walk2.address);
        case table_walk::step::translation_fault:
            return fail_stage2(w, event_id::f_translation);
        case table_walk::step::address_size_fault:
            return fail_stage2(w, event_id::f_addr_size);
        case table_walk::step::leaf:
            break;
    }
    stage2_found& f = walk.now;
    f.leaf = stage2_leaf_of(walk.regime2, walk.answer);
    f.log2_bytes = walk.walk2.log2_bytes;
    f.pa = walk.walk2.output | (f.ipa & ((std::uint64_t{1} << f.log2_bytes) - 1));
    f.walked = true;
    f.address = walk.walk2.address;
    f.descriptor = walk.answer;
    if (!f.leaf.accessed && !walk.regime2.ha) return fail_stage2(w, event_id::f_access);
    stage2_known(w);
}

void translator::engine::stage2_known(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    const stage2_found& f = walk.now;
    if (f.walked && f.leaf.accessed) {
        leaf l;
        l.by_stage1 = false;
        l.by_stage2 = true;
        l.log2_bytes = f.log2_bytes;
        l.pa = f.pa >> f.log2_bytes << f.log2_bytes;
        l.ipa = f.ipa >> f.log2_bytes << f.log2_bytes;
        l.s2 = f.leaf;
        if (walk.fills) ipas_.fill(walk.stage2_tag(), f.ipa, l);
    }
    if (walk.stage2_for == purpose::input) {
        walk.final = f;
        walk.has_final = true;
        return serve_waiters(w);
    }
    // A table is read, or written when hardware changes one of its descriptors.
    const rights may = rights_of(f.leaf, walk.regime2, true);
    const bool writes = walk.stage2_for == purpose::table_write;
    const bool device =
        is_device(walk.regime2.fwb ? combined(memory_type::normal_wb, f.leaf.code, true)
                                   : type_of_code(f.leaf.code));
    if ((walk.regime2.ptw && device) || (writes ? !may.write && !may.clean : !may.read))
        return fail_stage2(w, event_id::f_permission);
    const bool dirties = writes && !may.write;
    if (dirties || !f.leaf.accessed) return begin_update2(w, dirties);
    switch (walk.stage2_for) {
        case purpose::table_read:
            return read_descriptor(w, walk_slot::phase::descriptor1, f.pa);
        case purpose::table_write:
            return change_descriptor(w, walk_slot::phase::update1, f.pa, walk.descriptor1,
                                     walk.desired1);
        default:
            return config_address(w);
    }
}

/// Sets AF, and S2AP[1] with `dirty`, in the stage-2 leaf of walk.now.
void translator::engine::begin_update2(std::uint32_t w, bool dirty) {
    walk_slot& walk = walks_[w];
    if (!walk.now.walked) return walk_stage2(w);  // only a walk knows where the descriptor is
    walk.desired2 = walk.now.descriptor | descriptor_af | (dirty ? descriptor_ap2 : 0);
    change_descriptor(w, walk_slot::phase::update2, walk.now.address, walk.now.descriptor,
                      walk.desired2);
}

void translator::engine::update2_done(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    stage2_found& f = walk.now;
    if (walk.answer != f.descriptor) return walk_stage2(w);  // software was faster: walk again
    f.descriptor = walk.desired2;
    walk.filled = walk_slot::no_tbu;
    f.leaf.accessed = true;
    f.leaf.s2ap = static_cast<std::uint8_t>(field(walk.desired2, 7, 6));
    stage2_known(w);
}

void translator::engine::fail_stage2(std::uint32_t w, event_id id) {
    walk_slot& walk = walks_[w];
    const stage2_place at{walk.stage2_class(), walk.now.ipa,
                          walk.stage2_for == purpose::table_write};
    while (!walk.waiting.empty()) stage2_fault(take(walk.waiting), id, at);
    release_walk(w);
}

/// The CDs of the waiters can be read.
void translator::engine::config_address(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    const std::uint64_t page = walk.now.pa >> 12 << 12;
    while (!walk.waiting.empty()) {
        const std::uint32_t slot = take(walk.waiting);
        const transaction& t = transactions_[slot];
        fetch_for(slot, t.config_read, base::phys_addr{page | (t.input & 0xfff)},
                  t.config_read == state::cd ? 64 : 8);
    }
    release_walk(w);
}

}  // namespace drydock::smmu
