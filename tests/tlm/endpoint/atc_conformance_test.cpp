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
    w.ask(va + 0x18);
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
    w.ask(va + 0x1000);
    ASSERT_EQ(w.requests.size(), 2u);
    w.answer(w.requests[0], page(pa));
    EXPECT_EQ(w.hits.size(), 2u);
    EXPECT_EQ(w.hits[1].t.pa.value, pa + 0x800);
}

TEST_P(AtcConformance, outstanding_requests_are_limited_by_the_slots) {
    atc_world w(GetParam(), small_shape());
    for (std::uint64_t i = 0; i < 6; ++i) w.look(va + i * 4096);
    w.run();
    ASSERT_EQ(w.requests.size(), 4u);
    w.answer(w.requests[0], page(pa));
    ASSERT_EQ(w.requests.size(), 5u);
    for (std::size_t i = 1; i < 5; ++i) w.answer(w.requests[i], page(pa));
    ASSERT_EQ(w.requests.size(), 6u);
    w.answer(w.requests[5], page(pa));
    EXPECT_EQ(w.hits.size(), 6u);
}

TEST_P(AtcConformance, a_refused_request_is_repeated_after_resume) {
    atc_world w(GetParam());
    w.hold_requests = true;
    w.ask(va);
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
    w.ask(va);
    EXPECT_FALSE(w.dut->try_lookup(99, w.key(va), atc_access::read));
    w.dut->release(w.hits.back().use);
    w.run();
    EXPECT_EQ(w.readies[atc_channel::lookup], 1);
    w.ask(va);
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
    w.ask(va);
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
    w.ask(va + 4);
    w.answer(w.requests[0], e);
    ASSERT_EQ(w.hits.size(), 1u);
    EXPECT_TRUE(w.hits[0].t.untranslated_only);
    EXPECT_EQ(w.hits[0].t.pa.value, va + 4);
}

TEST_P(AtcConformance, P_045_no_write_answered_without_W_asks_again_before_a_write) {
    atc_world w(GetParam());
    pcie::translation_entry e = page(pa);
    e.write = false;
    w.ask(va);
    EXPECT_TRUE(w.requests[0].no_write);
    w.answer(w.requests[0], e);
    ASSERT_EQ(w.hits.size(), 1u);
    w.ask(va, {}, atc_access::write);
    ASSERT_EQ(w.requests.size(), 2u);
    EXPECT_FALSE(w.requests[1].no_write);
    w.answer(w.requests[1], page(pa));
    EXPECT_EQ(w.hits.size(), 2u);
}

TEST_P(AtcConformance, P_045_no_write_answered_with_W_serves_the_write) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    EXPECT_TRUE(w.requests[0].no_write);
    w.ask(va, {}, atc_access::write);
    EXPECT_EQ(w.requests.size(), 1u);
    EXPECT_EQ(w.hits.size(), 2u);
}

TEST_P(AtcConformance, P_045_write_that_joined_a_no_write_request_asks_again) {
    atc_world w(GetParam());
    pcie::translation_entry e = page(pa);
    e.write = false;
    w.ask(va);
    const lookup_id write = w.ask(va, {}, atc_access::write);
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
    w.ask(va);
    w.answer(w.requests[0], status::completer_abort);
    w.ask(va);
    w.answer(w.requests[1], status::timeout);
    w.ask(va);
    w.answer(w.requests[2], status::unsupported_request);
    ASSERT_EQ(w.faults.size(), 3u);
    EXPECT_EQ(w.faults[0].why, atc_fault::completer_abort);
    EXPECT_EQ(w.faults[1].why, atc_fault::timeout);
    EXPECT_EQ(w.faults[2].why, atc_fault::unsupported_request);
}

TEST_P(AtcConformance, after_UR_nothing_is_asked_until_enabled_anew) {
    atc_world w(GetParam());
    w.ask(va);
    w.answer(w.requests[0], status::unsupported_request);
    w.ask(va);
    EXPECT_EQ(w.requests.size(), 1u);
    EXPECT_EQ(w.faults.size(), 2u);
    w.control(atc_control::disable);
    w.control(atc_control::enable);
    w.ask(va);
    EXPECT_EQ(w.requests.size(), 2u);
}

TEST_P(AtcConformance, entry_smaller_than_the_unit_is_refused) {
    atc_world w(GetParam());
    w.dut->set_stu(16);
    w.ask(va);
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

TEST_P(AtcConformance, lookups_while_disabled_fault) {
    atc_world w(GetParam());
    w.ask(va);
    w.control(atc_control::disable);
    w.ask(va);
    ASSERT_EQ(w.faults.size(), 2u);
    EXPECT_EQ(w.faults[0].why, atc_fault::disabled);
    EXPECT_EQ(w.faults[1].why, atc_fault::disabled);
    w.control(atc_control::enable);
    w.answer(w.requests[0], page(pa));
    EXPECT_TRUE(w.hits.empty()) << "the answer to a request of before the disable is not used";
}

TEST_P(AtcConformance, least_recently_used_way_is_replaced) {
    constexpr std::uint64_t same_set = 8 * 4096;
    atc_world w(GetParam(), small_shape());
    w.load(0x1000, page(pa));
    w.load(0x1000 + same_set, page(pa));
    EXPECT_TRUE(w.cached(0x1000));
    w.load(0x1000 + 2 * same_set, page(pa));
    EXPECT_TRUE(w.cached(0x1000));
    EXPECT_FALSE(w.cached(0x1000 + same_set));
}

}  // namespace
}  // namespace drydock::endpoint
