// SPDX-License-Identifier: Apache-2.0
// Stage 1, its faults, hardware updates, terminate and record.
#include "tlm/smmu/walker.h"

#include <gtest/gtest.h>

#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

/// Word 1 of a stage-1 fault.
constexpr std::uint64_t on_read = rnw | class_in, on_write = class_in;

struct leaf_case {
    const char* granule;
    std::uint64_t tg0;
    unsigned bits;
    unsigned level;
    std::uint64_t bytes;
};
struct WalkerLeaf : testing::TestWithParam<leaf_case> {};

/// Every granule and leaf level: the walk from its first table, output address and size.
TEST_P(WalkerLeaf, S_060_output_address_and_size) {
    const leaf_case p = GetParam();
    smmu_config c;
    c.gran16k = c.gran64k = true;
    translation_machine f(c);
    f.stage1(3, {.tg0 = p.tg0});
    const std::uint64_t va = 0x5678'9abc'd123;
    const unsigned stride = p.bits - 3;
    const auto low = [&](unsigned level) { return p.bits + (3 - level) * stride; };
    unsigned level = p.bits == 16 ? 1 : 0;
    std::uint64_t table = m::root;
    for (; level < p.level; ++level) {
        const std::uint64_t width = std::min(stride, 48 - low(level));
        const std::uint64_t next = f.next_table(1ull << p.bits);
        f.word(table + (va >> low(level) & ((1ull << width) - 1)) * 8) = next | 3;
        table = next;
    }
    const std::uint64_t width = std::min(stride, 48 - low(level));
    const std::uint64_t pa = 0xabcd'ef12'3000 & ~(p.bytes - 1);
    f.word(table + (va >> low(level) & ((1ull << width) - 1)) * 8) =
        pa | rw_page | (level == 3 ? 3 : 1);
    const translate_result r = f.run(m::write_to(3, va));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_EQ(r.pa.value, pa | (va & (p.bytes - 1)));
    EXPECT_EQ(r.page_bytes, p.bytes);
}
INSTANTIATE_TEST_SUITE_P(
    S_060, WalkerLeaf,
    testing::Values(leaf_case{"4K", 0, 12, 1, 1ull << 30}, leaf_case{"4K", 0, 12, 2, 1ull << 21},
                    leaf_case{"4K", 0, 12, 3, 1ull << 12}, leaf_case{"16K", 2, 14, 2, 1ull << 25},
                    leaf_case{"16K", 2, 14, 3, 1ull << 14}, leaf_case{"64K", 1, 16, 2, 1ull << 29},
                    leaf_case{"64K", 1, 16, 3, 1ull << 16}),
    [](const auto& i) {
        return std::string(i.param.granule) + "_level_" + std::to_string(i.param.level);
    });

