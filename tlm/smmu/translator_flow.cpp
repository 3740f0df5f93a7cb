// SPDX-License-Identifier: Apache-2.0
// How transactions move between the timeline, the fetch port and the client.
#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {

translator::engine::engine(std::string_view name, base::context& ctx, const smmu_config& c,
                           fetch_port& port, translator_client& client, unsigned tbus)
    : config_(c),
      streams_(c),
      stes_(c.config_cache_entries),
      cds_(c.config_cache_entries),
      context_(ctx),
      port_(port),
      client_(client),
      place_(ctx.probe.place(name)),
      id_(ctx.timeline.join(name, *this)),
      no_walk_slot_(ctx, place_, "no_walk_slot"),
      too_many_stalls_(ctx, place_, "stall_records"),
      config_port_(c.clock, c.config_cache_cycles),
      ipa_port_(c.clock, c.ipa_cache_cycles),
      walk_port_(c.clock, c.walk_cache_cycles),
      ipas_(c.ipa_cache_entries, c.ipa_cache_ways, stamps_),
      tables1_(c.walk_cache_stage1, c.walk_cache_ways, walk_stamps_),
      tables2_(c.walk_cache_stage2, c.walk_cache_ways, walk_stamps_),
      transactions_(c.translation_slots + std::size_t{1}),
      walks_(c.walk_slots),
      ready_(std::bit_ceil(transactions_.size() + c.walk_slots)) {
    tbus_.reserve(tbus);
    for (unsigned n = 0; n < tbus; ++n) tbus_.emplace_back(c, stamps_);
    transactions_.back().prefetch = prefetching::config;
    for (std::uint32_t w = c.walk_slots; w-- > 0;) free_walks_.push_back(w);
}

bool translator::engine::start(std::uint32_t slot, const translate_request& r) {
    if (slot >= config_.translation_slots)
        throw std::out_of_range("smmu: translation slot " + std::to_string(slot) + " of " +
                                std::to_string(config_.translation_slots));
    transaction& t = transactions_[slot];
    if (t.at != state::free) return false;
    t.request = r;
    ++in_use_;
    enter(slot);
    return true;
}

/// By the first TLB that is asked.
void translator::engine::enter(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    t.at = state::lookup;
    t.in_tcu = t.looked_up = false;
    tbu& by = tbus_[t.request.tbu];
    pipeline& first =
        t.request.kind == request_kind::translation_request ? by.main_port : by.micro_port;
    context_.timeline.at(first.enter(context_.now()), base::phase::serve, id_, slot);
}

void translator::engine::prefetch(base::stream_id sid, std::optional<base::substream_id> ssid,
                                  std::optional<base::iova> va, std::uint16_t tbu) {
    transaction& t = transactions_.back();
    if (t.at != state::free || !control_.smmuen) return;
    t.at = state::tcu;
    t.in_tcu = true;
    t.prefetch = va ? prefetching::address : prefetching::config;
    t.request = {.sid = sid, .ssid = ssid, .va = va.value_or(base::iova{}), .tbu = tbu};
    t.config_epoch = config_epoch_;
    t.tlbi_count = tlbi_count_;
    draining_ = true;
    find_ste(config_.translation_slots);
    draining_ = false;
    drain();
}

void translator::engine::on_time(std::uint64_t op) {
    draining_ = true;
    if (op < transactions_.size())
        transaction_ready(static_cast<std::uint32_t>(op));
    else
        walk_ready(static_cast<std::uint32_t>(op - transactions_.size()));
    draining_ = false;
    drain();
}

void translator::engine::transaction_ready(std::uint32_t slot) {
    switch (transactions_[slot].at) {
        case state::lookup:
            return look_up(slot);
        case state::main_tlb:
            return look_in_main(slot);
        case state::tcu:
            return in_tcu(slot);
        case state::returning:
            return answer(slot, transactions_[slot].result);
        default:
            throw std::logic_error("smmu: a transaction is called that waits for nothing");
    }
}

void translator::engine::go_to_tcu(std::uint32_t slot, errand what) {
    transaction& t = transactions_[slot];
    t.at = state::tcu;
    t.to = what;
    t.in_tcu = true;
    const base::ps there = context_.now() + config_.clock * config_.tbu_to_tcu_cycles;
    context_.timeline.at(config_port_.enter(there), base::phase::serve, id_, slot);
}

