// SPDX-License-Identifier: Apache-2.0
// The ways to reset a device, on a whole machine.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

constexpr const char* device = R"(title: device with every reset of its own
ids: {vendor: 0x1d1d, device: 0xa751, subsystem_vendor: 0x1d1d, subsystem: 0x0001, revision: 0x01, class: 0x088000}
bars:
  0: {size: 64KiB, bits: 64, prefetchable: true}
capabilities:
  - {at: 0x40, power: {no_soft_reset: false}}
  - {at: 0x50, msix: {vectors: 16, table: {bar: 0, offset: 0x2000}, pba: {bar: 0, offset: 0x3000}}}
  - {at: 0x60, express: {version: 2, port_type: endpoint, max_payload: 512, flr: false, extended_tag: true, prefixes: true, link: gen4 x8}}
  - {at: 0xa0, af: {flr: true, transactions_pending: true}}
  - {at: 0x100, aer: {version: 2}}
  - {at: 0x200, ats: {queue_depth: 32, page_aligned: true, global_invalidate: true}}
)";

struct machine {
    std::string port = "", parameters = "", variant = "none";
    std::string software = "";  ///< more of software:, a comma first
    std::string call = "";      ///< other than pci_reset_function, a comma first
};

/// A reset of ep0 at 1 ms, and 200 ms of work after it.
json reset(const std::string& method, const machine& m = {}) {
    const scratch s;
    s.file("device.yaml", device);
    const std::string text =
        "machine:\n"
        "  smmu: {invalidate_timeout: 200us}\n"
        "  cpus: 4\n"
        "  irq: {gerror: {cpu: 3}, hotplug: {cpu: 2}}\n"
        "  ports:\n"
        "    rp0: {" +
        m.port +
        "device: {name: ep0, like: device.yaml, flr_time: 1ms}}\n"
        "  parameters: {" +
        m.parameters +
        "}\n"
        "software: {reset: {variant: " +
        m.variant + "}, pci: {flr_wait: 1ms}" + m.software +
        "}\n"
        "clients:\n"
        "  dma0: {kind: dma_client, device: ep0, cpu: 0, buffer: 64KiB, burst: 4 x 256B, every: "
        "100us, unmap: {every: 100us}}\n"
        "timeline: [{when: 1ms, task: R, cpu: 2, reset: {device: ep0, method: " +
        method + m.call +
        "}}]\n"
        "end: {when: R returned, plus: 200ms}\n";
    const auto l = scenario::load(s.file("s.yaml", text), {});
    const runner::job job{&l.runs.front(), {}};
    auto outcome = runner::run_all({&job, 1}, 1, drydock::simulate, false, nullptr).front();
    EXPECT_EQ(outcome.is, runner::outcome::state::done) << outcome.message;
    return outcome.entry;
}

std::int64_t result(const json& r) { return r.at("tasks").at("R").at("result"); }
double milliseconds(const json& r) {
    const json& t = r.at("tasks").at("R");
    return (t.at("returned_ps").get<double>() - t.at("started_ps").get<double>()) / 1e9;
}
void expect_work_afterwards(const json& r) {
    EXPECT_GE(r.at("clients").at("dma0").at("dma").at("done").get<int>(), 1900);
    EXPECT_LE(r.at("clients").at("dma0").at("dma").at("errors").get<int>(), 4);
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
}

constexpr int not_this_way = -25;  // ENOTTY

TEST(ResetRun, P_132_AF_FLR_resets_as_an_FLR_does) {
    const json r = reset("af_flr");
    EXPECT_EQ(result(r), 0);
    EXPECT_NEAR(milliseconds(r), 1, 1);
    expect_work_afterwards(r);
}

TEST(ResetRun, P_135_D3hot_and_back_resets_and_takes_10_ms_each_way) {
    const json r = reset("pm");
    EXPECT_EQ(result(r), 0);
    EXPECT_NEAR(milliseconds(r), 20, 1);
    expect_work_afterwards(r);
}

TEST(ResetRun, P_130_a_secondary_bus_reset_takes_its_link_down_and_the_device_comes_back) {
    const json r = reset("bus");
    EXPECT_EQ(result(r), 0);
    EXPECT_GE(milliseconds(r), 2 + 50 + 100) << "reset, training, first configuration access";
    EXPECT_LE(milliseconds(r), 200);
    expect_work_afterwards(r);
    EXPECT_GT(timeouts(r), 0) << "nobody has told the SMMU";
}

TEST(ResetRun, P_130_a_bus_reset_behind_prepare_and_done_leaves_no_invalidate_unanswered) {
    const json r = reset("bus", {.variant = "M2"});
    EXPECT_EQ(result(r), 0);
    expect_work_afterwards(r);
    EXPECT_EQ(timeouts(r), 0);
}

TEST(ResetRun, P_131_a_function_that_needs_time_after_the_reset_is_waited_for) {
    const json r = reset("bus", {.parameters = "ep0.ready_after_reset: 400ms"});
    EXPECT_EQ(result(r), 0);
    EXPECT_GE(milliseconds(r), 2 + 50 + 400);
    expect_work_afterwards(r);
}

TEST(ResetRun, LinuxFlow_4_5_a_bus_reset_below_a_slot_is_no_event_of_the_slot) {
    const json r = reset("bus", {.port = "hotplug: true, "});
    EXPECT_EQ(result(r), 0);
    expect_work_afterwards(r);
    EXPECT_EQ(r.at("counters").at("sw.surprise_removals"), 0);
}

TEST(ResetRun, P_136_below_a_CXL_port_only_the_reset_that_unmasks_works) {
    const machine cxl{.parameters = "rc.rp0.cxl: true"};
    EXPECT_EQ(result(reset("bus", cxl)), not_this_way);
    const json r = reset("cxl_bus", cxl);
    EXPECT_EQ(result(r), 0);
    expect_work_afterwards(r);
    EXPECT_EQ(result(reset("cxl_bus")), not_this_way) << "no CXL port";
}

