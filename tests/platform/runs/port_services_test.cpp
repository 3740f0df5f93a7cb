// SPDX-License-Identifier: Apache-2.0
// Containment, error messages and slots of a whole machine: what the software makes of them.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// ep0 below a port with these keys, its clients and the nic's; slow, the times of links are long.
std::string machine_with(const std::string& port, const std::string& parameters = "") {
    return "machine:\n"
           "  smmu: {invalidate_timeout: 200us}\n"
           "  cpus: 4\n"
           "  irq: {gerror: {cpu: 3}, aer: {cpu: 2}, dpc: {cpu: 2}, hotplug: {cpu: 2}}\n"
           "  ports:\n"
           "    rp0: {" +
           port +
           "device: {name: ep0, like: generic_ats_endpoint}}\n"
           "    rp1: {device: {name: nic, like: myricom_10g}}\n"
           "  parameters: {" +
           parameters +
           "}\n"
           "clients:\n"
           "  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, dma: {burst: 4 x "
           "256B, "
           "every: 200us}, unmap: {every: 200us}}\n"
           "  dma0: {kind: dma_client, device: ep0, cpu: 0, buffer: 64KiB, burst: 4 x 256B, every: "
           "200us}\n"
           "  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: "
           "500us}\n";
}

std::string fault(const std::string& when, const std::string& name) {
    return "{when: " + when + ", inject: {device: ep0, fault: " + name + "}}";
}

TEST(PortServices, P_192_containment_ends_in_CERROR_and_in_a_working_device) {
    const json r = play(machine_with("dpc: true, "), fault("1ms", "dpc_trigger"), "400ms");
    EXPECT_GE(count(r, "cerror_atc_inv_sync"), 1);
    EXPECT_EQ(count(r, "dpc_interrupts"), 1);
    EXPECT_EQ(count(r, "dpc_recovered"), 1);
    EXPECT_GE(bursts(r, "dma0"), 1000) << "200 ms of work are left after the recovery";
    EXPECT_GE(bursts(r, "sva0"), 1000);
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
}

TEST(PortServices, LinuxFlow_4_3_firmware_that_owns_containment_lets_software_wait) {
    const auto recovered = [](const std::string& pci) {
        return play(machine_with("dpc: true, ") + "software: {pci: {" + pci + "}}\n",
                    fault("1ms", "dpc_trigger"), "400ms");
    };
    const json native = recovered("dpc: native"), edr = recovered("dpc: edr, edr_latency: 50ms");
    for (const json& r : {native, edr}) EXPECT_EQ(count(r, "dpc_recovered"), 1);
    EXPECT_GT(timeouts(edr), timeouts(native)) << "ATC_INVs go on into containment";
}

TEST(PortServices, P_118_an_invalidate_into_containment_is_no_silence_for_ever) {
    const json r = play(machine_with("dpc: true, "), fault("1ms", "dpc_trigger"), "20ms");
    EXPECT_GE(timeouts(r), 1);
    EXPECT_EQ(timeouts(r), count(r, "cerror_atc_inv_sync"));
}

TEST(PortServices, P_123_a_port_that_stays_busy_keeps_containment_and_the_device_is_lost) {
    const json r = play(machine_with("dpc: true, ", "rc.rp0.dpc.rp_busy_stuck: true"),
                        fault("1ms", "dpc_trigger"), "1500ms");
    EXPECT_EQ(count(r, "dpc_recovered"), 0);
    EXPECT_EQ(count(r, "dpc_failed"), 1);
    EXPECT_LE(bursts(r, "dma0"), 10);
}

TEST(PortServices, P_113_an_own_fatal_error_contains_and_sends_no_message) {
    const json r =
        play(machine_with("dpc: true, surprise_down: true, "), fault("1ms", "link_down"), "400ms");
    EXPECT_EQ(count(r, "dpc_recovered"), 1);
    EXPECT_EQ(count(r, "aer_fatal"), 0);
    EXPECT_GE(bursts(r, "dma0"), 1000);
}

