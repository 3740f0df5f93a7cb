// SPDX-License-Identifier: Apache-2.0
// Stream table look-up and STEs.
#include "tlm/smmu/stream_table.h"

#include <gtest/gtest.h>

#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

TEST(StreamTable, S_020_stream_beyond_the_table_is_bad_and_recorded_by_choice) {
    translation_machine f;
    translate_result r = f.run(m::read(256, 0x7000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x02, 256)));
    EXPECT_TRUE(f.reads.empty());
    f.control_bits.recinvsid = false;
    f.set_control();
    r = f.run(m::read(256, 0x7000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_FALSE(r.event);
}

TEST(StreamTable, S_020_log2size_acts_up_to_sidsize) {
    smmu_config c;
    c.sidsize = 4;
    translation_machine f(c);
    EXPECT_EQ(f.run(m::read(16, 0)).event, words(head(0x02, 16)));
    f.set_ste(15, {.config = 4});
    EXPECT_EQ(f.run(m::read(15, 0x40)).result, outcome::ok);
}

TEST(StreamTable, S_020_linear_base_is_aligned_to_the_table) {
    translation_machine f;
    f.t.set_stream_table({base::phys_addr{m::strtab + 0x40}, 8, 6, 0});
    f.set_ste(2, {.config = 4});
    EXPECT_EQ(f.run(m::read(2, 0x40)).result, outcome::ok);
    EXPECT_EQ(f.reads, std::vector<std::uint64_t>{m::strtab + 2 * 64});
}

/// 2-level with SPLIT=8: one level-1 descriptor for SIDs 0x300..0x3ff.
struct two_level_machine : translation_machine {
    explicit two_level_machine(std::uint64_t l1std, std::uint8_t split = 8) {
        t.set_stream_table({base::phys_addr{strtab}, 16, split, 1});
        word(strtab + (0x300u >> split) * 8) = l1std;
        for (std::uint32_t i = 0; i < 8; ++i) write(l2 + 64 * i, ste_image{.config = 4}.words());
    }
    static constexpr std::uint64_t l2 = 0x1100'0000;
};

TEST(StreamTable, S_021_level_1_span_decides) {
    two_level_machine zero(two_level_machine::l2 | 0);
    EXPECT_EQ(zero.run(m::read(0x301, 0x40)).event, words(head(0x02, 0x301)));
    two_level_machine reserved(two_level_machine::l2 | 12);
    EXPECT_EQ(reserved.run(m::read(0x301, 0x40)).event, words(head(0x02, 0x301)));
    two_level_machine three(two_level_machine::l2 | 3);
    EXPECT_EQ(three.run(m::read(0x304, 0x40)).event, words(head(0x02, 0x304)));
    EXPECT_EQ(three.run(m::read(0x303, 0x40)).result, outcome::ok);
    EXPECT_EQ(three.reads.back(), two_level_machine::l2 + 3 * 64);
}

TEST(StreamTable, S_021_span_wider_than_the_split_is_bad) {
    two_level_machine fits(two_level_machine::l2 | 9);
    EXPECT_EQ(fits.run(m::read(0x301, 0x40)).result, outcome::ok);
    two_level_machine wide(two_level_machine::l2 | 10);
    EXPECT_EQ(wide.run(m::read(0x301, 0x40)).event, words(head(0x02, 0x301)));
}

TEST(StreamTable, S_021_level_2_pointer_is_aligned_to_its_table) {
    two_level_machine f((two_level_machine::l2 + 0x40) | 3);
    EXPECT_EQ(f.run(m::read(0x301, 0x40)).result, outcome::ok);
    EXPECT_EQ(f.reads.back(), two_level_machine::l2 + 64);
}

TEST(StreamTable, S_022_abort_on_ste_read_gives_the_address) {
    translation_machine f;
    f.poison(m::strtab + 3 * 64);
    const translate_result r = f.run(m::with_pasid(m::read(3, 0x7000), 5));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x03, 3, 5), 0, 0, m::strtab + 3 * 64));
    // A failed fetch is not cached.
    f.heal();
    f.set_ste(3, {.config = 4});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
}

