// SPDX-License-Identifier: Apache-2.0
// SubstreamIDs and context descriptors.
#include "tlm/smmu/context.h"

#include <gtest/gtest.h>

#include "tests/tlm/smmu/translation_machine.h"
#include "tlm/smmu/stream_table.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

/// 16 CDs in a linear table, CD i with ASID i and page 0x7000 mapped.
struct substreams : translation_machine {
    explicit substreams(ste_image s = {.s1cdmax = 4}, const smmu_config& c = {})
        : translation_machine(c) {
        s.cd = cds;
        set_ste(3, s);
        for (std::uint32_t i = 0; i < 16; ++i) set_cd({.asid = i}, i);
        map(0x7000, 0x8'0000);
    }
};

TEST(Substream, S_040_single_cd_without_ssid) {
    substreams f({.s1cdmax = 0});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x8'0000u);
    EXPECT_EQ(f.reads[1], m::cds);
}

TEST(Substream, S_040_single_cd_refuses_an_ssid) {
    substreams f({.s1cdmax = 0});
    const translate_result r = f.run(m::with_pasid(m::read(3, 0x7000), 0));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(0x08 | 3ull << 32));
}

TEST(Substream, S_040_ssid_beyond_the_table) {
    substreams f;
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x7000), 15)).result, outcome::ok);
    const translate_result r = f.run(m::with_pasid(m::read(3, 0x7000), 16));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(0x08 | 16u << 12 | 3ull << 32));
}

TEST(Substream, S_040_without_ssid_terminated_by_s1dss_0) {
    substreams f;
    const translate_result r = f.run(m::read(3, 0x7000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x06, 3)));
}

TEST(Substream, S_040_s1dss_3_acts_as_0) {
    substreams f({.s1cdmax = 4, .s1dss = 3});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x06, 3)));
}

TEST(Substream, S_040_without_ssid_s1dss_2_uses_cd_0_and_closes_it_to_ssid_0) {
    substreams f({.s1cdmax = 4, .s1dss = 2});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x8'0000u);
    EXPECT_EQ(f.reads[1], m::cds);
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x7000), 0)).event, words(head(0x06, 3)));
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x7000), 1)).result, outcome::ok);
}

TEST(Substream, S_040_S_045_s1dss_1_skips_stage_1_and_reads_no_cd) {
    substreams f({.s1cdmax = 4, .s1dss = 1});
    f.poison(m::cds);
    const translate_result r = f.run(m::write_to(3, 0x7123));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_EQ(r.pa.value, 0x7123u);
    EXPECT_EQ(f.reads.size(), 1u);
    const translate_result beyond = f.run(m::write_to(3, 1ull << 48));
    EXPECT_EQ(beyond.result, outcome::abort);
    EXPECT_EQ(beyond.event, words(head(0x11, 3), class_in, 1ull << 48));
}

TEST(Substream, S_048_no_substreams_at_all) {
    smmu_config c;
    c.ssidsize = 0;
    substreams f({.s1fmt = 1, .s1cdmax = 30, .s1dss = 0}, c);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x8'0000u);
    EXPECT_EQ(f.reads[1], m::cds);
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x7000), 1)).event,
              words(0x08 | 1u << 12 | 3ull << 32));
}

// -- 2-level CD tables
// -----------------------------------------------------------------------------

struct two_level_cds : translation_machine {
    static constexpr std::uint64_t leaf = 0x1900'0000;
    two_level_cds(std::uint64_t fmt, std::uint32_t l1_index, std::uint64_t l1cd,
                  std::uint64_t s1dss = 0) {
        set_ste(3, {.s1fmt = fmt, .cd = cds, .s1cdmax = 12, .s1dss = s1dss});
        word(cds + 8 * l1_index) = l1cd;
        map(0x7000, 0x8'0000);
    }
};

TEST(CdTable, S_041_level_1_not_valid_carries_the_ssid) {
    two_level_cds f(1, 2, two_level_cds::leaf);
    const translate_result r = f.run(m::with_pasid(m::read(3, 0x7000), 2 * 64 + 5));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(0x08 | 133u << 12 | 3ull << 32));
}