TEST(PortServices, P_137_without_DPC_a_fatal_error_of_the_port_resets_its_link) {
    const json r = play(machine_with("surprise_down: true, "), fault("1ms", "link_down"), "400ms");
    EXPECT_EQ(count(r, "aer_fatal"), 1);
    EXPECT_EQ(count(r, "aer_recovered"), 1);
    EXPECT_GE(bursts(r, "dma0"), 1000);
}

TEST(PortServices, P_137_a_link_that_is_lost_without_a_report_stays_lost) {
    const json r = play(machine_with(""), fault("1ms", "link_down"), "100ms");
    EXPECT_EQ(count(r, "aer_fatal"), 0);
    EXPECT_LE(bursts(r, "dma0"), 10);
    EXPECT_GE(timeouts(r), 10) << "and every unmap pays for it";
}

TEST(PortServices, P_142_a_removal_unbinds_the_driver_and_an_insertion_brings_it_back) {
    const json r = play(
        machine_with("hotplug: true, surprise_down: true, ", "rc.rp0.slot.attention_button: false"),
        fault("1ms", "surprise_removal") + ", " + fault("1200ms", "insertion"), "1600ms");
    EXPECT_EQ(count(r, "surprise_removals"), 1);
    EXPECT_EQ(count(r, "additions"), 1);
    EXPECT_GE(bursts(r, "dma0"), 500);
    EXPECT_GE(bursts(r, "sva0"), 500);
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
    EXPECT_EQ(expect::fired(r, "sw_hw_domain_mismatch", ""), 0);
}

TEST(PortServices, P_142_a_removal_that_nobody_notices_leaves_the_driver_in_its_belief) {
    const json r = play(machine_with("hotplug: true, "), fault("1ms", "unnoticed_removal"), "50ms");
    EXPECT_EQ(count(r, "surprise_removals"), 0);
    EXPECT_GE(timeouts(r), 10);
}

TEST(PortServices, LinuxFlow_4_5_containment_that_is_recovered_from_is_no_removal) {
    const json r =
        play(machine_with("dpc: true, hotplug: true, "), fault("1ms", "dpc_trigger"), "400ms");
    EXPECT_EQ(count(r, "dpc_recovered"), 1);
    EXPECT_EQ(count(r, "link_changes_ignored"), 1);
    EXPECT_EQ(count(r, "surprise_removals"), 0);
    EXPECT_GE(bursts(r, "dma0"), 1000);
}

TEST(PortServices, LinuxFlow_4_5_a_pulled_device_below_DPC_is_removed_and_not_recovered) {
    const json r =
        play(machine_with("dpc: true, hotplug: true, surprise_down: true, ",
                          "rc.rp0.slot.attention_button: false"),
             fault("1ms", "surprise_removal") + ", " + fault("1200ms", "insertion"), "1600ms");
    EXPECT_EQ(count(r, "dpc_recovered") + count(r, "dpc_failed"), 0);
    EXPECT_EQ(count(r, "surprise_removals"), 1);
    EXPECT_GE(bursts(r, "dma0"), 500);
}

TEST(PortServices, LinuxFlow_4_5_the_button_gives_5_s_and_a_second_press_takes_it_back) {
    const std::string machine = machine_with("hotplug: true, ");
    const json once = play(machine, fault("1ms", "attention_button"), "5500ms");
    EXPECT_EQ(count(once, "orderly_removals"), 1);
    EXPECT_EQ(timeouts(once), 0) << "the driver had its time";
    EXPECT_NEAR(static_cast<double>(bursts(once, "dma0")), 25000, 100);
    const json twice =
        play(machine, fault("1ms", "attention_button") + ", " + fault("3s", "attention_button"),
             "5500ms");
    EXPECT_EQ(count(twice, "orderly_removals"), 0);
    EXPECT_GE(bursts(twice, "dma0"), 27000);
}

