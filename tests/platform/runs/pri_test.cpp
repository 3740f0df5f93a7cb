// SPDX-License-Identifier: Apache-2.0
// Page Requests end to end: function, SMMU, PRI queue, driver, fault handler and back.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// A process whose buffer is half there, on a function that wants PASIDs in responses, and a
/// function that can flood.
std::string machine(const std::string& software, const std::string& parameters = "",
                    unsigned priq_log2size = 7) {
    return "machine:\n"
           "  smmu: {invalidate_timeout: 200us, priq_log2size: " +
           std::to_string(priq_log2size) +
           "}\n"
           "  cpus: 4\n"
           "  irq: {gerror: {cpu: 3}, priq: {cpu: 2}}\n"
           "  ports:\n"
           "    rp0:\n"
           "      device: {name: ep0, like: intel_dsa, flr_time: 1ms,\n"
           "               overrides: {port_type: endpoint, link: gen4 x8}}\n"
           "    rp1: {device: {name: rogue, like: generic_ats_endpoint}}\n"
           "  parameters: {" +
           parameters +
           "}\n"
           "software: {pci: {flr_wait: 1ms}, " +
           software +
           "}\n"
           "clients:\n"
           "  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 256KiB, page_faults: true,\n"
           "         resident: 50%, dma: {burst: 4 x 256B, every: 5us},\n"
           "         unmap: {every: 10us, remap: on_fault}}\n";
}

std::int64_t number(const json& r, const char* at) {
    return r.at(json::json_pointer(at)).get<std::int64_t>();
}
const json& pages(const json& r) { return r.at("latency").at("page_request"); }