TEST(ResetRun, LinuxFlow_4_1_methods_are_tried_in_their_order) {
    const json one = reset("[bus, pm]", {.port = "", .parameters = "rc.rp0.cxl: true"});
    EXPECT_EQ(result(one), 0);
    EXPECT_NEAR(milliseconds(one), 20, 1) << "the masked bus reset is passed over";
    expect_work_afterwards(one);
    const json all = reset("all", {.variant = "M2"});
    EXPECT_NEAR(milliseconds(all), 1, 1) << "by AF, the first that it has";
    expect_work_afterwards(all);
}

TEST(ResetRun, LinuxFlow_4_2_resets_by_quirk_and_by_firmware) {
    const json r =
        reset("acpi", {.variant = "M2", .software = ", devices: {ep0: {acpi_reset: 30ms}}"});
    EXPECT_EQ(result(r), 0);
    EXPECT_NEAR(milliseconds(r), 30, 1);
    expect_work_afterwards(r);
    EXPECT_EQ(timeouts(r), 0);
    EXPECT_EQ(result(reset("device_specific", {.software = ", devices: {ep0: {quirk: hinic_vf}}"})),
              not_this_way)
        << "its quirk needs an FLR";
}

TEST(ResetRun, LinuxFlow_4_2_d3cold_by_firmware_that_can) {
    const std::string can = ", devices: {ep0: {power_off: 40ms}}";
    const json r = reset("d3cold", {.variant = "M2", .software = can});
    EXPECT_EQ(result(r), 0);
    EXPECT_GE(milliseconds(r), 10 + 40 + 50 + 100) << "D3hot, off, training, first access";
    EXPECT_LE(milliseconds(r), 250);
    expect_work_afterwards(r);
    EXPECT_EQ(timeouts(r), 0);
    const json bare = reset("d3cold", {.software = can});
    expect_work_afterwards(bare);
    EXPECT_GT(timeouts(bare), 0) << "nobody has told the SMMU";
    EXPECT_EQ(result(reset("d3cold", {.port = "hotplug: true, ", .software = can})), not_this_way);
}

TEST(ResetRun, LinuxFlow_4_2_Ivy_Bridge_graphics_keep_ATS_but_are_blocked_meanwhile) {
    const json r = reset(
        "device_specific",
        {.variant = "M2", .software = ", devices: {ep0: {quirk: ivb_igd, firmware_time: 55ms}}"});
    EXPECT_EQ(result(r), 0);
    EXPECT_NEAR(milliseconds(r), 60, 1) << "looked at every 10 ms";
    expect_work_afterwards(r);
    EXPECT_EQ(timeouts(r), 0);
}

TEST(ResetRun, LinuxFlow_4_2_a_bus_wide_reset_is_behind_no_prepare) {
    for (const char* call : {"pci_reset_bus", "reset_subordinate"}) {
        const json r = run_text(std::string(R"(machine:
  smmu: {invalidate_timeout: 200us}
  irq: {gerror: {cpu: 3}}
  ports:
    rp0: {device: {name: ep0, like: generic_ats_endpoint, flr_time: 1ms}}
software: {reset: {variant: M2}}
clients:
  dma0: {kind: dma_client, device: ep0, buffer: 64KiB, burst: 4 x 256B, every: 100us, unmap: {every: 100us}}
timeline: [{when: 1ms, task: R, cpu: 2, reset: {device: ep0, call: )") +
                                call + "}}]\nend: {when: R returned, plus: 20ms}\n");
        EXPECT_EQ(result(r), 0) << call;
        EXPECT_GT(timeouts(r), 0) << call;
    }
}

TEST(ResetRun, LinuxFlow_4_1_the_other_calls_that_reset_one_function) {
    for (const char* call : {"pci_try_reset_function", "__pci_reset_function_locked"}) {
        const json r = reset("bus", {.variant = "M2", .call = std::string(", call: ") + call});
        EXPECT_EQ(result(r), 0) << call;
        EXPECT_EQ(timeouts(r), 0) << call;
    }
}

TEST(ResetRun, what_a_device_cannot_do_is_refused) {
    const auto refused = [](const std::string& method, const std::string& why) {
        const scratch s;
        const std::string path =
            s.file("s.yaml", std::string(hardware) +
                                 "timeline: [{when: 1ms, task: R, reset: {device: "
                                 "ep0, method: " +
                                 method + "}}]\nend: {when: 2ms}\n");
        try {
            (void)scenario::load(path, {});
            ADD_FAILURE() << method;
        } catch (const scenario::bad_input& e) {
            EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
        }
    };
    refused("af_flr", "Advanced Features");
    refused("pm", "D3hot");
    refused("acpi", "expected software.devices: acpi_reset");
    refused("device_specific", "expected software.devices: quirk");
    refused("flrr", "did you mean 'flr'");
    refused("[flr, bus, link]", "no reset method 'link'");
    refused("flr, call: pci_reset_bus", "'method' beside call: pci_reset_bus");
}

TEST(ResetRun, P_100_a_fundamental_reset_comes_without_anybody_asking) {
    const std::string rest =
        "timeline: [{when: 1ms, inject: {device: ep0, fault: "
        "fundamental_reset}}]\nend: {when: 100ms}\n";
    const json r = run(rest);
    EXPECT_GE(timeouts(r), 10);
    EXPECT_LE(r.at("clients").at("sva0").at("dma").at("done").get<int>(), 250)
        << "the device has forgotten its queues, nobody restores them";
}

}  // namespace
}  // namespace drydock::tests
