// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tlm/smmu/config_cache.h"
#include "tlm/smmu/context.h"
#include "tlm/smmu/lookup_numbers.h"
#include "tlm/smmu/pipeline.h"
#include "tlm/smmu/stall_probe.h"
#include "tlm/smmu/stream_table.h"
#include "tlm/smmu/tbu.h"
#include "tlm/smmu/translator.h"
#include "tlm/smmu/walk_cache.h"
#include "tlm/smmu/walk_slot.h"

namespace drydock::smmu {

/// The translator's inside: transactions in slots, walks in slots, and the caches between them.
/// Every wait is for the timeline or for a fetch_port answer; answers that come within the call are
/// queued, so nothing recurses.
class translator::engine final : base::timeline_client {
public:
    engine(std::string_view name, base::context&, const smmu_config&, fetch_port&,
           translator_client&, unsigned tbus);

    bool start(std::uint32_t slot, const translate_request&);
    void prefetch(base::stream_id, std::optional<base::substream_id>, std::optional<base::iova>,
                  std::uint16_t tbu);
    void fetched(fetch_id, std::span<const std::uint64_t> words, bool aborted);
    void updated(fetch_id, std::uint64_t old, bool aborted);

    void resume(base::stream_id, std::uint16_t stag, bool retry, bool abort);
    /// Without a stream: all.
    void terminate_stalled(std::optional<base::stream_id>);

    void config_changed() { ++config_epoch_; }
    void kill_all(stream_world);
    void kill_vmid(stream_world, std::uint16_t vmid);
    void kill_asid(const tlb_context&);
    void kill_range(const tlb_context&, tlbi_range);
    /// 0 where VMIDs are not compared.
    std::uint16_t vmid_of(std::uint16_t vmid) const { return config_.s2p ? vmid : 0; }
    /// The VMIDs that a TLBI means: CR0.VMW = 1..4 makes so many low bits a wildcard.
    template <class F>
    void each_vmid(std::uint16_t vmid, F&& f) const {
        const unsigned wild = config_.s2p && control_.vmw <= 4 ? control_.vmw : 0;
        const std::uint16_t first = static_cast<std::uint16_t>(vmid_of(vmid) >> wild << wild);
        for (unsigned n = 0; n < 1u << wild; ++n) f(static_cast<std::uint16_t>(first + n));
    }

    const smmu_config config_;
    control control_;
    stream_table streams_;
    config_cache<ste> stes_;
    config_cache<context_descriptor> cds_;
    lookup_numbers numbers_;
    std::uint32_t in_use_ = 0;
    std::uint64_t tlbi_sets_ = 1;
    work work_;

    void count_probes();

private:
    using outcome = translate_result::outcome;
    static constexpr std::uint32_t none = waiters::none;

    /// What a slot waits for.
    enum class state : std::uint8_t {
        free,
        lookup,
        main_tlb,
        tcu,        // on its way to the TCU: for its STE, its CD, or a walk
        returning,  // and from there
        l1std,
        ste,
        l1cd,
        cd,
        walk_slot,
        walk,
        stall_slot,  // faulted; as many records as possible are unanswered
        stalled
    };

    /// How far a prefetch goes; a real transaction is none.
    enum class prefetching : std::uint8_t { none, config, address };

    /// What a transaction goes to the TCU for.
    enum class errand : std::uint8_t { ste, cd, walk };

    struct transaction {
        state at = state::free;
        errand to = errand::ste;
        bool in_tcu = false;            // its answer comes from there
        bool looked_up = false;         // the TLBs have been told of
        state config_read = state::cd;  // what follows a walk of kind config
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
        walk_kind kind = walk_kind::stage1;  // what it looks up in TLB and tables
        std::uint64_t input = 0;             // of that: canonical VA, IPA, or address of a CD
        stage1_regime regime1;               // of kind stage1
        stage2_regime regime2;               // where the STE has stage 2
        tlb_context tag;
        event_record stall_record;
        translate_result result;  // returning
        base::ps since{};         // when it began to wait for a walk slot
    };

    /// What a leaf allows a transaction.
    struct grant {
        bool r = false, w = false, x = false;
        bool dirties1 = false, dirties2 = false;  // needs AP[2] cleared, S2AP[1] set
        std::uint8_t denied_by = 0;               // the stage
        bool allowed() const { return denied_by == 0; }
        bool dirties() const { return dirties1 || dirties2; }
    };

    // -- stalls: translator_stalls.cpp --
    bool may_stall(const transaction&) const;
    void stall(std::uint32_t slot, const event_record&);
    void announce_stall(std::uint32_t slot);
    void end_stall(std::uint32_t slot);
    void terminate(std::uint32_t slot, outcome);

