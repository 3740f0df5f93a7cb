// SPDX-License-Identifier: Apache-2.0
// Slots anywhere in the tree: devices, and switches with all that is below them, come and go.
#include "platform/machine/machine.h"
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

constexpr const char* head =
    "  smmu: {invalidate_timeout: 200us}\n"
    "  cpus: 4\n"
    "  irq: {gerror: {cpu: 3}, aer: {cpu: 2}, dpc: {cpu: 2}, hotplug: {cpu: 2}}\n";

/// ep0 in the slot of a switch's port with these keys, its neighbour nic.
std::string below_switch(const std::string& port, const std::string& parameters = "",
                         const std::string& ep0 = "like: generic_ats_endpoint") {
    return "machine:\n" + std::string(head) +
           "  ports:\n"
           "    rp0:\n"
           "      switch:\n"
           "        acs: on\n"
           "        dsp0: {" +
           port + "device: {name: ep0, " + ep0 +
           "}}\n"
           "        dsp1: {device: {name: nic, like: generic_ats_endpoint}}\n"
           "  parameters: {" +
           parameters +
           "}\n"
           "clients:\n"
           "  dma0: {kind: dma_client, device: ep0, cpu: 0, buffer: 64KiB, burst: 4 x 256B, "
           "every: 200us, unmap: {every: 200us}}\n"
           "  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, "
           "every: 200us, unmap: {every: 200us}}\n";
}
constexpr const char* no_button = "rp0_dsp0.slot.attention_button: false";

/// A switch in the slot of rp0, with a slot and containment below it; far is elsewhere.
std::string whole_switch(const std::string& slot, const std::string& software = "") {
    return "machine:\n" + std::string(head) +
           "  ports:\n"
           "    rp0:\n"
           "      hotplug: " +
           slot +
           "\n"
           "      surprise_down: true\n"
           "      switch:\n"
           "        acs: on\n"
           "        dsp0: {hotplug: true, surprise_down: true, device: {name: ep0, like: "
           "generic_ats_endpoint}}\n"
           "        dsp1: {dpc: true, device: {name: nic, like: generic_ats_endpoint}}\n"
           "    rp1: {device: {name: far, like: generic_ats_endpoint}}\n"
           "  parameters: {rc.rp0.slot.attention_button: false, "
           "rp0_dsp0.slot.attention_button: false}\n" +
           software +
           "clients:\n"
           "  dma0: {kind: dma_client, device: ep0, cpu: 0, buffer: 64KiB, burst: 4 x 256B, "
           "every: 200us, unmap: {every: 200us}}\n"
           "  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, "
           "every: 200us}\n"
           "  away: {kind: dma_client, device: far, cpu: 1, buffer: 64KiB, burst: 4 x 256B, "
           "every: 200us}\n";
}

std::string at(const std::string& when, const std::string& inject) {
    return "{when: " + when + ", inject: {" + inject + "}}";
}

TEST(Hotplug, P_142_surprise_removal_and_insertion_at_a_switchs_port) {
    const json r = play(below_switch("hotplug: true, surprise_down: true, ", no_button),
                        at("1ms", "device: ep0, fault: surprise_removal") + ", " +
                            at("1200ms", "port: rp0_dsp0, fault: insertion"),
                        "1600ms");
    EXPECT_EQ(count(r, "surprise_removals"), 1);
    EXPECT_EQ(count(r, "additions"), 1);
    EXPECT_EQ(count(r, "aer_fatal"), 1) << "Surprise Down of the switch's port";
    EXPECT_GE(bursts(r, "dma0"), 1000);
    EXPECT_LE(bursts(r, "dma0"), 1500) << "a second without device, 150 ms of training and scan";
    EXPECT_GE(bursts(r, "net"), 7900) << "its neighbour notices nothing";
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
    EXPECT_EQ(expect::fired(r, "sw_hw_domain_mismatch", ""), 0);
}

TEST(Hotplug, P_142_a_port_without_surprise_down_tells_by_its_slot_alone) {
    const json r = play(below_switch("hotplug: true, ", no_button),
                        at("1ms", "device: ep0, fault: surprise_removal"), "300ms");
    EXPECT_EQ(count(r, "surprise_removals"), 1);
    EXPECT_EQ(count(r, "aer_fatal"), 0);
}

