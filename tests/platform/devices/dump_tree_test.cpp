// SPDX-License-Identifier: Apache-2.0
// `drydock import`: what stands in a dump stands in a scenario.
#include "platform/devices/dump_tree.h"

#include <fmt/format.h>

#include "platform/devices/description.h"
#include "tests/platform/support.h"
#include "tlm/pcie/config_image_builder.h"

namespace drydock::tests {
namespace {

using pcie::port_type;

/// A function as `lspci -vvvxxxx` shows it.
std::string shown(const std::string& slot, const pcie::config_image& image) {
    std::string text = slot + " Test: a device of our own\n";
    for (unsigned n = 0; n < 6; ++n)
        if (image.bar_size[n] != 0)
            text += fmt::format("\tRegion {}: Memory at f0000000 (64-bit) [size={}K]\n", n,
                                image.bar_size[n] / 1024);
    for (std::size_t at = 0; at < image.bytes.size(); at += 16) {
        text += fmt::format("{:02x}:", at);
        for (std::size_t i = 0; i < 16; ++i) text += fmt::format(" {:02x}", image.bytes[at + i]);
        text += '\n';
    }
    return text + '\n';
}

std::string port(const std::string& slot, port_type type, unsigned bus, unsigned secondary,
                 unsigned gen = 4, unsigned width = 8) {
    pcie::express_fields f;
    f.type = type;
    f.gen = gen;
    f.width = width;
    pcie::config_image image =
        pcie::config_image_builder({0x1234, 0x0001, 0, 0x060400, 0, 0, 0}, true).express(f).build();
    image.bytes[0x18] = static_cast<std::uint8_t>(bus);
    image.bytes[0x19] = static_cast<std::uint8_t>(secondary);
    image.bytes[0x1a] = static_cast<std::uint8_t>(secondary);
    return shown(slot, image);
}

std::string device(const std::string& slot, port_type type = port_type::endpoint,
                   std::uint16_t id = 0x0100) {
    pcie::express_fields f;
    f.type = type;
    return shown(slot, pcie::config_image_builder({0x1234, id, 0, 0x020000, 0, 0, 0})
                           .bar(0, 65536)
                           .express(f)
                           .msix({})
                           .ats({})
                           .build());
}

/// What the scenario makes of an imported dump.
scenario::machine machine_of(const std::string& dump) {
    const scratch s;
    s.file("dump.txt", dump);
    const std::string text =
        "title: imported\n" + devices::tree_of_dump(dump, "dump.txt") + "end: {when: 1ms}\n";
    return scenario::load(s.file("s.yaml", text), {}).runs.at(0).machine;
}

TEST(DumpTree, a_root_port_a_switch_and_their_devices) {
    const scenario::machine m = machine_of(
        port("00:01.0", port_type::root_port, 0, 1, 4, 16) +
        port("01:00.0", port_type::switch_upstream, 1, 2) +
        port("02:00.0", port_type::switch_downstream, 2, 3) +
        port("02:04.0", port_type::switch_downstream, 2, 4, 3, 4) + device("03:00.0") +
        device("04:00.0") + port("00:02.0", port_type::root_port, 0, 5, 3, 8) + device("05:00.0"));
    ASSERT_EQ(m.ports.size(), 2u);
    ASSERT_TRUE(m.ports[0].below);
    EXPECT_EQ(m.ports[0].link.width, 16u);
    ASSERT_EQ(m.ports[0].below->ports.size(), 2u);
    EXPECT_EQ(m.ports[0].below->ports[0].device->name, "d03_00_0");
    EXPECT_EQ(m.ports[0].below->ports[1].device->name, "d04_00_0");
    EXPECT_EQ(m.ports[0].below->ports[1].device->link.width, 4u);
    EXPECT_EQ(m.ports[1].device->name, "d05_00_0");
    EXPECT_EQ(m.ports[1].device->link.gen, 3u);
}

TEST(DumpTree, functions_stay_together_and_each_is_as_its_own_part_of_the_dump) {
    const scenario::machine m = machine_of(port("00:01.0", port_type::root_port, 0, 1) +
                                           device("01:00.0", port_type::endpoint, 0x0100) +
                                           device("01:00.2", port_type::endpoint, 0x0102));
    ASSERT_EQ(m.ports.size(), 1u);
    const scenario::device& first = *m.ports[0].device;
    ASSERT_EQ(first.functions.size(), 1u);
    EXPECT_EQ(first.functions[0].number, 2u);
    EXPECT_EQ(first.functions[0].name, "d01_00_2");
    EXPECT_NE(first.description->image.u16(2), first.functions[0].description->image.u16(2));
}

/// A physical function with VF Enable and `enabled` of 8 virtual functions.
std::string physical(const std::string& slot, unsigned enabled, unsigned offset, unsigned stride) {
    pcie::express_fields f;
    pcie::sriov_fields s;
    s.total_vfs = s.initial_vfs = 8;
    s.first_offset = offset;
    s.stride = stride;
    s.bars = {{0, 65536, true, true}};
    pcie::config_image image = pcie::config_image_builder({0x1234, 0x0100, 0, 0x020000, 0, 0, 0})
                                   .bar(0, 65536)
                                   .express(f)
                                   .msix({})
                                   .ats({})
                                   .sriov(s)
                                   .build();
    for (const auto& c : pcie::list_capabilities(image))
        if (c.extended && c.id == 0x10) {
            image.set16(c.offset + 8u, 9);
            image.set16(c.offset + 0x10u, static_cast<std::uint16_t>(enabled));
            image.bytes[c.offset + 0x26u] = 1;  // where the VF BAR was: 64 KiB aligned
        }
    return shown(slot, image);
}

std::string virtual_one(const std::string& slot) {
    std::string text = device(slot);
    return text.replace(text.find("\n00: ") + 5, 11, "ff ff ff ff");
}

TEST(DumpTree, P_177_virtual_functions_of_a_physical_one_in_the_dump_become_its_own) {
    const std::string dump = port("00:01.0", port_type::root_port, 0, 1) +
                             physical("01:00.0", 4, 16, 2) + virtual_one("01:02.0") +
                             virtual_one("01:02.4");
    const scenario::machine m = machine_of(dump);
    const scenario::device& pf = *m.ports.at(0).device;
    ASSERT_EQ(pf.vfs.size(), 3u) << "up to the highest one that the dump has";
    EXPECT_EQ(pf.vfs[2].name, "d01_00_0_vf3");
    EXPECT_EQ(pf.description->sriov->first_offset, 16u);
    const std::string text = devices::tree_of_dump(dump, "d.txt");
    EXPECT_NE(text.find("# 01:02.4: d01_00_0_vf3,"), std::string::npos) << text;
    EXPECT_EQ(text.find("left out"), std::string::npos) << text;
}

TEST(DumpTree, P_177_a_virtual_function_without_its_physical_one_is_named) {
    const std::string text =
        devices::tree_of_dump(device("01:00.0") + virtual_one("02:00.1") +
                                  physical("03:00.0", 1, 1, 1) + virtual_one("03:00.2"),
                              "d.txt");
    for (const char* slot : {"02:00.1", "03:00.2"})
        EXPECT_NE(text.find(std::string("# ") + slot +
                            ": left out, a virtual function whose physical one is not in the dump"),
                  std::string::npos)
            << text;
    EXPECT_EQ(text.find("sriov"), std::string::npos) << "one is enabled, the dump has none";
}

TEST(DumpTree, a_device_whose_root_port_is_missing_gets_one) {
    const scenario::machine m =
        machine_of(device("6a:00.0") + device("00:0a.0", port_type::root_complex_endpoint));
    ASSERT_EQ(m.ports.size(), 2u);
    EXPECT_EQ(m.ports[0].device->name, "d6a_00_0");
    EXPECT_EQ(m.ports[1].device->type, scenario::port_type::endpoint);
}

TEST(DumpTree, what_cannot_stand_is_named) {
    const std::string conventional =
        shown("00:1f.0", pcie::config_image_builder({0x1234, 0x7, 0, 0x060100, 0, 0, 0}).build());
    const std::string text = devices::tree_of_dump(
        conventional + device("01:00.0") + port("00:03.0", port_type::root_port, 0, 9), "d.txt");
    EXPECT_NE(text.find("# 00:1f.0: left out, no PCI Express capability\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("# 00:03.0: left out, nothing usable is below it\n"), std::string::npos)
        << text;
    EXPECT_THROW(devices::tree_of_dump(conventional, "d.txt"), scenario::bad_input);
}

TEST(DumpTree, a_device_whose_BARs_have_no_size_is_named) {
    std::string sizeless = device("02:00.0");
    sizeless.replace(sizeless.find(" [size=64K]"), 11, "");
    const std::size_t bar = sizeless.find("\n10: ") + 5;
    sizeless.replace(bar, 11, "04 00 00 f0");  // where it was captured
    const std::string text = devices::tree_of_dump(device("01:00.0") + sizeless, "d.txt");
    EXPECT_NE(text.find("# 02:00.0: left out, the sizes of its BARs are not told"),
              std::string::npos)
        << text;
}

TEST(DumpTree, garbage_and_unknown_slots_are_refused) {
    try {
        devices::tree_of_dump("garbage\n", "d.txt");
        ADD_FAILURE();
    } catch (const scenario::bad_input& e) {
        EXPECT_EQ(std::string(e.what()).rfind("d.txt:1:1: ", 0), 0u) << e.what();
    }
    const scratch s;
    s.file("d.txt", device("01:00.0") + device("02:00.0"));
    for (const auto& [like, expected] :
         {std::pair<std::string, std::string>{"d.txt#03:00.0", "no device 03:00.0"},
          {"d.txt#", "nothing after '#'"},
          {"d.txt", "choose one of them by its slot"}}) {
        const std::string text = "title: t\nmachine: {ports: {rp0: {device: {name: a, like: \"" +
                                 like + "\"}}}}\nend: {when: 1ms}\n";
        try {
            scenario::load(s.file("s.yaml", text), {});
            ADD_FAILURE() << like;
        } catch (const scenario::bad_input& e) {
            EXPECT_NE(std::string(e.what()).find(expected), std::string::npos) << e.what();
        }
    }
}

}  // namespace
}  // namespace drydock::tests