/// Two devices below a switch, the first behind a port with DPC.
std::string switch_machine() {
    return R"(machine:
  smmu: {invalidate_timeout: 200us}
  cpus: 4
  irq: {gerror: {cpu: 3}, dpc: {cpu: 2}}
  ports:
    rp0:
      switch:
        dsp0: {dpc: true, device: {name: ep0, like: generic_ats_endpoint}}
        dsp1: {device: {name: nic, like: generic_ats_endpoint}}
clients:
  dma0: {kind: dma_client, device: ep0, cpu: 0, buffer: 64KiB, burst: 4 x 256B, every: 200us, unmap: {every: 200us}}
  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 200us}
)";
}

TEST(PortServices, P_192_a_switchs_port_contains_what_is_below_it_and_nothing_else) {
    const json r = play(switch_machine(), fault("1ms", "dpc_trigger"), "400ms");
    EXPECT_EQ(count(r, "dpc_interrupts"), 1);
    EXPECT_EQ(count(r, "dpc_recovered"), 1);
    EXPECT_GE(count(r, "cerror_atc_inv_sync"), 1);
    EXPECT_GE(bursts(r, "dma0"), 1000) << "works again";
    EXPECT_LE(bursts(r, "dma0"), 1900) << "and did not for a while";
    EXPECT_GE(bursts(r, "net"), 1700) << "its neighbour did";
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
}

TEST(PortServices, P_114_completion_control_decides_how_requests_into_containment_end) {
    const auto ended = [](const std::string& software) {
        // A task that knows of nothing looks at the device while it is contained.
        return play(machine_with("dpc: true, ") + software,
                    fault("1ms", "dpc_trigger") +
                        ", {when: 1100us, task: R, reset: {device: ep0, method: flr}}",
                    "10ms")
            .at("counters");
    };
    const json ca = ended(""), ur = ended("software: {pci: {dpc_completion: ur}}\n");
    EXPECT_GT(ca.at("rc.ended_ca").get<int>(), ca.at("rc.ended_ur").get<int>());
    EXPECT_EQ(ur.at("rc.ended_ca").get<int>(), 0);
    EXPECT_GT(ur.at("rc.ended_ur").get<int>(), 0);
}

TEST(PortServices, LinuxFlow_4_4_the_callback_order_decides_whether_a_non_fatal_error_resets) {
    const auto recovered = [](const std::string& order) {
        std::string machine = machine_with("");
        for (std::size_t at; (at = machine.find("every: 200us")) != std::string::npos;)
            machine.replace(at, 12, "every: 5ms");
        // The driver finds the device mute in mmio_enabled and asks for a reset.
        return play(machine + "software: {pci: {recovery: " + order + "}}\n",
                    "{when: 8ms, inject: {device: ep0, fault: refuse_requests, count: 1}}, "
                    "{when: 8ms, inject: {device: ep0, error: completion_timeout}}",
                    "500ms");
    };
    const json before = recovered("before_2025_08"), after = recovered("after_2025_08");
    for (const json* r : {&before, &after}) {
        EXPECT_EQ(count(*r, "aer_nonfatal"), 1);
        EXPECT_EQ(count(*r, "aer_recovered"), 1);
    }
    EXPECT_GE(bursts(before, "dma0"), 98) << "its link is never reset";
    EXPECT_LE(bursts(after, "dma0"), 80) << "bus reset, training, 100 ms";
    EXPECT_GE(bursts(after, "dma0"), 50) << "and it works again";
}

TEST(PortServices, a_fault_of_a_port_that_has_not_got_it_is_refused) {
    for (const char* name : {"dpc_trigger", "surprise_removal", "attention_button"}) {
        const scratch s;
        const auto l =
            scenario::load(s.file("s.yaml", machine_with("") + "timeline: [" + fault("1ms", name) +
                                                "]\nend: {when: 1ms}\n"),
                           {});
        const runner::job job{&l.runs.front(), {}};
        const auto outcome =
            runner::run_all({&job, 1}, 1, drydock::simulate, false, nullptr).front();
        EXPECT_NE(outcome.message.find("port 'rp0' above 'ep0' has no"), std::string::npos)
            << outcome.message;
    }
}

}  // namespace
}  // namespace drydock::tests
