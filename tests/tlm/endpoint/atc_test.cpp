// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/atc.h"

#include "tests/tlm/endpoint/atc_conformance.h"

namespace drydock::endpoint {
namespace {

atc_factory tlm_twin() {
    return {"tlm", [](base::context& ctx, const atc_config& config, atc_client& client) {
                return std::make_unique<atc>("ep.atc", ctx, config, client);
            }};
}

INSTANTIATE_TEST_SUITE_P(tlm, AtcConformance, testing::Values(tlm_twin()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Atc, shape_outside_its_range_is_refused_with_a_hint) {
    base::context ctx;
    atc_world w(tlm_twin());
    const auto make = [&](atc_config c) { atc made("other", ctx, c, w); };
    atc_config c;
    c.entries = 500;
    EXPECT_THROW(make(c), std::invalid_argument);
    c.entries = 512;
    c.ways = 3;
    EXPECT_THROW(make(c), std::invalid_argument);
    c.ways = 4;
    c.request_slots = 0;
    EXPECT_THROW(make(c), std::invalid_argument);
}

TEST(Atc, without_entries_every_use_is_asked_for) {
    atc_config c;
    c.entries = 0;
    atc_world w(tlm_twin(), c);
    w.load(0x1000, page(0x5000));
    EXPECT_EQ(w.hits.size(), 1u);
    EXPECT_FALSE(w.cached(0x1000));
    w.ask(0x1000);
    w.answer(w.requests.back(), page(0x5000));
    w.invalidate_pages(0, 0x1000);
    w.run();
    EXPECT_TRUE(w.completions.empty()) << "without a cache there are still uses to wait for";
    w.dut->release(w.hits.back().use);
    w.run();
    EXPECT_EQ(w.completions.size(), 1u);
}

TEST(Atc, work_of_a_page_invalidate_does_not_depend_on_the_capacity) {
    std::vector<std::uint64_t> probed, touched, records;
    for (const unsigned entries : {512u, 4'096u, 65'536u}) {
        atc_config c;
        c.entries = entries;
        atc_world w(tlm_twin(), c);
        for (std::uint64_t i = 0; i < 256; ++i)
            w.load(0x10'0000 + i * 4096, page(0x8000'0000 + i * 4096));
        const auto& cache = static_cast<const atc&>(*w.dut);
        const auto before = cache.store().invalidate_work();
        const std::uint64_t ran = w.ctx.timeline.records_run();
        for (unsigned i = 0; i < 32; ++i) w.invalidate_pages(i, 0x10'0000 + i * 4096);
        w.run();
        EXPECT_EQ(w.completions.size(), 32u);
        probed.push_back(cache.store().invalidate_work().sets_probed - before.sets_probed);
        touched.push_back(cache.store().invalidate_work().entries_touched - before.entries_touched);
        records.push_back(w.ctx.timeline.records_run() - ran);
    }
    EXPECT_EQ(probed, (std::vector<std::uint64_t>(3, 32)));
    EXPECT_EQ(records[0], records[2]);
    EXPECT_LE(touched[0], 32u * 4);
    EXPECT_LE(touched[2], touched[0]);
}

TEST(Atc, sweep_takes_a_cycle_a_set_but_touches_only_valid_entries) {
    atc_config c;
    c.entries = 65'536;
    atc_world w(tlm_twin(), c);
    w.load(0x1000, page(0x5000));
    w.load(0x20'0000, page(0x40'0000, 2u << 20));
    const auto& cache = static_cast<const atc&>(*w.dut);
    const base::ps begin = w.ctx.now();
    w.invalidate_body(0, 0x7fff'ffff'ffff'f800);
    w.run(base::ps{50'000'000});
    ASSERT_EQ(w.completions.size(), 1u);
    EXPECT_EQ(w.completions[0].at - begin, base::ps{1'000 + 16'384 * 1'000});
    EXPECT_EQ(cache.store().invalidate_work().entries_touched, 2u);
    EXPECT_EQ(cache.store().valid(), 0u);
}

TEST(Atc, sleeps_when_idle) {
    atc_world w(tlm_twin());
    w.load(0x1000, page(0x5000));
    w.invalidate_pages(0, 0x1000);
    w.run();
    EXPECT_EQ(w.ctx.timeline.pending_records(), 0u);
}

struct stage_log final : base::observer {
    std::vector<base::event> seen;
    void on_event(const base::event& e) override { seen.push_back(e); }
};

TEST(Atc, stages_9_to_11_are_told_in_order) {
    atc_world w(tlm_twin());
    stage_log log;
    w.ctx.probe.subscribe(log, base::kind::stage);
    w.ctx.probe.subscribe(log, base::kind::atc_invalidated);
    w.load(0x1000, page(0x5000));
    w.look(0x1000);
    w.run();
    invalidate i;
    i.rid = atc_world::function;
    i.tag = base::itag{4};
    i.first = base::iova{0x1000};
    i.last = base::iova{0x1fff};
    i.span = base::span_id{77};
    ASSERT_TRUE(w.dut->try_invalidate(i));
    w.run();
    const base::ps released = w.ctx.now();
    w.dut->release(w.hits.back().use);
    w.run();
    ASSERT_EQ(log.seen.size(), 4u);
    EXPECT_EQ(log.seen[0].a, 9u);
    EXPECT_EQ(log.seen[1].a, 10u);
    EXPECT_EQ(log.seen[2].what, base::kind::atc_invalidated);
    EXPECT_EQ(log.seen[2].a, 4u);
    EXPECT_EQ(log.seen[2].b, 1u);
    EXPECT_EQ(log.seen[2].c, 1u);
    EXPECT_EQ(log.seen[3].a, 11u);
    EXPECT_EQ(log.seen[3].time, released);
    for (const auto& e : log.seen) EXPECT_EQ(e.span.value, 77u);
}

TEST(Atc, probe_changes_nothing) {
    const auto play = [](bool listen) {
        atc_world w(tlm_twin());
        stage_log log;
        if (listen)
            for (std::size_t k = 0; k < base::kind_count; ++k)
                w.ctx.probe.subscribe(log, static_cast<base::kind>(k));
        for (std::uint64_t i = 0; i < 16; ++i) w.load(i * 4096, page(i * 8192));
        for (unsigned i = 0; i < 8; ++i) w.invalidate_pages(i, i * 8192);
        w.run();
        return std::pair(w.completions.back().at, w.ctx.timeline.records_run());
    };
    EXPECT_EQ(play(false), play(true));
}

}  // namespace
}  // namespace drydock::endpoint