TEST(CdTable, S_041_level_1_pointer_out_of_range) {
    two_level_cds f(1, 0, 1ull << 48 | 1);
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x7000), 5)).event,
              words(0x08 | 5u << 12 | 3ull << 32));
}

TEST(CdTable, S_041_level_1_not_valid_without_ssid_shows_0) {
    two_level_cds f(1, 0, 0, 2);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(0x08 | 3ull << 32));
}

TEST(CdTable, leaves_of_4_and_of_64_kib) {
    two_level_cds small(1, 2, two_level_cds::leaf | 1);
    small.write(two_level_cds::leaf + 5 * 64, cd_image{}.words());
    EXPECT_EQ(small.run(m::with_pasid(m::read(3, 0x7000), 2 * 64 + 5)).pa.value, 0x8'0000u);
    two_level_cds large(2, 1, two_level_cds::leaf | 1);
    large.write(two_level_cds::leaf + 700 * 64, cd_image{}.words());
    EXPECT_EQ(large.run(m::with_pasid(m::read(3, 0x7000), 1024 + 700)).pa.value, 0x8'0000u);
}

TEST(CdTable, S_044_abort_on_cd_read_gives_the_address) {
    substreams f;
    f.poison(m::cds + 64 * 5);
    const translate_result r = f.run(m::with_pasid(m::read(3, 0x7000), 5));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x09, 3, 5), 0, 0, m::cds + 64 * 5));
    f.heal();
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x7000), 5)).result, outcome::ok);
}

TEST(CdTable, S_044_abort_on_level_1_read_gives_its_address) {
    two_level_cds f(1, 2, two_level_cds::leaf | 1);
    f.poison(m::cds + 16);
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x7000), 133)).event,
              words(head(0x09, 3, 133), 0, 0, m::cds + 16));
}

TEST(CdCache, S_047_each_stream_keeps_its_own_copy) {
    translation_machine f;
    f.stage1(3);
    f.stage1(4);
    f.map(0x7000, 0x8'0000);
    f.run(m::read(3, 0x7000));
    f.run(m::read(4, 0x7000));
    f.set_cd({.valid = 0});
    f.t.invalidate_cd(base::stream_id{3}, base::substream_id{0}, true);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x0a, 3)));
    EXPECT_EQ(f.run(m::read(4, 0x7000)).result, outcome::ok);
    f.t.invalidate_cd(base::stream_id{4}, base::substream_id{0}, true);
    EXPECT_EQ(f.run(m::read(4, 0x7000)).event, words(head(0x0a, 4)));
}

TEST(CdCache, bad_cd_stays_until_it_is_invalidated) {
    translation_machine f;
    f.stage1(3, {.valid = 0});
    f.map(0x7000, 0x8'0000);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x0a, 3)));
    f.set_cd({});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x0a, 3)));
    f.t.invalidate_cd_all(base::stream_id{3});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
}

TEST(CdCache, cfgi_ste_takes_the_cds_of_the_stream) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000);
    f.run(m::read(3, 0x7000));
    f.set_cd({.valid = 0});
    f.t.invalidate_ste(base::stream_id{3}, true);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x0a, 3)));
}

// -- rules of 3.2
// ----------------------------------------------------------------------------------