TEST(StreamTable, S_022_abort_on_level_1_read_gives_its_address) {
    two_level_machine f(two_level_machine::l2 | 3);
    f.poison(m::strtab + 3 * 8);
    EXPECT_EQ(f.run(m::read(0x301, 0x40)).event, words(head(0x03, 0x301), 0, 0, m::strtab + 24));
}

TEST(StreamTable, S_023_invalid_ste_by_kind_of_transaction) {
    translation_machine f;
    f.control_bits.atschk = true;
    f.set_control();
    const translate_result ordinary = f.run(m::read(3, 0x7000));
    EXPECT_EQ(ordinary.result, outcome::abort);
    EXPECT_EQ(ordinary.event, words(head(0x04, 3)));
    const translate_result request = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(request.result, outcome::completer_abort);
    EXPECT_FALSE(request.event);
    const translate_result translated = f.run(m::translated_to(3, 0x7000));
    EXPECT_EQ(translated.result, outcome::abort);
    EXPECT_FALSE(translated.event);
}

TEST(StreamTable, S_024_config_abort_is_silent) {
    for (const std::uint64_t config : {0u, 1u, 2u, 3u}) {
        translation_machine f;
        f.set_ste(3, {.config = config});
        const translate_result r = f.run(m::read(3, 0x7000));
        EXPECT_EQ(r.result, outcome::abort);
        EXPECT_FALSE(r.event);
    }
}

TEST(StreamTable, S_025_bypass_passes_refuses_substreams_and_checks_the_size) {
    translation_machine f;
    f.set_ste(3, {.config = 4});
    EXPECT_EQ(f.run(m::write_to(3, 0x7123)).pa.value, 0x7123u);
    translate_result r = f.run(m::with_pasid(m::write_to(3, 0x7123), 6));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(0x08 | 6u << 12 | 3ull << 32));
    r = f.run(m::write_to(3, 1ull << 48));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x11, 3), class_in, 1ull << 48));
}

// -- table 2.2, at a translator
// --------------------------------------------------------------------

/// The outcome of an ordinary read under an STE, at a translator with this configuration.
translate_result read_under(const ste_image& s, const smmu_config& c = {}) {
    translation_machine f(c);
    f.stage1(3, {}, s);
    f.write(m::strtab + 3 * 64, s.words());
    return f.run(m::read(3, 0x7000));
}
void expect_bad_ste(const ste_image& s, const smmu_config& c = {}) {
    const translate_result r = read_under(s, c);
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x04, 3)));
}
/// The first rule of table 2.2 that an STE breaks under any configuration, 0 for none.
unsigned rule(const ste_image& s, const smmu_config& c) {
    return illegal_ste_rule(decode_ste(s.words()), c);
}

/// What stage 2 will need: used here only with the pure rules.
smmu_config with_stage2() {
    smmu_config c;
    c.s2p = c.vmid16 = c.gran16k = c.gran64k = true;
    return c;
}
/// A legal stage-2 STE: 4 KiB, 40-bit IPA, level 1, 48-bit output, AArch64, recording.
ste_image stage2_ste(std::uint64_t w2_changes = 0) {
    ste_image s{.config = 6, .eats = 0};
    s.w2 = (24ull << 32 | 1ull << 38 | 5ull << 48 | 1ull << 51 | 1ull << 58) ^ w2_changes;
    s.w3 = 0x3000'0000;
    return s;
}

TEST(StreamTableRule, S_026_row_01_not_valid) { expect_bad_ste({.valid = false}); }

TEST(StreamTableRule, S_026_row_02_stage_2_is_not_implemented) {
    expect_bad_ste(stage2_ste());
    ste_image nested = stage2_ste();
    nested.config = 7;
    expect_bad_ste(nested);
    smmu_config no_stage1 = with_stage2();
    no_stage1.s1p = false;
    EXPECT_EQ(rule({}, no_stage1), 2u);
}

