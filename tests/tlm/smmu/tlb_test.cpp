// SPDX-License-Identifier: Apache-2.0
// Cache tags and TLBI scopes: tags, sharing, what is never cached,
// races.
#include "tlm/smmu/tagged_cache.h"

#include <gtest/gtest.h>

#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

constexpr tlbi_range page(std::uint64_t va) { return {va, va}; }

/// Streams 3 (ASID 1) and 4 (ASID 2) with the page 0x7000 mapped for both by one table.
struct two_asids : translation_machine {
    explicit two_asids(std::uint64_t attributes = rw_page, const smmu_config& c = {})
        : translation_machine(c) {
        set_ste(3, {.cd = cds});
        set_ste(4, {.cd = cds + 64});
        set_cd({.asid = 1}, 0);
        set_cd({.asid = 2}, 1);
        descriptor = map(0x7000, 0x8'0000, attributes);
    }
    /// Warms both, then makes memory say something else.
    void go_stale() {
        run(read(3, 0x7000));
        run(read(4, 0x7000));
        word(descriptor) = 0;
    }
    bool hits(std::uint32_t sid) { return run(read(sid, 0x7000)).result == outcome::ok; }
    std::uint64_t descriptor = 0;
};

TEST(Tlb, S_230_streams_with_one_asid_share_an_entry) {
    translation_machine f;
    f.stage1(3);
    f.stage1(4);
    const std::uint64_t d = f.map(0x7000, 0x8'0000);
    f.run(m::read(3, 0x7000));
    f.word(d) = 0;
    EXPECT_EQ(f.run(m::read(4, 0x7000)).pa.value, 0x8'0000u);
    f.t.tlbi_nh_va(0, 1, page(0x7000));
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::abort);
    EXPECT_EQ(f.run(m::read(4, 0x7000)).result, outcome::abort);
}

TEST(Tlb, S_231_invalid_descriptor_is_not_cached) {
    translation_machine f;
    f.stage1(3);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::abort);
    f.map(0x7000, 0x8'0000);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
}

TEST(Tlb, S_232_descriptor_without_access_flag_is_not_cached) {
    translation_machine f;
    f.stage1(3);
    const std::uint64_t d = f.map(0x7000, 0x8'0000, rw_page & ~af);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::abort);
    f.word(d) |= af;
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
}

TEST(Tlb, S_236_cfgi_leaves_tlb_entries) {
    two_asids f;
    f.go_stale();
    f.t.invalidate_ste(base::stream_id{3}, true);
    f.t.invalidate_all_config();
    EXPECT_TRUE(f.hits(3));
    f.t.tlbi_nsnh_all();
    EXPECT_FALSE(f.hits(3));
}

TEST(Tlb, S_116_by_asid_spares_other_asids_and_global_entries) {
    two_asids f;
    f.go_stale();
    f.t.tlbi_nh_asid(0, 1);
    EXPECT_FALSE(f.hits(3));
    EXPECT_TRUE(f.hits(4));
    two_asids global(rw_page & ~ng);
    global.go_stale();
    global.t.tlbi_nh_asid(0, 1);
    EXPECT_TRUE(global.hits(3));
}

TEST(Tlb, S_116_by_address_takes_a_global_entry_too) {
    two_asids f(rw_page & ~ng);
    f.go_stale();
    f.t.tlbi_nh_va(0, 1, page(0x7000));
    EXPECT_FALSE(f.hits(3));
    EXPECT_FALSE(f.hits(4));
}

TEST(Tlb, by_address_spares_other_asids_and_pages) {
    two_asids f;
    f.go_stale();
    f.t.tlbi_nh_va(0, 1, page(0x8000));
    EXPECT_TRUE(f.hits(3));
    f.t.tlbi_nh_va(0, 1, page(0x7000));
    EXPECT_FALSE(f.hits(3));
    EXPECT_TRUE(f.hits(4));
}

TEST(Tlb, any_asid_vmid_and_all_take_both) {
    const auto gone = [](auto&& invalidate) {
        two_asids f;
        f.go_stale();
        invalidate(f.t);
        EXPECT_FALSE(f.hits(3));
        EXPECT_FALSE(f.hits(4));
    };
    gone([](translator& t) { t.tlbi_nh_vaa(0, page(0x7000)); });
    gone([](translator& t) { t.tlbi_nh_all(0); });
    gone([](translator& t) { t.tlbi_nh_all(77); });  // without stage 2 the VMID is not compared
    gone([](translator& t) { t.tlbi_s12_vmall(0); });
    gone([](translator& t) { t.tlbi_nsnh_all(); });
}

TEST(Tlb, el2_commands_leave_el1_and_the_other_way_round) {
    smmu_config c;
    c.hyp = true;
    two_asids f(rw_page, c);
    f.set_ste(4, {.cd = m::cds + 64, .strw = 2});
    f.go_stale();
    f.t.tlbi_nsnh_all();
    EXPECT_FALSE(f.hits(3));
    EXPECT_TRUE(f.hits(4));
    f.t.tlbi_el2_va(0, page(0x7000));
    EXPECT_FALSE(f.hits(4));
}

TEST(Tlb, S_121_range_takes_exactly_its_pages) {
    translation_machine f;
    f.stage1(3);
    std::vector<std::uint64_t> d;
    for (std::uint64_t p = 0; p < 8; ++p)
        d.push_back(f.map(0x10'0000 + (p << 12), 0x8'0000 + (p << 12)));
    for (std::uint64_t p = 0; p < 8; ++p) f.run(m::read(3, 0x10'0000 + (p << 12)));
    for (const std::uint64_t a : d) f.word(a) = 0;
    // NUM=2, SCALE=1: 6 pages
    f.t.tlbi_nh_va(0, 1, {0x10'0000, 0x10'5fff});
    for (std::uint64_t p = 0; p < 8; ++p)
        EXPECT_EQ(f.run(m::read(3, 0x10'0000 + (p << 12))).result,
                  p < 6 ? outcome::abort : outcome::ok)
            << p;
}

TEST(Tlb, range_too_long_to_probe_takes_the_asid) {
    two_asids f;
    f.go_stale();
    f.t.tlbi_nh_va(0, 1, {0, (1ull << 40) - 1});
    EXPECT_FALSE(f.hits(3));
    EXPECT_TRUE(f.hits(4));
}

TEST(Tlb, address_inside_a_block_takes_the_block) {
    translation_machine f;
    f.stage1(3);
    const std::uint64_t d = f.put(0x40'0000, 2, 0x8000'0000 | rw_page | 1);
    EXPECT_EQ(f.run(m::read(3, 0x40'0000)).page_bytes, 1u << 21);
    EXPECT_EQ(f.run(m::read(3, 0x5f'f000)).pa.value, 0x801f'f000u);
    EXPECT_EQ(f.t.counters().walks, 1u);
    f.word(d) = 0;
    f.t.tlbi_nh_va(0, 1, page(0x51'2000));
    EXPECT_EQ(f.run(m::read(3, 0x40'0000)).result, outcome::abort);
}

TEST(Tlb, upper_half_is_invalidated_by_its_own_address) {
    translation_machine f;
    f.stage1(3, {.epd0 = 1, .epd1 = 0, .ttb1 = m::root});
    const std::uint64_t va = 0xffff'0000'0000'7000;
    const std::uint64_t d = f.map(va, 0x8'0000);
    f.run(m::read(3, va));
    f.word(d) = 0;
    EXPECT_EQ(f.run(m::read(3, va)).result, outcome::ok);
    f.t.tlbi_nh_va(0, 1, page(va));
    EXPECT_EQ(f.run(m::read(3, va)).result, outcome::abort);
}

TEST(Tlb, eviction_keeps_answers_right) {
    smmu_config c;
    c.micro_tlb_entries = 4;
    c.main_tlb_entries = 8;
    c.main_tlb_ways = 2;
    translation_machine f(c);
    f.stage1(3);
    for (std::uint64_t p = 0; p < 64; ++p) f.map(p << 12, (p ^ 0x55) << 12);
    for (int round = 0; round < 3; ++round)
        for (std::uint64_t p = 0; p < 64; ++p)
            EXPECT_EQ(f.run(m::read(3, p << 12 | 8)).pa.value, (p ^ 0x55) << 12 | 8);
    EXPECT_GT(f.t.counters().walks, 64u);
}

// -- work
// ------------------------------------------------------------------------------------------

/// Sets probed by one look-up and by one of each invalidation, with `filled` pages in the TLB.
std::array<std::uint64_t, 3> probes(std::uint32_t entries, std::uint64_t filled) {
    smmu_config c;
    c.main_tlb_entries = entries;
    translation_machine f(c);
    f.stage1(3);
    for (std::uint64_t p = 0; p < filled; ++p) f.map(p << 12, p << 12);
    for (std::uint64_t p = 0; p < filled; ++p) f.run(m::read(3, p << 12));
    std::uint64_t last = f.t.counters().sets_probed;
    const auto since = [&] {
        const std::uint64_t now = f.t.counters().sets_probed;
        return now - std::exchange(last, now);
    };
    std::array<std::uint64_t, 3> out{};
    f.run(m::read(3, (filled - 1) << 12));
    out[0] = since();
    f.t.tlbi_nh_va(0, 1, page(0));
    out[1] = since();
    f.t.tlbi_nh_asid(0, 1);
    f.t.tlbi_nsnh_all();
    out[2] = since();
    return out;
}

TEST(TlbWork, is_the_same_for_any_number_of_entries) {
    const auto few = probes(64, 8);
    EXPECT_EQ(few, probes(4096, 2000));
    EXPECT_EQ(few[2], 0u);
    EXPECT_LE(few[0], 2u);
    EXPECT_LE(few[1], 5u);  // micro and main TLB, the walk caches of three levels
}

// -- walks under way
// -------------------------------------------------------------------------------

/// Walks read all their levels: no table is kept.
smmu_config without_walk_caches() {
    smmu_config c;
    c.walk_cache_stage1 = {0, 0, 0};
    return c;
}

struct TlbWalk : testing::Test {
    translation_machine f{without_walk_caches()};
    std::uint64_t d = 0;
    void SetUp() override {
        f.stage1(3);
        d = f.map(0x7000, 0x8'0000);
        f.run(m::read(3, 0x1'0000));  // structures cached
        f.latency = base::ps{80'000};
    }
    void until_reads(std::size_t n) {
        while (f.reads.size() < n) f.ctx.timeline.run(f.ctx.timeline.next());
    }
};

TEST_F(TlbWalk, one_walk_serves_everyone_who_waits_for_the_page) {
    const std::size_t reads = f.reads.size();
    for (std::uint32_t slot = 0; slot < 8; ++slot) f.begin(slot, m::read(3, 0x7000 + 8 * slot));
    f.settle();
    EXPECT_EQ(f.reads.size() - reads, 4u);
    EXPECT_EQ(f.t.counters().joined_walks, 7u);
    for (std::uint32_t slot = 0; slot < 8; ++slot)
        EXPECT_EQ(f.results[slot]->pa.value, 0x8'0000u + 8 * slot);
}

TEST_F(TlbWalk, everyone_gets_a_permission_of_their_own) {
    f.word(d) |= ap_ro;
    f.begin(0, m::read(3, 0x7000));
    f.begin(1, m::write_to(3, 0x7000));
    f.begin(2, m::ats(3, 0x7000));
    f.settle();
    EXPECT_EQ(f.results[0]->result, outcome::ok);
    EXPECT_EQ(f.results[1]->event, words(head(0x13, 3), class_in, 0x7000));
    EXPECT_TRUE(f.results[2]->r);
    EXPECT_FALSE(f.results[2]->w);
}

TEST_F(TlbWalk, more_misses_than_walk_slots_wait_their_turn) {
    for (std::uint64_t p = 0; p < 40; ++p) f.map(0x10'0000 + (p << 12), 0x90'0000 + (p << 12));
    for (std::uint32_t slot = 0; slot < 40; ++slot)
        f.begin(slot, m::read(3, 0x10'0000 + (slot << 12)));
    f.settle();
    for (std::uint32_t slot = 0; slot < 40; ++slot)
        EXPECT_EQ(f.results[slot]->pa.value, 0x90'0000u + (slot << 12));
}

TEST_F(TlbWalk, invalidation_during_the_walk_keeps_its_result_out_of_the_tlb) {
    const auto race = [&](auto&& invalidate) {
        const std::uint64_t before = f.word(d);
        f.begin(0, m::read(3, 0x7000));
        until_reads(f.reads.size() + 4);
        f.ctx.timeline.run(f.ctx.now() + base::ps{1});
        const std::uint64_t number = f.t.newest_number();
        f.settle();  // the leaf was read with its old value
        EXPECT_EQ(f.results[0]->number, number);
        f.word(d) = before;
        f.t.tlbi_nsnh_all();
        f.begin(0, m::read(3, 0x7000));
        until_reads(f.reads.size() + 4);
        invalidate();
        f.settle();
        EXPECT_EQ(f.results[0]->result, outcome::ok);
        f.word(d) = 0;
        EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::abort);
        f.word(d) = before;
    };
    race([&] { f.t.tlbi_nh_va(0, 1, page(0x7000)); });
    race([&] { f.t.tlbi_nh_va(0, 1, {0, 0xffff}); });
    race([&] { f.t.tlbi_nh_asid(0, 1); });
    race([&] { f.t.tlbi_nh_vaa(0, page(0x7000)); });
    race([&] { f.t.tlbi_nsnh_all(); });
}

TEST_F(TlbWalk, invalidation_of_another_page_does_not_spoil_the_walk) {
    f.begin(0, m::read(3, 0x7000));
    until_reads(f.reads.size() + 4);
    f.t.tlbi_nh_va(0, 1, page(0x9000));
    f.settle();
    f.word(d) = 0;
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
}

TEST_F(TlbWalk, look_up_after_the_invalidation_does_not_join_the_old_walk) {
    f.begin(0, m::read(3, 0x7000));
    until_reads(f.reads.size() + 4);
    f.word(d) =
        0x9'0000 | rw_page | 3;  // memory has the new page; the walk may have read the old one
    f.t.tlbi_nh_va(0, 1, page(0x7000));
    f.begin(1, m::read(3, 0x7000));
    f.settle();
    EXPECT_EQ(f.results[1]->pa.value, 0x9'0000u);
    EXPECT_GT(f.results[1]->number, f.results[0]->number);
}

TEST_F(TlbWalk, walk_from_a_cd_older_than_an_invalidation_fills_nothing) {
    f.t.invalidate_cd_all(base::stream_id{3});
    const std::uint64_t other_root = 0x3000'0000;
    f.begin(0, m::read(3, 0x7000));
    until_reads(f.reads.size() + 1);  // the CD is being read
    f.settle();
    f.t.tlbi_nsnh_all();
    f.t.invalidate_cd_all(base::stream_id{3});
    f.begin(0, m::read(3, 0x7000));
    until_reads(f.reads.size() + 1);
    f.ctx.timeline.run(f.ctx.now() + base::ps{1});
    f.t.invalidate_cd_all(base::stream_id{3});  // as a detach does: CFGI_CD, then TLBI
    f.t.tlbi_nh_asid(0, 1);
    f.settle();
    EXPECT_EQ(f.results[0]->pa.value, 0x8'0000u);
    f.set_cd({.ttb0 = other_root});
    f.put(0x7000, 3, 0xa'0000 | rw_page | 3, 0, other_root);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0xa'0000u);
}

TEST_F(TlbWalk, sync_can_wait_for_translations_made_before) {
    f.begin(0, m::read(3, 0x7000));
    until_reads(f.reads.size() + 1);
    f.t.tlbi_nh_va(0, 1, page(0x7000));
    const std::uint64_t newest = f.t.newest_number();
    EXPECT_LE(f.t.oldest_unperformed(), newest);
    f.settle();
    EXPECT_LE(f.t.oldest_unperformed(), newest);
    f.t.performed(f.results[0]->number);
    EXPECT_GT(f.t.oldest_unperformed(), newest);
}

}  // namespace
}  // namespace drydock::smmu::test