    // -- flow: translator_flow.cpp --
    void enter(std::uint32_t slot);
    void on_time(std::uint64_t op) override;
    void transaction_ready(std::uint32_t slot);
    void walk_ready(std::uint32_t w);
    void drain();
    void push_ready(std::uint32_t id);
    void transaction_answered(std::uint32_t slot);
    void fetch_for(std::uint32_t slot, state, base::phys_addr, std::uint32_t bytes);
    void append(waiters&, std::uint32_t slot);
    std::uint32_t take(waiters&);
    void go_to_tcu(std::uint32_t slot, errand);
    void in_tcu(std::uint32_t slot);
    void finish(std::uint32_t slot, translate_result);
    void answer(std::uint32_t slot, const translate_result&);
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
    void config_table(std::uint32_t slot, state, std::uint64_t address);
    void stage2_alone(std::uint32_t slot);
    void bad_stream(std::uint32_t slot);
    bool fetch_failed(std::uint32_t slot, event_id);
    void config_error(std::uint32_t slot, const event_record&);
    void bad_substream(std::uint32_t slot);
    void fault(std::uint32_t slot, event_id);
    void stage2_fault(std::uint32_t slot, event_id, const stage2_place&);
    void walk_aborted(std::uint32_t slot, const walk_slot&);
    event_access access_of(const transaction&) const;
    static std::optional<base::substream_id> ssid_of(const transaction&);
    static ats_request_fields ats_fields(const translate_request&);
    unsigned effective_eats(const ste&) const;
    bool records_ats_errors() const { return config_.atsrecerr && control_.rec_cfg_ats; }

    // -- translation: translator_walks.cpp --
    void translate(std::uint32_t slot);
    void look_in_main(std::uint32_t slot);
    void use(std::uint32_t slot, const leaf* hit);
    void miss(std::uint32_t slot);
    void begin_walk(std::uint32_t w, std::uint32_t slot);
    void read_descriptor(std::uint32_t w, walk_slot::phase, std::uint64_t address);
    void change_descriptor(std::uint32_t w, walk_slot::phase, std::uint64_t address,
                           std::uint64_t before, std::uint64_t after);
    void walk_answered(std::uint32_t w);
    void descriptor1_read(std::uint32_t w);
    void advance(std::uint32_t w, stage1_walk::outcome);
    void begin_update1(std::uint32_t w, bool dirty);
    void update1_done(std::uint32_t w);
    static leaf found(const walk_slot&);
    void serve_waiters(std::uint32_t w);
    bool serve(std::uint32_t w, std::uint32_t slot);
    void fail_waiters(std::uint32_t w, event_id);
    void release_walk(std::uint32_t w);
    void fill(walk_slot&, const transaction&, const leaf&);
    void remember_table(const walk_slot&, walk_cache&, const tlb_context&, const table_shape&,
                        const table_walk&, const table_attributes&);
    grant judge(const transaction&, const leaf&) const;
    grant judge_request(const transaction&, const rights& s1, const rights& s2) const;
    void deliver(std::uint32_t slot, const leaf&, const grant&);

    // -- stage 2 within a walk: translator_stage2.cpp --
    void to_physical(std::uint32_t w, std::uint64_t ipa, walk_slot::purpose);
    void stage2_looked_up(std::uint32_t w);
    void begin_stage2(std::uint32_t w);
    void walk_stage2(std::uint32_t w);
    void stage2_read(std::uint32_t w);
    void stage2_known(std::uint32_t w);
    void begin_update2(std::uint32_t w, bool dirty);
    void update2_done(std::uint32_t w);
    void fail_stage2(std::uint32_t w, event_id);
    void config_address(std::uint32_t w);

    void probe_lookup(const transaction&, bool hit);
    void probe_walk(const walk_slot&);
    void forget_tables(const tlb_context&, const tlbi_range&, bool global);
    std::uint64_t sets_probed_by_tcu() const;
    template <class Match>
    void mark_walks(Match&& match);

    base::context& context_;
    fetch_port& port_;
    translator_client& client_;
    base::place_id place_;
    base::timeline::client_id id_;
    stall_probe no_walk_slot_, too_many_stalls_;

    tlb_stamps stamps_;
    tlb_stamps walk_stamps_;
    std::vector<tbu> tbus_;
    pipeline config_port_, ipa_port_, walk_port_;
    tlb ipas_;
    walk_cache tables1_, tables2_;
    std::uint64_t config_epoch_ = 0;
    std::uint64_t tlbi_count_ = 0;

    std::vector<transaction> transactions_;  // the last one is for prefetches
    std::vector<walk_slot> walks_;
    std::vector<std::uint32_t> free_walks_;
    waiters walk_queue_;
    waiters stall_queue_;
    std::uint32_t stalled_ = 0;         // records not yet answered
    std::vector<std::uint32_t> ready_;  // ring: fetch_ids whose answer has come
    std::size_t ready_first_ = 0, ready_count_ = 0;
    bool draining_ = false;
};

}  // namespace drydock::smmu