TEST(Hotplug, P_142_a_removal_that_nobody_notices_at_a_switchs_port) {
    const json r = play(below_switch("hotplug: true, ", no_button),
                        at("1ms", "device: ep0, fault: unnoticed_removal"), "50ms");
    EXPECT_EQ(count(r, "surprise_removals"), 0);
    EXPECT_GE(timeouts(r), 10) << "the driver believes in it";
}

TEST(Hotplug, LinuxFlow_4_5_the_button_at_a_switchs_port_takes_the_device_out_in_order) {
    const json r = play(below_switch("hotplug: true, surprise_down: true, "),
                        at("1ms", "port: rp0_dsp0, fault: attention_button") + ", " +
                            at("7s", "port: rp0_dsp0, fault: attention_button"),
                        "13s");
    EXPECT_EQ(count(r, "orderly_removals"), 1);
    EXPECT_EQ(count(r, "additions"), 1) << "a second press brings it back";
    EXPECT_EQ(count(r, "surprise_removals"), 0);
    EXPECT_EQ(count(r, "aer_fatal"), 0) << "power off is no Surprise Down";
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_NEAR(static_cast<double>(bursts(r, "dma0")), 5 * (25000 + 850) - 5 * 20000, 5 * 150)
        << "5 s, and what is left of 1 s behind a window of 5 s";
}

TEST(Hotplug, LinuxFlow_4_5_containment_at_a_switchs_slot_is_recovered_from_and_no_removal) {
    const json r = play(below_switch("dpc: true, hotplug: true, ", no_button),
                        at("1ms", "port: rp0_dsp0, fault: dpc_trigger"), "600ms");
    EXPECT_EQ(count(r, "dpc_recovered"), 1);
    EXPECT_EQ(count(r, "link_changes_ignored"), 1);
    EXPECT_EQ(count(r, "surprise_removals"), 0);
    EXPECT_GE(bursts(r, "dma0"), 1000);
}

TEST(Hotplug, P_117_recovery_behind_a_switchs_port_takes_the_time_of_its_training) {
    const auto lost = [](const char* link) {
        const json r = play(below_switch("dpc: true, link: " + std::string(link) + ", "),
                            at("1ms", "port: rp0_dsp0, fault: dpc_trigger"), "600ms");
        EXPECT_EQ(count(r, "dpc_recovered"), 1);
        return 3000 - bursts(r, "dma0");  // 200 us each
    };
    EXPECT_GE(lost("gen4 x8"), (50 + 100) * 5) << "training with equalisation, then 100 ms";
    EXPECT_LE(lost("gen4 x8"), (50 + 100 + 60) * 5);
    EXPECT_LE(lost("gen2 x8"), (100 + 60) * 5) << "up to 5 GT/s training is part of the 100 ms";
}

TEST(Hotplug, P_142_a_switch_goes_with_all_that_is_below_it_and_comes_back) {
    const json r = play(whole_switch("true"),
                        at("1ms", "port: rp0, fault: surprise_removal") + ", " +
                            at("1200ms", "port: rp0, fault: insertion"),
                        "2000ms");
    EXPECT_EQ(count(r, "surprise_removals"), 1) << "one slot, one removal";
    EXPECT_EQ(count(r, "additions"), 1);
    EXPECT_GE(bursts(r, "dma0"), 2500);
    EXPECT_GE(bursts(r, "net"), 2500);
    EXPECT_GE(bursts(r, "away"), 9900);
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
    EXPECT_EQ(expect::fired(r, "sw_hw_domain_mismatch", ""), 0);
    EXPECT_EQ(expect::fired(r, "lock_order", ""), 0);
}

