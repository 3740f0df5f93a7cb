// SPDX-License-Identifier: Apache-2.0
// INTx: devices and ports of a machine whose software uses neither MSI nor MSI-X.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// a and b below a switch, c below a root port.
std::string machine(const std::string& msi, const std::string& of_rp0 = "",
                    const std::string& of_dsp0 = "", const std::string& parameters = "") {
    return "machine:\n"
           "  smmu: {invalidate_timeout: 200us}\n"
           "  irq: {gerror: {cpu: 3}, aer: {cpu: 2}, dpc: {cpu: 2}, hotplug: {cpu: 2}}\n"
           "  ports:\n"
           "    rp0:\n" +
           of_rp0 +
           "      switch:\n"
           "        acs: off\n"
           "        dsp0: {" +
           of_dsp0 +
           "device: {name: a, like: generic_ats_endpoint}}\n"
           "        dsp1: {device: {name: b, like: generic_ats_endpoint}}\n"
           "    rp1: {device: {name: c, like: myricom_10g}}\n"
           "  parameters: {" +
           parameters +
           "}\n"
           "software: {pci: {msi: " +
           msi +
           "}}\n"
           "clients:\n"
           "  da: {kind: dma_client, device: a, cpu: 0, buffer: 64KiB, burst: 4 x 256B, every: "
           "50us}\n"
           "  db: {kind: dma_client, device: b, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: "
           "50us}\n"
           "  dc: {kind: dma_client, device: c, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: "
           "50us}\n";
}
json play(const std::string& what, const std::string& faults = "",
          const std::string& until = "4ms") {
    return tests::play(what, faults, until);
}
std::string fault(const std::string& when, const std::string& what) {
    return "{when: " + when + ", inject: {" + what + "}}";
}
void expect_served(const json& r, std::int64_t least) {
    for (const char* client : {"da", "db", "dc"}) {
        EXPECT_GE(bursts(r, client), least) << client;
        EXPECT_EQ(r.at("clients").at(client).at("dma").at("errors").get<int>(), 0) << client;
    }
}

TEST(Intx, P_160_clients_of_a_machine_without_MSI_are_served_by_INTx) {
    const json messages = play(machine("true")), wires = play(machine("false"));
    expect_served(messages, 70);
    expect_served(wires, 70);
    // The handler reads the device's pending register twice: the way down and back costs time.
    EXPECT_GT(wires.at("clients").at("da").at("dma").at("longest_ps").get<std::int64_t>(),
              messages.at("clients").at("da").at("dma").at("longest_ps").get<std::int64_t>());
}

TEST(Intx, P_132_an_FLR_under_it_ends_in_a_working_device) {
    const json r = play(machine("false"),
                        "{when: 1ms, task: R, cpu: 3, reset: {device: a, method: flr}}", "250ms");
    EXPECT_GE(bursts(r, "da"), 1500);
    EXPECT_GE(bursts(r, "db"), 4000) << "on another wire of the same port";
}

TEST(Intx, P_099_errors_of_a_root_port_without_MSI_are_served) {
    for (const char* what :
         {"device: a, error: unsupported_request", "device: c, error: internal"}) {
        const json with = play(machine("true"), fault("1ms", what), "300ms");
        const json without = play(machine("false"), fault("1ms", what), "300ms");
        for (const char* name : {"aer_correctable", "aer_nonfatal", "aer_fatal", "aer_recovered"})
            EXPECT_EQ(count(with, name), count(without, name)) << what << ": " << name;
    }
    const json port = play(machine("true", "", "", "rc.rp0.msi: false"),
                           fault("1ms", "device: a, error: unsupported_request"), "10ms");
    EXPECT_EQ(count(port, "aer_nonfatal"), 1) << "a port without the capability";
}

TEST(Intx, P_110_containment_is_told_by_INTx_at_root_and_switch_ports) {
    for (const auto& [rp0, dsp0, where] :
         {std::array<const char*, 3>{"      dpc: true\n", "", "port: rp0, fault: dpc_trigger"},
          std::array<const char*, 3>{"", "dpc: true, ", "port: rp0_dsp0, fault: dpc_trigger"}}) {
        const json r = play(machine("false", rp0, dsp0), fault("1ms", where), "400ms");
        EXPECT_EQ(count(r, "dpc_interrupts"), 1) << where;
        EXPECT_EQ(count(r, "dpc_recovered"), 1) << where;
        EXPECT_GE(bursts(r, "da"), 3000) << where;
        EXPECT_GE(bursts(r, "dc"), 7900) << where;
    }
}

TEST(Intx, P_142_a_removal_and_an_insertion_are_told_by_INTx) {
    const json r =
        play(machine("false", "", "hotplug: true, ", "rp0_dsp0.slot.attention_button: false"),
             fault("1ms", "device: a, fault: surprise_removal") + ", " +
                 fault("1200ms", "device: a, fault: insertion"),
             "1600ms");
    EXPECT_EQ(count(r, "surprise_removals"), 1);
    EXPECT_EQ(count(r, "additions"), 1);
    EXPECT_GE(bursts(r, "da"), 2000);
    EXPECT_GE(bursts(r, "dc"), 31'000);
}

}  // namespace
}  // namespace drydock::tests
