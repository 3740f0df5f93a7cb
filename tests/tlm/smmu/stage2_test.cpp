// SPDX-License-Identifier: Apache-2.0
// Stage 2 alone and below stage 1: faults and what their records name, permissions, hardware
// updates in either stage, memory types.
#include "tlm/smmu/stage2.h"

#include <gtest/gtest.h>

#include "tests/tlm/smmu/stage2_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

TEST(Stage2, S_072_an_ipa_without_mapping_faults_with_its_ipa) {
    machine2 f;
    f.stage2_only(3);
    const translate_result r = f.run(m::write_to(3, 0x7abc));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x10, 3), s2_fault | class_in, 0x7abc, 0x7000));
}

TEST(Stage2, S_072_nested_the_output_of_stage_1_has_no_mapping) {
    machine2 f;
    f.nested(3);
    f.identity_tables();
    f.map(0x7000, 0x5'5000);
    const translate_result r = f.run(m::read(3, 0x7abc));
    EXPECT_EQ(r.event, words(head(0x10, 3), rnw | s2_fault | class_in, 0x7abc, 0x5'5000));
    f.map2(0x5'5000, 0x9'9000);  // invalid entries are never cached
    EXPECT_EQ(f.run(m::read(3, 0x7abc)).pa.value, 0x9'9abcu);
}

TEST(Stage2, S_150_a_table_of_stage_1_in_a_hole_names_the_page_of_the_descriptor) {
    for (const bool write : {false, true}) {
        machine2 f;
        f.nested(3);
        f.map2(m::cds, m::cds);
        f.map(0x1234'5000, 0x5'5000);
        const std::uint64_t l0 = m::root + m::index(0x1234'5000, 0) * 8;
        const translate_result r =
            f.run(write ? m::write_to(3, 0x1234'5678) : m::read(3, 0x1234'5678));
        EXPECT_EQ(r.event, words(head(0x10, 3), (write ? 0 : rnw) | s2_fault | class_tt,
                                 0x1234'5678, l0 & ~0xfffull));
    }
}

TEST(Stage2, S_046_a_cd_in_a_hole_is_class_cd) {
    machine2 f;
    f.nested(3);
    const translate_result r = f.run(m::read(3, 0x7000));
    EXPECT_EQ(r.event, words(head(0x10, 3), rnw | s2_fault | class_cd, 0x7000, m::cds));
}

TEST(Stage2, S_046_a_cd_is_read_where_stage_2_says) {
    machine2 f;
    f.nested(3);
    f.identity_tables();
    f.map2(m::cds, 0x3'3000);
    f.write(0x3'3000, cd_image{}.words());
    f.write(m::cds, {});
    f.map(0x7000, 0x5'5000);
    f.map2(0x5'5000, 0x9'9000);
    EXPECT_EQ(f.run(m::read(3, 0x7008)).pa.value, 0x9'9008u);
}

TEST(Stage2, S_069_an_abort_below_names_stage_and_class) {
    machine2 f;
    f.nested(3);
    const std::uint64_t d = f.map2(m::cds, m::cds);
    f.poison(d);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event,
              words(head(0x0b, 3), rnw | s2_fault | class_cd, 0x7000, d));
    machine2 first;
    first.nested(3);
    first.identity_tables();
    first.map(0x7000, 0x5'5000);
    const std::uint64_t leaf = first.stage1_leaf_of(0x7000);
    first.poison(leaf);
    EXPECT_EQ(first.run(m::read(3, 0x7000)).event,
              words(head(0x0b, 3), rnw | class_tt, 0x7000, leaf));
}

TEST(Stage2, S_074_a_read_only_page_refuses_writes) {
    machine2 f;
    f.stage2_only(3);
    f.map2(0x7000, 0x8'0000, af | s2_read | s2_wb);
    EXPECT_EQ(f.run(m::read(3, 0x7008)).pa.value, 0x8'0008u);
    for (int again = 0; again < 2; ++again)  // walked, then from the TLB
        EXPECT_EQ(f.run(m::write_to(3, 0x7008)).event,
                  words(head(0x13, 3), s2_fault | class_in, 0x7008, 0x7000));
}

TEST(Stage2, S_074_not_recorded_with_s2r_0) {
    machine2 f;
    f.stage2_only(3, {.r = 0});
    const translate_result r = f.run(m::read(3, 0x7000));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_FALSE(r.event);
}

TEST(Stage2, S_065_the_access_flag_behaves_as_in_stage_1) {
    machine2 f;
    f.stage2_only(3);
    f.map2(0x7000, 0x8'0000, s2_page & ~af);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event,
              words(head(0x12, 3), rnw | s2_fault | class_in, 0x7000, 0x7000));
    machine2 off;
    off.stage2_only(3, {.affd = 1});
    off.map2(0x7000, 0x8'0000, s2_page & ~af);
    EXPECT_EQ(off.run(m::read(3, 0x7000)).result, outcome::ok);
    EXPECT_TRUE(off.updates.empty());
    machine2 hardware;
    hardware.stage2_only(3, {.ha = 1});
    const std::uint64_t d = hardware.map2(0x7000, 0x8'0000, s2_page & ~af);
    EXPECT_EQ(hardware.run(m::read(3, 0x7000)).result, outcome::ok);
    EXPECT_EQ(hardware.word(d) & af, af);
}

TEST(Stage2, S_066_hardware_sets_the_write_permission_of_a_clean_page) {
    machine2 f;
    f.stage2_only(3, {.hd = 1, .ha = 1});
    const std::uint64_t d = f.map2(0x7000, 0x8'0000, af | s2_read | s2_wb | dbm);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
    EXPECT_EQ(f.word(d) & s2_write, 0u);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).result, outcome::ok);
    EXPECT_EQ(f.word(d) & s2_write, s2_write);
    const std::size_t updates = f.updates.size();
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).result, outcome::ok);
    EXPECT_EQ(f.updates.size(), updates);
}

TEST(Stage2, S_079_a_write_that_stage_1_refuses_leaves_stage_2_clean) {
    machine2 f;
    f.nested(3, {.hd = 1, .ha = 1});
    f.identity_tables();
    f.map(0x7000, 0x5'5000, rw_page | ap_ro);
    const std::uint64_t d = f.map2(0x5'5000, 0x9'9000, af | s2_read | s2_wb | dbm);
    const translate_result r = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_TRUE(r.r);
    EXPECT_FALSE(r.w);
    EXPECT_EQ(f.word(d) & s2_write, 0u);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event, words(head(0x13, 3), class_in, 0x7000));
    EXPECT_EQ(f.word(d) & s2_write, 0u);
}

TEST(Stage2, S_079_a_write_that_stage_2_refuses_leaves_stage_1_clean) {
    machine2 f;
    f.nested(3, {}, {.hd = 1, .ha = 1});
    f.identity_tables();
    const std::uint64_t d = f.map(0x7000, 0x5'5000, rw_page | ap_ro | dbm);
    f.map2(0x5'5000, 0x9'9000, af | s2_read | s2_wb);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).event,
              words(head(0x13, 3), s2_fault | class_in, 0x7000, 0x5'5000));
    EXPECT_EQ(f.word(d) & ap_ro, ap_ro);
    f.map2(0x5'5000, 0x9'9000);
    f.t.tlbi_s12_vmall(7);
    EXPECT_EQ(f.run(m::write_to(3, 0x7000)).pa.value, 0x9'9000u);
    EXPECT_EQ(f.word(d) & ap_ro, 0u);
}

TEST(Stage2, S_080_an_update_of_stage_1_on_a_read_only_page_of_stage_2) {
    machine2 f;
    f.nested(3, {}, {.ha = 1});
    f.identity_tables(af | s2_read | s2_wb);
    const std::uint64_t d = f.map(0x7000, 0x5'5000, rw_page & ~af);
    f.map2(0x5'5000, 0x9'9000);
    const translate_result r = f.run(m::read(3, 0x7abc));
    EXPECT_EQ(r.event,
              words(head(0x13, 3), rnw | s2_fault | class_tt, 0x7abc, d & ~0xfffull));  // TTRnW=0
    EXPECT_EQ(f.word(d) & af, 0u);
}

TEST(Stage2, S_080_a_table_that_may_not_be_read_is_ttrnw_1) {
    machine2 f;
    f.nested(3);
    f.map2(m::cds, m::cds);
    f.map(0x7000, 0x5'5000);
    f.map2(m::root, m::root, af | s2_write | s2_wb);
    EXPECT_EQ(f.run(m::write_to(3, 0x7abc)).event,
              words(head(0x13, 3), s2_fault | class_tt | ttrnw, 0x7abc, m::root));
}

TEST(Stage2, S_080_an_update_of_stage_1_makes_the_page_of_its_table_dirty) {
    machine2 f;
    f.nested(3, {.hd = 1, .ha = 1}, {.ha = 1});
    f.identity_tables(af | s2_read | s2_wb | dbm);
    const std::uint64_t d = f.map(0x7000, 0x5'5000, rw_page & ~af);
    f.map2(0x5'5000, 0x9'9000);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x9'9000u);
    EXPECT_EQ(f.word(d) & af, af);
    const std::uint64_t page = d & ~0xfffull;
    const std::uint64_t s2_leaf = f.put(page, 3, 0, 1, s2_root);
    EXPECT_EQ(f.updates.size(), 2u);  // the stage-2 leaf of the table, then the stage-1 leaf
    EXPECT_EQ(f.updates[0], s2_leaf);
    EXPECT_EQ(f.updates[1], d);
}

TEST(Stage2, S_078_tables_on_device_memory_are_refused_with_s2ptw) {
    constexpr std::uint64_t device = af | s2_read | s2_write;
    machine2 f;
    f.nested(3, {.ptw = 1});
    f.map2(m::cds, m::cds, device);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event,
              words(head(0x13, 3), rnw | s2_fault | class_cd, 0x7000, m::cds));
    machine2 off;
    off.nested(3);
    off.identity_tables(device);
    off.map(0x7000, 0x5'5000);
    off.map2(0x5'5000, 0x9'9000);
    EXPECT_EQ(off.run(m::read(3, 0x7000)).pa.value, 0x9'9000u);
}

// -- sizes
// -----------------------------------------------------------------------------------------

TEST(Stage2, S_082_concatenated_start_tables) {
    for (std::uint64_t t0sz = 21; t0sz <= 24; ++t0sz) {
        machine2 f;
        f.stage2_only(3, {.t0sz = t0sz, .sl0 = 1});
        const unsigned bits = 64 - static_cast<unsigned>(t0sz);
        const std::uint64_t ipa = (1ull << bits) - 0x1000;  // in the last table
        const std::uint64_t l2 = f.next_table(4096), l3 = f.next_table(4096);
        f.word(s2_root + (ipa >> 30) * 8) = l2 | 3;
        f.word(l2 + (ipa >> 21 & 511) * 8) = l3 | 3;
        f.word(l3 + (ipa >> 12 & 511) * 8) = 0x8'0000 | s2_page | 3;
        EXPECT_EQ(f.run(m::read(3, ipa + 4)).pa.value, 0x8'0004u) << t0sz;
        EXPECT_EQ(f.run(m::read(3, ipa + 0x1000)).event,
                  words(head(0x10, 3), rnw | s2_fault | class_in, ipa + 0x1000, ipa + 0x1000))
            << t0sz;
    }
}

TEST(Stage2, S_073_a_start_level_that_does_not_fit_is_an_illegal_ste) {
    machine2 f;
    f.stage2_only(3, {.t0sz = 39, .sl0 = 2});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event, words(head(0x04, 3)));
}

TEST(Stage2, S_064_output_beyond_s2ps) {
    machine2 f;
    f.stage2_only(3, {.t0sz = 32, .ps = 0});
    f.map2(0x7000, 1ull << 32);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).event,
              words(head(0x11, 3), rnw | s2_fault | class_in, 0x7000, 0x7000));
}

TEST(Stage2, S_025_an_address_beyond_the_intermediate_size_is_stage_1s) {
    machine2 f;
    f.stage2_only(3);
    EXPECT_EQ(f.run(m::read(3, 1ull << 48)).event,
              words(head(0x11, 3), rnw | class_in, 1ull << 48));
}

TEST(Stage2, S_163_the_smaller_stage_gives_the_size) {
    machine2 f;
    f.nested(3);
    f.identity_tables();
    f.put(0x4000'0000, 2, 0x0040'0000 | rw_page | 1);  // 2 MiB
    f.map2(0x0040'5000, 0x9'9000);
    const translate_result r = f.run(m::ats(3, 0x4000'5000));
    EXPECT_EQ(r.pa.value, 0x9'9000u);
    EXPECT_EQ(r.page_bytes, 4096u);
    f.put(0x4060'0000, 2, 0x00a0'0000 | rw_page | 1);
    f.put(0x00a0'0000, 2, 0x1'0000'0000 | s2_page | 1, 1, s2_root);
    EXPECT_EQ(f.run(m::ats(3, 0x4060'0000)).page_bytes, 1u << 21);
}

// -- memory types, execution
// -----------------------------------------------------------------------

memory_type type_with(std::uint64_t fwb, std::uint64_t code, std::uint64_t mair) {
    machine2 f;
    f.nested(3, {}, {.mair = mair}, {.s2fwb = fwb});
    f.identity_tables(af | s2_read | s2_write | at(fwb == 1 ? 6 : 0xf, 2));
    f.map(0x7000, 0x5'5000);
    f.map2(0x5'5000, 0x9'9000, af | s2_read | s2_write | at(code, 2));
    const translate_result r = f.run(m::read(3, 0x7000));
    EXPECT_EQ(r.result, outcome::ok);
    return r.type;
}
constexpr std::uint64_t mair_nc = 0x44, mair_wb = 0xff, mair_device = 0x04;

TEST(Stage2, S_077_forced_write_back) {
    EXPECT_EQ(type_with(1, 6, mair_nc), memory_type::normal_wb);
    EXPECT_EQ(type_with(0, 0xf, mair_nc), memory_type::normal_nc);
    EXPECT_EQ(type_with(0, 0x5, mair_wb), memory_type::normal_nc);
    EXPECT_EQ(type_with(0, 0x1, mair_wb), memory_type::device_ngnre);
}

TEST(Stage2, S_081_forced_types_that_leave_stage_1) {
    EXPECT_EQ(type_with(1, 5, mair_device), memory_type::device_ngnre);
    EXPECT_EQ(type_with(1, 5, mair_wb), memory_type::normal_nc);
    EXPECT_EQ(type_with(1, 7, mair_wb), memory_type::normal_wb);
    EXPECT_EQ(type_with(1, 2, mair_wb), memory_type::device_ngre);
}

TEST(Stage2, S_074_execution_follows_xn_and_privilege) {
    const stage2_regime r;
    const auto executes = [&](std::uint8_t xn, bool privileged, std::uint8_t s2ap = 3) {
        return rights_of(stage2_leaf{s2ap, xn, 0xf, false, true}, r, privileged).execute;
    };
    for (const bool privileged : {false, true}) {
        EXPECT_TRUE(executes(0, privileged));
        EXPECT_EQ(executes(1, privileged), !privileged);
        EXPECT_FALSE(executes(2, privileged));
        EXPECT_EQ(executes(3, privileged), privileged);
        EXPECT_FALSE(executes(0, privileged, 2));
    }
}

}  // namespace
}  // namespace drydock::smmu::test