TEST(PriRun, P_077_pages_that_a_process_lacks_are_brought_in_and_the_dma_goes_on) {
    const json r = run_text(machine("pri: handle") + "end: {when: 2ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(number(r, "/clients/sva0/dma/no_access"), 0);
    EXPECT_EQ(number(r, "/clients/sva0/dma/errors"), 0);
    EXPECT_GT(number(r, "/clients/sva0/dma/done"), 50);
    EXPECT_GT(number(r, "/clients/sva0/page_faults/brought_in"), 50);
    EXPECT_EQ(number(r, "/clients/sva0/page_faults/invalid"), 0);
    EXPECT_EQ(counter(r, "smmu.page_requests"), counter(r, "sw.page_requests"));
    EXPECT_LE(pages(r).at("censored").get<std::int64_t>(), 4) << "those of the last burst";
}

TEST(PriRun, the_stages_of_page_requests_sum_to_their_whole_time) {
    const json r = run_text(machine("pri: handle") + "end: {when: 2ms}\n");
    std::int64_t sum = 0;
    for (const auto& [name, s] : pages(r).at("stages").items()) {
        sum += s.at("total_ps").get<std::int64_t>();
        EXPECT_EQ(s.at("count"), pages(r).at("count")) << name;
        EXPECT_GE(s.at("p50_ps").get<std::int64_t>(), 0) << name;
    }
    EXPECT_EQ(pages(r).at("stages").size(), 5u) << "group_wait .. response_flight, no rest";
    EXPECT_EQ(sum, pages(r).at("total_ps").get<std::int64_t>());
    // 2 us for the page, 500 ns for the interrupt and two context switches are parameters.
    EXPECT_GT(number(r, "/latency/page_request/stages/sw_notice/p50_ps"), 1'000'000);
    EXPECT_GT(number(r, "/latency/page_request/stages/sw_handle/p50_ps"), 2'000'000);
}

TEST(PriRun, LinuxFlow_3_6_without_pri_nothing_is_asked_for_and_the_dma_meets_gaps) {
    const json r = run_text(machine("pri: off") + "end: {when: 1ms}\n");
    EXPECT_EQ(counter(r, "smmu.page_requests"), 0);
    EXPECT_GT(number(r, "/clients/sva0/dma/no_access"), 50);
}

TEST(PriRun, LinuxFlow_3_6_P_075_a_denied_request_is_the_last_one) {
    const json r = run_text(machine("pri: deny") + "end: {when: 1ms}\n");
    EXPECT_GT(counter(r, "smmu.page_requests"), 0);
    EXPECT_LE(counter(r, "smmu.page_requests"), 8) << "one group, then Response Failure";
    EXPECT_EQ(counter(r, "smmu.prg_responses"), 1);
    EXPECT_GT(number(r, "/clients/sva0/dma/no_access"), 50);
    EXPECT_EQ(pages(r).at("censored"), 0);
}

TEST(PriRun, P_193_a_disabled_queue_answers_failure_without_pasid_and_no_group_stays_open) {
    const json r = run_text(machine("pri: handle", "sw.smmu.priqen: false") + "end: {when: 1ms}\n");
    EXPECT_EQ(counter(r, "smmu.page_requests"), 0);
    EXPECT_GT(counter(r, "smmu.prg_auto_failure"), 0);
    EXPECT_LE(counter(r, "smmu.prg_auto_failure"), 8) << "RF: nothing more is asked for";
    EXPECT_EQ(counter(r, "smmu.prg_auto_success"), 0);
    EXPECT_EQ(pages(r).at("censored"), 0);
    EXPECT_GT(number(r, "/clients/sva0/dma/no_access"), 50);
    EXPECT_FALSE(pages(r).at("stages").contains("sw_handle"));
}

const std::string storm =
    "timeline: [{when: 500us, inject: {device: rogue, fault: pri_flood, count: 5000}}]\n"
    "end: {when: 2ms}\n";

TEST(PriRun, S_191_S_193_overflow_answers_for_software_and_ends_with_its_acknowledge) {
    const json r = run_text(machine("pri: handle", "", 3) + storm);
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_GT(counter(r, "smmu.priq_overflows"), 10) << "each acknowledged, then the next";
    EXPECT_EQ(counter(r, "smmu.priq_overflows"), counter(r, "sw.priq_overflows"));
    EXPECT_GT(counter(r, "smmu.prg_auto_success"), 1000);
    EXPECT_EQ(counter(r, "smmu.prg_auto_failure"), 0);
    EXPECT_EQ(number(r, "/clients/sva0/dma/no_access"), 0);
    EXPECT_LE(pages(r).at("censored").get<std::int64_t>(), 4);
}

TEST(PriRun, P_079_automatic_success_without_the_pasid_leaves_the_group_open_for_ever) {
    // STE.PPAR=0 though the function has PRG Response PASID Required.
    const json r = run_text(machine("pri: handle", "sw.smmu.ppar: false", 3) + storm);
    const json good = run_text(machine("pri: handle", "", 3) + storm);
    EXPECT_GT(pages(r).at("censored").get<std::int64_t>(), 0);
    EXPECT_GT(pages(r).at("censored_ages_ps").back().get<std::int64_t>(), 1'000'000'000);
    EXPECT_LT(number(r, "/clients/sva0/dma/done"), number(good, "/clients/sva0/dma/done") / 2);
}

TEST(PriRun, a_queue_that_holds_the_storm_lets_the_thread_starve_the_worker_on_its_CPU) {
    const json shared = run_text(machine("pri: handle", "", 13) + storm);
    const json apart = run_text(machine("pri: handle", "sw.smmu.iopf_cpu: 1", 13) + storm);
    EXPECT_EQ(counter(shared, "smmu.priq_overflows"), 0);
    EXPECT_EQ(counter(apart, "smmu.priq_overflows"), 0);
    EXPECT_LT(number(shared, "/clients/sva0/page_faults/brought_in"),
              number(apart, "/clients/sva0/page_faults/brought_in"));
    EXPECT_GT(number(shared, "/latency/page_request/max_ps"), 400'000'000)
        << "the storm lasts 500 us";
}

const std::string reset =
    "timeline: [{when: 1ms, task: R, cpu: 3, reset: {device: ep0, method: flr}}]\n"
    "end: {when: R returned, plus: 1ms}\n";

TEST(PriRun, a_reset_under_M2_stops_pri_and_brings_it_back) {
    const json r = run_text(machine("reset: {variant: M2}, pri: handle") + reset);
    const json none = run_text(machine("reset: {variant: M2}, pri: handle") + "end: {when: 1ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(number(r, "/tasks/R/result"), 0);
    EXPECT_GT(number(r, "/clients/sva0/page_faults/brought_in"),
              number(none, "/clients/sva0/page_faults/brought_in") * 3 / 2);
}

TEST(PriRun, P_073_detaching_a_pasid_answers_what_is_out_and_leaves_the_function_stopped) {
    const json r =
        run_text(machine("pri: handle") +
                 "timeline: [{when: 1ms, task: D, cpu: 3, detach: {device: ep0, pasid: 1}}]\n"
                 "end: {when: 2ms}\n");
    EXPECT_EQ(number(r, "/tasks/D/result"), 0);
    EXPECT_EQ(pages(r).at("censored"), 0);
    EXPECT_LT(number(r, "/tasks/D/returned_ps") - number(r, "/tasks/D/started_ps"), 1'000'000'000)
        << "did not wait its limit of 10 ms for Stopped";
}

TEST(PriRun, a_device_that_is_pulled_out_takes_its_page_requests_along) {
    std::string text = machine("pri: handle");
    const auto at = text.find("    rp0:\n") + 9;
    const json r = run_text(text.substr(0, at) + "      hotplug: true\n" + text.substr(at) +
                            "timeline: [{when: 1ms, inject: {device: ep0, fault: "
                            "surprise_removal}}]\nend: {when: 5ms}\n");
    EXPECT_EQ(pages(r).at("censored"), 0);
    EXPECT_GT(number(r, "/clients/sva0/page_faults/brought_in"), 20);
    EXPECT_EQ(expect::fired(r, "warn"), 0);
}

TEST(PriRun, what_cannot_fault_is_refused) {
    const scratch s;
    const auto bad = [&](const std::string& client) {
        EXPECT_THROW(
            scenario::load(s.file("s.yaml", std::string(hardware) + "clients:\n  c: {" + client +
                                                ", buffer: 64KiB, unmap: {every: 5us}}\n"
                                                "end: {when: 1ms}\n"),
                           {}),
            scenario::bad_input)
            << client;
    };
    bad("kind: dma_client, device: ep0, page_faults: true");
    bad("kind: sva, device: ep0, pasid: 1, resident: 50%");
    bad("kind: sva, device: ep0, pasid: 1, resident: 50%, page_faults: false");
    bad("kind: sva, device: ep0, pasid: 1, page_faults: maybe");
}

/// Two processes on virtual functions, one on the physical one whose interface they share.
std::string virtual_functions() {
    const auto process = [](const char* name, const char* device, int cpu) {
        return "  " + std::string(name) + ": {kind: sva, device: " + device +
               ", pasid: 1, cpu: " + std::to_string(cpu) +
               ", buffer: 256KiB, page_faults: true, resident: 50%, dma: {burst: 4 x 256B, every: "
               "5us}, unmap: {every: 10us, remap: on_fault}}\n";
    };
    return "machine:\n"
           "  smmu: {invalidate_timeout: 200us}\n"
           "  cpus: 4\n"
           "  irq: {gerror: {cpu: 3}, priq: {cpu: 2}}\n"
           "  ports:\n"
           "    rp0: {device: {name: ep0, like: generic_ats_endpoint, flr_time: 1ms, sriov: {vfs: "
           "2}}}\n"
           "software: {pri: handle, pci: {flr_wait: 1ms}}\n"
           "clients:\n" +
           process("on_pf", "ep0", 0) + process("on_vf1", "ep0_vf1", 1) +
           process("on_vf2", "ep0_vf2", 1);
}

TEST(PriRun, P_077_virtual_functions_ask_through_the_interface_of_the_physical_one) {
    const json r = run_text(virtual_functions() + "end: {when: 103ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    for (const char* client : {"on_pf", "on_vf1", "on_vf2"}) {
        const json& c = r.at("clients").at(client);
        EXPECT_GT(c.at("page_faults").at("brought_in").get<int>(), 40) << client;
        EXPECT_EQ(c.at("page_faults").at("invalid").get<int>(), 0) << client;
        EXPECT_EQ(c.at("dma").at("no_access").get<int>(), 0) << client;
        EXPECT_EQ(c.at("dma").at("errors").get<int>(), 0) << client;
    }
    EXPECT_LE(counter(r, "smmu.page_requests") - counter(r, "sw.page_requests"), 8)
        << "but for those that the driver has not read yet";
}

TEST(PriRun, P_179_an_FLR_of_a_virtual_function_leaves_the_requests_of_the_others_alone) {
    const json r = run_text(virtual_functions() +
                            "timeline: [{when: 103ms, task: R, cpu: 3, reset: {device: ep0_vf1, "
                            "method: flr}}]\nend: {when: 110ms}\n");
    EXPECT_EQ(r.at("tasks").at("R").at("result"), 0);
    for (const char* client : {"on_pf", "on_vf2"}) {
        EXPECT_GT(r.at("clients").at(client).at("page_faults").at("brought_in").get<int>(), 150);
        EXPECT_EQ(r.at("clients").at(client).at("dma").at("no_access").get<int>(), 0) << client;
    }
}

}  // namespace
}  // namespace drydock::tests