TEST(Walker, S_061_start_level_follows_the_input_size) {
    const std::pair<std::uint64_t, unsigned> cases[] = {{16, 0}, {25, 1}, {32, 1}, {39, 2}};
    for (const auto& [t0sz, start] : cases) {
        translation_machine f;
        f.stage1(3, {.t0sz = t0sz});
        f.put(0x12'3000, 3, 0x8'0000 | rw_page | 3, start);
        EXPECT_EQ(f.run(m::read(3, 0x12'3000)).pa.value, 0x8'0000u) << t0sz;
        EXPECT_EQ(f.reads.size(), 2u + 4 - start) << t0sz;
    }
}

TEST(Walker, S_062_address_outside_the_half) {
    translation_machine f;
    f.stage1(3);
    const translate_result r = f.run(m::read(3, 0x0001'0000'0000'0000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x10, 3), on_read, 0x0001'0000'0000'0000));
    EXPECT_EQ(f.reads.size(), 2u);  // no descriptor
}

TEST(Walker, S_062_top_byte_ignored_or_not) {
    translation_machine ignored;
    ignored.stage1(3, {.tbi0 = 1});
    ignored.map(0x1000, 0x8'0000);
    EXPECT_EQ(ignored.run(m::read(3, 0x5a00'0000'0000'1000)).pa.value, 0x8'0000u);
    EXPECT_EQ(ignored.run(m::read(3, 0x1004)).pa.value, 0x8'0004u);
    EXPECT_EQ(ignored.t.counters().tlb_hits, 1u);  // one entry for both
    translation_machine strict;
    strict.stage1(3);
    strict.map(0x1000, 0x8'0000);
    EXPECT_EQ(strict.run(m::read(3, 0x5a00'0000'0000'1000)).event,
              words(head(0x10, 3), on_read, 0x5a00'0000'0000'1000));
}

TEST(Walker, S_063_invalid_descriptor_at_each_level) {
    for (unsigned level = 0; level < 4; ++level) {
        translation_machine f;
        f.stage1(3);
        f.put(0x7000, level, 0xffff'ffff'ffff'f000 & ~3ull);
        const translate_result r = f.run(m::write_to(3, 0x7abc));
        EXPECT_EQ(r.result, outcome::abort);
        EXPECT_EQ(r.event, words(head(0x10, 3), on_write, 0x7abc));
        EXPECT_EQ(f.reads.size(), 3u + level);
    }
}

TEST(Walker, S_063_block_where_there_is_none) {
    for (const unsigned level : {0u, 3u}) {
        translation_machine f;
        f.stage1(3);
        f.put(0x7000, level, rw_page | 1);
        EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x10, 3), on_read, 0x7000)) << level;
    }
}

TEST(Walker, S_064_output_beyond_ips) {
    translation_machine leaf;
    leaf.stage1(3, {.ips = 0});
    leaf.map(0x7000, 1ull << 32);
    EXPECT_EQ(leaf.run(m::read(3, 0x7000)).event, words(head(0x11, 3), on_read, 0x7000));
    translation_machine table;
    table.stage1(3, {.ips = 0});
    table.put(0x7000, 1, 1ull << 32 | 3);
    EXPECT_EQ(table.run(m::read(3, 0x7000)).event, words(head(0x11, 3), on_read, 0x7000));
}

TEST(Walker, S_065_access_flag_clear_faults_without_hardware) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000, rw_page & ~af);
    const translate_result r = f.run(m::read(3, 0x7000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x12, 3), on_read, 0x7000));
}

TEST(Walker, S_065_affd_passes_and_leaves_memory) {
    translation_machine f;
    f.stage1(3, {.affd = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000, rw_page & ~af);
    const std::uint64_t before = f.word(d);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).pa.value, 0x8'0000u);
    EXPECT_EQ(f.word(d), before);
    EXPECT_TRUE(f.updates.empty());
}

TEST(Walker, S_065_hardware_sets_the_access_flag) {
    translation_machine f;
    f.stage1(3, {.ha = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000, rw_page & ~af);
    const std::uint64_t before = f.word(d);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x8'0000u);
    EXPECT_EQ(f.word(d), before | af);
    EXPECT_EQ(f.updates, std::vector<std::uint64_t>{d});
}

TEST(Walker, S_066_read_only_page_refuses_writes) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000, rw_page | ap_ro);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
    const translate_result r = f.run(m::write_to(3, 0x7008));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x13, 3), on_write, 0x7008));
}

TEST(Walker, S_066_hardware_makes_a_clean_page_dirty_on_write_only) {
    translation_machine f;
    f.stage1(3, {.hd = 1, .ha = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000, (rw_page & ~af) | ap_ro | dbm);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
    EXPECT_EQ(f.word(d) & (ap_ro | af | dbm), ap_ro | af | dbm);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).result, outcome::ok);
    EXPECT_EQ(f.word(d) & (ap_ro | af | dbm), af | dbm);
    const std::size_t updates = f.updates.size();
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).result, outcome::ok);  // now a plain hit
    EXPECT_EQ(f.updates.size(), updates);
}