void expect_bad_cd(const cd_image& cd, const smmu_config& c = {}) {
    translation_machine f(c);
    f.stage1(3, cd);
    f.map(0x7000, 0x8'0000);
    const translate_result r = f.run(m::with_pasid(m::read(3, 0x7000), 0));
    EXPECT_EQ(r.event, words(0x08 | 3ull << 32));  // a single CD takes no SSID
    const translate_result without = f.run(m::read(3, 0x7000));
    EXPECT_EQ(without.result, outcome::abort);
    EXPECT_EQ(without.event, words(head(0x0a, 3)));
}
void expect_good_cd(const cd_image& cd, const smmu_config& c = {}) {
    translation_machine f(c);
    f.stage1(3, cd);
    f.map(0x7000, 0x8'0000);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
}
bool legal(const cd_image& cd, const smmu_config& c, const ste_image& s = {}) {
    return is_legal(decode_cd(cd.words()), decode_ste(s.words()), stream_world::nh, c);
}

TEST(CdRule, S_042_not_valid) { expect_bad_cd({.valid = 0}); }
TEST(CdRule, S_042_stall_with_a_terminating_model) { expect_bad_cd({.s = 1}); }
TEST(CdRule, S_042_stall_by_model_and_by_s1stalld) {
    smmu_config c;
    c.stall_model = 0;
    EXPECT_TRUE(legal({.s = 1}, c));
    EXPECT_FALSE(legal({.s = 1}, c, {.s1stalld = 1}));
    c.stall_model = 2;
    EXPECT_TRUE(legal({.s = 1}, c));
    EXPECT_FALSE(legal({.s = 0}, c));
}
TEST(CdRule, S_042_must_abort_with_term_model) {
    smmu_config c;
    c.term_model = true;
    expect_bad_cd({.a = 0}, c);
    expect_good_cd({.a = 1}, c);
}
TEST(CdRule, S_042_endianness_unless_nothing_is_walked) {
    expect_bad_cd({.endi = 1});
    EXPECT_TRUE(legal({.epd0 = 1, .endi = 1, .epd1 = 1}, {}));
}
TEST(CdRule, S_042_format) { expect_bad_cd({.aa64 = 0}); }
TEST(CdRule, S_042_hardware_updates_without_httu) {
    smmu_config c;
    c.httu = 0;
    expect_bad_cd({.ha = 1}, c);
    expect_bad_cd({.hd = 1}, c);
    c.httu = 1;
    expect_good_cd({.ha = 1}, c);
    expect_bad_cd({.hd = 1, .ha = 1}, c);
}
TEST(CdRule, S_042_asid_too_wide) {
    smmu_config c;
    c.asid16 = false;
    expect_bad_cd({.asid = 0x100}, c);
    expect_good_cd({.asid = 0xff}, c);
}
TEST(CdRule, S_042_input_size) {
    expect_bad_cd({.t0sz = 15});
    expect_bad_cd({.t0sz = 40});
    expect_bad_cd({.t1sz = 15, .epd1 = 0});
    expect_good_cd({.t1sz = 15, .epd1 = 1});
}
TEST(CdRule, S_042_granules_that_are_not_implemented) {
    expect_bad_cd({.tg0 = 1});
    expect_bad_cd({.tg0 = 2});
    expect_bad_cd({.tg0 = 3});
    expect_bad_cd({.tg1 = 0, .epd1 = 0});
    expect_bad_cd({.tg1 = 1, .epd1 = 0});
    expect_bad_cd({.tg1 = 3, .epd1 = 0});
    expect_good_cd({.tg1 = 2, .epd1 = 0, .ttb1 = m::root});
}
TEST(CdRule, S_042_table_beyond_the_output_size) {
    expect_bad_cd({.ips = 0, .ttb0 = 1ull << 32});
    expect_bad_cd({.ttb0 = 1ull << 48});
    expect_bad_cd({.epd1 = 0, .ttb1 = 1ull << 48});
}

TEST(CdRule, S_043_fields_of_a_disabled_half_are_not_checked) {
    translation_machine f;
    f.stage1(3, {.t0sz = 0, .tg0 = 3, .epd0 = 1, .epd1 = 0, .ttb1 = m::root});
    const translate_result r = f.run(m::read(3, 0x7000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x10, 3), rnw | class_in, 0x7000));
    f.map(0xffff'0000'0000'7000, 0x8'0000);
    EXPECT_EQ(f.run(m::read(3, 0xffff'0000'0000'7000)).pa.value, 0x8'0000u);
}

}  // namespace
}  // namespace drydock::smmu::test
