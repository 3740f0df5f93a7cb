// SPDX-License-Identifier: Apache-2.0
// What a whole machine makes of a function that misbehaves: who waits, who notices, who is harmed.
#include "tests/platform/runs/whole_machine.h"
#include "tlm/base/context.h"
#include "tlm/endpoint/faults.h"
#include "tlm/pcie/tlp.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

const std::string machine = std::string(hardware) + clients;

/// A run of 3 ms with one fault of ep0 at 1 ms.
std::string with(const std::string& fault) {
    return "timeline: [{when: 1ms, inject: {device: ep0, " + fault + "}}]\nend: {when: 3ms}\n";
}

std::int64_t completed(const json& r) { return tests::completed(r, "ep0"); }
std::int64_t fired(const json& r, const char* monitor) {
    EXPECT_EQ(expect::fired(r, monitor, "nic"), 0) << monitor;
    return expect::fired(r, monitor, "ep0");
}

TEST(InjectRun, S_102_an_SMMU_in_service_failure_stops_all_traffic_and_all_commands) {
    const json good = run("end: {when: 3ms}\n");
    const json r =
        run("timeline: [{when: 1ms, inject: {smmu: smmu, fault: service_failure}}]\n"
            "end: {when: 3ms}\n");
    for (const char* what : {"dma", "unmap"}) {
        EXPECT_GT(good.at("clients").at("net").at(what).at("done"), 250) << what;
        EXPECT_LT(r.at("clients").at("net").at(what).at("done"), 105) << what;
    }
    EXPECT_EQ(timeouts(r), 0) << "nobody looks at the ITags any more";
    EXPECT_EQ(expect::fired(r, "warn", ""), 0) << "H-59 needs an error of the command queue";
}

TEST(InjectRun, P_054_a_completion_that_is_late_but_in_time_makes_its_unmap_wait) {
    const json r = run(with("fault: delay_completions, count: 1, delay: 150us"));
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    const json good = run("end: {when: 3ms}\n");
    EXPECT_LT(completed(r), completed(good));
}

TEST(InjectRun, P_054_a_completion_after_the_timeout_is_one_that_nobody_waits_for) {
    const json r = run(with("fault: delay_completions, count: 1, delay: 400us"));
    EXPECT_EQ(timeouts(r), 1);
    EXPECT_EQ(fired(r, "itag_protocol"), 1);
    EXPECT_EQ(fired(r, "stale_access"), 0);
}

TEST(InjectRun, a_duplicated_completion_is_unexpected_and_harms_nobody) {
    const json r = run(with("fault: duplicate_completions, count: 3"));
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_GE(fired(r, "itag_protocol"), 1);
    EXPECT_EQ(fired(r, "stale_access"), 0);
}

TEST(InjectRun, a_completion_behind_the_next_is_one_that_nobody_waits_for) {
    const json r = run(with("fault: reorder_completions, count: 1"));
    EXPECT_EQ(timeouts(r), 1) << "a synchronous unmap has no next one";
    EXPECT_EQ(fired(r, "itag_protocol"), 1);
}

TEST(InjectRun, P_049_a_wrong_ITag_leaves_its_own_to_time_out) {
    const json r = run(with("fault: wrong_itag, count: 1"));
    EXPECT_EQ(timeouts(r), 1);
    EXPECT_EQ(fired(r, "itag_protocol"), 1);
}

TEST(InjectRun, P_053_a_wrong_CC_waits_for_a_completion_that_never_comes) {
    const json r = run(with("fault: wrong_cc, count: 1"));
    EXPECT_EQ(timeouts(r), 1);
    EXPECT_EQ(fired(r, "itag_protocol"), 0);
    EXPECT_EQ(fired(r, "stale_access"), 0);
}

TEST(InjectRun, P_048_a_completion_before_the_drain_lets_freed_memory_be_reached) {
    const json r = run(with("fault: complete_early"));
    EXPECT_EQ(timeouts(r), 0) << "the SMMU has nothing to complain of";
    EXPECT_GT(fired(r, "stale_access"), 0);
}

TEST(InjectRun, a_completion_after_its_ITag_was_used_again_closes_the_wrong_one) {
    const json r = run(with("fault: late_completions, count: 1"));
    EXPECT_EQ(timeouts(r), 1);
    EXPECT_EQ(fired(r, "itag_protocol"), 1) << "the right one is the one too many";
}

TEST(InjectRun, a_forged_address_reaches_memory_that_nobody_mapped) {
    const json r = run(with("fault: forge_addresses"));
    EXPECT_GT(fired(r, "stale_access"), 0);
    EXPECT_EQ(timeouts(r), 0);
}

TEST(InjectRun, P_131_an_ignored_FLR_leaves_no_invalidate_unanswered) {
    const std::string reset = "{when: 2ms, task: R, cpu: 3, reset: {device: ep0, method: flr}}";
    const std::string end = "end: {when: R returned, plus: 1ms}\n";
    const json obeyed = run("timeline: [" + reset + "]\n" + end);
    const json ignored = run("timeline: [{when: 1ms, inject: {device: ep0, fault: ignore_flr}}, " +
                             reset + "]\n" + end);
    EXPECT_GT(fired(obeyed, "invalidate_in_reset"), 0);
    EXPECT_EQ(fired(ignored, "invalidate_in_reset"), 0);
    EXPECT_GT(timeouts(obeyed), 0);
    EXPECT_EQ(timeouts(ignored), 0);
}