TEST(Walker, S_066_hd_without_ha_acts_as_none) {
    translation_machine f;
    f.stage1(3, {.hd = 1});
    f.map(0x7000, 0x8'0000, rw_page | ap_ro | dbm);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event, words(head(0x13, 3), on_write, 0x7000));
}

TEST(Walker, update_that_software_overtakes_is_walked_again) {
    translation_machine f;
    f.stage1(3, {.ha = 1});
    f.latency = base::ps{80'000};
    const std::uint64_t d = f.map(0x7000, 0x8'0000, rw_page & ~af);
    f.begin(0, m::read(3, 0x7000));
    while (f.updates.empty()) f.ctx.timeline.run(f.ctx.timeline.next());
    f.word(d) = 0x9'0000 | rw_page | 3;  // another page, AF set
    f.settle();
    EXPECT_EQ(f.results[0]->pa.value, 0x9'0000u);
    EXPECT_EQ(f.word(d), 0x9'0000u | rw_page | 3);
}

/// Puts attributes into the level-1 table descriptor above va.
void table_attributes(translation_machine& f, std::uint64_t va, std::uint64_t bits) {
    const std::uint64_t l1 = f.word(m::root + m::index(va, 0) * 8) & 0x0000'ffff'ffff'f000u;
    f.word(l1 + m::index(va, 1) * 8) |= bits;
}

TEST(Walker, S_067_table_makes_a_page_read_only_unless_disabled) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000);
    table_attributes(f, 0x7000, 1ull << 62);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event, words(head(0x13, 3), on_write, 0x7000));
    translation_machine had;
    had.stage1(3, {.had0 = 1});
    had.map(0x7000, 0x8'0000);
    table_attributes(had, 0x7000, 1ull << 62);
    EXPECT_EQ(had.run(m::write_to(3, 0x7000)).result, outcome::ok);
}

TEST(Walker, S_068_access_flag_is_judged_before_permission) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000, (rw_page & ~af) | ap_ro);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event, words(head(0x12, 3), on_write, 0x7000));
}

TEST(Walker, access_flag_is_not_set_for_a_refused_access) {
    translation_machine f;
    f.stage1(3, {.ha = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000, (rw_page & ~af) | ap_ro);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event, words(head(0x13, 3), on_write, 0x7000));
    EXPECT_EQ(f.word(d) & af, 0u);
}