TEST(Hotplug, P_142_what_is_put_in_is_new_and_without_the_faults_of_what_was_pulled) {
    const json r = play(whole_switch("true"),
                        at("500us", "device: ep0, fault: silent_death") + ", " +
                            at("500us", "device: nic, fault: swallow_invalidates") + ", " +
                            at("1ms", "port: rp0, fault: surprise_removal") + ", " +
                            at("1200ms", "port: rp0, fault: insertion"),
                        "2000ms");
    EXPECT_EQ(count(r, "additions"), 1);
    EXPECT_GE(bursts(r, "dma0"), 2500);
    EXPECT_GE(bursts(r, "net"), 2500);
}

TEST(Hotplug, P_142_ports_that_came_with_a_switch_have_their_services) {
    const json r = play(whole_switch("true"),
                        at("1ms", "port: rp0, fault: surprise_removal") + ", " +
                            at("1200ms", "port: rp0, fault: insertion") + ", " +
                            at("1600ms", "port: rp0_dsp1, fault: dpc_trigger") + ", " +
                            at("1700ms", "port: rp0_dsp0, fault: surprise_removal"),
                        "2200ms");
    EXPECT_EQ(count(r, "surprise_removals"), 2);
    EXPECT_EQ(count(r, "dpc_recovered"), 1);
    EXPECT_GE(bursts(r, "net"), 3000);
    EXPECT_LE(bursts(r, "dma0"), 2100) << "from about 1350 ms to 1700 ms";
}

TEST(Hotplug, P_174_an_empty_slot_has_buses_and_windows_for_a_switch_that_comes_later) {
    const json r = play(whole_switch("empty", "software: {pci: {hotplug_buses: 4}}\n"),
                        at("5ms", "port: rp0, fault: insertion"), "400ms");
    EXPECT_EQ(count(r, "additions"), 1);
    EXPECT_GE(bursts(r, "dma0"), 900);
    EXPECT_GE(bursts(r, "net"), 900);
    EXPECT_GE(bursts(r, "away"), 1990);
    EXPECT_EQ(timeouts(r), 0);
}

TEST(Hotplug, what_is_asked_of_a_device_that_is_not_there_ends_with_ENODEV) {
    const json r = play(whole_switch("empty", "software: {pci: {hotplug_buses: 5}}\n"),
                        "{when: 1ms, task: R, reset: {device: ep0, method: flr}}, "
                        "{when: 1ms, task: A, attach: {device: ep0, domain: blocked}}, "
                        "{when: 1ms, task: D, detach: {device: ep0}}, " +
                            at("1ms", "device: ep0, fault: silent_death") + ", " +
                            at("1ms", "port: rp0, fault: surprise_removal"),
                        "20ms");
    for (const char* task : {"R", "A", "D"})
        EXPECT_EQ(r.at("tasks").at(task).at("result"), -19) << task;
    EXPECT_EQ(count(r, "surprise_removals"), 0);
}

TEST(Hotplug, P_174_a_window_that_is_too_small_is_no_device) {
    const json r = play(
        whole_switch("empty", "software: {pci: {hotplug_buses: 4, hotplug_prefetchable: 0MiB}}\n"),
        at("5ms", "port: rp0, fault: insertion"), "400ms");
    EXPECT_EQ(count(r, "additions"), 0);
    EXPECT_EQ(bursts(r, "dma0"), 0);
    EXPECT_GE(bursts(r, "away"), 1990);
}

TEST(Hotplug, P_174_buses_that_do_not_suffice_are_refused) {
    const scratch s;
    const auto text = whole_switch("empty") + "end: {when: 1ms}\n";
    try {
        scenario::load(s.file("s.yaml", text), {});
        FAIL() << "accepted";
    } catch (const scenario::bad_input& e) {
        EXPECT_NE(std::string(e.what()).find("'rp0' needs 4 buses; expected "
                                             "software.pci.hotplug_buses: 4"),
                  std::string::npos)
            << e.what();
    }
}

/// Uncorrectable Error Status of ep0 at the end of a run.
std::uint32_t errors_left(const std::string& port, const std::string& faults,
                          const std::string& until) {
    const json r = run_text(
        below_switch(port) + "timeline: [" + faults + "]\nend: {when: " + until + "}\n",
        [](const scenario::run& run, const run_files&, progress&) {
            base::context ctx(run.seed);
            for (const auto& p : run.parameters) ctx.parameters.set(p.name, p.value, p.from);
            machine::machine m(ctx, run);
            m.run();
            return json{
                {"outcome", "clean"},
                {"status",
                 m.hw().seat_of("ep0").device->config_space().aer().uncorrectable_status()}};
        });
    return r.at("status").get<std::uint32_t>();
}

