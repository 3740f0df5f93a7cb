// SPDX-License-Identifier: Apache-2.0
// Users of devices that reset them, or unmap under them, in ways of their own.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

std::string machine(const std::string& clients) {
    return R"(machine:
  smmu: {invalidate_timeout: 200us}
  irq: {gerror: {cpu: 3}}
  ports:
    rp0: {device: {name: A, like: generic_ats_endpoint, flr_time: 1ms}}
software: {reset: {variant: M2}, pci: {flr_wait: 1ms}}
clients:
)" + clients;
}

json with_lost_doorbell(const std::string& ras) {
    return play(machine("  dma: {kind: dma_client, device: A, cpu: 1, buffer: 64KiB, "
                        "burst: 4 x 256B, every: 50us" +
                        ras + "}\n"),
                "{when: 2ms, inject: {device: A, fault: refuse_requests, count: 1}}", "12ms");
}

TEST(Users, a_driver_that_looks_after_its_device_resets_it_when_DMA_stands_still) {
    const json left = with_lost_doorbell("");
    EXPECT_LT(left.at("clients").at("dma").at("dma").at("done"), 45) << "it never goes on";
    const json r = with_lost_doorbell(", ras: {every: 200us, failures: 3}");
    const json& c = r.at("clients").at("dma");
    EXPECT_EQ(c.at("ras").at("resets"), 1);
    EXPECT_EQ(c.at("ras").at("resets_failed"), 0);
    EXPECT_EQ(c.at("ras").at("bad"), 3);
    EXPECT_GT(c.at("dma").at("done"), 150) << "from then on it works";
    EXPECT_EQ(r.at("violations"), json::array());
}

TEST(Users, a_driver_leaves_a_device_that_works_alone) {
    const json r = play(machine("  dma: {kind: dma_client, device: A, cpu: 1, buffer: 64KiB, "
                                "burst: 4 x 256B, every: 50us, ras: {every: 200us}}\n"),
                        "", "5ms");
    EXPECT_GT(r.at("clients").at("dma").at("ras").at("looks"), 15);
    EXPECT_EQ(r.at("clients").at("dma").at("ras").at("bad"), 0);
    EXPECT_EQ(r.at("clients").at("dma").at("ras").at("resets"), 0);
}

TEST(Users, memory_reclaim_unmaps_with_interrupts_off) {
    const auto longest = [](const std::string& context) {
        const json r = play(machine("  dma: {kind: dma_client, device: A, cpu: 1, buffer: 64KiB, "
                                    "burst: 4 x 256B, every: 50us, unmap: {every: 50us, context: " +
                                    context + "}}\n"),
                            "", "5ms");
        EXPECT_EQ(r.at("violations"), json::array());
        return std::pair<std::int64_t, std::int64_t>(
            r.at("cpus").at(1).at("irqs_off_longest_ps"),
            r.at("clients").at("dma").at("unmap").at("longest_ps"));
    };
    const auto [process, of_process] = longest("process");
    EXPECT_LT(process, of_process);
    const auto [reclaim, of_reclaim] = longest("reclaim");
    EXPECT_GE(reclaim, of_reclaim) << "from before the unmap until after it";
}

json with_guests(const std::string& faults) {
    const json r = play(machine("  vm: {kind: vfio, device: A, cpu: 1, buffer: 64KiB, burst: 4 x "
                                "256B, every: 50us, vm: {every: 20ms, lives: 5ms, retry: 100us, "
                                "pasid: 3}}\n"),
                        faults, "50ms");
    EXPECT_EQ(r.at("violations"), json::array()) << r.at("violations").dump(1);
    return r.at("clients").at("vm").at("vm");
}

TEST(Users, a_guest_s_PASID_is_attached_beside_its_RID_when_a_reset_lets_it) {
    const json quiet = with_guests("");
    EXPECT_EQ(quiet.at("starts"), 3);
    EXPECT_EQ(quiet.at("pasids"), 3);
    EXPECT_EQ(quiet.at("busy"), 0);
    const json reset = with_guests(
        "{when: 19ms, task: R, cpu: 2, call: {device: A, function: pci_dev_reset_iommu_prepare}}, "
        "{when: 23ms, task: D, cpu: 2, call: {device: A, function: pci_dev_reset_iommu_done}}");
    EXPECT_EQ(reset.at("pasids"), 3);
    EXPECT_GE(reset.at("busy"), 10) << "every 100 us from the guest's own reset on";
    const json pasid_alone =
        with_guests("{when: 19ms, fail: {site: set_dev_pasid, device: A, error: EBUSY, count: 3}}");
    EXPECT_EQ(pasid_alone.at("pasids"), 3);
    EXPECT_EQ(pasid_alone.at("busy"), 3);
}

