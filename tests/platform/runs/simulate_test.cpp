// SPDX-License-Identifier: Apache-2.0
// What a run of a whole machine shows of one scenario: faults, order, expectations.
#include <cerrno>

#include "tests/platform/runs/whole_machine.h"
#include "tlm/base/context.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;
using namespace base::literals;

TEST(Simulate, P_191_a_thousand_invalidates_racing_dma_leave_no_access_to_a_freed_page) {
    const std::string racing =
        std::string(hardware) +
        "clients:\n  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 32KiB, dma: {burst: "
        "32 x 1024B, every: 4us}, unmap: {every: 4us}}\n";
    const json r = run_text(racing + "end: {when: 8ms}\n");
    EXPECT_GT(completed(r, "ep0"), 1000);
    EXPECT_GT(r.at("latency").at("invalidation").at("stages").at("drain").at("max_ps"), 0);
    EXPECT_EQ(expect::fired(r, "stale_access"), 0);
    // The same with completions before the drain.
    const json hasty =
        run_text(racing +
                 "timeline: [{when: 1ms, inject: {device: ep0, fault: complete_early}}]\n"
                 "end: {when: 8ms}\n");
    EXPECT_GT(expect::fired(hasty, "stale_access", "ep0"), 0);
}

TEST(Simulate, an_sva_client_may_be_the_first_client_of_a_device) {
    const json r = run("end: {when: 1ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_GT(done(r, "sva0"), 100);
    EXPECT_GT(r.at("clients").at("sva0").at("dma").at("done"), 100);
    EXPECT_EQ(r.at("clients").at("sva0").at("dma").at("errors"), 0);
    EXPECT_GT(completed(r, "ep0"), 50);
}

TEST(Inject, swallowed_invalidates_time_out_and_the_device_keeps_its_translation) {
    const json r =
        run("timeline: [{when: 1ms, inject: {device: ep0, fault: swallow_invalidates}}]\n"
            "end: {when: 3ms}\n");
    EXPECT_GE(timeouts(r), 3);
    EXPECT_GT(expect::fired(r, "stale_access", "ep0"), 0);
    EXPECT_EQ(expect::fired(r, "stale_access", "nic"), 0);
}

TEST(Inject, lost_completions_time_out_and_the_device_forgets_its_translation) {
    const json r =
        run("timeline: [{when: 1ms, inject: {device: ep0, fault: lose_completions}}]\n"
            "end: {when: 3ms}\n");
    EXPECT_GE(timeouts(r), 3);
    EXPECT_EQ(expect::fired(r, "stale_access"), 0);
}

TEST(Inject, a_function_that_never_gets_ready_fails_its_reset_when_patience_ends) {
    const json r =
        run_text(std::string(hardware) +
                 "timeline:\n"
                 "  - {when: 1ms, inject: {device: ep0, fault: never_ready}}\n"
                 "  - {when: 2ms, task: R, cpu: 3, reset: {device: ep0, method: flr, call: "
                 "pci_reset_function}}\n"
                 "end: {when: R returned, plus: 1ms, limit: 200s}\n");
    const json& task = r.at("tasks").at("R");
    EXPECT_EQ(task.at("result"), -ENOTTY);
    // Waits of 1, 2, 4 ... ms until they exceed 60 s (P-133), then the state is restored although
    // each access is retried for a second.
    const std::int64_t waited =
        task.at("returned_ps").get<std::int64_t>() - task.at("started_ps").get<std::int64_t>();
    EXPECT_GT(waited, (60_s).count);
    EXPECT_LT(waited, (120_s).count);
    EXPECT_TRUE(r.at("never_happened").empty());
}

TEST(End, what_never_happened_is_told) {
    const json r =
        run("timeline: [{when: 900us, task: R, cpu: 3, reset: {device: ep0, method: flr, call: "
            "pci_reset_function}}, {when: R at d4, inject: {device: ep0, fault: link_down}}]\n"
            "end: {when: R returned, limit: 1ms}\n");
    ASSERT_EQ(r.at("never_happened").size(), 2u);
    EXPECT_NE(r.at("never_happened")[0].get<std::string>().find("s.yaml:"), std::string::npos);
    EXPECT_EQ(r.at("never_happened")[1], "end.when, before end.limit");
}

TEST(Inject, a_link_that_goes_down_stops_its_device_alone) {
    const json r =
        run("timeline: [{when: 1ms, inject: {device: ep0, fault: link_down}}]\n"
            "end: {when: 3ms}\n");
    const json good = run("end: {when: 3ms}\n");
    EXPECT_LT(completed(r, "ep0"), completed(good, "ep0") / 2);
    EXPECT_GE(timeouts(r), 3);
}

TEST(Inject, a_link_that_comes_back_lets_its_device_work_again) {
    const std::string down = "{when: 1ms, inject: {device: ep0, fault: link_down}}";
    const json stays = run("timeline: [" + down + "]\nend: {when: 6ms}\n");
    const json back = run("timeline: [" + down +
                          ", {when: 2ms, inject: {device: ep0, fault: link_up}}]\n"
                          "end: {when: 6ms}\n");
    EXPECT_LT(timeouts(back), timeouts(stays));
    EXPECT_GT(completed(back, "ep0"), completed(stays, "ep0"));
}

// -- idle neighbours -----------------------------------------------------------------------------

struct idle final : base::timeline_client {
    void on_time(std::uint64_t) override {}
};

/// A hundred clients of the timeline that take no part, before and behind all others in the
/// alphabet, each with something pending that never becomes due.
json simulate_with_idle(const scenario::run& r, const run_files& f, progress& p) {
    std::vector<idle> neighbours(100);
    return simulate_with(r, f, p, [&](base::context& ctx) {
        for (std::size_t i = 0; i < neighbours.size(); ++i) {
            const auto id = ctx.timeline.join((i % 2 ? "zz_idle" : "a_idle") + std::to_string(i),
                                              neighbours[i]);
            ctx.timeline.at(3600_s, static_cast<base::phase>(i % 4), id);
        }
    });
}

/// The same, due every twenty microseconds and more, in every phase.
struct busy final : base::timeline_client {
    base::timeline* on = nullptr;
    base::timeline::client_id id{};
    base::ps every{};
    void on_time(std::uint64_t op) override {
        on->after(every, static_cast<base::phase>(op), id, op);
    }
};

json simulate_with_busy(const scenario::run& r, const run_files& f, progress& p) {
    std::vector<busy> neighbours(100);
    return simulate_with(r, f, p, [&](base::context& ctx) {
        for (std::size_t i = 0; i < neighbours.size(); ++i) {
            busy& n = neighbours[i];
            n.on = &ctx.timeline;
            n.every = base::ps{20'000'000 + static_cast<std::int64_t>(i) * 1'000'000};
            n.id = ctx.timeline.join((i % 2 ? "zz_busy" : "a_busy") + std::to_string(i), n);
            ctx.timeline.at(0_ps, static_cast<base::phase>(i % 4), n.id, i % 4);
        }
    });
}

const char* const with_reset =
    "timeline: [{when: 1ms, task: R, cpu: 1, reset: {device: ep0}}]\n"
    "end: {when: R returned, plus: 500us}\n";

TEST(Timeline, a_hundred_idle_clients_change_no_byte_of_the_summary) {
    EXPECT_EQ(run(with_reset).dump(), run(with_reset, simulate_with_idle).dump());
}

TEST(Timeline, a_hundred_busy_clients_that_take_no_part_change_only_the_count_of_events) {
    json alone = run(with_reset), crowded = run(with_reset, simulate_with_busy);
    EXPECT_GT(crowded.at("events"), alone.at("events"));
    alone.erase("events");
    crowded.erase("events");
    EXPECT_EQ(alone.dump(), crowded.dump());
}

// -- verdicts ------------------------------------------------------------------------------------

TEST(Verdict, a_required_red_that_does_not_fire_is_unexpected) {
    const json r = run("end: {when: 1ms}\nexpect: {all: [invalidate_in_reset: fires]}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(r.at("verdict"), "unexpected");
    EXPECT_EQ(r.at("expectations")[0].at("actual"), "did not fire");
}

TEST(Verdict, a_required_red_that_fires_is_as_expected) {
    const json r =
        run(std::string(with_reset) + "expect: {all: [invalidate_in_reset: {fires: ep0}]}\n");
    EXPECT_EQ(r.at("outcome"), "violations");
    EXPECT_EQ(r.at("verdict"), "as_expected");
}

TEST(Verdict, until_violation_ends_the_run_at_the_first) {
    const json whole = run(with_reset), stopped = run(with_reset, drydock::simulate, true);
    ASSERT_FALSE(whole.at("violations").empty());
    ASSERT_FALSE(stopped.at("violations").empty());
    EXPECT_EQ(stopped.at("violations")[0].at("time_ps"), whole.at("violations")[0].at("time_ps"));
    EXPECT_EQ(stopped.at("sim_time_ps"), stopped.at("violations")[0].at("time_ps"));
    EXPECT_LT(stopped.at("sim_time_ps"), whole.at("sim_time_ps"));
}

}  // namespace
}  // namespace drydock::tests
