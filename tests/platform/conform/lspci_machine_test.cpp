// SPDX-License-Identifier: Apache-2.0
// The hierarchy of a booted machine as `drydock lspci` prints it, read by the real lspci, against
// the model.
#include <fmt/format.h>

#include <map>
#include <systemc>

#include "platform/conform/lspci_process.h"
#include "platform/machine/configuration.h"
#include "platform/machine/machine.h"
#include "platform/machine/results.h"
#include "platform/simulate.h"
#include "tests/platform/support.h"
#include "tlm/pcie/lspci_text.h"

namespace drydock::tests {
namespace {

const char* const scenario_text = R"(title: two devices
machine:
  cpus: 2
  ports:
    rp0:
      device: {name: ep0, like: intel_dsa, overrides: {port_type: endpoint, link: gen4 x8}}
    rp1:
      device: {name: nic, like: myricom_10g}
clients:
  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, dma: {burst: 4 x 256B, every: 5us}}
  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 10us}
end: {when: 1ms}
)";

std::map<std::string, std::string> decode(const std::string& text) {
    std::map<std::string, std::string> by_slot;
    for (const auto& lines : conform::lspci_decode(text)) {
        std::string& all = by_slot[lines.front().substr(0, lines.front().find(' '))];
        for (const std::string& l : lines) all += l + "\n";
    }
    return by_slot;
}

void expect_says(const std::string& text, const std::string& what) {
    EXPECT_NE(text.find(what), std::string::npos) << what << "\n" << text;
}

const char* plus(bool on) { return on ? "+" : "-"; }

const char* speed(unsigned gen) {
    constexpr const char* names[] = {"", "2.5GT/s", "5GT/s", "8GT/s", "16GT/s", "32GT/s", "64GT/s"};
    return names[gen];
}

/// Every BAR that the model has programmed, with its address.
void expect_bars(const pcie::config_space& space, const std::string& text) {
    unsigned bars = 0;
    for (unsigned n = 0; n < (space.is_bridge() ? 2u : 6u); ++n)
        if (const auto bar = space.bar(n)) {
            expect_says(text, fmt::format("Region {}: Memory at {:x} ({}-bit, {}prefetchable)", n,
                                          bar->address, bar->is_64 ? 64 : 32,
                                          bar->prefetchable ? "" : "non-"));
            ++bars;
        }
    EXPECT_EQ(bars, space.is_bridge() ? 0u : 2u);
}

void expect_device(pcie::config_space& space, const std::string& text) {
    expect_bars(space, text);
    expect_says(text, fmt::format("Mem{} BusMaster{}", plus(space.command().memory),
                                  plus(space.command().bus_master)));
    expect_says(text, fmt::format("ATSCtl:\tEnable{}, Smallest Translation Unit: {:02x}",
                                  plus(space.ats().enabled()), space.ats().stu()));
    if (space.pasid().present())
        expect_says(text,
                    fmt::format("PASIDCtl: Enable{} Exec{} Priv{}", plus(space.pasid().enabled()),
                                plus(space.pasid().execute_enabled()),
                                plus(space.pasid().privileged_enabled())));
    if (space.pri().present())
        expect_says(text, fmt::format("Page Request Capacity: {:08x}", space.pri().capacity()));
    expect_says(text, fmt::format("MSI-X: Enable{} Count={}", plus(space.msix().enabled()),
                                  space.msix().vectors()));
    expect_says(text, fmt::format("MaxPayload {} bytes, MaxReadReq {} bytes",
                                  space.device_control().max_payload,
                                  space.device_control().max_read_request));
}

void use_picoseconds() {
    if (sc_core::sc_get_time_resolution().to_seconds() != 1e-12)
        sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
}

TEST(LspciMachine, P_174_lspci_reads_the_hierarchy_as_the_model_has_it) {
    use_picoseconds();
    const scratch s;
    const auto l = scenario::load(s.file("s.yaml", scenario_text), {});
    const scenario::run& run = l.runs.front();
    base::context ctx(run.seed);
    machine::watchers watching(ctx, run.machine.cpus, run);
    machine::machine m(ctx, run);
    m.run();
    const std::string text = machine::configuration_text(m.hw());
    const auto read = decode(text);
    ASSERT_EQ(read.size(), 4u) << text;
    ASSERT_EQ(m.hw().seats().size(), 2u);
    for (unsigned p = 0; p < 2; ++p) {
        const auto& seat = m.hw().seats()[p];
        pcie::config_space& port = m.hw().rc().root(p).config();
        const std::string& above = read.at(fmt::format("00:{:02x}.0", p + 1));
        const std::string& below = read.at(pcie::slot_name(seat.device->routing_id()));
        EXPECT_EQ(seat.device->routing_id().value >> 8, port.read(0x19, 1));
        expect_says(above, fmt::format("Bus: primary=00, secondary={0:02x}, subordinate={0:02x}",
                                       seat.device->routing_id().value >> 8));
        const std::string link =
            fmt::format("LnkSta:\tSpeed {}, Width x{}", speed(p == 0 ? 4 : 1), 8);
        expect_says(above, link);
        expect_says(below, link);
        expect_device(seat.device->config_space(), below);
    }
    expect_says(read.at("01:00.0"), "ATSCtl:\tEnable+");
    expect_says(read.at("01:00.0"), "PASIDCtl: Enable+");
}

