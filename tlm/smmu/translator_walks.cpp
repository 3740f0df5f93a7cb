// SPDX-License-Identifier: Apache-2.0
// TLB look-ups, table walks shared by everyone who waits for the page, hardware updates of
// descriptors.
#include <algorithm>
#include <stdexcept>

#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {

void translator::engine::translate(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    if (t.in_tcu || t.request.kind == request_kind::translation_request) return look_in_main(slot);
    tbu& by = tbus_[t.request.tbu];
    if (const leaf* hit = by.micro.find(t.tag, t.input)) {
        ++work_.micro_hits;
        return use(slot, hit);
    }
    t.at = state::main_tlb;
    context_.timeline.at(by.main_port.enter(context_.now()), base::phase::serve, id_, slot);
}

void translator::engine::look_in_main(std::uint32_t slot) {
    const transaction& t = transactions_[slot];
    tbu& by = tbus_[t.request.tbu];
    const leaf* hit = by.main.find(t.tag, t.input);
    if (hit != nullptr && t.request.kind != request_kind::translation_request)
        by.micro.fill(t.tag, t.input, *hit);
    use(slot, hit);
}

/// @param hit  what a TLB had, null for nothing
void translator::engine::use(std::uint32_t slot, const leaf* hit) {
    transaction& t = transactions_[slot];
    if (!t.looked_up) probe_lookup(t, hit != nullptr);
    t.looked_up = true;
    if (hit != nullptr) {
        const grant g = judge(t, *hit);
        // A descriptor that must change: only a walk knows where it is.
        if (!g.allowed() || !g.dirties()) {
            if (t.prefetch == prefetching::none) ++work_.tlb_hits;
            return deliver(slot, *hit, g);
        }
    }
    if (!t.in_tcu) return go_to_tcu(slot, errand::walk);
    miss(slot);
}

void translator::engine::miss(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    if (t.kind == walk_kind::stage1 && t.regime1.half.epd)
        return fault(slot, event_id::f_translation);
    const std::uint64_t page = t.input >> 12;
    for (walk_slot& w : walks_) {
        if (w.busy && w.joinable() && w.kind == t.kind && w.page == page && w.tag == t.tag) {
            ++work_.joined_walks;
            t.at = state::walk;
            return append(w.waiting, slot);
        }
    }
    if (free_walks_.empty()) {
        t.at = state::walk_slot;
        t.since = context_.now();
        no_walk_slot_.begins(t.request.span, t.request.sid);
        return append(walk_queue_, slot);
    }
    const std::uint32_t w = free_walks_.back();
    free_walks_.pop_back();
    begin_walk(w, slot);
}

void translator::engine::begin_walk(std::uint32_t w, std::uint32_t slot) {
    transaction& t = transactions_[slot];
    walk_slot& walk = walks_[w];
    walk = {};
    walk.busy = true;
    // A CD taken before an invalidation may be what the invalidation was about.
    walk.fills = t.tlbi_count == tlbi_count_;
    walk.kind = t.kind;
    walk.tag = t.tag;
    walk.page = t.input >> 12;
    walk.begun = context_.now();
    walk.sid = t.request.sid;
    walk.nested = t.kind == walk_kind::stage1 && t.stream.stage2();
    if (walk.stage2()) walk.regime2 = t.regime2;
    t.at = state::walk;
    append(walk.waiting, slot);
    ++work_.walks;
    if (walk.kind != walk_kind::stage1)
        return to_physical(w, t.input,
                           walk.kind == walk_kind::stage2 ? walk_slot::purpose::input
                                                          : walk_slot::purpose::config);
    walk.regime1 = t.regime1;
    walk.walk1.begin(walk.regime1, t.input);
    const walk_cache::hit known = tables1_.find(walk.tag, walk.regime1.shape, t.input);
    if (known.pointer != nullptr)
        walk.walk1.resume(walk.regime1, known.level, known.pointer->table, known.pointer->above);
    ++(known.pointer != nullptr ? work_.walk_cache_hits : work_.walk_cache_misses);
    walk.awaited = walk_slot::phase::tables;
    context_.timeline.at(walk_port_.enter(context_.now()), base::phase::serve, id_,
                         transactions_.size() + w);
}