struct page_request_counter final : base::observer {
    std::uint64_t seen = 0;
    void on_event(const base::event& e) override {
        // Messages to the root complex are page requests where nothing fails.
        seen += e.a == static_cast<std::uint64_t>(pcie::tlp_type::msg);
    }
};

json simulate_counting(const scenario::run& r, const run_files& f, progress& p) {
    page_request_counter counter;
    json result = simulate_with(r, f, p, [&](base::context& ctx) {
        ctx.probe.subscribe(counter, base::kind::tlp_arrived);
    });
    result["messages"] = counter.seen;
    return result;
}

TEST(InjectRun, a_flood_of_Page_Requests_harms_no_neighbour) {
    const json good = run("end: {when: 3ms}\n", simulate_counting);
    const json r = run(with("fault: pri_flood, count: 5000"), simulate_counting);
    EXPECT_GE(r.at("messages").get<std::int64_t>(),
              good.at("messages").get<std::int64_t>() + 5000 - 500);
    EXPECT_EQ(expect::fired(r, "innocent_harmed"), 0);
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_GT(done(r, "net"), done(good, "net") * 9 / 10);
}

TEST(InjectRun, a_function_that_died_silently_costs_every_unmap_a_timeout) {
    const json r = run(with("fault: silent_death"));
    const json good = run("end: {when: 3ms}\n");
    EXPECT_GE(timeouts(r), 3);
    EXPECT_LT(completed(r), completed(good) / 2);
    EXPECT_EQ(fired(r, "invalidate_in_reset"), 0) << "dead is not in reset";
    EXPECT_EQ(fired(r, "stale_access"), 0);
}

TEST(InjectRun, a_function_that_died_with_its_link_does_not_come_back_with_it) {
    const std::string dead = "{when: 1ms, inject: {device: ep0, fault: death_with_link_down}}";
    const std::string down = "{when: 1ms, inject: {device: ep0, fault: link_down}}";
    const std::string up = ", {when: 2ms, inject: {device: ep0, fault: link_up}}";
    const json gone = run("timeline: [" + dead + up + "]\nend: {when: 6ms}\n");
    const json back = run("timeline: [" + down + up + "]\nend: {when: 6ms}\n");
    EXPECT_GT(completed(back), completed(gone));
    EXPECT_GT(timeouts(gone), timeouts(back));
}

TEST(InjectRun, an_Invalidate_Request_that_vanishes_leaves_the_translation_in_use) {
    const json r = run(with("fault: swallow_invalidates, count: 3"));
    EXPECT_EQ(timeouts(r), 3);
    EXPECT_EQ(fired(r, "itag_protocol"), 0);
    EXPECT_EQ(fired(r, "invalidate_in_reset"), 0) << "the function is not in reset";
}

TEST(InjectRun, a_completion_that_is_lost_costs_a_timeout_and_no_page) {
    const json r = run(with("fault: lose_completions, count: 3"));
    EXPECT_EQ(timeouts(r), 3);
    EXPECT_EQ(fired(r, "stale_access"), 0) << "the work was done";
    EXPECT_EQ(fired(r, "itag_protocol"), 0);
}

TEST(InjectRun, LinuxFlow_4_2_a_function_that_does_not_come_back_fails_its_reset_with_ENOTTY) {
    const json r = run_text(
        std::string(hardware) +
        "clients:\n"
        "  sva0: {kind: sva, device: ep0, pasid: 1, buffer: 64KiB, unmap: {every: 100ms}}\n"
        "timeline:\n"
        "  - {when: 1ms, inject: {device: ep0, fault: never_ready, count: 1}}\n"
        "  - {when: 2ms, task: R, cpu: 3, reset: {device: ep0, method: flr}}\n"
        "end: {when: R returned, limit: 300s}\n");
    EXPECT_EQ(r.at("tasks").at("R").at("result"), -25);
    EXPECT_GT(r.at("tasks").at("R").at("returned_ps").get<std::int64_t>(), 60'000'000'000'000);
    EXPECT_GT(timeouts(r), 10);
}

TEST(InjectRun, every_fault_of_a_function_can_be_named_by_a_scenario) {
    const scratch s;
    for (const endpoint::fault_info& f : endpoint::fault_table)
        EXPECT_NO_THROW(
            scenario::load(s.file("s.yaml", machine + with("fault: " + std::string(f.name))), {}))
            << f.name;
}

TEST(InjectRun, what_says_nothing_of_a_fault_is_refused) {
    const scratch s;
    for (const char* bad : {"fault: link_down, count: 2", "fault: silent_death, count: 1",
                            "fault: wrong_cc, delay: 1us", "fault: wrong_cc, count: 0",
                            "fault: delay_completions, delay: 5"})
        EXPECT_THROW(scenario::load(s.file("s.yaml", machine + with(bad)), {}), scenario::bad_input)
            << bad;
}

}  // namespace
}  // namespace drydock::tests
