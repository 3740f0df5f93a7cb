// SPDX-License-Identifier: Apache-2.0
// Invalidate Requests and the duties before their completion.
#include "tests/tlm/endpoint/atc_conformance.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t va = 0x7f00'1234'5000;
constexpr std::uint64_t pa = 0x8'0020'0000;

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
    w.ask(va + 8);
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
    w.ask(va + 0x1000, 2);
    w.invalidate_pages(0, va, 4096, 2);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, P_049_use_outlives_the_eviction_of_its_entry) {
    constexpr std::uint64_t same_set = 8 * 4096;
    atc_world w(GetParam(), small_shape());
    w.load(va, page(pa));
    w.ask(va);
    const use_id held = w.hits.back().use;
    w.load(va + same_set, page(pa));
    w.load(va + 2 * same_set, page(pa));
    ASSERT_FALSE(w.cached(va));
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
    w.ask(va);
    w.invalidate_pages(0, va);
    w.run();
    w.ask(va);
    w.answer(w.requests.back(), page(pa + 0x1000));
    EXPECT_TRUE(w.completions.empty());
    w.dut->release(w.hits[1].use);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST_P(AtcConformance, P_050_answer_overtaken_by_an_invalidate_is_dropped_and_asked_again) {
    atc_world w(GetParam());
    w.ask(va);
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
    w.ask(va);
    w.invalidate_pages(0, va + 0x1000);
    w.run();
    w.answer(w.requests[0], page(pa));
    EXPECT_EQ(w.hits.size(), 1u);
    EXPECT_TRUE(w.cached(va));
}

TEST_P(AtcConformance, P_050_large_answer_that_an_invalidate_reaches_elsewhere_is_dropped) {
    constexpr std::uint64_t large = 2u << 20;
    atc_world w(GetParam());
    w.ask(va);
    w.invalidate_pages(0, va & ~(large - 1));  // another page of the 2 MiB that the answer maps
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
    w.answer(w.requests[0], page(pa, large));
    EXPECT_TRUE(w.hits.empty());
    ASSERT_EQ(w.requests.size(), 2u);
    w.answer(w.requests[1], page(pa + large, large));
    ASSERT_EQ(w.hits.size(), 1u);
    EXPECT_TRUE(w.cached(va & ~(large - 1)));
}

TEST_P(AtcConformance, P_051_large_answer_beside_the_invalidated_range_is_cached) {
    constexpr std::uint64_t large = 2u << 20;
    atc_world w(GetParam());
    w.ask(va);
    w.invalidate_pages(0, (va & ~(large - 1)) + large, large);
    w.run();
    w.answer(w.requests[0], page(pa, large));
    EXPECT_EQ(w.hits.size(), 1u);
    EXPECT_TRUE(w.cached(va));
}

TEST_P(AtcConformance, P_051_another_pasids_answer_is_cached) {
    atc_world w(GetParam());
    w.ask(va);
    w.invalidate_pages(0, va, 4096, 7);
    w.run();
    w.answer(w.requests[0], page(pa));
    EXPECT_TRUE(w.cached(va));
}

TEST_P(AtcConformance, P_052_thirty_two_invalidates_are_accepted_the_next_waits) {
    atc_world w(GetParam());
    w.load(va, page(pa));
    w.ask(va);
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
    w.ask(va + 0x1000);
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
    w.ask(va);
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

}  // namespace
}  // namespace drydock::endpoint