TEST(LspciMachine, before_the_clients_start_the_bus_is_enumerated) {
    const scratch s;
    const auto l = scenario::load(s.file("s.yaml", scenario_text), {});
    const auto read = decode(configuration_of(l.runs.front()).get<std::string>());
    ASSERT_EQ(read.size(), 4u);
    expect_says(read.at("00:01.0"), "Root Port");
    expect_says(read.at("02:00.0"), "Mem+ BusMaster+");
    expect_says(read.at("01:00.0"), "PASIDCtl: Enable");
}

const char* const tree_text = R"(title: two switches
machine:
  cpus: 2
  ports:
    rp0:
      link: gen4 x8
      switch:
        acs: off
        dsp0: {device: {name: a, like: generic_ats_endpoint}}
        dsp1:
          link: gen3 x4
          switch:
            dsp0: {device: {name: b, like: generic_ats_endpoint}}
    rp1:
      device: {name: nic, like: myricom_10g}
clients:
  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 10us}
end: {when: 1ms}
)";

TEST(LspciMachine, P_174_a_tree_of_switches_has_its_buses_depth_first) {
    const scratch s;
    const auto l = scenario::load(s.file("s.yaml", tree_text), {});
    const auto read = decode(configuration_of(l.runs.front()).get<std::string>());
    struct expected {
        const char *slot, *type, *bus, *link;
    };
    for (const expected& e : {
             expected{"00:01.0", "Root Port", "primary=00, secondary=01, subordinate=06",
                      "16GT/s, Width x8"},
             expected{"01:00.0", "Upstream Port", "primary=01, secondary=02, subordinate=06",
                      "16GT/s, Width x8"},
             expected{"02:00.0", "Downstream Port", "primary=02, secondary=03, subordinate=03",
                      "16GT/s, Width x8"},
             expected{"03:00.0", "Endpoint", "", "16GT/s, Width x8"},
             expected{"02:01.0", "Downstream Port", "primary=02, secondary=04, subordinate=06",
                      "8GT/s, Width x4"},
             expected{"04:00.0", "Upstream Port", "primary=04, secondary=05, subordinate=06",
                      "8GT/s, Width x4"},
             expected{"05:00.0", "Downstream Port", "primary=05, secondary=06, subordinate=06",
                      "16GT/s, Width x8"},
             expected{"06:00.0", "Endpoint", "", "16GT/s, Width x8"},
             expected{"00:02.0", "Root Port", "primary=00, secondary=07, subordinate=07",
                      "2.5GT/s, Width x8"},
             expected{"07:00.0", "Endpoint", "", "2.5GT/s, Width x8"},
         }) {
        ASSERT_TRUE(read.contains(e.slot)) << e.slot;
        expect_says(read.at(e.slot), e.type);
        expect_says(read.at(e.slot), e.bus);
        expect_says(read.at(e.slot), std::string("LnkSta:\tSpeed ") + e.link);
    }
    EXPECT_EQ(read.size(), 10u);
}

TEST(LspciMachine, reading_has_no_side_effects) {
    use_picoseconds();
    const scratch s;
    const auto l = scenario::load(s.file("s.yaml", scenario_text), {});
    base::context ctx(1);
    machine::watchers watching(ctx, l.runs.front().machine.cpus, l.runs.front());
    machine::machine m(ctx, l.runs.front());
    const auto before = m.hw().seats()[0].device->config_space().registers().image;
    const std::string once = machine::configuration_text(m.hw());
    EXPECT_EQ(machine::configuration_text(m.hw()), once);
    EXPECT_EQ(m.hw().seats()[0].device->config_space().registers().image, before);
    EXPECT_EQ(ctx.now(), base::ps{0});
}

TEST(LspciMachine, P_033_lspci_reads_the_virtual_channels_as_software_has_enabled_them) {
    use_picoseconds();
    const scratch s;
    const auto l = scenario::load(s.file("s.yaml", R"(title: channels
machine:
  ports:
    rp0:
      virtual_channels: {1: {tcs: [1, 7]}}
      device: {name: ep0, like: generic_ats_endpoint, overrides: {virtual_channels: 2}}
software: {pci: {ecrc: on}}
clients:
  c: {kind: dma_client, device: ep0, cpu: 0, buffer: 64KiB, burst: 4 x 64B, every: 10us, mix: {atomic: 100%}}
end: {when: 1ms}
)"),
                                  {});
    const scenario::run& run = l.runs.front();
    base::context ctx(run.seed);
    machine::watchers watching(ctx, run.machine.cpus, run);
    machine::machine m(ctx, run);
    m.run();
    const auto read = decode(machine::configuration_text(m.hw()));
    for (const char* slot : {"00:01.0", "01:00.0"}) {
        const std::string& text = read.at(slot);
        expect_says(text, "Capabilities: [");
        expect_says(text, "Virtual Channel");
        expect_says(text, "Caps:\tLPEVC=1 RefClk=100ns PATEntryBits=1");
        expect_says(text, "Ctrl:\tEnable+ ID=0 ArbSelect=Fixed TC/VC=7d");
        expect_says(text, "Ctrl:\tEnable+ ID=1 ArbSelect=Fixed TC/VC=82");
        expect_says(text, "Status:\tNegoPending- InProgress-");
    }
    expect_says(read.at("00:01.0"), "ECRCGenCap+ ECRCGenEn+ ECRCChkCap+ ECRCChkEn+");
    expect_says(read.at("01:00.0"), "ECRCGenCap- ECRCGenEn- ECRCChkCap- ECRCChkEn-");
    expect_says(read.at("00:01.0"), "32bit+ 64bit+ 128bitCAS+");
    expect_says(read.at("01:00.0"), "AtomicOpsCtl: ReqEn+");
}

}  // namespace
}  // namespace drydock::tests
