// SPDX-License-Identifier: Apache-2.0
// Whole machines with devices of several functions: found by software, used, reset.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

std::string machine_with(const std::string& device, const std::string& variant = "M2") {
    return "machine:\n  smmu: {invalidate_timeout: 200us}\n  cpus: 4\n  irq: {gerror: {cpu: 3}}\n"
           "  ports:\n    rp0:\n      device: {name: ep0, like: generic_ats_endpoint, atc: "
           "{entries: 64, ways: 4}, flr_time: 1ms, " +
           device +
           "}\n    rp1:\n      device: {name: nic, like: myricom_10g}\n"
           "software: {reset: {variant: " +
           variant + "}, pci: {flr_wait: 1ms}}\n";
}

std::string sva(const std::string& name, const std::string& device, unsigned cpu) {
    return "  " + name + ": {kind: sva, device: " + device +
           ", pasid: 1, cpu: " + std::to_string(cpu) +
           ", buffer: 64KiB, dma: {burst: 4 x 256B, every: 5us}, unmap: {every: 5us}}\n";
}

const std::string three =
    "clients:\n" + sva("a", "ep0", 0) + sva("b", "ep0_vf1", 1) + sva("c", "ep0_vf3", 2);

struct FunctionRuns : ::testing::TestWithParam<const char*> {
    std::string vfs(unsigned n) const {
        return "sriov: {vfs: " + std::to_string(n) + ", atc: " + GetParam() + "}";
    }
};

TEST_P(FunctionRuns, P_177_PF_and_virtual_functions_work_side_by_side) {
    const json r = run_text(machine_with(vfs(3)) + three + "end: {when: 105ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(timeouts(r), 0);
    for (const char* client : {"a", "b", "c"}) {
        EXPECT_GT(done(r, client), 300) << client;
        EXPECT_EQ(r.at("clients").at(client).at("dma").at("errors"), 0) << client;
    }
    for (const char* device : {"ep0", "ep0_vf1", "ep0_vf3"}) EXPECT_GT(completed(r, device), 300);
}

TEST_P(FunctionRuns, P_177_virtual_functions_on_the_next_bus_work_as_well) {
    const json r = run_text(machine_with("sriov: {vfs: 3, first_offset: 255, stride: 1, atc: " +
                                         std::string(GetParam()) + "}") +
                            three + "end: {when: 105ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_GT(completed(r, "ep0_vf1"), 300);
    EXPECT_GT(completed(r, "ep0_vf3"), 300);
}

TEST_P(FunctionRuns, P_179_an_FLR_of_a_virtual_function_is_its_own_affair) {
    const json r = run_text(machine_with(vfs(3)) + three +
                            "timeline: [{when: 103ms, task: R, cpu: 3, reset: {device: ep0_vf1, "
                            "method: flr}}]\nend: {when: R returned, plus: 1ms}\nexpect: {all: "
                            "[R.result: 0]}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_EQ(r.at("verdict"), "as_expected");
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_GT(done(r, "c"), 300);
    EXPECT_GT(done(r, "a"), 300);
}

TEST_P(FunctionRuns, P_179_unprotected_it_times_out_and_its_siblings_wait) {
    const json r = run_text(machine_with(vfs(3), "none") + three +
                            "timeline: [{when: 103ms, task: R, cpu: 3, reset: {device: ep0_vf1, "
                            "method: flr}}]\nend: {when: R returned, plus: 1ms}\n");
    EXPECT_GE(timeouts(r), 2);
    EXPECT_GE(expect::fired(r, "invalidate_in_reset", "ep0_vf1"), 1);
    EXPECT_EQ(expect::fired(r, "invalidate_in_reset", "ep0_vf3"), 0);
    EXPECT_EQ(expect::fired(r, "invalidate_in_reset", "ep0"), 0);
    EXPECT_EQ(expect::fired(r, "stale_access", "ep0_vf1"), 0);
}

INSTANTIATE_TEST_SUITE_P(atc, FunctionRuns, ::testing::Values("own", "shared"),
                         [](const auto& i) { return std::string(i.param); });

TEST(FunctionRuns, several_functions_share_a_group_and_each_has_its_StreamID) {
    const json r = run_text(
        machine_with("functions: {f1: {}, f9: {name: far}}") +
        "clients:\n  a: {kind: dma_client, device: ep0, cpu: 0, buffer: 64KiB, burst: 4 x 256B, "
        "every: 5us, unmap: {every: 10us}}\n  b: {kind: dma_client, device: far, cpu: 1, buffer: "
        "64KiB, burst: 4 x 256B, every: 5us, unmap: {every: 10us}}\nend: {when: 2ms}\n");
    EXPECT_EQ(r.at("outcome"), "clean");
    EXPECT_GT(done(r, "a"), 100);
    EXPECT_GT(done(r, "b"), 100);
    // One domain: an unmap of either goes to the ATCs of all three.
    for (const char* device : {"ep0", "ep0_f1", "far"})
        EXPECT_GE(completed(r, device), done(r, "a") + done(r, "b") - 2) << device;
}

}  // namespace
}  // namespace drydock::tests
