// SPDX-License-Identifier: Apache-2.0
// What a whole machine makes of a link that loses bits.
#include "tests/platform/runs/whole_machine.h"
#include "tlm/pcie/link_error.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

const std::string machine = std::string(hardware) + clients;

std::string with(const std::string& what) {
    return "timeline: [{when: 1ms, inject: {" + what + "}}]\nend: {when: 3ms}\n";
}

TEST(LinkFaultRun, P_210_bad_TLPs_both_ways_make_nobody_but_the_clock_notice) {
    const json r =
        run("timeline: [{when: 1ms, inject: {device: ep0, fault: bad_tlp, count: 3}}, {when: 1ms, "
            "inject: {device: ep0, fault: bad_tlp, direction: up, count: 3}}]\nend: {when: 3ms}\n");
    const json good = run("end: {when: 3ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_NE(completed(r, "ep0"), completed(good, "ep0"));
}

TEST(LinkFaultRun, P_211_a_link_in_Recovery_makes_an_unmap_wait_ten_microseconds) {
    const json r = run(with("device: ep0, fault: replay_timeout, count: 4"));
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_LT(done(r, "sva0"), done(run("end: {when: 3ms}\n"), "sva0"));
}

TEST(LinkFaultRun, P_200_Retrain_Link_is_ten_microseconds_of_Recovery_and_no_link_down) {
    const json good = run("end: {when: 3ms}\n");
    const json r = run(with("port: rp0, fault: retrain_link"));
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    const auto longest = [](const json& of) {
        return of.at("clients").at("sva0").at("unmap").at("longest_ps").get<std::int64_t>();
    };
    EXPECT_GT(longest(r), 9'000'000);
    EXPECT_LT(longest(r), 12'000'000 + longest(good));
    EXPECT_LT(longest(good), 9'000'000);
}

TEST(LinkFaultRun, P_212_an_SVA_client_over_a_noisy_link_sees_no_stale_access) {
    std::string noisy = machine;
    const std::string at = "  cpus: 4\n";
    noisy.replace(noisy.find(at), at.size(),
                  at + "  parameters: {rp0_link.bit_errors: 10000000000}\n");
    const json r = run_text(noisy + "end: {when: 3ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_GT(done(r, "sva0"), 100);
}

/// ep0 sends in four traffic classes.
std::string four_classes() {
    std::string text = machine;
    const std::string at = "  cpus: 4\n";
    return text.replace(text.find(at), at.size(),
                        at + "  parameters: {ep0.dma.traffic_classes: 4}\n");
}

TEST(TrafficClassRun, P_053_each_invalidation_ends_with_the_last_of_four_completions) {
    const json r = run_text(four_classes() + "end: {when: 3ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_GT(completed(r, "ep0"), 100);
}

TEST(TrafficClassRun, P_053_one_of_four_completions_lost_is_a_timeout) {
    const json r =
        run_text(four_classes() + with("device: ep0, fault: lose_completions, count: 1"));
    EXPECT_EQ(timeouts(r), 1);
}

TEST(LinkFaultRun, what_says_nothing_of_a_link_fault_is_refused) {
    const scratch s;
    for (const char* bad :
         {"fault: bad_tlp", "device: ep0, port: rp0, fault: bad_tlp", "port: rp7, fault: bad_tlp",
          "port: rp0, fault: silent_death", "device: ep0, fault: silent_death, direction: up",
          "device: ep0, fault: bad_tlp, direction: left",
          "device: ep0, fault: fc_protocol_error, count: 2"})
        EXPECT_THROW(scenario::load(s.file("s.yaml", machine + with(bad)), {}), scenario::bad_input)
            << bad;
    for (const pcie::link_fault_info& f : pcie::link_fault_table)
        EXPECT_NO_THROW(scenario::load(
            s.file("s.yaml", machine + with("port: rp0, fault: " + std::string(f.name))), {}))
            << f.name;
}

}  // namespace
}  // namespace drydock::tests
