// SPDX-License-Identifier: Apache-2.0
// Trees of ports, switches and devices as a scenario writes them.
#include "platform/scenario/tree.h"

#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

/// A scenario whose machine has these ports.
std::string with_ports(const std::string& ports) {
    return "machine:\n  ports:\n" + ports + "end: {when: 1ms}\n";
}
std::string device(const std::string& name) {
    return "device: {name: " + name + ", like: generic_ats_endpoint}";
}
const std::string tree =
    "    rp0:\n      link: gen3 x4\n      switch:\n        acs: off\n"
    "        dsp0: {" +
    device("a") +
    "}\n"
    "        dsp1: {link: gen2 x2, switch: {one: {" +
    device("b") + "}, two: {" + device("c") +
    "}}}\n"
    "        dsp2: {" +
    device("d") +
    "}\n"
    "    rp1: {" +
    device("e") + "}\n";

std::string refused(const std::string& ports) {
    const scratch s;
    return refusal(s.file("s.yaml", with_ports(ports)));
}

TEST(Tree, P_174_devices_have_the_routing_IDs_of_a_depth_first_enumeration) {
    const scratch s;
    const auto l = scenario::load(s.file("s.yaml", with_ports(tree)), {});
    const auto& m = l.runs.front().machine;
    const auto all = scenario::leaves(m);
    ASSERT_EQ(all.size(), 5u);
    const std::tuple<const char*, const char*, unsigned, bool, unsigned> wanted[] = {
        {"a", "rp0_dsp0", 0, true, 0x0300},
        {"b", "rp0_dsp1_one", 0, true, 0x0600},
        {"c", "rp0_dsp1_two", 0, true, 0x0700},
        {"d", "rp0_dsp2", 0, true, 0x0800},
        {"e", "rp1", 1, false, 0x0900}};
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& [name, port, root, behind, id] = wanted[i];
        EXPECT_EQ(all[i].device->name, name);
        EXPECT_EQ(all[i].port->name, port);
        EXPECT_EQ(all[i].root, root);
        EXPECT_EQ(all[i].behind_switch, behind);
        EXPECT_EQ(all[i].id.value, id) << name;
    }
    EXPECT_EQ(scenario::buses(m), 9u);
    EXPECT_EQ(m.ports[0].below->name, "rp0_switch");
    EXPECT_EQ(m.ports[0].link.gen, 3u);
    EXPECT_EQ(m.ports[0].below->ports[1].link.width, 2u);
}

TEST(Tree, a_port_has_a_device_or_a_switch) {
    EXPECT_NE(refused("    rp0: {link: gen4 x8}\n")
                  .find("s.yaml:3:10: port 'rp0' has neither device nor switch; expected one of "
                        "device, switch"),
              std::string::npos);
    EXPECT_NE(refused("    rp0: {" + device("a") + ", switch: {dsp0: {" + device("b") + "}}}\n")
                  .find("port 'rp0' has a device and a switch; expected one of device, switch"),
              std::string::npos);
    EXPECT_NE(refused("    rp0: {switch: {dsp0: {}}}\n")
                  .find("port 'dsp0' has neither device nor switch"),
              std::string::npos);
}

TEST(Tree, a_switch_has_1_to_32_downstream_ports) {
    EXPECT_NE(refused("    rp0: {switch: {acs: off}}\n")
                  .find("s.yaml:3:19: the switch has 0 downstream ports; expected 1..32"),
              std::string::npos);
    std::string many = "    rp0:\n      switch:\n";
    for (int n = 0; n < 33; ++n)
        many += "        d" + std::to_string(n) + ": {" + device("x" + std::to_string(n)) + "}\n";
    EXPECT_NE(refused(many).find("the switch has 33 downstream ports"), std::string::npos);
}

TEST(Tree, names_that_cannot_be_are_refused_where_they_stand) {
    EXPECT_NE(refused("    rp0: {switch: {dsp-0: {" + device("a") + "}}}\n")
                  .find("s.yaml:3:20: 'dsp-0' is no name; expected letters, digits"),
              std::string::npos);
    EXPECT_NE(
        refused("    rp0: {switch: {one: {" + device("a") + "}, two: {" + device("a") + "}}}\n")
            .find("a second device 'a'; names must differ"),
        std::string::npos);
    EXPECT_NE(
        refused("    rp0: {switch: {x: {" + device("a") + "}}}\n    rp0_x: {" + device("b") + "}\n")
            .find("a second port whose components would be called 'rp0_x'"),
        std::string::npos);
    EXPECT_NE(refused("    rp0: {switch: {acs: maybe, dsp0: {" + device("a") + "}}}\n")
                  .find("acs: 'maybe' cannot be used"),
              std::string::npos);
    EXPECT_NE(refused("    rp0: {switch: {dsp0: {devise: {}}}}\n").find("did you mean 'device'?"),
              std::string::npos);
}

TEST(Tree, more_buses_than_a_machine_has_are_refused) {
    std::string wide;
    for (int root = 0; root < 8; ++root) {
        wide += "    rp" + std::to_string(root) + ":\n      switch:\n";
        for (int n = 0; n < 31; ++n)
            wide += "        d" + std::to_string(n) + ": {" +
                    device("x" + std::to_string(root * 100 + n)) + "}\n";
    }
    EXPECT_NE(
        refused(wide).find("the tree needs 264 buses below the root bus; expected at most 255"),
        std::string::npos);
}

TEST(Tree, devices_behind_switches_can_be_named_wherever_a_device_is) {
    const scratch s;
    const auto l = scenario::load(
        s.file("s.yaml",
               with_ports(tree) +
                   "clients:\n  sva: {kind: sva, device: c, pasid: 1, buffer: 64KiB, dma: "
                   "{burst: 4 x 256B, every: 10us}}\n"
                   "timeline: [{when: 1ms, task: R, reset: {device: b, method: flr}}]\n"),
        {});
    EXPECT_EQ(l.runs.front().clients.front().device, "c");
    scenario::overrides o;
    o.set = {"machine.ports.rp0.switch.dsp1.switch.two.link=gen1 x1"};
    const auto slow = scenario::load(s.file("t.yaml", with_ports(tree)), o);
    EXPECT_EQ(scenario::leaves(slow.runs.front().machine)[2].device->link.gen, 1u);
}

}  // namespace
}  // namespace drydock::tests
