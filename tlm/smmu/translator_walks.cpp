// SPDX-License-Identifier: Apache-2.0
// TLB look-ups, table walks shared by everyone who waits for the page, hardware updates of
// descriptors.
#include <algorithm>

#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {

void translator::engine::translate(std::uint32_t slot, bool main_only) {
    transaction& t = transactions_[slot];
    const std::uint64_t va = canonical(t.request.va.value);
    const leaf* hit = main_only ? nullptr : micro_.find(t.tag, va);
    if (hit == nullptr) {
        if (!main_only && config_.main_tlb_extra > base::ps{0}) {
            t.at = state::main_tlb;
            context_.timeline.after(config_.main_tlb_extra, base::phase::serve, id_, slot);
            return;
        }
        hit = main_.find(t.tag, va);
        if (hit != nullptr) micro_.fill(t.tag, va, *hit);
    }
    probe_lookup(t, hit != nullptr);
    if (hit == nullptr) return miss(slot);
    const grant g = judge(t, *hit);
    if (g.dirties) return miss(slot);  // the descriptor must change: only a walk knows where it is
    if (t.prefetch == prefetching::none) ++work_.tlb_hits;
    deliver(slot, *hit, g);
}

void translator::engine::miss(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    if (t.regime.half.epd) return fault(slot, event_id::f_translation);
    const std::uint64_t page = canonical(t.request.va.value) >> 12;
    for (walk_slot& w : walks_) {
        if (w.busy && w.joinable() && w.page == page && w.tag == t.tag) {
            ++work_.joined_walks;
            t.at = state::walk;
            return append(w.waiting, slot);
        }
    }
    if (free_walks_.empty()) {
        t.at = state::walk_slot;
        return append(walk_queue_, slot);
    }
    const std::uint32_t w = free_walks_.back();
    free_walks_.pop_back();
    begin_walk(w, slot);
}

void translator::engine::begin_walk(std::uint32_t w, std::uint32_t slot) {
    transaction& t = transactions_[slot];
    const std::uint64_t va = canonical(t.request.va.value);
    walk_slot& walk = walks_[w];
    walk = {};
    walk.busy = true;
    // A CD taken before an invalidation may be what the invalidation was about.
    walk.fills = t.tlbi_count == tlbi_count_;
    walk.tag = t.tag;
    walk.page = va >> 12;
    walk.regime = t.regime;
    t.at = state::walk;
    append(walk.waiting, slot);
    ++work_.walks;
    advance(w, walk.progress.begin(walk.regime, va));
}

void translator::engine::read_descriptor(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    walk.updating = false;
    ++work_.fetches;
    port_.fetch(static_cast<fetch_id>(transactions_.size() + w),
                base::phys_addr{walk.progress.address}, 8,
                transactions_[walk.waiting.first].request.span);
}

void translator::engine::walk_answered(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    if (walk.aborted) {
        while (!walk.waiting.empty())
            walk_aborted(take(walk.waiting), base::phys_addr{walk.progress.address});
        return release_walk(w);
    }
    if (walk.updating) return update_done(w);
    walk.descriptor = walk.answer;
    advance(w, walk.progress.next(walk.regime, walk.descriptor));
}

void translator::engine::advance(std::uint32_t w, walk_progress::outcome o) {
    walk_slot& walk = walks_[w];
    switch (o) {
        case walk_progress::outcome::read:
            return read_descriptor(w);
        case walk_progress::outcome::translation_fault:
            return fail_waiters(w, event_id::f_translation);
        case walk_progress::outcome::address_size_fault:
            return fail_waiters(w, event_id::f_addr_size);
        case walk_progress::outcome::found:
            break;
    }
    if (!walk.progress.found.accessed && !walk.regime.ha)
        return fail_waiters(w, event_id::f_access);
    serve_waiters(w);
}

/// Answers whoever waits; one who is allowed but needs the descriptor changed has it changed first.
void translator::engine::serve_waiters(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    const leaf& found = walk.progress.found;
    if (found.accessed) fill(walk);
    while (!walk.waiting.empty()) {
        const std::uint32_t slot = walk.waiting.first;
        const transaction& t = transactions_[slot];
        const grant g = judge(t, found);
        if (g.allowed && (g.dirties || !found.accessed)) {
            walk.desired = walk.descriptor | descriptor_af;
            if (g.dirties) walk.desired &= ~descriptor_ap2;
            walk.updating = true;
            ++work_.updates;
            port_.update(static_cast<fetch_id>(transactions_.size() + w),
                         base::phys_addr{walk.progress.address}, walk.descriptor, walk.desired,
                         t.request.span);
            return;
        }
        take(walk.waiting);
        deliver(slot, found, g);
    }
    release_walk(w);
}

void translator::engine::update_done(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    walk.updating = false;
    if (walk.answer != walk.descriptor)  // software was faster: walk again
        return advance(w, walk.progress.begin(walk.regime, walk.progress.va));
    walk.descriptor = walk.desired;
    walk.progress.found.accessed = true;
    walk.progress.found.ap = static_cast<std::uint8_t>(field(walk.desired, 7, 6));
    serve_waiters(w);
}

