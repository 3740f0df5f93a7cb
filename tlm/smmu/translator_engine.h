// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tlm/smmu/config_cache.h"
#include "tlm/smmu/context.h"
#include "tlm/smmu/lookup_numbers.h"
#include "tlm/smmu/stream_table.h"
#include "tlm/smmu/tlb.h"
#include "tlm/smmu/translator.h"
#include "tlm/smmu/walker.h"

namespace drydock::smmu {

/// The translator's inside: transactions in slots, walks in slots, and the caches between them.
/// Every wait is for the timeline or for a fetch_port answer; answers that come within the call are
/// queued, so nothing recurses.
class translator::engine final : base::timeline_client {
public:
    engine(std::string_view name, base::context&, const smmu_config&, fetch_port&,
           translator_client&);

    bool start(std::uint32_t slot, const translate_request&);
    void prefetch(base::stream_id, std::optional<base::substream_id>, std::optional<base::iova>);
    void fetched(fetch_id, std::span<const std::uint64_t> words, bool aborted);
    void updated(fetch_id, std::uint64_t old, bool aborted);

    void config_changed() { ++config_epoch_; }
    void kill_all(stream_world);
    void kill_vmid(stream_world, std::uint16_t vmid);
    void kill_asid(const tlb_context&);
    void kill_range(const tlb_context&, tlbi_range);
    /// 0 where VMIDs are not compared.
    std::uint16_t vmid_of(std::uint16_t vmid) const { return config_.s2p ? vmid : 0; }

    const smmu_config config_;
    control control_;
    stream_table streams_;
    config_cache<ste> stes_;
    config_cache<context_descriptor> cds_;
    lookup_numbers numbers_;
    std::uint32_t in_use_ = 0;
    work work_;

    void count_probes() { work_.sets_probed = micro_.sets_probed() + main_.sets_probed(); }

private:
    using outcome = translate_result::outcome;
    static constexpr std::uint32_t none = UINT32_MAX;

    /// What a slot waits for.
    enum class state : std::uint8_t {
        free,
        lookup,
        main_tlb,
        l1std,
        ste,
        l1cd,
        cd,
        walk_slot,
        walk
    };

    /// How far a prefetch goes; a real transaction is none.
    enum class prefetching : std::uint8_t { none, config, address };

    struct transaction {
        state at = state::free;
        prefetching prefetch = prefetching::none;
        bool privileged = false;   // after STE.PRIVCFG
        bool instruction = false;  // after STE.INSTCFG
        bool aborted = false;      // the fetch that came back
        translate_request request;
        std::uint64_t number = 0;
        std::uint64_t config_epoch = 0;  // at look-up; an older one fills no configuration cache
        std::uint64_t tlbi_count = 0;    // at look-up; an older one fills no TLB
        std::uint32_t cd_index = 0;
        std::uint32_t next = none;  // in a list of waiters
        base::phys_addr fetching{};
        structure_words answer{};
        smmu::ste stream;
        context_descriptor cd;
        stage1_regime regime;
        tlb_context tag;
    };

    /// Transactions in order of arrival.
    struct waiters {
        std::uint32_t first = none, last = none;
        bool empty() const { return first == none; }
    };

    struct walk_slot {
        bool busy = false;
        bool updating = false;
        bool aborted = false;
        bool fills = false;  // no invalidation came in between that would forbid it
        std::uint64_t first_killed =
            1;  // hull of the ranges invalidated meanwhile; empty: first > last
        std::uint64_t last_killed = 0;
        tlb_context tag;
        std::uint64_t page = 0;  // canonical va >> 12
        stage1_regime regime;
        walk_progress progress;
        std::uint64_t descriptor = 0;
        std::uint64_t desired = 0;
        std::uint64_t answer = 0;
        waiters waiting;
        bool joinable() const { return fills && first_killed > last_killed; }
    };

    /// What a leaf allows a transaction.
    struct grant {
        bool allowed = false;
        bool dirties = false;  // needs AP[2] cleared
        bool r = false, w = false, x = false;
    };

    // -- flow: translator_flow.cpp --
    void on_time(std::uint64_t op) override;
    void drain();
    void push_ready(std::uint32_t id);
    void transaction_answered(std::uint32_t slot);
    void fetch_for(std::uint32_t slot, state, base::phys_addr, std::uint32_t bytes);
    void append(waiters&, std::uint32_t slot);
    std::uint32_t take(waiters&);
    void finish(std::uint32_t slot, translate_result);
    void finish(std::uint32_t slot, outcome o) { finish(slot, translate_result{.result = o}); }
    void finish(std::uint32_t slot, outcome, const event_record&);
    void pass(std::uint32_t slot);

    // -- decision: translator_decision.cpp --
    void look_up(std::uint32_t slot);
    void disabled(std::uint32_t slot);
    void find_ste(std::uint32_t slot);
    void l1std_read(std::uint32_t slot);
    void ste_read(std::uint32_t slot);
    void have_ste(std::uint32_t slot);
    void ordinary_by_ste(std::uint32_t slot);
    void request_by_ste(std::uint32_t slot);
    void translated_by_ste(std::uint32_t slot);
    void find_cd(std::uint32_t slot);
    void l1cd_read(std::uint32_t slot);
    void cd_read(std::uint32_t slot);
    void have_cd(std::uint32_t slot);
    void bypass_stage1(std::uint32_t slot);
    void bad_stream(std::uint32_t slot);
    bool fetch_failed(std::uint32_t slot, event_id);
    void config_error(std::uint32_t slot, const event_record&);
    void bad_substream(std::uint32_t slot);
    void fault(std::uint32_t slot, event_id);
    void walk_aborted(std::uint32_t slot, base::phys_addr);
    event_access access_of(const transaction&) const;
    static ats_request_fields ats_fields(const translate_request&);
    unsigned effective_eats(const ste&) const;
    bool records_ats_errors() const { return config_.atsrecerr && control_.rec_cfg_ats; }

    // -- translation: translator_walks.cpp --
    void translate(std::uint32_t slot, bool main_only);
    void miss(std::uint32_t slot);
    void begin_walk(std::uint32_t w, std::uint32_t slot);
    void read_descriptor(std::uint32_t w);
    void walk_answered(std::uint32_t w);
    void advance(std::uint32_t w, walk_progress::outcome);
    void update_done(std::uint32_t w);
    void serve_waiters(std::uint32_t w);
    void fail_waiters(std::uint32_t w, event_id);
    void release_walk(std::uint32_t w);
    void fill(const walk_slot&);
    grant judge(const transaction&, const leaf&) const;
    void deliver(std::uint32_t slot, const leaf&, const grant&);
    void probe_lookup(const transaction&, bool hit);
    template <class Match>
    void mark_walks(Match&& match);

    base::context& context_;
    fetch_port& port_;
    translator_client& client_;
    base::place_id place_;
    base::timeline::client_id id_;

    tlb_stamps stamps_;
    tlb micro_;
    tlb main_;
    std::uint64_t config_epoch_ = 0;
    std::uint64_t tlbi_count_ = 0;

    std::vector<transaction> transactions_;  // the last one is for prefetches
    std::vector<walk_slot> walks_;
    std::vector<std::uint32_t> free_walks_;
    waiters walk_queue_;
    std::vector<std::uint32_t> ready_;  // ring: fetch_ids whose answer has come
    std::size_t ready_first_ = 0, ready_count_ = 0;
    bool draining_ = false;
};

}  // namespace drydock::smmu
