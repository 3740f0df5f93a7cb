// SPDX-License-Identifier: Apache-2.0
// Time of a translation: TLBs of the TBU, the way to the TCU, its caches, memory, the way back.
#include "tlm/smmu/pipeline.h"

#include <gtest/gtest.h>

#include "tests/tlm/smmu/stage2_machine.h"
#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

constexpr base::ps ns{1'000};

/// Each latency another power of two, so that a sum tells what it is made of.
smmu_config weights(smmu_config c = {}) {
    c.micro_tlb_cycles = 1;
    c.main_tlb_cycles = 2;
    c.tbu_to_tcu_cycles = 4;
    c.tcu_to_tbu_cycles = 8;
    c.config_cache_cycles = 16;
    c.walk_cache_cycles = 32;
    c.ipa_cache_cycles = 64;
    return c;
}
constexpr base::ps memory{1'000'000};

struct timed : machine2 {
    explicit timed(const smmu_config& c = weights()) : machine2(c) {
        stage1(3);
        for (std::uint64_t p = 0; p < 64; ++p) map(p << 12, 0x8'0000 + (p << 12));
    }
    /// @return cycles besides the accesses to memory, which take a microsecond each
    std::int64_t cycles(const translate_request& r, unsigned accesses) {
        latency = memory;
        const base::ps start = ctx.now();
        const std::size_t before = reads.size();
        run(r);
        EXPECT_EQ(reads.size() - before, accesses);
        return (finished_at.back() - start - memory * accesses) / ns;
    }
};

TEST(Pipeline, takes_one_a_cycle_and_keeps_each_for_its_latency) {
    pipeline p(ns, 3);
    EXPECT_EQ(p.enter(ns * 10), ns * 13);
    EXPECT_EQ(p.enter(ns * 10), ns * 14);
    EXPECT_EQ(p.enter(ns * 10), ns * 15);
    EXPECT_EQ(p.enter(ns * 20), ns * 23);
}

TEST(Pipeline, defaults_are_those_that_gem5_publishes) {
    const smmu_config c;
    EXPECT_EQ(c.micro_tlb_entries, 32u);
    EXPECT_EQ(c.micro_tlb_cycles, 1u);
    EXPECT_EQ(c.main_tlb_entries, 2048u);
    EXPECT_EQ(c.main_tlb_ways, 4u);
    EXPECT_EQ(c.main_tlb_cycles, 3u);
    EXPECT_EQ(c.config_cache_entries, 64u);
    EXPECT_EQ(c.config_cache_cycles, 3u);
    EXPECT_EQ(c.walk_cache_cycles, 4u);
    EXPECT_EQ(c.walk_slots, 16u);
    EXPECT_EQ(c.translation_slots, 64u);
}

TEST(Pipeline, a_hit_in_the_micro_tlb_takes_its_look_up_and_one_record) {
    timed f;
    f.run(m::read(3, 0x7000));
    const std::uint64_t records = f.ctx.timeline.records_pushed();
    EXPECT_EQ(f.cycles(m::read(3, 0x7008), 0), 1);
    EXPECT_EQ(f.ctx.timeline.records_pushed() - records, 1u);
}

TEST(Pipeline, a_hit_in_the_main_tlb_takes_both_look_ups_and_moves_up) {
    smmu_config c = weights();
    c.micro_tlb_entries = 4;
    timed f(c);
    for (std::uint64_t p = 0; p < 16; ++p) f.run(m::read(3, p << 12));
    EXPECT_EQ(f.cycles(m::read(3, 0), 0), 1 + 2);
    EXPECT_EQ(f.cycles(m::read(3, 0), 0), 1);
}

TEST(Pipeline, a_translation_request_asks_the_main_tlb_only) {
    timed f;
    f.run(m::read(3, 0x7000));
    EXPECT_EQ(f.cycles(m::ats(3, 0x7000), 0), 2);
}

TEST(Pipeline, what_no_tlb_has_goes_to_the_tcu_and_comes_back) {
    timed f;
    f.run(m::read(3, 0x7000));
    EXPECT_EQ(f.cycles(m::read(3, 0x8000), 1), 1 + 2 + 4 + 16 + 32 + 8);
    EXPECT_EQ(f.cycles(m::ats(3, 0x9000), 1), 2 + 4 + 16 + 32 + 8);
}

TEST(Pipeline, the_first_of_a_stream_fetches_its_configuration_at_the_tcu) {
    timed f;
    // STE, CD, four levels; the main TLB is not asked where the configuration is unknown
    EXPECT_EQ(f.cycles(m::read(3, 0x7000), 6), 1 + 4 + 16 + 32 + 8);
}

TEST(Pipeline, a_fault_found_by_a_walk_comes_back_from_the_tcu) {
    timed f;
    f.run(m::read(3, 0x7000));
    EXPECT_EQ(f.cycles(m::read(3, 0x18'0000), 1), 1 + 2 + 4 + 16 + 32 + 8);
    EXPECT_EQ(f.results.back()->result, outcome::abort);
}

TEST(Pipeline, what_the_tbu_can_refuse_alone_needs_no_tcu) {
    timed f;
    f.run(m::read(3, 0x7000));
    EXPECT_EQ(f.cycles(m::read(3, 0x0001'0000'0000'0000), 0), 1);  // beyond TxSZ
}

TEST(Pipeline, stage_2_asks_the_ipa_cache_and_then_the_walk_caches) {
    timed f(weights(both_stages()));
    f.stage2_only(5);
    for (std::uint64_t p = 0; p < 8; ++p) f.map2(0x5000 + (p << 12), 0x9'0000 + (p << 12));
    f.run(m::read(5, 0x5000));
    EXPECT_EQ(f.cycles(m::read(5, 0x6000), 1), 1 + 2 + 4 + 16 + 64 + 32 + 8);
    // Another stage-2 stream of the VMID finds in the IPA cache what the TLB has lost.
    smmu_config small = weights(both_stages());
    small.micro_tlb_entries = 4;
    small.main_tlb_entries = 4;
    timed g(small);
    g.stage2_only(5);
    for (std::uint64_t p = 0; p < 8; ++p) g.map2(0x5000 + (p << 12), 0x9'0000 + (p << 12));
    for (std::uint64_t p = 0; p < 8; ++p) g.run(m::read(5, 0x5000 + (p << 12)));
    EXPECT_EQ(g.cycles(m::read(5, 0x5000), 0), 1 + 2 + 4 + 16 + 64 + 8);
    EXPECT_EQ(g.results.back()->pa.value, 0x9'0000u);
}

TEST(Pipeline, transactions_of_one_instant_follow_each_other_by_a_cycle) {
    timed f;
    for (std::uint32_t s = 0; s < 4; ++s) f.run(m::read(3, s << 12));
    const base::ps start = f.ctx.now();
    const std::size_t first = f.finished_at.size();
    for (std::uint32_t s = 0; s < 4; ++s) f.begin(s, m::read(3, s << 12));
    f.settle();
    for (std::uint32_t s = 0; s < 4; ++s) {
        EXPECT_EQ(f.finished_at[first + s] - start, ns * (1 + s));
        f.t.performed(f.results[s]->number);
    }
}

TEST(Pipeline, a_slower_clock_stretches_everything) {
    smmu_config c = weights();
    c.clock = ns * 3;
    timed f(c);
    f.run(m::read(3, 0x7000));
    EXPECT_EQ(f.cycles(m::read(3, 0x8000), 1), 3 * (1 + 2 + 4 + 16 + 32 + 8));
}

/// Two root ports: what one TBU knows the other does not.
struct two_tbus : fetch_port, translator_client {
    two_tbus() : t("smmu", ctx, {}, *this, *this, 2) {
        t.set_stream_table({base::phys_addr{0x1'0000}, 8, 6, 0});
        t.set_control({.smmuen = true});
        ctx.timeline.seal();
    }
    /// Stage 1 with one table of 1 GiB blocks, mapped to themselves.
    void fetch(fetch_id id, base::phys_addr a, std::uint32_t bytes, base::span_id) override {
        ++fetches;
        std::array<std::uint64_t, 8> w{};
        if (bytes == 64 && a.value < 0x2'0000)
            w = {1 | 5u << 1 | 0x2'0000, 0, 0, 0};
        else if (bytes == 64)
            w = {25 | 1u << 30 | 1u << 31 | 5ull << 32 | 1ull << 41 | 1ull << 45 | 1ull << 46 |
                     1ull << 48,
                 0x3'0000, 0, 0xff};
        else
            w[0] = (a.value - 0x3'0000) / 8 << 30 | 1u << 11 | 1u << 10 | 1u << 6 | 1;
        t.fetched(id, std::span(w).first(bytes / 8), false);
    }
    void update(fetch_id, base::phys_addr, std::uint64_t, std::uint64_t, base::span_id) override {}
    void translated(std::uint32_t, const translate_result& r) override {
        EXPECT_EQ(r.result, outcome::ok);
        t.performed(r.number);
        last = ctx.now();
    }
    void stalled(std::uint32_t, const event_record&) override {}
    base::ps time_of(std::uint16_t port) {
        const base::ps start = ctx.now();
        translate_request r;
        r.sid = base::stream_id{1};
        r.tbu = port;
        t.start(0, r);
        ctx.timeline.run(ctx.now() + ns * 1000);
        return last - start;
    }

    base::context ctx{1};
    translator t;
    base::ps last{};
    unsigned fetches = 0;
};

TEST(Pipeline, each_root_port_has_tlbs_of_its_own) {
    two_tbus f;
    f.time_of(0);
    EXPECT_EQ(f.time_of(0), ns);
    const unsigned before = f.fetches;
    EXPECT_EQ(f.time_of(1), ns * (1 + 3 + 8 + 3 + 4 + 8));  // its own walk, of one level
    EXPECT_EQ(f.fetches - before, 1u);
    EXPECT_EQ(f.time_of(1), ns);
}

TEST(Pipeline, an_invalidation_reaches_every_tbu) {
    two_tbus f;
    for (const auto invalidate : {+[](translator& t) {
                                      t.tlbi_nh_va(0, 1, {0, 0xfff, true});
                                  },
                                  +[](translator& t) { t.tlbi_nh_all(0); }}) {
        f.time_of(0);
        f.time_of(1);
        invalidate(f.t);
        const unsigned before = f.fetches;
        f.time_of(0);
        f.time_of(1);
        EXPECT_EQ(f.fetches - before, 2u);
    }
}

}  // namespace
}  // namespace drydock::smmu::test
