// SPDX-License-Identifier: Apache-2.0
// Walk caches: what they save, what they never keep, which invalidations they obey.
#include "tlm/smmu/walk_cache.h"

#include <gtest/gtest.h>

#include "tests/tlm/smmu/stage2_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

constexpr tlbi_range page(std::uint64_t va, bool leaf) { return {va, va, leaf}; }

/// Pages of one table and of neighbours at every level, mapped to themselves.
struct walking : machine2 {
    explicit walking(const smmu_config& c = {}) : machine2(c) {
        stage1(3);
        for (const std::uint64_t va : {std::uint64_t{0x1000}, std::uint64_t{0x2000}, next_leaf,
                                       next_leaf + 0x1000, next_block, next_giant})
            map(va, va & 0xffff'f000);
        run(read(3, 0x1000));
    }
    /// Descriptors read for one page that no TLB has.
    std::size_t reads_of(std::uint64_t va, std::uint32_t sid = 3) {
        const std::size_t before = reads.size();
        EXPECT_EQ(run(read(sid, va)).result, outcome::ok);
        return reads.size() - before;
    }
    static constexpr std::uint64_t next_leaf = 1u << 21, next_block = 1u << 30,
                                   next_giant = std::uint64_t{1} << 39;
};

TEST(WalkCache, a_walk_begins_at_the_deepest_table_that_is_known) {
    walking f;
    EXPECT_EQ(f.reads_of(0x2000), 1u);
    EXPECT_EQ(f.reads_of(walking::next_leaf), 2u);
    EXPECT_EQ(f.reads_of(walking::next_block), 3u);
    EXPECT_EQ(f.reads_of(walking::next_giant), 4u);
    EXPECT_EQ(f.t.counters().walk_cache_hits, 3u);
    EXPECT_EQ(f.t.counters().walk_cache_misses, 2u);
}

TEST(WalkCache, levels_of_no_size_keep_nothing) {
    smmu_config c;
    c.walk_cache_stage1 = {4, 28, 0};
    walking no_last(c);
    EXPECT_EQ(no_last.reads_of(0x2000), 2u);
    c.walk_cache_stage1 = {0, 0, 0};
    walking none(c);
    EXPECT_EQ(none.reads_of(0x2000), 4u);
}

TEST(WalkCache, leaf_invalidations_spare_tables_and_others_take_them) {
    walking f;
    f.t.tlbi_nh_va(0, 1, page(0x1000, true));
    EXPECT_EQ(f.reads_of(0x1000), 1u);
    f.t.tlbi_nh_va(0, 1, page(0x1000, false));
    EXPECT_EQ(f.reads_of(0x1000), 4u);
}

TEST(WalkCache, invalidation_by_address_spares_tables_that_lead_elsewhere) {
    walking f;
    f.reads_of(walking::next_leaf);
    f.t.tlbi_nh_va(0, 1, page(0x1000, false));
    EXPECT_EQ(f.reads_of(walking::next_leaf + 0x1000), 1u);
}

TEST(WalkCache, S_116_every_wider_invalidation_takes_them) {
    const auto gone = [](auto&& invalidate) {
        walking f;
        invalidate(f.t);
        EXPECT_EQ(f.reads_of(0x2000), 4u);
    };
    gone([](translator& t) { t.tlbi_nh_asid(0, 1); });
    gone([](translator& t) { t.tlbi_nh_vaa(0, page(0x1000, false)); });
    gone([](translator& t) { t.tlbi_nh_all(0); });
    gone([](translator& t) { t.tlbi_nsnh_all(); });
    gone([](translator& t) { t.tlbi_nh_va(0, 1, {0, 0xffff'ffff'ffff, false}); });
}

TEST(WalkCache, other_asids_keep_theirs) {
    walking f;
    f.t.tlbi_nh_asid(0, 2);
    f.t.tlbi_nh_va(0, 2, page(0x1000, false));
    EXPECT_EQ(f.reads_of(0x2000), 1u);
}

TEST(WalkCache, S_231_an_invalid_table_descriptor_is_not_kept) {
    walking f;
    const std::uint64_t va = walking::next_block + walking::next_leaf;
    EXPECT_EQ(f.run(m::read(3, va)).result, outcome::abort);
    f.map(va, 0x5000);
    EXPECT_EQ(f.run(m::read(3, va)).pa.value, 0x5000u);
}

TEST(WalkCache, a_table_read_while_it_is_invalidated_is_not_kept) {
    walking f;
    f.t.tlbi_nh_all(0);
    f.latency = base::ps{80'000};
    const std::size_t before = f.reads.size();
    f.begin(0, m::read(3, 0x2000));
    while (f.reads.size() < before + 3) f.ctx.timeline.run(f.ctx.timeline.next());
    f.t.tlbi_nh_va(0, 1, page(0x2000, false));
    f.settle();
    f.t.performed(f.results[0]->number);
    EXPECT_EQ(f.reads_of(0x1000), 4u);
}

TEST(WalkCache, S_063_what_tables_take_away_is_kept_with_them) {
    walking f;
    std::uint64_t& top = f.word(m::root);
    top |= std::uint64_t{1} << 62;  // APTable[1]: no writes below
    f.t.tlbi_nh_all(0);
    EXPECT_EQ(f.run(m::read(3, 0x1000)).result, outcome::ok);
    EXPECT_EQ(f.run(m::write_to(3, 0x2000)).result, outcome::abort);  // entered at level 3
}

TEST(WalkCache, a_stale_table_is_used_until_software_says_so) {
    walking f;
    f.word(m::root) = 0;
    EXPECT_EQ(f.run(m::read(3, 0x2000)).result, outcome::ok);
    f.t.tlbi_nh_va(0, 1, page(0x2000, false));
    EXPECT_EQ(f.run(m::read(3, 0x2000)).result, outcome::abort);
}

TEST(WalkCache, nested_walks_keep_tables_of_both_stages) {
    machine2 f;
    f.identity_tables();
    f.nested(3);
    for (const std::uint64_t va : {0x1000u, 0x2000u}) {
        f.map(va, 0x40'0000 + va);
        f.map2(0x40'0000 + va, 0x80'0000 + va);
    }
    EXPECT_EQ(f.run(m::read(3, 0x1000)).pa.value, 0x80'1000u);
    const std::size_t before = f.reads.size();
    EXPECT_EQ(f.run(m::read(3, 0x2000)).pa.value, 0x80'2000u);
    // The leaf of stage 1, in a page that the IPA cache knows, and the leaf of stage 2.
    EXPECT_EQ(f.reads.size() - before, 2u);
}

TEST(WalkCache, stage_2_tables_go_with_the_vmid_and_by_address) {
    const auto reads_after = [](auto&& invalidate) {
        machine2 f;
        f.stage2_only(5);
        f.map2(0x5000, 0x9'0000);
        f.map2(0x6000, 0x9'1000);
        f.run(m::read(5, 0x5000));
        invalidate(f.t);
        const std::size_t before = f.reads.size();
        EXPECT_EQ(f.run(m::read(5, 0x6000)).pa.value, 0x9'1000u);
        return f.reads.size() - before;
    };
    EXPECT_EQ(reads_after([](translator&) {}), 1u);
    EXPECT_EQ(reads_after([](translator& t) { t.tlbi_s2_ipa(7, page(0x6000, true)); }), 1u);
    EXPECT_EQ(reads_after([](translator& t) { t.tlbi_s2_ipa(7, page(0x6000, false)); }), 3u);
    EXPECT_EQ(reads_after([](translator& t) { t.tlbi_s12_vmall(7); }), 3u);
    EXPECT_EQ(reads_after([](translator& t) { t.tlbi_s12_vmall(8); }), 1u);
}

TEST(WalkCache, a_range_costs_by_what_it_covers_and_not_by_the_size_of_the_caches) {
    const auto sets = [](std::uint32_t entries, tlbi_range r) {
        smmu_config c;
        c.main_tlb_entries = entries;
        walking f(c);
        f.t.tlbi_nh_va(0, 1, r);
        return f.t.last_tlbi_sets();
    };
    EXPECT_EQ(sets(64, page(0x1000, true)), sets(8192, page(0x1000, true)));
    EXPECT_EQ(sets(64, page(0x1000, true)), 2u);           // micro and main TLB
    EXPECT_EQ(sets(64, page(0x1000, false)), 2u + 3u);     // and a table of each level
    EXPECT_EQ(sets(64, {0x1000, 0x4fff, true}), 2u * 4u);  // four pages
}

/// CR0.VMW makes low bits of the VMID a wildcard for invalidations.
TEST(WalkCache, vmid_wildcard_widens_invalidations) {
    smmu_config c = both_stages();
    c.vmw = true;
    const auto survives = [&](std::uint64_t vmid, std::uint8_t wild) {
        machine2 f(c);
        f.control_bits.vmw = wild;
        f.set_control();
        s2_image s;
        s.vmid = vmid;
        f.stage2_only(5, s);
        const std::uint64_t d = f.map2(0x5000, 0x9'0000);
        f.run(m::read(5, 0x5000));
        f.word(d) = 0;
        f.t.tlbi_s12_vmall(8);
        return f.run(m::read(5, 0x5000)).result == outcome::ok;
    };
    EXPECT_FALSE(survives(8, 0));
    EXPECT_TRUE(survives(9, 0));
    EXPECT_FALSE(survives(9, 1));
    EXPECT_TRUE(survives(10, 1));
    EXPECT_FALSE(survives(11, 2));
    EXPECT_FALSE(survives(15, 3));
    EXPECT_TRUE(survives(16, 3));
}

}  // namespace
}  // namespace drydock::smmu::test
