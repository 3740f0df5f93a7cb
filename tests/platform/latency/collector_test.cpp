// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/collector.h"

#include <gtest/gtest.h>

#include "platform/latency/cpu_time.h"

namespace drydock::latency {
namespace {

using base::kind;
using base::ps;
using base::span_class;
using base::span_id;
using namespace base::literals;

constexpr std::uint16_t ep0 = 0x0100, nic = 0x0200;

struct told {
    told() {
        names.add(base::routing_id{ep0}, "ep0");
        names.add(base::routing_id{nic}, "nic");
    }
    void tell(ps t, kind k, std::string_view where, span_id s, std::uint64_t a = 0,
              std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0) {
        ctx.probe.emit(k, ctx.probe.place(where), t, s, a, b, c, d);
    }
    void begin(ps t, span_id s, span_class c, std::string_view where, std::uint16_t device,
               span_id parent = {}) {
        tell(t, kind::span_begin, where, s, std::uint64_t(c), parent.value, device);
    }
    void stage(ps t, span_id s, unsigned boundary, span_id waited_for = {}) {
        tell(t, kind::stage, "somebody", s, boundary, waited_for.value);
    }
    void end(ps t, span_id s) { tell(t, kind::span_end, "sva0", s); }
    nlohmann::json invalidation() const { return collect.latency()["invalidation"]; }