TEST(Hotplug, P_100_power_off_of_a_slot_clears_sticky_bits_and_a_hot_reset_does_not) {
    const std::string error = at("500us", "device: ep0, error: internal");  // masked: stays
    constexpr std::uint32_t internal = 1u << 22;
    EXPECT_EQ(errors_left("hotplug: true, ", error, "2ms"), internal);
    EXPECT_EQ(errors_left("dpc: true, ",
                          error + ", " + at("1ms", "port: rp0_dsp0, fault: dpc_trigger"), "400ms"),
              internal);
    EXPECT_EQ(
        errors_left("hotplug: true, ",
                    error + ", " + at("1ms", "port: rp0_dsp0, fault: attention_button"), "7s"),
        0u);
    EXPECT_EQ(errors_left("", error + ", " + at("1ms", "port: rp0_dsp0, fault: fundamental_reset"),
                          "100ms"),
              0u);
}

TEST(Hotplug, P_177_virtual_functions_come_and_go_with_their_physical_one) {
    std::string machine = below_switch("hotplug: true, surprise_down: true, ", no_button,
                                       "like: generic_ats_endpoint, sriov: {vfs: 2}");
    machine +=
        "  vf: {kind: dma_client, device: ep0_vf2, cpu: 0, buffer: 64KiB, burst: 4 x 256B, every: "
        "200us, unmap: {every: 200us}}\n";
    const json r = play(machine,
                        at("1ms", "device: ep0, fault: surprise_removal") + ", " +
                            at("1200ms", "port: rp0_dsp0, fault: insertion"),
                        "2000ms");
    EXPECT_EQ(count(r, "surprise_removals"), 1);
    EXPECT_GE(bursts(r, "dma0"), 2500);
    EXPECT_GE(bursts(r, "vf"), 2000) << "100 ms later than the physical one";
    EXPECT_LT(bursts(r, "vf"), bursts(r, "dma0") - 400);
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
    EXPECT_EQ(expect::fired(r, "sw_hw_domain_mismatch", ""), 0);
}

TEST(Hotplug, P_177_an_orderly_removal_disables_virtual_functions_first) {
    std::string machine =
        below_switch("hotplug: true, ", "", "like: generic_ats_endpoint, sriov: {vfs: 2}");
    machine +=
        "  vf: {kind: dma_client, device: ep0_vf1, cpu: 0, buffer: 64KiB, burst: 4 x 256B, every: "
        "200us, unmap: {every: 200us}}\n";
    const json r = play(machine, at("1ms", "port: rp0_dsp0, fault: attention_button"), "5500ms");
    EXPECT_EQ(count(r, "orderly_removals"), 1);
    EXPECT_EQ(timeouts(r), 0) << "everybody had their time";
    EXPECT_NEAR(static_cast<double>(bursts(r, "vf")), 25000, 100);
}

TEST(Hotplug, a_fundamental_reset_below_a_switch_is_one_of_firmware_that_nobody_asked_for) {
    const json r = play(below_switch("surprise_down: true, dpc: true, "),
                        at("1ms", "device: ep0, fault: fundamental_reset"), "100ms");
    EXPECT_EQ(count(r, "dpc_interrupts"), 0);
    EXPECT_LE(bursts(r, "dma0"), 10)
        << "the device has lost its queues, nobody programs them again";
    EXPECT_GE(bursts(r, "net"), 490);
    const json whole =
        play(whole_switch("true"), at("1ms", "port: rp0, fault: fundamental_reset"), "100ms");
    EXPECT_LE(bursts(whole, "dma0"), 10);
    EXPECT_LE(bursts(whole, "net"), 10);
    EXPECT_GE(bursts(whole, "away"), 490);
}

}  // namespace
}  // namespace drydock::tests