TEST(StreamTableRule, S_026_row_03_split_stage_needs_both_stages) {
    expect_bad_ste({.cd = m::cds, .eats = 2});
    smmu_config c = with_stage2();
    ste_image nested = stage2_ste();
    nested.config = 7;
    nested.eats = 2;
    EXPECT_EQ(rule(nested, c), 0u);
    c.ns1ats = true;
    EXPECT_EQ(rule(nested, c), 3u);
}

TEST(StreamTableRule, S_026_row_03_stalling_stage_2_forbids_split_stage) {
    smmu_config c = with_stage2();
    c.stall_model = 0;
    ste_image nested = stage2_ste(1ull << 57);
    nested.config = 7;
    nested.eats = 2;
    EXPECT_EQ(rule(nested, c), 3u);
}

TEST(StreamTableRule, S_027_split_stage_without_stage_1_is_illegal) {
    ste_image s = stage2_ste();
    s.eats = 2;
    EXPECT_EQ(rule(s, with_stage2()), 3u);
    expect_bad_ste(s);
}

TEST(StreamTableRule, S_026_row_04_full_ats_forbids_a_stalling_stage_2) {
    smmu_config c = with_stage2();
    c.stall_model = 0;
    ste_image s = stage2_ste(1ull << 57);
    s.eats = 1;
    EXPECT_EQ(rule(s, c), 4u);
    ste_image stage1_only{.eats = 1};
    stage1_only.w2 = 1ull << 57;
    EXPECT_EQ(rule(stage1_only, c), 0u);
}

TEST(StreamTableRule, S_026_row_05_reserved_stream_world) {
    smmu_config c;
    c.hyp = true;
    expect_bad_ste({.cd = m::cds, .strw = 1}, c);
    EXPECT_NE(read_under({.cd = m::cds, .strw = 1}).event, words(head(0x04, 3)));
}

TEST(StreamTableRule, S_026_row_06_stall_disable_without_the_choice) {
    expect_bad_ste({.cd = m::cds, .s1stalld = 1});
}

TEST(StreamTableRule, S_026_row_07_more_cds_than_substreams) {
    expect_bad_ste({.cd = m::cds, .s1cdmax = 21});
    EXPECT_EQ(rule({.cd = m::cds, .s1cdmax = 20}, {}), 0u);
}

TEST(StreamTableRule, S_026_row_08_two_level_cds_not_implemented) {
    smmu_config c;
    c.cd2l = false;
    expect_bad_ste({.s1fmt = 1, .cd = m::cds, .s1cdmax = 8}, c);
    EXPECT_EQ(rule({.s1fmt = 1, .cd = m::cds, .s1cdmax = 0}, c), 0u);
    EXPECT_EQ(rule({.s1fmt = 3, .cd = m::cds, .s1cdmax = 8}, c), 0u);
}

TEST(StreamTableRule, S_026_row_09_cd_pointer_beyond_the_output_size) {
    expect_bad_ste({.cd = 1ull << 48});
}

TEST(StreamTableRule, S_026_row_10_stage_2_stalls_by_model) {
    smmu_config c = with_stage2();
    EXPECT_EQ(rule(stage2_ste(), c), 0u);
    EXPECT_EQ(rule(stage2_ste(1ull << 57), c), 10u);
    c.stall_model = 2;
    EXPECT_EQ(rule(stage2_ste(), c), 10u);
}

TEST(StreamTableRule, S_026_row_11_stage_2_format_and_endianness) {
    EXPECT_EQ(rule(stage2_ste(1ull << 51), with_stage2()), 11u);
    EXPECT_EQ(rule(stage2_ste(1ull << 52), with_stage2()), 11u);
}

TEST(StreamTableRule, S_026_row_12_stage_2_hardware_updates) {
    smmu_config c = with_stage2();
    EXPECT_EQ(rule(stage2_ste(3ull << 55), c), 0u);
    c.httu = 1;
    EXPECT_EQ(rule(stage2_ste(1ull << 56), c), 0u);
    EXPECT_EQ(rule(stage2_ste(1ull << 55), c), 12u);
    c.httu = 0;
    EXPECT_EQ(rule(stage2_ste(1ull << 56), c), 12u);
}

