// SPDX-License-Identifier: Apache-2.0
// Stage 2 as ATS, invalidations and shared walks meet it.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/stage2_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

// -- ATS
// -------------------------------------------------------------------------------------------

TEST(Stage2, S_164_a_fault_of_either_stage_is_no_access_without_a_record) {
    machine2 f;
    f.nested(3);
    const auto nothing = [&] {
        const translate_result r = f.run(m::ats(3, 0x7000));
        EXPECT_EQ(r.result, outcome::no_access);
        EXPECT_FALSE(r.event);
    };
    nothing();  // the CD is in a hole
    f.identity_tables();
    nothing();  // no page
    f.map(0x7000, 0x5'5000);
    nothing();  // no IPA
    f.map2(0x5'5000, 0x9'9000, af | s2_wb);
    nothing();  // S2AP = 0
    f.map2(0x5'5000, 0x9'9000, af | s2_read | s2_wb);
    f.t.tlbi_s12_vmall(7);
    const translate_result r = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_TRUE(r.r);
    EXPECT_FALSE(r.w);
}

TEST(Stage2, S_169_split_stage_answers_the_ipa_and_translates_it_later) {
    machine2 f;
    f.control_bits.atschk = true;
    f.set_control();
    f.nested(3, {}, {}, {.eats = 2});
    f.identity_tables();
    f.map(0x7000, 0x5'5000);
    f.map2(0x5'5000, 0x9'9000);
    const translate_result answer = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(answer.result, outcome::ok);
    EXPECT_EQ(answer.pa.value, 0x5'5000u);
    const translate_result passed = f.run(m::translated_to(3, 0x5'5123, true));
    EXPECT_EQ(passed.result, outcome::ok);
    EXPECT_EQ(passed.pa.value, 0x9'9123u);
}

TEST(Stage2, S_170_split_stage_a_mapping_that_is_gone_aborts_with_a_record) {
    machine2 f;
    f.control_bits.atschk = true;
    f.set_control();
    f.nested(3, {}, {}, {.eats = 2});
    f.map2(0x5'5000, 0x9'9000);
    EXPECT_EQ(f.run(m::translated_to(3, 0x5'5123)).result, outcome::ok);
    f.map2(0x5'5000, 0, 0);
    f.word(f.put(0x5'5000, 3, 0, 1, s2_root)) = 0;
    f.t.tlbi_s2_ipa(7, {0x5'5000, 0x5'5fff});
    translate_request q = m::with_pasid(m::translated_to(3, 0x5'5123), 9, true, true);
    const translate_result r = f.run(q);  // the PASID is ignored: no SSV, no PnU
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x10, 3), rnw | s2_fault | class_in, 0x5'5123, 0x5'5000));
}

TEST(Stage2, S_027_split_stage_without_atschk_acts_as_none) {
    machine2 f;
    f.nested(3, {}, {}, {.eats = 2});
    f.identity_tables();
    f.map(0x7000, 0x5'5000);
    f.map2(0x5'5000, 0x9'9000);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).result, outcome::ok);
    EXPECT_EQ(f.run(m::ats(3, 0x7000)).result, outcome::unsupported_request);
    machine2 alone;
    alone.stage2_only(3, {}, {.eats = 2});
    EXPECT_EQ(alone.run(m::read(3, 0x7000)).event, words(head(0x04, 3)));
}

TEST(Stage2, S_176_s1dss_bypass_below_which_is_stage_2) {
    machine2 f;
    f.nested(3, {}, {}, {.s1cdmax = 1, .s1dss = 1});
    f.map2(0x7000, 0x9'9000, af | s2_read | s2_wb);
    const translate_result r = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(r.pa.value, 0x9'9000u);
    EXPECT_TRUE(r.r);
    EXPECT_FALSE(r.w);
    EXPECT_EQ(f.run(m::read(3, 0x7010)).pa.value, 0x9'9010u);
}

TEST(Stage2, S_178_a_pasid_on_stage_2_alone_is_CA) {
    machine2 f;
    f.stage2_only(3);
    const translate_result r = f.run(m::with_pasid(m::ats(3, 0x7000), 1));
    EXPECT_EQ(r.result, outcome::completer_abort);
    EXPECT_FALSE(r.event);
}

// -- invalidation
// ----------------------------------------------------------------------------------

TEST(Stage2, S_116_a_combined_entry_outlives_S2_IPA_and_goes_with_NH_ALL) {
    machine2 f;
    f.nested(3);
    f.identity_tables();
    f.map(0x7000, 0x5'5000);
    f.map2(0x5'5000, 0x9'9000);
    f.stage2_only(4);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x9'9000u);
    EXPECT_EQ(f.run(m::read(4, 0x5'5000)).pa.value, 0x9'9000u);
    f.map2(0x5'5000, 0xa'a000);
    f.t.tlbi_s2_ipa(7, {0x5'5000, 0x5'5000});
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x9'9000u);
    EXPECT_EQ(f.run(m::read(4, 0x5'5000)).pa.value, 0xa'a000u);
    f.t.tlbi_nh_all(8);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x9'9000u);
    f.t.tlbi_nh_all(7);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0xa'a000u);
}

TEST(Stage2, S_116_S12_VMALL_takes_both_stages_of_one_vmid) {
    machine2 f;
    f.stage2_only(3, {.vmid = 7});
    f.stage2_only(4, {.vmid = 9});
    f.map2(0x7000, 0x8'0000);
    f.run(m::read(3, 0x7000));
    f.run(m::read(4, 0x7000));
    f.map2(0x7000, 0x9'0000);
    f.t.tlbi_s12_vmall(7);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0x9'0000u);
    EXPECT_EQ(f.run(m::read(4, 0x7000)).pa.value, 0x8'0000u);
    f.t.tlbi_nsnh_all();
    EXPECT_EQ(f.run(m::read(4, 0x7000)).pa.value, 0x9'0000u);
}

TEST(Stage2, an_invalidation_during_a_walk_keeps_its_answer_out_of_the_TLB) {
    machine2 f;
    f.nested(3);
    f.identity_tables();
    f.map(0x7000, 0x5'5000);
    f.map2(0x5'5000, 0x9'9000);
    f.run(m::read(3, 0x6000));  // STE and CD are cached
    f.latency = base::ps{50'000};
    f.begin(0, m::read(3, 0x7000));
    f.ctx.timeline.run(f.ctx.now() + base::ps{120'000});
    f.t.tlbi_s2_ipa(7, {0x5'5000, 0x5'5000});
    f.settle();
    f.t.performed(f.results[0]->number);
    f.map2(0x5'5000, 0xa'a000);
    EXPECT_EQ(f.run(m::read(3, 0x7000)).pa.value, 0xa'a000u);
}

TEST(Stage2, transactions_to_one_page_share_a_nested_walk) {
    machine2 f;
    f.nested(3);
    f.identity_tables();
    f.map(0x7000, 0x5'5000);
    f.map2(0x5'5000, 0x9'9000, af | s2_read | s2_wb);
    f.run(m::read(3, 0x6000));
    f.latency = base::ps{50'000};
    f.begin(0, m::read(3, 0x7000));
    f.begin(1, m::write_to(3, 0x7040));
    f.begin(2, m::read(3, 0x7080));
    f.settle();
    EXPECT_EQ(f.results[0]->pa.value, 0x9'9000u);
    EXPECT_EQ(f.results[1]->event, words(head(0x13, 3), s2_fault | class_in, 0x7040, 0x5'5000));
    EXPECT_EQ(f.results[2]->pa.value, 0x9'9080u);
    EXPECT_EQ(f.t.counters().joined_walks, 2u);
}

}  // namespace
}  // namespace drydock::smmu::test
