// SPDX-License-Identifier: Apache-2.0
// Errors of AER by injection, and Access Control Services, in a whole machine.
#include <memory>
#include <set>

#include "tests/platform/runs/whole_machine.h"
#include "tlm/base/context.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// What the machine logs as errors, "PLACE: ERROR".
struct error_watch final : base::observer {
    explicit error_watch(base::context& c) : ctx(c) {}
    void on_event(const base::event& e) override {
        if (e.what == base::kind::error_logged)
            logged.insert(ctx.probe.name(e.where) + ": " + ctx.probe.text_of(e.b));
    }
    base::context& ctx;
    std::set<std::string> logged;
};

json simulate_watched(const scenario::run& r, const run_files& f, progress& p) {
    std::unique_ptr<error_watch> watch;
    json result = simulate_with(r, f, p, [&](base::context& ctx) {
        watch = std::make_unique<error_watch>(ctx);
        ctx.probe.subscribe(*watch, base::kind::error_logged);
    });
    result["logged"] = watch->logged;
    return result;
}

json inject(const std::string& what) {
    return run("timeline: [{when: 1ms, inject: {" + what + "}}]\nend: {when: 2ms}\n",
               simulate_watched);
}
bool logged(const json& r, const std::string& place, const std::string& error) {
    for (const auto& line : r.at("logged"))
        if (line.get<std::string>().find(place) != std::string::npos &&
            line.get<std::string>().ends_with(": " + error))
            return true;
    return false;
}
std::int64_t told(const json& r) {
    return counter(r, "sw.aer_correctable") + counter(r, "sw.aer_nonfatal") +
           counter(r, "sw.aer_fatal");
}

TEST(ErrorRun, P_091_every_error_that_a_function_can_detect_is_logged_and_told) {
    for (const char* e : {"poisoned", "completion_timeout", "completer_abort", "malformed",
                          "unexpected_completion", "ecrc", "unsupported_request", "internal",
                          "advisory_non_fatal", "corrected_internal", "header_log_overflow"}) {
        const json r = inject("device: ep0, error: " + std::string(e));
        const std::string name = std::string(e) == "advisory_non_fatal" ? "unsupported_request" : e;
        EXPECT_TRUE(logged(r, "ep0", name)) << e;
        // Internal errors, the advisory case and full logs are masked after a reset.
        const bool masked = std::set<std::string>{"internal", "advisory_non_fatal",
                                                  "corrected_internal", "header_log_overflow"}
                                .contains(e);
        EXPECT_EQ(told(r), masked ? 0 : 1) << e;
        EXPECT_EQ(counter(r, "sw.aer_fatal"), std::string(e) == "malformed" ? 1 : 0) << e;
    }
}

TEST(ErrorRun, P_091_every_error_that_a_port_can_detect_is_logged_and_told) {
    for (const char* e : {"surprise_down", "acs_violation", "mc_blocked", "atomic_egress_blocked",
                          "prefix_blocked", "ecrc", "malformed"}) {
        const json r = inject("port: rp0, error: " + std::string(e));
        EXPECT_TRUE(logged(r, "rp0", e)) << e;
        const bool fatal = std::set<std::string>{"surprise_down", "malformed"}.contains(e);
        EXPECT_EQ(counter(r, "sw.aer_fatal"), fatal ? 1 : 0) << e;
        EXPECT_EQ(counter(r, "sw.aer_nonfatal"), fatal ? 0 : 1) << e;
    }
}

TEST(ErrorRun, P_091_a_poisoned_write_is_logged_where_it_arrives) {
    const json r = inject("device: ep0, fault: poison_writes, count: 1");
    EXPECT_TRUE(logged(r, "rp0", "poisoned"));
    EXPECT_EQ(counter(r, "sw.aer_nonfatal"), 1);
}

TEST(ErrorRun, P_091_a_malformed_write_is_fatal_where_it_arrives) {
    const json r = inject("device: ep0, fault: malform_writes, count: 1");
    EXPECT_TRUE(logged(r, "rp0", "malformed"));
    EXPECT_EQ(counter(r, "sw.aer_fatal"), 1);
}

TEST(ErrorRun, P_009_P_091_a_request_that_never_left_ends_in_a_completion_timeout) {
    const json r = run_text(
        std::string(hardware) + clients +
            "timeline: [{when: 1ms, inject: {device: ep0, fault: swallow_requests, count: 1}}]\n"
            "end: {when: 60ms}\n",
        simulate_watched);
    EXPECT_TRUE(logged(r, "ep0", "completion_timeout"));
    EXPECT_GE(r.at("clients").at("sva0").at("dma").at("errors").get<std::int64_t>(), 1);
}

TEST(ErrorRun, P_008_P_091_a_stray_completion_is_unexpected_at_the_port) {
    const json r = inject("device: ep0, fault: stray_completions, count: 2");
    EXPECT_TRUE(logged(r, "rp0", "unexpected_completion"));
}

TEST(ErrorRun, P_091_what_a_CPU_asks_of_a_function_is_aborted_refused_or_poisoned) {
    const std::string reset = "{when: 1100us, task: R, cpu: 3, reset: {device: ep0, method: flr}}";
    const auto with = [&](const std::string& fault) {
        return run("timeline: [{when: 1ms, inject: {device: ep0, fault: " + fault +
                       ", count: 1}}, " + reset + "]\nend: {when: R returned}\n",
                   simulate_watched);
    };
    EXPECT_TRUE(logged(with("abort_requests"), "ep0", "completer_abort"));
    EXPECT_TRUE(logged(with("refuse_requests"), "ep0", "unsupported_request"));
    EXPECT_TRUE(logged(with("poison_completions"), "rp0", "poisoned"));
}