TEST(Walker, S_069_abort_on_a_descriptor_is_always_recorded) {
    for (const unsigned level : {0u, 3u}) {
        translation_machine f;
        f.stage1(3, {.r = 0, .a = 0});
        f.map(0x7000, 0x8'0000);
        const std::uint64_t d = f.put(0x7000, level, f.word(f.put(0x7000, level, 0)));
        f.poison(d);
        const translate_result r = f.run(m::write_to(3, 0x7abc));
        EXPECT_EQ(r.result, outcome::abort);
        EXPECT_EQ(r.event, words(head(0x0b, 3), class_tt, 0x7abc, d));
    }
}

TEST(Walker, S_069_abort_of_a_hardware_update_is_a_walk_abort) {
    translation_machine f;
    f.stage1(3, {.ha = 1});
    f.latency = base::ps{80'000};
    const std::uint64_t d = f.map(0x7000, 0x8'0000, rw_page & ~af);
    f.begin(0, m::read(3, 0x7000));
    while (f.updates.empty()) f.ctx.timeline.run(f.ctx.timeline.next());
    f.poison(d);
    f.settle();
    EXPECT_EQ(f.results[0]->event, words(head(0x0b, 3), rnw | class_tt, 0x7000, d));
}

TEST(Walker, S_070_not_recorded_with_r_0) {
    translation_machine f;
    f.stage1(3, {.r = 0});
    const translate_result r = f.run(m::read(3, 0x7000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_FALSE(r.event);
}

TEST(Walker, S_071_read_zero_write_ignored_with_a_0) {
    for (const std::uint64_t record : {0u, 1u}) {
        translation_machine f;
        f.stage1(3, {.r = record, .a = 0});
        const translate_result r = f.run(m::write_to(3, 0x7000));
        EXPECT_EQ(r.result, outcome::raz_wi);
        EXPECT_EQ(r.event.has_value(), record == 1);
    }
}

TEST(Walker, S_078_only_ap2_of_the_leaf_can_be_made_dirty) {
    translation_machine f;
    f.stage1(3, {.hd = 1, .ha = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000, rw_page | ap_ro | dbm);
    table_attributes(f, 0x7000, 1ull << 62);
    const std::uint64_t before = f.word(d);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event, words(head(0x13, 3), on_write, 0x7000));
    EXPECT_EQ(f.word(d), before);
}

TEST(Walker, S_078_missing_unprivileged_access_and_pan_are_obstacles_too) {
    translation_machine f;
    f.stage1(3, {.hd = 1, .ha = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000, af | ng | ap_ro | dbm);
    const std::uint64_t before = f.word(d);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event, words(head(0x13, 3), on_write, 0x7000));
    EXPECT_EQ(f.word(d), before);
    translation_machine pan;
    pan.stage1(3, {.pan = 1, .hd = 1, .ha = 1}, {.privcfg = 3});
    pan.map(0x7000, 0x8'0000, rw_page | ap_ro | dbm);
    EXPECT_EQ(pan.run(m::write_to(3, 0x7000)).event, words(head(0x13, 3), on_write | pnu, 0x7000));
}

// -- permissions: the AP table, execute, WXN, PAN
// --------------------------------------------------

rights rights_with(std::uint8_t ap, bool privileged, stage1_regime r = {}, bool never_pxn = false,
                   bool never_uxn = false) {
    stage1_leaf l;
    l.ap = ap;
    l.pxn = never_pxn;
    l.uxn = never_uxn;
    return rights_of(l, r, privileged);
}

TEST(Permissions, S_066_table_of_ap) {
    const bool read[2][4] = {{false, true, false, true}, {true, true, true, true}};
    const bool write[2][4] = {{false, true, false, false}, {true, true, false, false}};
    for (const bool privileged : {false, true})
        for (std::uint8_t ap = 0; ap < 4; ++ap) {
            EXPECT_EQ(rights_with(ap, privileged).read, read[privileged][ap])
                << privileged << int{ap};
            EXPECT_EQ(rights_with(ap, privileged).write, write[privileged][ap])
                << privileged << int{ap};
        }
}

TEST(Permissions, execute_never_and_pages_that_users_may_write) {
    EXPECT_TRUE(rights_with(0, true).execute);
    EXPECT_FALSE(rights_with(1, true).execute);
    EXPECT_TRUE(rights_with(1, false).execute);
    EXPECT_FALSE(rights_with(0, true, {}, true, false).execute);
    EXPECT_FALSE(rights_with(3, false, {}, false, true).execute);
    stage1_regime wxn;
    wxn.wxn = true;
    EXPECT_FALSE(rights_with(0, true, wxn).execute);
    EXPECT_TRUE(rights_with(2, true, wxn).execute);
}

TEST(Permissions, privileged_access_never_refuses_data_only) {
    stage1_regime pan;
    pan.pan = true;
    EXPECT_FALSE(rights_with(3, true, pan).read);
    EXPECT_TRUE(rights_with(3, true, pan).execute);
    EXPECT_TRUE(rights_with(2, true, pan).read);
    EXPECT_TRUE(rights_with(3, false, pan).read);
}

TEST(Permissions, el2_has_one_privilege) {
    stage1_regime el2;
    el2.el2 = true;
    EXPECT_TRUE(rights_with(0, false, el2).write);
    EXPECT_TRUE(rights_with(2, false, el2).read);
    EXPECT_FALSE(rights_with(2, false, el2).write);
}

TEST(Permissions, S_140_fault_shows_privilege_and_instruction) {
    translation_machine f;
    f.stage1(3, {}, {.s1cdmax = 1});
    f.set_cd({}, 1);
    const translate_request q = m::with_pasid(m::read(3, 0x7000), 1, true, true);
    EXPECT_EQ(f.run(q).event, words(head(0x10, 3, 1), rnw | ind | pnu | class_in, 0x7000));
}

TEST(Permissions, S_235_write_with_execute_is_data) {
    translation_machine f;
    f.stage1(3, {}, {.s1cdmax = 1});
    f.set_cd({}, 1);
    const translate_request q = m::with_pasid(m::write_to(3, 0x7000), 1, true, true);
    EXPECT_EQ(f.run(q).event, words(head(0x10, 3, 1), pnu | class_in, 0x7000));
}

TEST(Permissions, overrides_decide_and_show_in_the_record) {
    translation_machine f;
    f.stage1(3, {}, {.privcfg = 3, .instcfg = 3});
    f.map(0x7000, 0x8'0000, af | ng | pxn);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).result, outcome::ok);  // privileged; a write is data
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event,
              words(head(0x13, 3), rnw | ind | pnu | class_in, 0x7000));
}

TEST(Permissions, el2_stream_world_uses_ttb0_only) {
    smmu_config c;
    c.hyp = true;
    translation_machine f(c);
    f.stage1(3, {.t1sz = 0, .tg1 = 0, .epd1 = 0}, {.strw = 2});
    f.map(0x7000, 0x8'0000, af);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).pa.value, 0x8'0000u);
    EXPECT_EQ(f.run(m::read(3, 0xffff'ffff'ffff'7000)).event,
              words(head(0x10, 3), on_read, 0xffff'ffff'ffff'7000));
}

}  // namespace
}  // namespace drydock::smmu::test