/// At the TCU: somebody else may have brought in meanwhile what is wanted.
void translator::engine::in_tcu(std::uint32_t slot) {
    switch (transactions_[slot].to) {
        case errand::ste:
            return find_ste(slot);
        case errand::cd:
            return find_cd(slot);
        case errand::walk:
            return look_in_main(slot);
    }
}

void translator::engine::fetched(fetch_id id, std::span<const std::uint64_t> words, bool aborted) {
    if (id < transactions_.size()) {
        transaction& t = transactions_[id];
        t.aborted = aborted;
        if (!aborted)
            std::copy_n(words.begin(), std::min(words.size(), t.answer.size()), t.answer.begin());
    } else {
        walk_slot& w = walks_[id - transactions_.size()];
        w.aborted = aborted;
        if (!aborted) w.answer = words[0];
    }
    push_ready(id);
}

void translator::engine::updated(fetch_id id, std::uint64_t old, bool aborted) {
    walk_slot& w = walks_[id - transactions_.size()];
    w.aborted = aborted;
    w.answer = old;
    push_ready(id);
}

void translator::engine::push_ready(std::uint32_t id) {
    ready_[(ready_first_ + ready_count_++) & (ready_.size() - 1)] = id;
    if (!draining_) drain();
}

void translator::engine::drain() {
    draining_ = true;
    while (ready_count_ > 0) {
        const std::uint32_t id = ready_[ready_first_];
        ready_first_ = (ready_first_ + 1) & (ready_.size() - 1);
        --ready_count_;
        if (id < transactions_.size())
            transaction_answered(id);
        else
            walk_answered(static_cast<std::uint32_t>(id - transactions_.size()));
    }
    draining_ = false;
}

void translator::engine::transaction_answered(std::uint32_t slot) {
    switch (transactions_[slot].at) {
        case state::l1std:
            return l1std_read(slot);
        case state::ste:
            return ste_read(slot);
        case state::l1cd:
            return l1cd_read(slot);
        case state::cd:
            return cd_read(slot);
        default:
            throw std::logic_error("smmu: answer to a fetch that was not asked for");
    }
}

void translator::engine::fetch_for(std::uint32_t slot, state next, base::phys_addr a,
                                   std::uint32_t bytes) {
    transaction& t = transactions_[slot];
    t.at = next;
    t.fetching = a;
    ++work_.fetches;
    port_.fetch(slot, a, bytes, t.request.span);
}

void translator::engine::append(waiters& list, std::uint32_t slot) {
    transactions_[slot].next = none;
    if (list.empty())
        list.first = slot;
    else
        transactions_[list.last].next = slot;
    list.last = slot;
}

std::uint32_t translator::engine::take(waiters& list) {
    const std::uint32_t slot = list.first;
    list.first = transactions_[slot].next;
    if (list.first == none) list.last = none;
    return slot;
}

void translator::engine::finish(std::uint32_t slot, translate_result r) {
    transaction& t = transactions_[slot];
    if (t.prefetch != prefetching::none) {  // nobody asked, so nobody hears of errors
        t.at = state::free;
        return;
    }
    r.number = t.number;
    r.event_may_merge = r.event && (t.stream.mev || merges_without_mev(r.event->id()));
    if (t.request.kind == request_kind::translation_request)
        r.priv = t.request.privileged && t.request.ssid.has_value();
    if (!t.in_tcu) return answer(slot, r);
    t.at = state::returning;
    t.result = r;
    context_.timeline.after(config_.clock * config_.tcu_to_tbu_cycles, base::phase::serve, id_,
                            slot);
}

void translator::engine::answer(std::uint32_t slot, const translate_result& r) {
    transactions_[slot].at = state::free;
    --in_use_;
    client_.translated(slot, r);
}

void translator::engine::finish(std::uint32_t slot, outcome o, const event_record& e) {
    finish(slot, translate_result{.result = o, .event = e});
}

void translator::engine::pass(std::uint32_t slot) {
    const std::uint64_t va = transactions_[slot].request.va.value;
    finish(slot, translate_result{.result = outcome::ok, .pa = base::phys_addr{va}});
}

}  // namespace drydock::smmu