/// The walk caches have been read.
void translator::engine::walk_ready(std::uint32_t w) {
    if (walks_[w].awaited == walk_slot::phase::tables)
        advance(w, stage1_walk::outcome::read);
    else
        stage2_looked_up(w);
}

/// The walk has just read a table descriptor.
void translator::engine::remember_table(const walk_slot& walk, walk_cache& into,
                                        const tlb_context& tag, const table_shape& shape,
                                        const table_walk& at, const table_attributes& above) {
    if (walk.joinable()) into.fill(tag, shape.tg, at.level - 1u, at.input, at.output, above);
}

void translator::engine::read_descriptor(std::uint32_t w, walk_slot::phase p,
                                         std::uint64_t address) {
    walk_slot& walk = walks_[w];
    walk.awaited = p;
    walk.accessing = address;
    ++work_.fetches;
    ++walk.reads;
    port_.fetch(static_cast<fetch_id>(transactions_.size() + w), base::phys_addr{address}, 8,
                transactions_[walk.waiting.first].request.span);
}

void translator::engine::change_descriptor(std::uint32_t w, walk_slot::phase p,
                                           std::uint64_t address, std::uint64_t before,
                                           std::uint64_t after) {
    walk_slot& walk = walks_[w];
    walk.awaited = p;
    walk.accessing = address;
    ++work_.updates;
    port_.update(static_cast<fetch_id>(transactions_.size() + w), base::phys_addr{address}, before,
                 after, transactions_[walk.waiting.first].request.span);
}

void translator::engine::walk_answered(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    if (walk.aborted) {
        while (!walk.waiting.empty()) walk_aborted(take(walk.waiting), walk);
        return release_walk(w);
    }
    switch (walk.awaited) {
        case walk_slot::phase::descriptor1:
            return descriptor1_read(w);
        case walk_slot::phase::update1:
            return update1_done(w);
        case walk_slot::phase::descriptor2:
            return stage2_read(w);
        case walk_slot::phase::update2:
            return update2_done(w);
        default:
            throw std::logic_error("smmu: answer to a fetch that was not asked for");
    }
}

void translator::engine::descriptor1_read(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    walk.descriptor1 = walk.answer;
    const stage1_walk::outcome o = walk.walk1.next(walk.regime1, walk.descriptor1);
    if (o == stage1_walk::outcome::read)
        remember_table(walk, tables1_, walk.tag, walk.regime1.shape, walk.walk1.at,
                       walk.walk1.above);
    advance(w, o);
}

void translator::engine::advance(std::uint32_t w, stage1_walk::outcome o) {
    walk_slot& walk = walks_[w];
    switch (o) {
        case stage1_walk::outcome::read:
            if (walk.nested)
                return to_physical(w, walk.walk1.at.address, walk_slot::purpose::table_read);
            return read_descriptor(w, walk_slot::phase::descriptor1, walk.walk1.at.address);
        case stage1_walk::outcome::translation_fault:
            return fail_waiters(w, event_id::f_translation);
        case stage1_walk::outcome::address_size_fault:
            return fail_waiters(w, event_id::f_addr_size);
        case stage1_walk::outcome::found:
            break;
    }
    if (!walk.walk1.leaf.accessed && !walk.regime1.ha) return fail_waiters(w, event_id::f_access);
    serve_waiters(w);
}

/// Sets AF, and AP[2] with `dirty`, in the stage-1 leaf.
void translator::engine::begin_update1(std::uint32_t w, bool dirty) {
    walk_slot& walk = walks_[w];
    walk.desired1 = walk.descriptor1 | descriptor_af;
    if (dirty) walk.desired1 &= ~descriptor_ap2;
    // For stage 2 this is a write of the table.
    if (walk.nested) return to_physical(w, walk.walk1.at.address, walk_slot::purpose::table_write);
    change_descriptor(w, walk_slot::phase::update1, walk.walk1.at.address, walk.descriptor1,
                      walk.desired1);
}

void translator::engine::update1_done(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    if (walk.answer != walk.descriptor1) {  // software was faster: walk again
        walk.has_final = false;
        return advance(w, walk.walk1.begin(walk.regime1, walk.walk1.at.input));
    }
    walk.descriptor1 = walk.desired1;
    walk.filled = walk_slot::no_tbu;
    walk.walk1.leaf.accessed = true;
    walk.walk1.leaf.ap = static_cast<std::uint8_t>(field(walk.desired1, 7, 6));
    serve_waiters(w);
}