void translator::engine::fail_waiters(std::uint32_t w, event_id id) {
    while (!walks_[w].waiting.empty()) fault(take(walks_[w].waiting), id);
    release_walk(w);
}

void translator::engine::release_walk(std::uint32_t w) {
    walks_[w].busy = false;
    free_walks_.push_back(w);
    while (!walk_queue_.empty() && !free_walks_.empty()) translate(take(walk_queue_), true);
}

void translator::engine::fill(const walk_slot& walk) {
    const leaf& l = walk.progress.found;
    const std::uint64_t first = walk.progress.va >> l.log2_bytes << l.log2_bytes;
    const std::uint64_t last = first + ((std::uint64_t{1} << l.log2_bytes) - 1);
    const bool spared = walk.joinable() || walk.first_killed > last || first > walk.last_killed;
    if (!walk.fills || !spared) return;
    main_.fill(walk.tag, walk.progress.va, l);
    micro_.fill(walk.tag, walk.progress.va, l);
}

/// Permissions of ordinary transactions and of Translation Requests.
translator::engine::grant translator::engine::judge(const transaction& t, const leaf& l) const {
    const translate_request& r = t.request;
    grant g;
    if (t.prefetch != prefetching::none) return g;  // uses nothing, so changes no descriptor
    const rights may = rights_of(l, t.regime, t.privileged);
    if (r.kind == request_kind::ordinary) {
        g.dirties = r.write && !may.write && may.clean;
        g.allowed = r.write ? may.write || may.clean : t.instruction ? may.execute : may.read;
        return g;
    }
    const bool executes = r.execute && r.ssid.has_value();
    const bool overridden = config_.attr_perms_ovr;
    const std::uint8_t instcfg = overridden ? t.stream.instcfg : std::uint8_t{0};
    g.r = instcfg == 3 ? may.execute : may.read;
    g.x = executes && (instcfg == 3   ? may.execute
                       : instcfg == 2 ? may.read
                                      : may.read && may.execute);
    g.dirties = !may.write && may.clean && !r.no_write;
    g.w = may.write || g.dirties;
    g.allowed = g.r || g.w || g.x;
    return g;
}

void translator::engine::deliver(std::uint32_t slot, const leaf& l, const grant& g) {
    const transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    const bool request = r.kind == request_kind::translation_request;
    if (!g.allowed && !request) return fault(slot, event_id::f_permission);
    const std::uint64_t bytes = std::uint64_t{1} << l.log2_bytes;
    if (!g.allowed)
        return finish(slot, translate_result{.result = outcome::no_access, .page_bytes = bytes});
    finish(slot, translate_result{.result = outcome::ok,
                                  .pa = base::phys_addr{l.pa | (r.va.value & (bytes - 1))},
                                  .page_bytes = bytes,
                                  .r = g.r,
                                  .w = g.w,
                                  .x = g.x,
                                  .translated = true});
}

void translator::engine::probe_lookup(const transaction& t, bool hit) {
    if (context_.probe.wants(base::kind::tlb_lookup) && t.prefetch == prefetching::none)
        context_.probe.emit(base::kind::tlb_lookup, place_, context_.now(), t.request.span,
                            t.request.sid.value, t.request.va.value, hit ? 1 : 0);
}

// -- invalidation
// ----------------------------------------------------------------------------------

/// Calls match(walk) for every walk under way: what it reads may be what was just invalidated.
template <class Match>
void translator::engine::mark_walks(Match&& match) {
    ++tlbi_count_;
    for (walk_slot& w : walks_)
        if (w.busy) match(w);
}

void translator::engine::kill_all(stream_world world) {
    stamps_.kill_world(world);
    mark_walks([&](walk_slot& w) { w.fills = w.fills && w.tag.world != world; });
}

void translator::engine::kill_vmid(stream_world world, std::uint16_t vmid) {
    stamps_.kill_vmid(world, vmid);
    mark_walks(
        [&](walk_slot& w) { w.fills = w.fills && (w.tag.world != world || w.tag.vmid != vmid); });
}

void translator::engine::kill_asid(const tlb_context& c) {
    stamps_.kill_asid(c);
    mark_walks([&](walk_slot& w) { w.fills = w.fills && w.tag != c; });
}

/// The ASID's entries and global ones in the range. The leaf of a walk under way may turn out
/// global.
void translator::engine::kill_range(const tlb_context& c, tlbi_range r) {
    const bool micro_done = micro_.invalidate(c, r.first, r.last);
    if (!main_.invalidate(c, r.first, r.last) || !micro_done) {
        if (main_.has_global() || micro_.has_global()) return kill_vmid(c.world, c.vmid);
        stamps_.kill_asid(c);
        r = {0, ~std::uint64_t{0}};
    }
    mark_walks([&](walk_slot& w) {
        if (w.tag.world != c.world || w.tag.vmid != c.vmid) return;
        const bool first_range = w.first_killed > w.last_killed;
        w.first_killed = first_range ? r.first : std::min(w.first_killed, r.first);
        w.last_killed = first_range ? r.last : std::max(w.last_killed, r.last);
    });
}

}  // namespace drydock::smmu
