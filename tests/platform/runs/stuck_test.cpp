// SPDX-License-Identifier: Apache-2.0
// Monitor `stuck` in a whole machine: what stands refused or stopped at the end is tried once more.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

TEST(StuckRun, an_attach_that_a_reset_refused_succeeds_at_the_retry) {
    const std::string base = hardware;
    const auto at = base.find("none}");
    const json r =
        run_text(base.substr(0, at) + "M2" + base.substr(at + 4) + clients +
                 "timeline:\n"
                 "  - {when: 1ms, task: R, cpu: 3, reset: {device: ep0, method: flr}}\n"
                 "  - {when: 1200us, task: A, cpu: 2, attach: {device: ep0, domain: paging}}\n"
                 "end: {when: R returned, plus: 100us}\n");
    EXPECT_EQ(r.at("tasks").at("A").at("result"), -16) << "EBUSY, and nobody tries again";
    EXPECT_EQ(expect::fired(r, "stuck"), 0);
    EXPECT_EQ(r.at("outcome"), "clean");
}

/// ep0 dies; its two processes poll on CPU 0 with interrupts off when the run ends.
json dead_end(const std::string& gerror_cpu) {
    return run_text(
        "machine:\n"
        "  smmu: {invalidate_timeout: 200us}\n"
        "  irq: {gerror: {cpu: " +
        gerror_cpu +
        "}}\n"
        "  ports: {rp0: {device: {name: ep0, like: generic_ats_endpoint}}}\n"
        "clients:\n"
        "  one: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, unmap: {every: 5us}}\n"
        "  two: {kind: sva, device: ep0, pasid: 2, cpu: 0, buffer: 64KiB, unmap: {every: 5us}}\n"
        "timeline: [{when: 1ms, inject: {device: ep0, fault: silent_death}}]\n"
        "end: {when: 3ms}\n");
}

TEST(StuckRun, a_queue_whose_error_nobody_can_take_stays_stopped_at_the_retry) {
    const json r = dead_end("0");
    EXPECT_EQ(expect::fired(r, "stuck"), 1) << "GERROR is pending on the CPU that polls";
}

TEST(StuckRun, a_queue_that_another_CPU_restarts_is_not_stuck) {
    EXPECT_EQ(expect::fired(dead_end("3"), "stuck"), 0);
}

}  // namespace
}  // namespace drydock::tests
