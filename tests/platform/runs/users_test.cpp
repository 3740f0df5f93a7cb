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

}  // namespace
}  // namespace drydock::tests
