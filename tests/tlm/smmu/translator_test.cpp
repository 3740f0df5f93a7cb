// SPDX-License-Identifier: Apache-2.0
// SMMUEN=0 , timing, slots, numbers, records (6), configuration refused.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

/// SMMUEN=0.
struct disabled_machine : translation_machine {
    disabled_machine() {
        control_bits = {};
        set_control();
    }
};

TEST(TranslatorDisabled, S_007_ordinary_passes_and_substream_is_ignored) {
    disabled_machine d;
    const translate_result r = d.run(m::with_pasid(m::write_to(3, 0x1234'5678), 9));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_EQ(r.pa.value, 0x1234'5678u);
    EXPECT_FALSE(r.event);
    EXPECT_TRUE(d.reads.empty());
}

TEST(TranslatorDisabled, S_007_gbpa_abort_aborts_without_event) {
    disabled_machine d;
    d.control_bits.gbpa_abort = true;
    d.set_control();
    const translate_result r = d.run(m::with_pasid(m::write_to(3, 0x1234'5678), 9));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_FALSE(r.event);
}

TEST(TranslatorDisabled, S_008_translation_request_is_unsupported_and_recorded) {
    disabled_machine d;
    const translate_result r = d.run(m::ats(3, 0x1234'5678));
    EXPECT_EQ(r.result, outcome::unsupported_request);
    // R always, W since NW=0, Span 1, address without the page offset
    EXPECT_EQ(r.event, words(head(0x05, 3), 1ull << 34 | 1ull << 35 | 1ull << 44, 0x1234'5000));
}

TEST(TranslatorDisabled, S_009_translated_aborts_and_is_recorded) {
    disabled_machine d;
    const translate_result r =
        d.run(m::with_pasid(m::translated_to(3, 0x1234'5678, true), 9, true));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, words(head(0x07, 3), 0, 0x1234'5678));
}

TEST(TranslatorDisabled, S_011_address_beyond_output_size_aborts_without_event) {
    disabled_machine d;
    EXPECT_EQ(d.run(m::read(3, (1ull << 48) - 4)).result, outcome::ok);
    const translate_result r = d.run(m::read(3, 1ull << 48));
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_FALSE(r.event);
}

TEST(TranslatorRecord, S_140_bad_ats_treq_carries_what_was_asked) {
    disabled_machine d;
    translate_request q =
        m::with_pasid(m::ats(0x1'0203, 0xffff'8000'0000'7abc, true), 0xabcde, true, true);
    q.stus = 4;
    EXPECT_EQ(d.run(q).event,
              words(head(0x05, 0x1'0203, 0xabcde),
                    1ull << 32 | 1ull << 33 | 1ull << 35 | 4ull << 44, 0xffff'8000'0000'7000));
}

TEST(TranslatorRecord, S_140_transl_forbidden_shows_a_read) {
    disabled_machine d;
    EXPECT_EQ(d.run(m::translated_to(3, 0x1238)).event, words(head(0x07, 3), rnw, 0x1238));
}

TEST(TranslatorRecord, S_149_forbidden_and_disabled_streams_show_no_substream) {
    translation_machine f;
    f.control_bits.atschk = true;
    f.set_control();
    f.stage1(3, {}, {.s1cdmax = 2, .s1dss = 2, .eats = 0});
    EXPECT_EQ(f.run(m::with_pasid(m::translated_to(3, 0x5000), 1)).event,
              words(head(0x07, 3), rnw, 0x5000));
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x5000), 0)).event, words(head(0x06, 3)));
    EXPECT_EQ(f.run(m::with_pasid(m::read(3, 0x5000), 7)).event,
              words(0x08 | 7u << 12 | 3ull << 32));
}

TEST(Translator, busy_slot_refuses_and_unknown_slot_throws) {
    translation_machine f;
    f.stage1(3);
    f.begin(5, m::read(3, 0x7000));
    EXPECT_FALSE(f.t.start(5, m::read(3, 0x7000)));
    EXPECT_EQ(f.t.in_use(), 1u);
    EXPECT_THROW(f.t.start(f.config.translation_slots, m::read(3, 0)), std::out_of_range);
    f.settle();
    EXPECT_EQ(f.t.in_use(), 0u);
}

TEST(Translator, numbers_run_in_look_up_order_and_close_out_of_order) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000);
    EXPECT_EQ(f.t.oldest_unperformed(), f.t.newest_number() + 1);
    for (std::uint32_t slot = 0; slot < 3; ++slot) f.begin(slot, m::read(3, 0x7000));
    f.settle();
    EXPECT_EQ(f.results[0]->number, 1u);
    EXPECT_EQ(f.results[2]->number, 3u);
    EXPECT_EQ(f.t.newest_number(), 3u);
    f.t.performed(2);
    EXPECT_EQ(f.t.oldest_unperformed(), 1u);
    f.t.performed(1);
    EXPECT_EQ(f.t.oldest_unperformed(), 3u);
    f.t.performed(3);
    EXPECT_EQ(f.t.oldest_unperformed(), 4u);
    EXPECT_THROW(f.t.performed(3), std::logic_error);
    EXPECT_THROW(f.t.performed(9), std::logic_error);
}

TEST(Translator, numbers_survive_one_that_stays_open_for_long) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000);
    f.begin(0, m::read(3, 0x7000));
    f.settle();
    for (int i = 0; i < 5000; ++i) f.run(m::read(3, 0x7000));
    EXPECT_EQ(f.t.oldest_unperformed(), 1u);
    f.t.performed(1);
    EXPECT_EQ(f.t.oldest_unperformed(), 5002u);
}

TEST(TranslatorConfig, what_is_not_modelled_is_refused) {
    const auto refused = [](auto&& change) {
        smmu_config c;
        change(c);
        EXPECT_THROW(translation_machine{c}, std::invalid_argument);
    };
    refused([](smmu_config& c) { c.s1p = false; });
    refused([](smmu_config& c) { c.stall_model = 3; });
    refused([](smmu_config& c) { c.stall_max = 0; });
    refused([](smmu_config& c) { c.stt = true; });
    refused([](smmu_config& c) { c.ttf = 3; });
    refused([](smmu_config& c) { c.bbml = 0; });
    refused([](smmu_config& c) { c.main_tlb_entries = 1001; });
    refused([](smmu_config& c) { c.main_tlb_ways = 0; });
    refused([](smmu_config& c) { c.micro_tlb_entries = 0; });
    refused([](smmu_config& c) { c.walk_cache_stage1[1] = 6; });
    refused([](smmu_config& c) { c.ipa_cache_entries = 2; });
    refused([](smmu_config& c) { c.clock = base::ps{0}; });
    refused([](smmu_config& c) { c.walk_cache_cycles = 10'001; });
    refused([](smmu_config& c) { c.tlbi_cycles = 0; });
    EXPECT_NO_THROW(translation_machine{});
}

}  // namespace
}  // namespace drydock::smmu::test