TEST(StreamTableRule, S_026_row_13_stage_2_granule) {
    smmu_config c = with_stage2();
    EXPECT_EQ(rule(stage2_ste(3ull << 46), c), 13u);
    c.gran64k = false;
    EXPECT_EQ(rule(stage2_ste(1ull << 46), c), 13u);
}

TEST(StreamTableRule, S_026_row_14_stage_2_table_beyond_its_size) {
    ste_image s = stage2_ste(5ull << 48);  // S2PS 32 bits
    EXPECT_EQ(rule(s, with_stage2()), 0u);
    s.w3 = 1ull << 32;
    EXPECT_EQ(rule(s, with_stage2()), 14u);
}

TEST(StreamTableRule, S_026_row_15_stage_2_input_size) {
    EXPECT_EQ(rule(stage2_ste(24ull << 32 ^ 40ull << 32), with_stage2()), 15u);
    EXPECT_EQ(rule(stage2_ste(24ull << 32 ^ 15ull << 32), with_stage2()), 15u);
}

TEST(StreamTableRule, S_026_row_16_S_073_stage_2_start_level) {
    EXPECT_EQ(rule(stage2_ste(3ull << 38 ^ 1ull << 38), with_stage2()), 16u);  // S2SL0=3
    EXPECT_EQ(rule(stage2_ste(1ull << 38), with_stage2()), 16u);  // 40 bits from level 2
}

TEST(StreamTableRule, S_026_row_17_vmid_too_wide) {
    smmu_config c = with_stage2();
    ste_image s = stage2_ste();
    s.w2 |= 0x100;
    EXPECT_EQ(rule(s, c), 0u);
    c.vmid16 = false;
    EXPECT_EQ(rule(s, c), 17u);
    EXPECT_EQ(rule({.w2 = 0x100}, smmu_config{}), 0u);  // without stage 2 no VMID is used
}

// -- cache
// -----------------------------------------------------------------------------------------

TEST(StreamTableCache, S_028_changed_ste_acts_after_cfgi) {
    translation_machine f;
    f.set_ste(3, {.config = 4});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
    f.set_ste(3, {.config = 0});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
    f.t.invalidate_ste(base::stream_id{3}, true);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::abort);
}

TEST(StreamTableCache, S_029_invalid_ste_is_cached_too) {
    translation_machine f;
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x04, 3)));
    f.set_ste(3, {.config = 4});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x04, 3)));
    f.t.invalidate_ste(base::stream_id{3}, true);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
}

TEST(StreamTableCache, range_and_all_reach_the_streams_they_name) {
    translation_machine f;
    for (std::uint32_t sid = 0; sid < 12; ++sid) {
        f.set_ste(sid, {.config = 4});
        f.run(m::read(sid, 0x40));
        f.set_ste(sid, {.config = 0});
    }
    f.t.invalidate_ste_range(base::stream_id{5}, 1);  // SIDs 4..7
    for (std::uint32_t sid = 0; sid < 12; ++sid)
        EXPECT_EQ(f.run(m::read(sid, 0x40)).result, sid / 4 == 1 ? outcome::abort : outcome::ok)
            << sid;
    f.t.invalidate_ste_range(base::stream_id{0}, 31);
    EXPECT_EQ(f.run(m::read(11, 0x40)).result, outcome::abort);
}

TEST(StreamTableCache, ste_read_before_cfgi_is_not_kept_after_it) {
    translation_machine f;
    f.latency = base::ps{80'000};
    f.set_ste(3, {.config = 4});
    f.begin(0, m::read(3, 0x7000));
    f.ctx.timeline.run(f.ctx.now() + base::ps{20'000});  // the fetch is under way
    ASSERT_EQ(f.reads.size(), 1u);
    f.t.invalidate_ste(base::stream_id{3}, true);
    f.settle();
    EXPECT_EQ(f.results[0]->result, outcome::ok);
    f.set_ste(3, {.config = 0});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::abort);
}

}  // namespace
}  // namespace drydock::smmu::test
