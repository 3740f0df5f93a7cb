// SPDX-License-Identifier: Apache-2.0
#include "tests/tlm/endpoint/atc_conformance.h"

namespace drydock::endpoint {
namespace {

using status = completion_entry::status;
constexpr std::uint64_t va = 0x7f00'1234'5000;
constexpr std::uint64_t pa = 0x8'0020'0000;

TEST_P(AtcConformance, hit_comes_two_cycles_after_the_sampling_edge) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    const base::ps edge = base::clock_domain(base::ps{1'000}).next_edge(w.ctx.now());
    w.look(va + 0x18);
    w.run();
    ASSERT_EQ(w.hits.size(), 2u);
    EXPECT_EQ(w.hits[1].at, edge + base::ps{2'000});
    EXPECT_EQ(w.hits[1].t.pa.value, pa + 0x18);
    EXPECT_EQ(w.hits[1].t.bytes_left, 4096u - 0x18);
}

TEST_P(AtcConformance, one_lookup_is_sampled_an_edge) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    for (int i = 0; i < 3; ++i) w.look(va);
    w.run();
    ASSERT_EQ(w.hits.size(), 4u);
    EXPECT_EQ(w.hits[2].at - w.hits[1].at, base::ps{1'000});
    EXPECT_EQ(w.hits[3].at - w.hits[2].at, base::ps{1'000});
}

TEST_P(AtcConformance, lookups_of_one_page_share_a_request) {
    atc_world w(GetParam());
    w.look(va);
    w.look(va + 0x800);
    w.look(va + 0x1000);
    w.run();
    ASSERT_EQ(w.requests.size(), 2u);
    w.answer(w.requests[0], page(pa));
    EXPECT_EQ(w.hits.size(), 2u);
    EXPECT_EQ(w.hits[1].t.pa.value, pa + 0x800);
}

TEST_P(AtcConformance, outstanding_requests_are_limited_by_the_slots) {
    atc_config c;
    c.request_slots = 2;
    atc_world w(GetParam(), c);
    for (std::uint64_t i = 0; i < 4; ++i) w.look(va + i * 4096);
    w.run();
    ASSERT_EQ(w.requests.size(), 2u);
    w.answer(w.requests[0], page(pa));
    ASSERT_EQ(w.requests.size(), 3u);
    w.answer(w.requests[1], page(pa));
    w.answer(w.requests[2], page(pa));
    ASSERT_EQ(w.requests.size(), 4u);
    w.answer(w.requests[3], page(pa));
    EXPECT_EQ(w.hits.size(), 4u);
}

TEST_P(AtcConformance, a_refused_request_is_repeated_after_resume) {
    atc_world w(GetParam());
    w.hold_requests = true;
    w.look(va);
    w.run();
    EXPECT_TRUE(w.requests.empty());
    w.hold_requests = false;
    w.dut->resume();
    w.run();
    EXPECT_EQ(w.requests.size(), 1u);
}

TEST_P(AtcConformance, lookups_beyond_the_use_table_wait_for_ready) {
    atc_config c;
    c.uses = 2;
    atc_world w(GetParam(), c);
    w.load(va, page(pa));
    w.look(va);
    w.look(va);
    w.run();
    EXPECT_FALSE(w.dut->try_lookup(99, w.key(va), atc_access::read));
    w.dut->release(w.hits.back().use);
    w.run();
    EXPECT_EQ(w.readies[atc_channel::lookup], 1);
    w.look(va);
    w.run();
    EXPECT_EQ(w.hits.size(), 4u);
}

TEST_P(AtcConformance, P_041_enable_1_0_1_begins_with_an_empty_cache) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    ASSERT_TRUE(w.cached(va));
    w.control(atc_control::disable);
    w.control(atc_control::enable);
    EXPECT_FALSE(w.cached(va));
}

TEST_P(AtcConformance, P_042_size_code_of_an_entry) {
    atc_world w(GetParam());
    w.load(va, page(pa, 2u << 20));
    EXPECT_TRUE(w.cached(0x7f00'1220'0000));
    EXPECT_TRUE(w.cached(0x7f00'123f'f000));
    EXPECT_FALSE(w.cached(0x7f00'1240'0000));
    w.load(0x1000, page(0x5000));
    EXPECT_TRUE(w.cached(0x1fff));
    EXPECT_FALSE(w.cached(0x2000));
}

TEST_P(AtcConformance, P_042_large_entry_maps_its_offset) {
    atc_world w(GetParam());
    w.load(va, page(pa, 2u << 20));
    EXPECT_EQ(w.hits[0].t.pa.value, pa + 0x14'5000);
    EXPECT_EQ(w.hits[0].t.bytes_left, (2u << 20) - 0x14'5000);
}

TEST_P(AtcConformance, P_043_answer_without_rights_is_no_access_and_not_cached) {
    atc_world w(GetParam());
    pcie::translation_entry e = page(pa);
    e.read = e.write = false;
    w.look(va);
    w.run();
    w.answer(w.requests[0], e);
    ASSERT_EQ(w.faults.size(), 1u);
    EXPECT_EQ(w.faults[0].why, atc_fault::no_access);
    EXPECT_TRUE(w.hits.empty());
    EXPECT_FALSE(w.cached(va));
}

TEST_P(AtcConformance, P_044_untranslated_only_entry_gives_the_address_back) {
    atc_world w(GetParam());
    pcie::translation_entry e = page(pa);
    e.untranslated_only = true;
    w.look(va + 4);
    w.run();
    w.answer(w.requests[0], e);
    ASSERT_EQ(w.hits.size(), 1u);
    EXPECT_TRUE(w.hits[0].t.untranslated_only);
    EXPECT_EQ(w.hits[0].t.pa.value, va + 4);
}

TEST_P(AtcConformance, P_045_no_write_answered_without_W_asks_again_before_a_write) {
    atc_world w(GetParam());
    pcie::translation_entry e = page(pa);
    e.write = false;
    w.look(va);
    w.run();
    EXPECT_TRUE(w.requests[0].no_write);
    w.answer(w.requests[0], e);
    ASSERT_EQ(w.hits.size(), 1u);
    w.look(va, {}, atc_access::write);
    w.run();
    ASSERT_EQ(w.requests.size(), 2u);
    EXPECT_FALSE(w.requests[1].no_write);
    w.answer(w.requests[1], page(pa));
    EXPECT_EQ(w.hits.size(), 2u);
}

TEST_P(AtcConformance, P_045_no_write_answered_with_W_serves_the_write) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    EXPECT_TRUE(w.requests[0].no_write);
    w.look(va, {}, atc_access::write);
    w.run();
    EXPECT_EQ(w.requests.size(), 1u);
    EXPECT_EQ(w.hits.size(), 2u);
}

TEST_P(AtcConformance, P_045_write_that_joined_a_no_write_request_asks_again) {
    atc_world w(GetParam());
    pcie::translation_entry e = page(pa);
    e.write = false;
    w.look(va);
    w.run();
    const lookup_id write = w.look(va, {}, atc_access::write);
    w.run();
    ASSERT_EQ(w.requests.size(), 1u);
    w.answer(w.requests[0], e);
    ASSERT_EQ(w.requests.size(), 2u);
    EXPECT_FALSE(w.requests[1].no_write);
    w.answer(w.requests[1], e);
    ASSERT_EQ(w.faults.size(), 1u);
    EXPECT_EQ(w.faults[0].id, write);
    EXPECT_EQ(w.faults[0].why, atc_fault::no_access);
}

TEST_P(AtcConformance, answers_other_than_success_are_faults_of_their_own) {
    atc_world w(GetParam());
    w.look(va);
    w.run();
    w.answer(w.requests[0], status::completer_abort);
    w.look(va);
    w.run();
    w.answer(w.requests[1], status::timeout);
    w.look(va);
    w.run();
    w.answer(w.requests[2], status::unsupported_request);
    ASSERT_EQ(w.faults.size(), 3u);
    EXPECT_EQ(w.faults[0].why, atc_fault::completer_abort);
    EXPECT_EQ(w.faults[1].why, atc_fault::timeout);
    EXPECT_EQ(w.faults[2].why, atc_fault::unsupported_request);
}

TEST_P(AtcConformance, after_UR_nothing_is_asked_until_enabled_anew) {
    atc_world w(GetParam());
    w.look(va);
    w.run();
    w.answer(w.requests[0], status::unsupported_request);
    w.look(va);
    w.run();
    EXPECT_EQ(w.requests.size(), 1u);
    EXPECT_EQ(w.faults.size(), 2u);
    w.control(atc_control::disable);
    w.control(atc_control::enable);
    w.look(va);
    w.run();
    EXPECT_EQ(w.requests.size(), 2u);
}

TEST_P(AtcConformance, entry_smaller_than_the_unit_is_refused) {
    atc_world w(GetParam());
    w.dut->set_stu(16);
    w.look(va);
    w.run();
    EXPECT_EQ(w.requests[0].key.va.value, va & ~0xffffull);
    w.answer(w.requests[0], page(pa));
    EXPECT_EQ(w.faults.size(), 1u);
}

TEST_P(AtcConformance, pasids_do_not_share_unless_global) {
    atc_world w(GetParam());
    w.load(va, page(pa), 1);
    EXPECT_TRUE(w.cached(va, 1));
    EXPECT_FALSE(w.cached(va, 2));
    EXPECT_FALSE(w.cached(va));
    pcie::translation_entry e = page(pa);
    e.global = true;
    w.load(va + 0x1000, e, 1);
    EXPECT_TRUE(w.cached(va + 0x1000, 2));
    EXPECT_FALSE(w.cached(va + 0x1000));
}

TEST_P(AtcConformance, P_046_range_of_an_invalidate) {
    atc_world w(GetParam());
    const auto load_four = [&] {
        for (std::uint64_t i = 0; i < 4; ++i) w.load(va + i * 0x1000, page(pa + i * 0x1000));
    };
    load_four();
    w.invalidate_body(1, 0x7f00'1234'5000);  // 4 KiB
    w.run();
    EXPECT_FALSE(w.cached(va));
    EXPECT_TRUE(w.cached(va + 0x1000));
    w.invalidate_body(2, 0x7f00'1234'6800);  // 8 KiB at ...6000
    w.run();
    EXPECT_FALSE(w.cached(va + 0x1000));
    EXPECT_FALSE(w.cached(va + 0x2000));
    EXPECT_TRUE(w.cached(va + 0x3000));
    w.invalidate_body(3, 0x7fff'ffff'ffff'f800);  // all
    w.run(base::ps{1'000'000});
    EXPECT_FALSE(w.cached(va + 0x3000));
    EXPECT_EQ(w.completions.size(), 3u);
}

TEST_P(AtcConformance, P_046_small_range_kills_the_large_entry_around_it) {
    atc_world w(GetParam());
    w.load(va, page(pa, 2u << 20));
    w.invalidate_pages(0, va + 0x3000);
    w.run();
    EXPECT_FALSE(w.cached(va));
}

TEST_P(AtcConformance, P_056_pasid_invalidate_leaves_others_global_and_plain_hit_all) {
    atc_world w(GetParam());
    const auto load_all = [&] {
        w.load(va, page(pa));
        w.load(va, page(pa), 1);
        w.load(va, page(pa), 2);
    };
    load_all();
    w.invalidate_pages(0, va, 4096, 1);
    w.run();
    EXPECT_FALSE(w.cached(va, 1));
    EXPECT_TRUE(w.cached(va, 2));
    EXPECT_TRUE(w.cached(va));
    w.load(va, page(pa), 1);
    w.invalidate_body(0, pcie::encode_invalidate_body(va, 4096, true), 1);
    w.run();
    EXPECT_FALSE(w.cached(va, 1));
    EXPECT_FALSE(w.cached(va, 2));
    EXPECT_TRUE(w.cached(va));
    w.load(va, page(pa), 1);
    w.invalidate_pages(0, va);
    w.run();
    EXPECT_FALSE(w.cached(va, 1));
    EXPECT_FALSE(w.cached(va));
}

TEST_P(AtcConformance, P_047_completion_names_its_itag) {
    atc_world w(GetParam());
    w.invalidate_pages(5, va);
    w.run();
    ASSERT_EQ(w.completions.size(), 1u);
    EXPECT_EQ(w.completions[0].vector, 0x20u);
}

TEST_P(AtcConformance, P_049_use_of_the_range_holds_the_completion) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    w.look(va);
    w.look(va + 8);
    w.run();
    w.invalidate_pages(3, va);
    w.run();
    EXPECT_TRUE(w.completions.empty());
    w.dut->release(w.hits[1].use);
    w.run();
    EXPECT_TRUE(w.completions.empty());
    w.dut->release(w.hits[2].use);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, P_049_use_of_another_range_or_pasid_holds_nothing) {
    atc_world w(GetParam());
    w.load(va, page(pa), 1);
    w.load(va + 0x1000, page(pa), 2);
    w.look(va, 1);
    w.look(va + 0x1000, 2);
    w.run();
    w.invalidate_pages(0, va, 4096, 2);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, P_049_use_outlives_the_eviction_of_its_entry) {
    atc_config c;
    c.entries = 1;
    c.ways = 1;
    atc_world w(GetParam(), c);
    w.load(va, page(pa));
    w.look(va);
    w.run();
    const use_id held = w.hits.back().use;
    w.load(va + 0x1000, page(pa));
    w.invalidate_pages(0, va);
    w.run();
    EXPECT_TRUE(w.completions.empty());
    w.dut->release(held);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, use_after_the_invalidate_does_not_hold_it) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    w.look(va);
    w.run();
    w.invalidate_pages(0, va);
    w.run();
    w.look(va);
    w.run();
    w.answer(w.requests.back(), page(pa + 0x1000));
    EXPECT_TRUE(w.completions.empty());
    w.dut->release(w.hits[1].use);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, P_050_answer_overtaken_by_an_invalidate_is_dropped_and_asked_again) {
    atc_world w(GetParam());
    w.look(va);
    w.run();
    w.invalidate_pages(0, va);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u) << "an invalidate never waits for a Translation Completion";
    w.answer(w.requests[0], page(pa));
    EXPECT_TRUE(w.hits.empty());
    ASSERT_EQ(w.requests.size(), 2u);
    w.answer(w.requests[1], page(pa + 0x1000));
    ASSERT_EQ(w.hits.size(), 1u);
    EXPECT_EQ(w.hits[0].t.pa.value, pa + 0x1000);
}

TEST_P(AtcConformance, P_051_answer_outside_the_invalidated_range_is_cached) {
    atc_world w(GetParam());
    w.look(va);
    w.run();
    w.invalidate_pages(0, va + 0x1000);
    w.run();
    w.answer(w.requests[0], page(pa));
    EXPECT_EQ(w.hits.size(), 1u);
    EXPECT_TRUE(w.cached(va));
}

TEST_P(AtcConformance, P_051_another_pasids_answer_is_cached) {
    atc_world w(GetParam());
    w.look(va);
    w.run();
    w.invalidate_pages(0, va, 4096, 7);
    w.run();
    w.answer(w.requests[0], page(pa));
    EXPECT_TRUE(w.cached(va));
}

TEST_P(AtcConformance, P_052_thirty_two_invalidates_are_accepted_the_next_waits) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    w.look(va);
    w.run();
    for (unsigned tag = 0; tag < 32; ++tag) w.invalidate_pages(tag, va);
    w.run();
    EXPECT_TRUE(w.completions.empty());
    invalidate extra;
    extra.rid = atc_world::function;
    EXPECT_FALSE(w.dut->try_invalidate(extra));
    w.dut->release(w.hits.back().use);
    w.run();
    EXPECT_EQ(w.readies[atc_channel::invalidate], 1);
    for (unsigned tag = 0; tag < 32; ++tag) EXPECT_TRUE(w.is_completed(tag)) << tag;
}

TEST_P(AtcConformance, completions_held_back_share_one_message) {
    atc_world w(GetParam());
    w.hold_completions = true;
    w.invalidate_pages(1, va);
    w.invalidate_pages(4, va);
    w.invalidate_pages(9, va);
    w.run();
    w.hold_completions = false;
    w.dut->resume();
    w.run();
    ASSERT_EQ(w.completions.size(), 1u);
    EXPECT_EQ(w.completions[0].vector, (1u << 1) | (1u << 4) | (1u << 9));
}

TEST_P(AtcConformance, P_055_reset_forgets_invalidates_uses_and_requests) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    w.look(va);
    w.look(va + 0x1000);
    w.run();
    const use_id old = w.hits.back().use;
    w.invalidate_pages(3, va);
    w.run();
    w.control(atc_control::reset);
    w.dut->release(old);
    w.run();
    EXPECT_TRUE(w.completions.empty());
    w.control(atc_control::enable);
    EXPECT_FALSE(w.cached(va));
    EXPECT_EQ(w.faults.size(), 1u) << "only the one answered with a timeout by this test";
}

TEST_P(AtcConformance, P_059_invalidate_while_disabled_is_completed_at_once) {
    atc_world w(GetParam(), {}, false);
    const base::ps asked = w.ctx.now();
    w.invalidate_pages(5, va);
    w.run();
    ASSERT_EQ(w.completions.size(), 1u);
    EXPECT_LE(w.completions[0].at - asked, base::ps{5'000});
}

TEST_P(AtcConformance, P_059_invalidate_after_disable_still_waits_for_old_uses) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    w.look(va);
    w.run();
    w.control(atc_control::disable);
    w.invalidate_body(5, 0x7fff'ffff'ffff'f800);
    w.run(base::ps{1'000'000});
    EXPECT_TRUE(w.completions.empty());
    w.dut->release(w.hits.back().use);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, ignore_when_disabled_gives_no_answer) {
    atc_config c;
    c.ignore_when_disabled = true;
    atc_world w(GetParam(), c, false);
    w.invalidate_pages(5, va);
    w.run();
    EXPECT_TRUE(w.completions.empty());
    w.control(atc_control::enable);
    w.invalidate_pages(6, va);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, lookups_while_disabled_fault) {
    atc_world w(GetParam());
    w.look(va);
    w.run();
    w.control(atc_control::disable);
    w.look(va);
    w.run();
    ASSERT_EQ(w.faults.size(), 2u);
    EXPECT_EQ(w.faults[0].why, atc_fault::disabled);
    EXPECT_EQ(w.faults[1].why, atc_fault::disabled);
    w.control(atc_control::enable);
    w.answer(w.requests[0], page(pa));
    EXPECT_TRUE(w.hits.empty()) << "the answer to a request of before the disable is not used";
}

TEST_P(AtcConformance, without_entries_every_use_is_asked_for) {
    atc_config c;
    c.entries = 0;
    atc_world w(GetParam(), c);
    w.load(va, page(pa));
    EXPECT_EQ(w.hits.size(), 1u);
    EXPECT_FALSE(w.cached(va));
    w.look(va);
    w.run();
    w.answer(w.requests.back(), page(pa));
    w.invalidate_pages(0, va);
    w.run();
    EXPECT_TRUE(w.completions.empty()) << "without a cache there are still uses to wait for";
    w.dut->release(w.hits.back().use);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, least_recently_used_way_is_replaced) {
    atc_config c;
    c.entries = 2;
    c.ways = 2;
    atc_world w(GetParam(), c);
    w.load(0x1000, page(pa));
    w.load(0x2000, page(pa));
    EXPECT_TRUE(w.cached(0x1000));
    w.load(0x3000, page(pa));
    EXPECT_TRUE(w.cached(0x1000));
    EXPECT_FALSE(w.cached(0x2000));
}

}  // namespace
}  // namespace drydock::endpoint