    base::context ctx;
    waves::device_names names;
    collector collect{ctx, names};
};

/// An invalidation whose stage i (0..15) lasts (i + 1) * unit.
void complete(told& t, ps from, span_id s, ps unit, span_id parent = {}) {
    t.begin(from, s, span_class::atc_inv, "driver", ep0, parent);
    t.stage(from, s, 0);
    for (unsigned b = 1; b <= 16; ++b) t.stage(from += unit * b, s, b);
    t.end(from, s);
}

TEST(Collector, cuts_an_invalidation_into_its_sixteen_stages_that_sum_to_its_duration) {
    told t;
    complete(t, 5_us, span_id{1}, 10_ns);
    const nlohmann::json j = t.invalidation();
    EXPECT_EQ(j["count"], 1);
    EXPECT_EQ(j["max_ps"], 136 * 10'000);
    ASSERT_EQ(j["stages"].size(), 16u);
    std::int64_t sum = 0;
    for (const auto& s : j["stages"]) sum += s["total_ps"].get<std::int64_t>();
    EXPECT_EQ(sum, j["max_ps"]);
    EXPECT_EQ(j["stages"]["sw_lock"]["p50_ps"], 10'000);
    EXPECT_EQ(j["stages"]["drain"]["p50_ps"], 110'000);
    EXPECT_EQ(j["stages"]["sw_observe"]["p50_ps"], 160'000);
    EXPECT_EQ(t.collect.inconsistent(), 0u);
}

TEST(Collector, with_several_completions_the_last_to_arrive_gives_the_boundaries) {
    told t;
    const span_id s{1};
    t.begin(0_ns, s, span_class::atc_inv, "driver", ep0);
    for (unsigned b = 1; b <= 13; ++b) t.stage(ps{b * 1000}, s, b);
    for (unsigned b = 9; b <= 16; ++b) t.stage(ps{(b + 20) * 1000}, s, b);
    t.end(36_ns, s);
    const nlohmann::json j = t.invalidation();
    EXPECT_EQ(j["stages"]["atc_queue"]["max_ps"], 21'000);
    EXPECT_EQ(j["max_ps"], 36'000);
    EXPECT_EQ(t.collect.inconsistent(), 0u);
}

TEST(Collector, a_boundary_ahead_of_the_one_before_is_counted_and_kept_out) {
    told t;
    const span_id s{1};
    t.begin(10_ns, s, span_class::atc_inv, "driver", ep0);
    t.stage(30_ns, s, 2);
    t.stage(20_ns, s, 3);
    t.stage(40_ns, s, 15);
    t.end(50_ns, s);
    EXPECT_EQ(t.collect.inconsistent(), 1u);
    EXPECT_NE(t.collect.first_inconsistency().find("span 1"), std::string::npos);
    EXPECT_EQ(t.invalidation()["count"], 0);
}

TEST(Collector, what_is_told_of_an_invalidation_after_its_ITag_is_free_does_not_count) {
    told t;
    const span_id s{1};
    t.begin(0_ns, s, span_class::atc_inv, "driver", ep0);
    for (unsigned b = 1; b <= 14; ++b) t.stage(ps{b * 1000}, s, b);
    for (unsigned b = 9; b <= 13; ++b) t.stage(ps{(b + 10) * 1000}, s, b);  // a completion too many
    t.stage(30_ns, s, 15);
    t.stage(31_ns, s, 16);
    t.end(31_ns, s);
    const nlohmann::json j = t.invalidation();
    EXPECT_EQ(t.collect.inconsistent(), 0u);
    EXPECT_EQ(j["stages"]["completion_flight"]["max_ps"], 1'000);
    EXPECT_EQ(j["stages"]["sync"]["max_ps"], 16'000);
}

TEST(Collector, a_timed_out_invalidation_has_lost_and_error_restart_and_is_counted_apart) {
    told t;
    const span_id s{1};
    t.begin(0_ms, s, span_class::atc_inv, "driver", ep0);
    for (unsigned b = 1; b <= 8; ++b) t.stage(ps{b * 1000}, s, b);
    t.tell(10_ms, kind::itag_timeout, "smmu", s, 4, ep0);
    t.tell(10_ms, kind::gerror, "smmu", {}, 1, 0);
    t.stage(10500_us, s, 9);  // the ATC comes to it after all
    t.tell(11_ms, kind::gerror, "smmu", {}, 1, 1);
    t.stage(12_ms, s, 15);
    t.end(16_ms, s);
    const nlohmann::json j = t.invalidation();
    EXPECT_EQ(j["count"], 0);
    EXPECT_EQ(j["timeouts"], 1);
    const nlohmann::json& lost = j["timed_out"];
    EXPECT_EQ(lost["count"], 1);
    EXPECT_EQ(lost["stages"]["lost"]["max_ps"], (10_ms).count - 8'000);
    EXPECT_EQ(lost["stages"]["error_restart"]["max_ps"], (1_ms).count);
    EXPECT_EQ(lost["stages"]["sync"]["max_ps"], (1_ms).count);
    EXPECT_EQ(lost["stages"]["sw_observe"]["max_ps"], (4_ms).count);
    std::int64_t sum = 0;
    for (const auto& x : lost["stages"]) sum += x["total_ps"].get<std::int64_t>();
    EXPECT_EQ(sum, (16_ms).count);
    EXPECT_EQ(t.collect.devices()["ep0"]["invalidations"]["timeouts"], 1);
}

TEST(Collector, a_flush_that_gives_up_before_its_sync_is_abandoned_not_completed) {
    told t;
    t.begin(0_ms, span_id{1}, span_class::atc_inv, "driver", ep0);
    t.stage(1_us, span_id{1}, 8);
    t.end(1050_ms, span_id{1});
    EXPECT_EQ(t.invalidation()["count"], 0);
    EXPECT_EQ(t.invalidation()["abandoned"], 1);
}

TEST(Collector, what_is_open_at_the_end_is_censored_with_its_age) {
    told t;
    t.begin(1_ms, span_id{1}, span_class::unmap, "sva0", ep0);
    t.begin(2_ms, span_id{2}, span_class::atc_inv, "sva0", ep0, span_id{1});
    t.begin(2_ms, span_id{3}, span_class::sync, "sva0", ep0, span_id{1});
    t.collect.finish(5_ms);
    EXPECT_EQ(t.invalidation()["censored"], 1);
    EXPECT_EQ(t.invalidation()["censored_ages_ps"], (nlohmann::json{(3_ms).count}));
    EXPECT_EQ(t.collect.latency()["unmap"]["censored_ages_ps"], (nlohmann::json{(4_ms).count}));
}

TEST(Collector, unmaps_are_cut_into_stages_and_classed_by_how_far_they_went) {
    told t;
    const auto unmap = [&](std::uint32_t s, unsigned last, std::string_view client) {
        t.begin(0_ns, span_id{s}, span_class::unmap, client, ep0);
        for (unsigned b = 32; b <= last; ++b) t.stage(ps{(b - 31) * 1000}, span_id{s}, b);
        t.end(10_ns, span_id{s});
    };
    unmap(1, 37, "sva0");
    unmap(2, 35, "net");
    unmap(3, 33, "net");
    const nlohmann::json j = t.collect.latency()["unmap"];
    EXPECT_EQ(j["count"], 3);
    EXPECT_EQ(j["p50_ps"], 10'000);
    EXPECT_EQ(j["stages"]["pte"]["count"], 3);
    EXPECT_EQ(j["stages"]["tlbi_sync"]["count"], 2);
    EXPECT_EQ(j["stages"]["atc_sync"]["count"], 1);
    EXPECT_EQ(j["classes"]["atc"]["count"], 1);
    EXPECT_EQ(j["classes"]["tlbi_only"]["count"], 1);
    EXPECT_EQ(j["classes"]["none"]["count"], 1);
    EXPECT_EQ(j["clients"]["net"]["none"]["count"], 1);
    EXPECT_EQ(j["clients"]["sva0"]["atc"]["count"], 1);
    std::int64_t sum = 0;
    for (const auto& s : j["stages"]) sum += s["total_ps"].get<std::int64_t>();
    EXPECT_EQ(
        sum, j["total_ps"]);  // "rest" holds what lies before the first and after the last boundary
}

TEST(Collector, blame_says_who_waited_for_whom_where_and_how_long) {
    told t;
    t.begin(0_ns, span_id{1}, span_class::unmap, "sva0", ep0);
    t.begin(0_ns, span_id{2}, span_class::atc_inv, "sva0.driver", ep0, span_id{1});
    t.begin(0_ns, span_id{3}, span_class::unmap, "net", nic);
    t.stage(1_us, span_id{3}, 2);
    t.stage(9_ms, span_id{3}, 3, span_id{2});
    t.end(9_ms, span_id{2});
    t.stage(10_ms, span_id{3}, 3, span_id{2});  // its owner has ended
    const nlohmann::json j = t.collect.blame_table();
    ASSERT_EQ(j.size(), 1u);
    EXPECT_EQ(j[0], (nlohmann::json{{"waiter", "net@nic unmap"},
                                    {"waited_for", "sva0@ep0 atc_inv"},
                                    {"stage", "cmdq_wait"},
                                    {"count", 2},
                                    {"total_ps", (10_ms).count - (1_us).count},
                                    {"max_ps", (9_ms).count - (1_us).count}}));
}

TEST(Collector, a_command_that_waits_in_the_queue_blames_the_longest_held_one_ahead_of_it) {
    told t;
    const auto command = [&](span_id s, ps fetched, ps done) {
        t.tell(fetched, kind::command_fetched, "smmu", s);
        t.tell(done, kind::command_done, "smmu", s);
    };
    t.begin(0_ms, span_id{1}, span_class::unmap, "sw.sva0.unmap", ep0);
    t.begin(0_ms, span_id{2}, span_class::sync, "sw.sva0.unmap", 0, span_id{1});
    t.begin(1_ms, span_id{3}, span_class::unmap, "sw.net.unmap", nic);
    t.begin(1_ms, span_id{4}, span_class::tlbi, "sw.net.unmap", 0, span_id{3});
    t.begin(1_ms, span_id{5}, span_class::sync, "sw.net.unmap", 0, span_id{3});
    command(span_id{2}, 1_us, 10_ms);
    command(span_id{4}, 10_ms, 11_ms);
    command(span_id{5}, 11_ms, 12_ms);
    const nlohmann::json j = t.collect.blame_table();
    ASSERT_EQ(j.size(), 2u);  // not of its own tlbi
    EXPECT_EQ(j[0], (nlohmann::json{{"waiter", "net@nic sync"},
                                    {"waited_for", "sva0@ep0 sync"},
                                    {"stage", "cmdq_wait"},
                                    {"count", 1},
                                    {"total_ps", (10_ms).count},
                                    {"max_ps", (10_ms).count}}));
    EXPECT_EQ(j[1]["waiter"], "net@nic tlbi");
    t.begin(20_ms, span_id{6}, span_class::tlbi, "sw.net.unmap", nic);
    command(span_id{6}, 21_ms, 21_ms);
    EXPECT_EQ(t.collect.blame_table().size(), 2u);  // nobody was ahead of it
}

TEST(Collector, counts_invalidations_per_device_whether_or_not_spans_are_known) {
    told t;
    for (unsigned i = 0; i < 3; ++i) t.tell(0_ns, kind::itag_taken, "smmu", {}, i, ep0);
    t.tell(1_us, kind::itag_retired, "smmu", {}, 0, ep0);
    t.tell(10_ms, kind::itag_timeout, "smmu", {}, 1, ep0);
    t.tell(10_ms, kind::itag_retired, "smmu", {}, 1, ep0);
    EXPECT_EQ(t.collect.devices()["ep0"]["invalidations"],
              (nlohmann::json{{"issued", 3}, {"completed", 1}, {"timeouts", 1}}));
    EXPECT_EQ(t.collect.devices()["nic"]["invalidations"]["issued"], 0);
}

TEST(Collector, keeps_nothing_of_spans_that_have_ended) {
    told t;
    for (std::uint32_t s = 1; s <= 20'000; ++s) complete(t, ps{s}, span_id{s}, 1_ns);
    t.collect.finish(1_s);
    EXPECT_EQ(t.invalidation()["count"], 20'000);
    EXPECT_EQ(t.invalidation()["censored"], 0);
    EXPECT_EQ(t.invalidation()["p9999_ps"], 136'000);
}

TEST(Collector, cuts_translations_and_page_requests_by_their_own_boundaries) {
    told t;
    t.begin(0_ns, span_id{1}, span_class::translation, "ep0.atc", ep0);
    for (unsigned b = 48; b <= 51; ++b) t.stage(ps{(b - 47) * 100}, span_id{1}, b);
    t.end(400_ps, span_id{1});
    t.begin(0_ns, span_id{2}, span_class::page_request, "ep0.atc", ep0);
    for (unsigned b = 55; b <= 60; ++b) t.stage(ps{(b - 55) * 1000}, span_id{2}, b);
    t.stage(9_ns, span_id{2}, 61);  // none of theirs
    t.end(6_ns, span_id{2});
    const nlohmann::json all = t.collect.latency();
    const nlohmann::json &translation = all["translation"], &page = all["page_request"];
    EXPECT_EQ(translation["count"], 1);
    EXPECT_EQ(translation["stages"]["translate"]["max_ps"], 100);
    EXPECT_EQ(translation["stages"]["rest"]["max_ps"], 100);  // before the first boundary
    EXPECT_EQ(page["stages"]["sw_handle"]["max_ps"], 1000);
    EXPECT_EQ(page["stages"]["rest"]["max_ps"], 1000);  // after the last
    EXPECT_EQ(page["max_ps"], 6000);
}

TEST(Collector, a_page_request_without_response_is_abandoned_and_one_of_the_smmu_has_no_software) {
    told t;
    t.begin(0_ns, span_id{1}, span_class::page_request, "ep0.pri", ep0);
    for (unsigned b = 55; b <= 58; ++b) t.stage(ps{(b - 55) * 1000}, span_id{1}, b);
    t.end(9_ns, span_id{1});  // a reset
    t.begin(0_ns, span_id{2}, span_class::page_request, "ep0.pri", ep0);
    for (const unsigned b : {55u, 56u, 57u, 60u}) t.stage(ps{(b - 55) * 1000}, span_id{2}, b);
    t.end(5_ns, span_id{2});
    const nlohmann::json page = t.collect.latency()["page_request"];
    EXPECT_EQ(page["abandoned"], 1);
    EXPECT_EQ(page["count"], 1);
    EXPECT_FALSE(page["stages"].contains("sw_handle"));
    EXPECT_EQ(page["stages"]["response_flight"]["max_ps"], 3000);
    EXPECT_EQ(t.collect.inconsistent(), 0u);
}

TEST(Collector, dma_and_what_has_no_span_leave_no_trace) {
    told t;
    t.begin(0_ns, span_id{1}, span_class::dma, "ep0", ep0);
    t.begin(0_ns, span_id{0}, span_class::unmap, "sva0", ep0);
    t.stage(1_ns, span_id{1}, 2);
    t.end(2_ns, span_id{1});
    t.tell(3_ns, kind::itag_timeout, "smmu", span_id{7}, 0, ep0);  // of a span never begun
    t.tell(4_ns, kind::gerror, "smmu", {}, 1, 1);
    t.collect.finish(5_ns);
    EXPECT_EQ(t.collect.latency()["unmap"]["count"], 0);
    EXPECT_EQ(t.collect.latency()["unmap"]["censored"], 0);
    EXPECT_EQ(t.invalidation()["timeouts"], 1);
}

TEST(Collector, an_error_that_is_not_the_command_queues_restarts_nothing) {
    told t;
    const span_id s{1};
    t.begin(0_ms, s, span_class::atc_inv, "driver", ep0);
    t.tell(10_ms, kind::itag_timeout, "smmu", s, 4, ep0);
    t.tell(11_ms, kind::gerror, "smmu", {}, 0x5, 0x4);  // CMDQ_ERR stays, another is acknowledged
    t.stage(12_ms, s, 15);
    t.end(16_ms, s);
    const nlohmann::json stages = t.invalidation()["timed_out"]["stages"];
    EXPECT_FALSE(stages.contains("error_restart"));
    EXPECT_EQ(stages["sync"]["max_ps"], (2_ms).count);
}

TEST(Collector, an_expiry_told_for_a_time_before_its_span_is_counted_and_kept_out) {
    told t;
    const span_id s{1};
    t.begin(20_ms, s, span_class::atc_inv, "driver", ep0);
    t.stage(20_ms, s, 0);
    t.tell(10_ms, kind::itag_timeout, "smmu", s, 4, ep0);
    t.stage(30_ms, s, 15);
    t.end(31_ms, s);
    EXPECT_EQ(t.collect.inconsistent(), 1u);
    EXPECT_EQ(t.invalidation()["timed_out"]["count"], 0);
}

TEST(Collector, a_wait_for_one_that_nobody_knows_is_blamed_on_the_unknown) {
    told t;
    t.begin(0_ns, span_id{1}, span_class::unmap, "ep0.port", 0);
    t.stage(5_ns, span_id{1}, 33, span_id{1'000'000});
    const nlohmann::json j = t.collect.blame_table();
    ASSERT_EQ(j.size(), 1u);
    EXPECT_EQ(j[0]["waiter"], "ep0.port unmap");
    EXPECT_EQ(j[0]["waited_for"], "unknown");
    EXPECT_EQ(j[0]["stage"], "pte");
}

TEST(CpuTime, what_is_off_already_or_on_another_machine_changes_nothing) {
    told t;
    cpu_time cpus(t.ctx, 1);
    t.tell(1_ms, kind::sw_irqs_off, "cpu0", {}, 0);
    t.tell(2_ms, kind::sw_irqs_off, "cpu0", {}, 0);
    t.tell(3_ms, kind::sw_irqs_on, "cpu0", {}, 0);
    t.tell(4_ms, kind::sw_irqs_on, "cpu0", {}, 0);
    t.tell(5_ms, kind::sw_irqs_off, "cpu7", {}, 7);
    cpus.finish(9_ms);
    EXPECT_EQ(cpus.to_json(), (nlohmann::json{{{"irqs_off_total_ps", (2_ms).count},
                                               {"irqs_off_longest_ps", (2_ms).count}}}));
}

TEST(Collector, waits_of_equal_length_are_listed_by_name) {
    told t;
    t.begin(0_ns, span_id{9}, span_class::tlbi, "zero", 0);
    t.begin(0_ns, span_id{1}, span_class::unmap, "b", 0);
    t.begin(0_ns, span_id{2}, span_class::unmap, "a", 0);
    t.stage(5_ns, span_id{1}, 33, span_id{9});
    t.stage(5_ns, span_id{2}, 33, span_id{9});
    t.stage(10_ns, span_id{2}, 34, span_id{9});
    t.stage(10_ns, span_id{1}, 34, span_id{9});
    const nlohmann::json j = t.collect.blame_table();
    ASSERT_EQ(j.size(), 4u);
    EXPECT_EQ(j[0]["waiter"], "a unmap");
    EXPECT_EQ(j[0]["stage"], "pte");
    EXPECT_EQ(j[1]["stage"], "tlbi");
    EXPECT_EQ(j[2]["waiter"], "b unmap");
}

TEST(CpuTime, sums_and_finds_the_longest_time_with_interrupts_off) {
    told t;
    cpu_time cpus(t.ctx, 2);
    t.tell(1_ms, kind::sw_irqs_off, "cpu0", {}, 0);
    t.tell(4_ms, kind::sw_irqs_on, "cpu0", {}, 0, (3_ms).count);
    t.tell(5_ms, kind::sw_irqs_off, "cpu0", {}, 0);
    t.tell(6_ms, kind::sw_irqs_on, "cpu0", {}, 0, (1_ms).count);
    t.tell(7_ms, kind::sw_irqs_off, "cpu1", {}, 1);
    cpus.finish(9_ms);
    EXPECT_EQ(cpus.to_json(),
              (nlohmann::json{
                  {{"irqs_off_total_ps", (4_ms).count}, {"irqs_off_longest_ps", (3_ms).count}},
                  {{"irqs_off_total_ps", (2_ms).count}, {"irqs_off_longest_ps", (2_ms).count}}}));
}

}  // namespace
}  // namespace drydock::latency