/// What the walk has found, as far as it has come.
leaf translator::engine::found(const walk_slot& walk) {
    leaf l;
    l.by_stage1 = walk.kind == walk_kind::stage1;
    l.by_stage2 = walk.has_final;
    if (l.by_stage1) {
        l.s1 = walk.walk1.leaf;
        l.log2_bytes = walk.walk1.at.log2_bytes;
        l.pa = walk.walk1.at.output;
    }
    if (l.by_stage2) {
        const stage2_found& f = walk.final;
        l.s2 = f.leaf;
        l.log2_bytes = l.by_stage1 ? std::min(l.log2_bytes, f.log2_bytes) : f.log2_bytes;
        l.pa = f.pa >> l.log2_bytes << l.log2_bytes;
        l.ipa = f.ipa >> l.log2_bytes << l.log2_bytes;
    }
    return l;
}

/// Answers whoever waits; one who is allowed but needs a descriptor changed has it changed first.
void translator::engine::serve_waiters(std::uint32_t w) {
    walk_slot& walk = walks_[w];
    while (!walk.waiting.empty())
        if (!serve(w, walk.waiting.first)) return;  // goes on when memory has answered
    release_walk(w);
}

/// @return false: an access to memory comes first
bool translator::engine::serve(std::uint32_t w, std::uint32_t slot) {
    walk_slot& walk = walks_[w];
    const transaction& t = transactions_[slot];
    const bool prefetch = t.prefetch != prefetching::none;
    const leaf l = found(walk);
    const grant g = judge(t, l);
    const bool changes = g.allowed() && !prefetch;
    // The access flag may be set before stage 2 has spoken, a page may not be made dirty.
    if (changes && l.by_stage1 && (!l.s1.accessed || (g.dirties1 && walk.has_final == walk.nested)))
        return begin_update1(w, g.dirties1 && walk.has_final == walk.nested), false;
    if (walk.nested && !walk.has_final && (g.allowed() || prefetch)) {
        const std::uint64_t offset = (std::uint64_t{1} << walk.walk1.at.log2_bytes) - 1;
        return to_physical(w, walk.walk1.at.output | (t.input & offset), walk_slot::purpose::input),
               false;
    }
    if (changes && l.by_stage2 && (g.dirties2 || !l.s2.accessed)) {
        walk.now = walk.final;
        walk.stage2_for = walk_slot::purpose::input;
        return begin_update2(w, g.dirties2), false;
    }
    take(walk.waiting);
    fill(walk, t, l);
    deliver(slot, l, g);
    return true;
}

void translator::engine::fail_waiters(std::uint32_t w, event_id id) {
    while (!walks_[w].waiting.empty()) fault(take(walks_[w].waiting), id);
    release_walk(w);
}

void translator::engine::release_walk(std::uint32_t w) {
    probe_walk(walks_[w]);
    walks_[w].busy = false;
    free_walks_.push_back(w);
    while (!walk_queue_.empty() && !free_walks_.empty()) {
        const std::uint32_t slot = take(walk_queue_);
        const transaction& t = transactions_[slot];
        no_walk_slot_.ends(t.request.span, t.request.sid, t.since);
        if (t.kind == walk_kind::config)
            miss(slot);
        else
            look_in_main(slot);
    }
}

/// What the walk has found goes into the TLBs of whoever asked, once every descriptor has its
/// access flag.
void translator::engine::fill(walk_slot& walk, const transaction& t, const leaf& l) {
    if (walk.filled == t.request.tbu || walk.kind == walk_kind::config) return;
    if (walk.stage2() && !(walk.has_final && l.s2.accessed)) return;
    if (l.by_stage1 && !l.s1.accessed) return;
    const std::uint64_t first = t.input >> l.log2_bytes << l.log2_bytes;
    const std::uint64_t last = first + ((std::uint64_t{1} << l.log2_bytes) - 1);
    const bool spared = walk.joinable() || walk.first_killed > last || first > walk.last_killed;
    if (!walk.fills || !spared) return;
    walk.filled = t.request.tbu;
    tbu& by = tbus_[t.request.tbu];
    by.main.fill(walk.tag, t.input, l);
    if (t.request.kind != request_kind::translation_request) by.micro.fill(walk.tag, t.input, l);
}

