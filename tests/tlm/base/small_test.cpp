// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/base/pool.h"

namespace drydock::base {
namespace {

using namespace literals;

TEST(Time, a_24_byte_tlp_at_gen6_x32_keeps_its_fraction_of_a_picosecond) {
    // 24 B / (32 lanes * 7.375 B/ns) = 101.69 ps; a thousand of them must not gather rounding.
    const fine_time one =
        fine_time::raw((std::int64_t{24} * 1000 * 65536 * 1000 + 118000) / (32 * 7375));
    EXPECT_EQ(one.rounded(), 102_ps);
    EXPECT_EQ((one * 1000).rounded(), 101695_ps);
}

TEST(Time, fine_time_is_exact_as_far_as_picoseconds_reach) {
    const fine_time third = fine_time::raw(21845);
    for (const ps t : {0_s, 140_s, 141_s, 300_s, 100'000_s, 9'000'000_s}) {
        EXPECT_EQ(fine_time::from(t).rounded(), t) << t.count;
        EXPECT_EQ((fine_time::from(t) + third * 3).rounded(), t + 1_ps) << t.count;
        EXPECT_LT(fine_time::from(t), fine_time::from(t) + third) << t.count;
    }
}

TEST(Time, an_input_at_an_edge_is_sampled_at_the_next_edge) {
    const clock_domain clock(1_ns);
    EXPECT_EQ(clock.next_edge(5_ns), 6_ns);
    EXPECT_EQ(clock.next_edge(5_ns + 1_ps), 6_ns);
    EXPECT_EQ(clock.edge_at_or_after(5_ns), 5_ns);
    EXPECT_EQ(clock.to_time(cycles{3}), 3_ns);
}

TEST(Rng, a_stream_depends_on_its_own_name_and_the_seed_only) {
    context c(42);
    auto a = c.rng("ep0.dma");
    const auto first = a.next();
    auto other = c.rng("ep1.dma");
    other.next();
    auto again = context(42).rng("ep0.dma");
    EXPECT_EQ(again.next(), first);
    EXPECT_NE(context(43).rng("ep0.dma").next(), first);
    EXPECT_NE(c.rng("ep0.dma", "pages").next(), first);
}

TEST(Rng, below_is_uniform_within_the_statistics_of_its_draws) {
    auto r = context(1).rng("x");
    std::vector<int> bins(10);
    for (int i = 0; i < 100000; ++i) ++bins[r.below(10)];
    for (const int n : bins) EXPECT_NEAR(n, 10000, 500);  // 5 sigma
}

TEST(Pool, reuses_objects_and_reports_what_was_not_given_back) {
    pool<int> p("ints", 4);
    std::vector<int*> out;
    for (int i = 0; i < 4; ++i) out.push_back(p.take());
    const auto grown = p.capacity();
    p.give(out.back());
    EXPECT_EQ(p.take(), out.back());
    EXPECT_EQ(p.capacity(), grown);
    EXPECT_THROW(p.check_no_leak(), std::logic_error);
    for (int* i : out) p.give(i);
    EXPECT_NO_THROW(p.check_no_leak());
}

TEST(DelayLine, items_leave_in_order_each_at_its_time_with_one_record_pending) {
    timeline t;
    std::vector<std::pair<std::int64_t, int>> seen;
    const auto sink = [&](int v) { seen.emplace_back(t.now().count, v); };
    delay_line<int, decltype(sink)> line(t, "line", sink);
    for (int i = 0; i < 40; ++i) line.push(ps{100 + i / 2}, i);
    line.push(ps{50}, 99);  // cannot overtake
    EXPECT_EQ(t.pending_records(), 1u);
    t.run(never);
    ASSERT_EQ(seen.size(), 41u);
    for (int i = 0; i < 40; ++i)
        EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::make_pair(std::int64_t{100 + i / 2}, i));
    EXPECT_EQ(seen.back(), std::make_pair(std::int64_t{119}, 99));
}

TEST(DelayLine, clear_drops_what_is_inside) {
    timeline t;
    int arrived = 0, dropped = 0;
    const auto sink = [&](int) { ++arrived; };
    delay_line<int, decltype(sink)> line(t, "line", sink);
    line.push(5_ns, 1);
    line.push(6_ns, 2);
    line.clear([&](int) { ++dropped; });
    line.push(9_ns, 3);
    t.run(never);
    EXPECT_EQ(dropped, 2);
    EXPECT_EQ(arrived, 1);
}

struct counter : observer {
    void on_event(const event& e) override { seen.push_back(e); }
    std::vector<event> seen;
};

TEST(Probe, only_wanted_kinds_reach_an_observer) {
    probe p;
    counter c;
    EXPECT_FALSE(p.wants(kind::cerror));
    p.subscribe(c, kind::cerror);
    EXPECT_TRUE(p.wants(kind::cerror));
    EXPECT_FALSE(p.wants(kind::gerror));
    const auto where = p.place("smmu");
    p.emit(kind::cerror, where, 5_ns, span_id{3}, 3, 7);
    p.emit(kind::gerror, where, 6_ns, no_span);
    ASSERT_EQ(c.seen.size(), 1u);
    EXPECT_EQ(c.seen[0].b, 7u);
    EXPECT_EQ(p.name(c.seen[0].where), "smmu");
    p.unsubscribe(c);
    EXPECT_FALSE(p.wants(kind::cerror));
}

TEST(Provenance, keeps_the_writer_of_each_slot_of_shadowed_pages_only) {
    provenance p;
    p.written(phys_addr{0x1000}, 16, span_id{1});
    EXPECT_EQ(p.writer_of(phys_addr{0x1000}), no_span);
    p.shadow(phys_addr{0x1000}, 0x1000);
    p.written(phys_addr{0x1010}, 32, span_id{2});
    EXPECT_EQ(p.writer_of(phys_addr{0x1000}), no_span);
    EXPECT_EQ(p.writer_of(phys_addr{0x1018}), span_id{2});
    EXPECT_EQ(p.writer_of(phys_addr{0x1020}), span_id{2});
    EXPECT_EQ(p.writer_of(phys_addr{0x1030}), no_span);
    p.enable(false);
    EXPECT_EQ(p.writer_of(phys_addr{0x1018}), no_span);
}

TEST(Parameters, a_value_has_origin_range_and_is_refused_outside_it) {
    parameters p;
    p.set("atc.entries", std::int64_t{512}, origin::scenario);
    EXPECT_EQ(p.integer("atc.entries", 128, 0, 65536, "entries", "size of the ATC"), 512);
    EXPECT_EQ(p.declared().at("atc.entries").from, origin::scenario);
    EXPECT_EQ(p.time("flr", 100_ms, 0_ps, 1_s, "FLR"), 100_ms);
    EXPECT_EQ(p.declared().at("flr").from, origin::default_value);
    p.set("atc.ways", std::int64_t{99}, origin::command_line);
    EXPECT_THROW(p.integer("atc.ways", 4, 1, 16, "ways", "associativity"), std::invalid_argument);
    p.set("down", std::string("drpo"), origin::scenario);
    EXPECT_THROW(p.word("down", "drop", "drop | fail_fast", "policy"), std::invalid_argument);
    p.set("nobody.asked", true, origin::scenario);
    EXPECT_EQ(p.unclaimed().count("nobody.asked"), 1u);
    EXPECT_EQ(p.unclaimed().count("atc.entries"), 0u);
}

}  // namespace
}  // namespace drydock::base