TEST(Users, a_guest_whose_PASID_cannot_be_attached_does_not_run) {
    const json r =
        with_guests("{when: 19ms, fail: {site: set_dev_pasid, device: A, error: ENOMEM}}");
    EXPECT_EQ(r.at("starts"), 2);
    EXPECT_EQ(r.at("failed"), 1);
    EXPECT_EQ(r.at("pasids"), 2);
}

TEST(Users, pages_that_are_unmapped_at_once_cost_one_invalidation) {
    const auto unmapped = [](const std::string& unmaps) {
        const json r = play(machine("  P: {kind: dma_client, device: A, buffer: 64KiB}\n"),
                            "{when: 1ms, use: {client: P, page: 0}}, " + unmaps, "4ms");
        EXPECT_EQ(r.at("tasks").at("U").at("result"), 2) << "with ATC_INV";
        EXPECT_EQ(r.at("violations"), json::array());
        return r.at("devices").at("A").at("invalidations").at("completed").get<int>();
    };
    const auto one = unmapped("{when: 2ms, task: U, unmap: {client: P, page: 0}}");
    EXPECT_EQ(unmapped("{when: 2ms, task: U, unmap: {client: P, page: 0, pages: 4}}"), one);
    EXPECT_EQ(unmapped("{when: 2ms, task: U, unmap: {client: P, page: 0}}, {when: U returned, "
                       "task: V, unmap: {client: P, page: 1}}"),
              one + 1);
    const json gone = play(machine("  P: {kind: dma_client, device: A, buffer: 64KiB}\n"),
                           "{when: 2ms, task: U, unmap: {client: P, page: 1}}, {when: U returned, "
                           "task: V, unmap: {client: P, page: 0, pages: 2}}",
                           "4ms");
    EXPECT_EQ(gone.at("tasks").at("V").at("result"), -2) << "ENOENT: one of them is not there";
}

/// What remove() of a driver that waits for its device takes, by sysfs.
TEST(Users, a_driver_that_waits_for_the_last_interrupt_gets_it_from_a_device_that_is_there) {
    for (const char* how : {"stops", "waits_for_interrupt"}) {
        json r = run_text(R"(machine:
  ports: {rp0: {device: {name: A, like: generic_ats_endpoint}}}
software: {devices: {A: {remove: )" +
                          std::string(how) +
                          R"(}}}
clients:
  dma: {kind: dma_client, device: A, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 50us}
timeline:
  - {when: 2ms, task: R, cpu: 2, remove: {device: A}}
  - {when: R returned, task: N, cpu: 2, add: {device: A}}
end: {when: N returned, plus: 2ms}
)");
        EXPECT_EQ(r.at("tasks").at("R").at("result"), 0) << how;
        EXPECT_EQ(r.at("tasks").at("N").at("result"), 0) << how;
        EXPECT_LT(r.at("tasks").at("R").at("returned_ps").get<std::int64_t>(), 2'100'000'000);
        EXPECT_GT(r.at("clients").at("dma").at("dma").at("done"), 60) << how << ": before, after";
        EXPECT_EQ(r.at("violations"), json::array()) << how;
    }
}

TEST(Users, LinuxFlow_3_3_a_list_of_masters_lets_a_detach_pass_who_deals_with_a_dead_device) {
    const auto used_after_free = [](const char* invalidation) {
        scenario::overrides o;
        o.set = {std::string("software.smmu.invalidation=") + invalidation,
                 "software.switches=none"};
        const auto l = scenario::load(project_file("platform/hazards/H-70.yaml"), o);
        const runner::job job{&l.runs.front(), {}};
        const auto done = runner::run_all({&job, 1}, 1, drydock::simulate, false, nullptr).front();
        EXPECT_EQ(done.is, runner::outcome::state::done) << done.message;
        return expect::fired(done.entry, "use_after_free", "");
    };
    EXPECT_EQ(used_after_free("invs"), 0) << "the detach waits for the flush";
    EXPECT_GT(used_after_free("masters"), 0) << "the lock covers the collecting alone";
}

}  // namespace
}  // namespace drydock::tests