/// Permissions of ordinary transactions, of Translated ones that stage 2 translates, and of
/// Translation Requests.
translator::engine::grant translator::engine::judge(const transaction& t, const leaf& l) const {
    const translate_request& r = t.request;
    constexpr rights all{true, true, true, false};
    const rights s1 = l.by_stage1 ? rights_of(l.s1, t.regime1, t.privileged) : all;
    const rights s2 = l.by_stage2 ? rights_of(l.s2, t.regime2, t.privileged) : all;
    if (t.prefetch != prefetching::none) return {};
    if (r.kind == request_kind::translation_request) return judge_request(t, s1, s2);
    const auto may = [&](const rights& of) {
        if (r.write) return (of.write || of.clean) && (of.read || !r.also_read);
        return t.instruction ? of.execute : of.read;
    };
    grant g;
    g.denied_by = !may(s1) ? 1 : !may(s2) ? 2 : 0;
    g.dirties1 = r.write && !s1.write;
    g.dirties2 = r.write && !s2.write;
    return g;
}

translator::engine::grant translator::engine::judge_request(const transaction& t, const rights& s1,
                                                            const rights& s2) const {
    const translate_request& r = t.request;
    const bool executes = r.execute && r.ssid.has_value();
    const std::uint8_t instcfg = config_.attr_perms_ovr ? t.stream.instcfg : std::uint8_t{0};
    const auto granted = [&](const rights& of) {
        grant g;
        g.r = instcfg == 3 ? of.execute : of.read;
        g.x = executes && (instcfg == 3   ? of.execute
                           : instcfg == 2 ? of.read
                                          : of.read && of.execute);
        g.w = of.write || (of.clean && !r.no_write);
        return g;
    };
    const grant one = granted(s1), two = granted(s2);
    grant g;
    g.r = one.r && two.r;
    g.w = one.w && two.w;
    g.x = one.x && two.x;
    g.dirties1 = g.w && !s1.write;
    g.dirties2 = g.w && !s2.write;
    g.denied_by = g.r || g.w || g.x ? 0 : one.r || one.w || one.x ? 2 : 1;
    return g;
}

void translator::engine::deliver(std::uint32_t slot, const leaf& l, const grant& g) {
    const transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    const bool request = r.kind == request_kind::translation_request;
    const std::uint64_t offset = (std::uint64_t{1} << l.log2_bytes) - 1;
    if (!g.allowed()) {
        if (request)  // where stage 2 was not asked its pages may be the smallest
            return finish(slot,
                          translate_result{
                              .result = outcome::no_access,
                              .page_bytes = l.by_stage2 || !t.stream.stage2() ? offset + 1 : 4096});
        if (g.denied_by == 1) return fault(slot, event_id::f_permission);
        return stage2_fault(slot, event_id::f_permission,
                            {fault_class::in, l.ipa | (t.input & offset)});
    }
    const bool split = request && effective_eats(t.stream) == 2;
    const std::uint64_t page = split ? l.ipa : l.pa;
    const memory_type first = l.by_stage1 ? l.s1.type : memory_type::normal_wb;
    finish(slot, translate_result{
                     .result = outcome::ok,
                     .pa = base::phys_addr{page | (r.va.value & offset)},
                     .page_bytes = offset + 1,
                     .r = g.r,
                     .w = g.w,
                     .x = g.x,
                     .translated = true,
                     .type = l.by_stage2 ? combined(first, l.s2.code, t.regime2.fwb) : first});
}

void translator::engine::probe_lookup(const transaction& t, bool hit) {
    if (context_.probe.wants(base::kind::tlb_lookup) && t.prefetch == prefetching::none)
        context_.probe.emit(base::kind::tlb_lookup, place_, context_.now(), t.request.span,
                            t.request.sid.value, t.request.va.value, hit ? 1 : 0);
}

void translator::engine::probe_walk(const walk_slot& w) {
    if (context_.probe.wants(base::kind::walk_done))
        context_.probe.emit(base::kind::walk_done, place_, context_.now(), base::no_span,
                            w.sid.value, w.page << 12,
                            static_cast<std::uint64_t>((context_.now() - w.begun).count), w.reads);
}

}  // namespace drydock::smmu