TEST(ErrorRun, P_020_P_097_a_bare_message_reaches_the_software_and_is_logged_by_nobody) {
    for (const char* where : {"device: ep0", "port: rp0"}) {
        const std::pair<const char*, const char*> messages[] = {
            {"err_cor_message", "sw.aer_correctable"},
            {"err_nonfatal_message", "sw.aer_nonfatal"},
            {"err_fatal_message", "sw.aer_fatal"}};
        for (const auto& [message, counted] : messages) {
            const json r = inject(std::string(where) + ", error: " + message);
            EXPECT_EQ(told(r), 1) << where << message;
            EXPECT_EQ(counter(r, counted), 1) << where << message;
            EXPECT_TRUE(r.at("logged").empty()) << where << message;
        }
    }
}

TEST(ErrorRun, P_110_P_111_a_bare_message_contains_where_DPC_listens_to_it) {
    std::string with_dpc = hardware;
    with_dpc.insert(with_dpc.find("      device: {name: ep0"), "      dpc: true\n");
    const auto contained = [&](const char* message) {
        const json r = run_text(
            with_dpc + clients + "timeline: [{when: 1ms, inject: {device: ep0, error: " + message +
                "}}]\nend: {when: 2ms}\n",
            simulate_watched);
        return counter(r, "sw.dpc_interrupts");
    };
    EXPECT_EQ(contained("err_fatal_message"), 1);
    EXPECT_EQ(contained("err_nonfatal_message"), 0) << "Trigger Enable is 1";
    EXPECT_EQ(contained("err_cor_message"), 0);
}

TEST(ErrorRun, what_cannot_be_detected_there_is_refused) {
    const scratch s;
    for (const char* bad :
         {"device: ep0, error: acs_violation", "port: rp0, error: nothing",
          "port: rp0, error: poisoned_egress_blocked", "port: rp7, error: ecrc", "error: ecrc",
          "device: ep0, port: rp0, error: ecrc", "device: ep0, error: ecrc, count: 2",
          "device: ep0, fault: wrong_cc, error: ecrc", "port: rp0, fault: wrong_cc"}) {
        const auto load_and_build = [&] {
            const auto l = scenario::load(s.file("s.yaml", std::string(hardware) + clients +
                                                               "timeline: [{when: 1ms, inject: {" +
                                                               bad + "}}]\nend: {when: 2ms}\n"),
                                          {});
            parameters_of(l.runs.front());
        };
        EXPECT_THROW(load_and_build(), scenario::bad_input) << bad;
    }
}

/// Two functions below a switch; the first is the honest one.
std::string tree(const std::string& acs, const std::string& parameters = "") {
    return "machine:\n"
           "  smmu: {invalidate_timeout: 200us}\n"
           "  irq: {gerror: {cpu: 3}}\n"
           "  parameters: {" +
           parameters +
           "}\n"
           "  ports:\n"
           "    rp0:\n"
           "      switch:\n"
           "        acs: " +
           acs +
           "\n"
           "        dsp0: {device: {name: a, like: generic_ats_endpoint}}\n"
           "        dsp1: {device: {name: b, like: generic_ats_endpoint}}\n"
           "clients:\n"
           "  ca: {kind: dma_client, device: a, cpu: 0, buffer: 64KiB, burst: 4 x 256B, every: "
           "10us,"
           " unmap: {every: 10us}}\n"
           "  cb: {kind: dma_client, device: b, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: "
           "10us,"
           " unmap: {every: 10us}}\n"
           "end: {when: 1ms}\n";
}

TEST(AcsRun, isolation_gives_every_function_an_IOMMU_group_of_its_own) {
    const auto invalidations = [](const json& r, const char* device) {
        return r.at("devices").at(device).at("invalidations").at("issued").get<std::int64_t>();
    };
    const json off = run_text(tree("off")), on = run_text(tree("on")),
               part = run_text(tree("[sv, rr]"));
    for (const json* r : {&off, &on, &part}) EXPECT_EQ(r->at("outcome"), "clean");
    // One domain: every unmap of one goes to the ATCs of both.
    EXPECT_GT(invalidations(off, "a"), invalidations(on, "a") * 3 / 2);
    EXPECT_GT(invalidations(part, "a"), invalidations(on, "a") * 3 / 2)
        << "without cr and uf they can still reach each other";
}

TEST(AcsRun, P_057_P_060_translation_blocking_at_a_switch_port_leaves_nothing_of_ATS) {
    const json r = run_text(tree("on", "sw.pci.acs: all"), simulate_watched);
    EXPECT_TRUE(logged(r, "dsp0", "acs_violation"));
    EXPECT_EQ(r.at("clients").at("ca").at("dma").at("bytes"), 0);
    const json standard = run_text(tree("on"), simulate_watched);
    EXPECT_FALSE(logged(standard, "dsp0", "acs_violation"));
    EXPECT_GT(standard.at("clients").at("ca").at("dma").at("bytes").get<std::int64_t>(), 0);
}

TEST(AcsRun, services_that_do_not_exist_are_refused) {
    const scratch s;
    for (const char* bad : {"yes", "[sv, xx]", "[]", "[sv, sv]", "{sv: true}"})
        EXPECT_THROW(scenario::load(s.file("s.yaml", tree(bad)), {}), scenario::bad_input) << bad;
}

}  // namespace
}  // namespace drydock::tests
