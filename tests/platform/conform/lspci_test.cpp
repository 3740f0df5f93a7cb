// SPDX-License-Identifier: Apache-2.0
// Dumps of our own making through `drydock conform lspci`.
#include "platform/conform/lspci.h"

#include <gtest/gtest.h>

#include "platform/conform/lspci_process.h"
#include "platform/scenario/place.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/lspci_text.h"

namespace drydock::conform {
namespace {

using namespace pcie;

std::uint16_t at(unsigned offset) { return static_cast<std::uint16_t>(offset); }

config_image function_image() {
    return config_image_builder({0x8086, 0x0b25, 3, 0x088000, 0x8086, 0x1234, 1})
        .bar(0, 64 * 1024)
        .express({.max_payload = 512, .gen = 3, .width = 4})
        .msi({.vectors_log2 = 2, .maskable = true})
        .msix({})
        .power({})
        .aer({})
        .acs({})
        .ari({.next_function = 1})
        .ats({})
        .pasid({})
        .pri({})
        .sriov({.vf_device = 0x10ed, .bars = {{.n = 0, .bytes = 16384}}})
        .dsn({.serial = 0x1122'3344'5566'7788})
        .cxl_device({})
        .build();
}

/// A function that a driver uses.
config_space running_function() {
    config_space c(function_image());
    c.write(0x04, 2, 0x0506);
    c.write(0x10, 4, 0x8000'0000);
    c.write(at(c.express().at + 8u), 2, 0x295f);
    c.write(at(c.msix().at + 2u), 2, 0x8000);
    c.write(at(c.msi().at + 0x10u), 4, 5);
    c.write(at(c.ats().at + 6u), 2, 0x8001);
    c.write(at(c.pasid().at + 6u), 2, 5);
    c.write(at(c.pri().at + 0xcu), 4, 32);
    c.write(at(c.acs().at + 6u), 2, 1);
    c.write(at(c.sriov().at + 0x10u), 2, 4);
    c.write(at(c.sriov().at + 0x24u), 4, 0x9000'0000);
    c.write(at(c.sriov().at + 0x08u), 2, sriov_view::vf_enable | sriov_view::vf_memory_space);
    c.aer().set_uncorrectable(1u << 20);
    c.express().set_device_status(express_view::unsupported_request_detected);
    return c;
}

/// A bridge with everything that a captured one may have.
config_space running_bridge() {
    config_image image = config_image_builder({0x10b5, 0x9716, 0xaa, 0x060400, 0, 0, 1}, true)
                             .express({.type = port_type::switch_downstream, .flr = false})
                             .aer({})
                             .acs({.services = 0x7f, .vector_bits = 8})
                             .dpc({.root_port_extensions = false})
                             .cxl_port({})
                             .build();
    image.set16(0x1c, 0x0101);
    image.rom_size = 64 * 1024;
    config_space c(image);
    c.write(0x04, 2, 7);
    c.write(0x18, 4, 0x0006'0605);
    c.write(0x1c, 2, 0x31'21);
    c.write(0x20, 4, 0xc6f0'c6c0);
    c.write(0x24, 4, 0xf9f0'f9c0);
    c.write(0x28, 4, 0x383f);
    c.write(0x2c, 4, 0x383f);
    c.write(0x38, 4, 0xfff0'0000);
    c.write(0x3e, 2, 0x000a);
    c.write(at(c.cxl_port().at + 0xcu), 2, 1);
    c.write(at(c.dpc().at + 6u), 2, 0x9);
    return c;
}

std::string refused(const std::string& text) {
    try {
        compare_lspci(text, "d.txt");
        return "";
    } catch (const scenario::bad_input& e) {
        return e.what();
    }
}

TEST(LspciConform, P_170_a_function_and_a_bridge_in_use_are_read_alike) {
    const std::string dump =
        lspci_text(running_bridge(), "05:01.0") + lspci_text(running_function(), "06:00.0");
    const auto v = compare_lspci(dump, "d.txt");
    EXPECT_EQ(v.passed, 2u) << v.text;
    EXPECT_TRUE(v.ok()) << v.text;
    EXPECT_NE(v.text.find("2 passed, 0 failed"), std::string::npos) << v.text;
    EXPECT_NE(v.text.find("volatile bits ignored: none"), std::string::npos);
    EXPECT_NE(v.text.find("sizes not told, taken from the addresses: BAR 0, VF BAR 0"),
              std::string::npos)
        << v.text;
}

TEST(LspciConform, what_is_compared_says_what_software_has_done) {
    const auto lines = lspci_decode(lspci_text(running_function(), "06:00.0")).at(0);
    const auto has = [&](const char* s) {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& l) { return l.find(s) != std::string::npos; });
    };
    EXPECT_TRUE(has("ATSCtl:\tEnable+, Smallest Translation Unit: 01"));
    EXPECT_TRUE(has("PASIDCtl: Enable+ Exec- Priv+"));
    EXPECT_TRUE(has("Number of VFs: 4"));
    EXPECT_TRUE(has("UnsupReq+"));
    EXPECT_GT(lines.size(), 60u);
}

TEST(LspciConform, spaces_of_64_and_256_bytes_and_several_domains_and_functions) {
    const config_space f = running_function();
    const std::string dump = lspci_text(f, "0000:03:00.0", 64) +
                             lspci_text(f, "0000:03:00.1", 256) +
                             lspci_text(f, "0001:03:00.0", 4096);
    const auto v = compare_lspci(dump, "d.txt");
    EXPECT_EQ(v.passed, 3u) << v.text;
    EXPECT_EQ(v.failed, 0u) << v.text;
    EXPECT_NE(v.text.find("0000:03:00.0   64 bytes"), std::string::npos) << v.text;
    EXPECT_NE(v.text.find("0001:03:00.0 4096 bytes"), std::string::npos) << v.text;
}

TEST(LspciConform, line_ends_of_other_systems_and_hex_lines_alone) {
    std::string text = lspci_text(running_function(), "06:00.0"), other;
    for (const char c : text) other += c == '\n' ? "\r\n" : std::string(1, c);
    EXPECT_TRUE(compare_lspci(other, "d.txt").ok());
    const auto v = compare_lspci(text.substr(text.find('\n') + 1), "d.txt");
    EXPECT_EQ(v.passed, 1u) << v.text;
    EXPECT_EQ(v.failed, 0u) << v.text;
}

/// A dump in which something stands that the model does not hold.
std::string with(std::string dump, std::size_t offset, const char* byte) {
    char row[32];
    std::snprintf(row, sizeof row, "\n%02zx:", offset / 16 * 16);
    dump.replace(dump.find(row) + std::string(row).size() + 1 + 3 * (offset % 16), 2, byte);
    return dump;
}

TEST(LspciConform, a_field_that_the_model_does_not_hold_fails_with_both_lines) {
    const config_space f = running_function();
    // 16 GiB allocated of 512: the model caps Outstanding Page Request Allocation.
    const std::string dump =
        with(lspci_text(f, "06:00.0"), f.find(pri_view::id, true) + 0xfu, "04");
    const auto v = compare_lspci(lspci_text(f, "05:00.0") + dump, "d.txt");
    EXPECT_EQ(v.passed, 1u);
    EXPECT_EQ(v.failed, 1u);
    EXPECT_FALSE(v.ok());
    EXPECT_NE(v.text.find("  - \t\tPage Request Capacity: 00000200, Page Request Allocation: "
                          "04000020\n  + \t\tPage Request Capacity: 00000200, Page Request "
                          "Allocation: 00000200\n"),
              std::string::npos)
        << v.text;
    EXPECT_NE(v.text.find("1 passed, 1 failed"), std::string::npos);
}

TEST(LspciConform, a_bar_that_lies_where_its_size_does_not_allow_fails) {
    std::string dump = lspci_text(running_function(), "06:00.0");
    dump.insert(dump.find('\n'),
                "\n\tRegion 0: Memory at 80000000 (64-bit, prefetchable) [size=4G]");
    const auto v = compare_lspci(dump, "d.txt");
    EXPECT_EQ(v.failed, 1u);
    EXPECT_NE(v.text.find("  - \tRegion 0: Memory at 80000000"), std::string::npos) << v.text;
}

TEST(LspciConform, what_cannot_be_modelled_fails_with_its_reason) {
    const std::string good = lspci_text(running_function(), "06:00.0");
    const auto cardbus = compare_lspci(with(good, 0x0e, "02"), "d.txt");
    EXPECT_EQ(cardbus.failed, 1u);
    EXPECT_NE(cardbus.text.find("header type 2 is not modelled"), std::string::npos)
        << cardbus.text;
    const auto absent = compare_lspci(with(with(good, 0, "ff"), 1, "ff"), "d.txt");
    EXPECT_NE(absent.text.find("FAILED: Vendor ID 0xffff"), std::string::npos) << absent.text;
}

TEST(LspciConform, garbage_is_refused_with_its_line) {
    const std::string good = lspci_text(running_function(), "06:00.0");
    EXPECT_NE(refused("").find("d.txt:1:1: no device"), std::string::npos);
    EXPECT_NE(refused("all work and no play\n").find("d.txt:1:1: no device"), std::string::npos);
    EXPECT_NE(refused(std::string("\0\xff\x7f"
                                  "ELF\n",
                                  7))
                  .find("d.txt:1:1: "),
              std::string::npos);
    EXPECT_NE(refused(with(good, 0x13, "zz")).find("d.txt:3:1: 'zz' is no byte"),
              std::string::npos);
    EXPECT_NE(refused(good.substr(0, 700)).find("cut short"), std::string::npos);
    EXPECT_NE(refused("06:00.0 Ethernet controller: text alone\n\tControl: I/O-\n")
                  .find("d.txt:1:1: no hex lines"),
              std::string::npos);
    EXPECT_NE(refused(good + good).find("a second device 06:00.0"), std::string::npos);
    EXPECT_NE(refused(good + lspci_text(running_function(), "0000:06:00.0"))
                  .find("a second device 0000:06:00.0"),
              std::string::npos);
    EXPECT_NE(refused(with(good, 0x34, "20")).find("d.txt:5:1: capability pointer"),
              std::string::npos);
}

/// The lines of read-only registers, by what they begin with.
device_lines preserved(const device_lines& all) {
    device_lines some;
    for (const std::string& line : all)
        for (const char* of : {"DevCap:", "LnkCap:", "LnkCap2:", "ATSCap:", "PASIDCap:", "ACSCap:",
                               "ARICap:", "IOVCap:", "Vector table:", "PBA:", "Serial Number",
                               "Subsystem:", "VF offset:", "CXLCap:", "Page Request Capacity"})
            if (line.find(of) != std::string::npos)
                some.push_back(line.substr(0, line.find(", Page Request Allocation")));
    return some;
}

TEST(LspciConform, P_132_resets_keep_what_is_read_only_and_clear_what_software_wrote) {
    config_space c = running_function();
    const auto before = lspci_decode(lspci_text(c, "06:00.0")).at(0);
    ASSERT_EQ(preserved(before).size(), 15u);
    for (const auto kind : {reset_kind::flr, reset_kind::conventional}) {
        c.reset(kind);
        const auto after = lspci_decode(lspci_text(c, "06:00.0")).at(0);
        EXPECT_EQ(preserved(after), preserved(before));
        EXPECT_NE(after, before);
        const auto fresh =
            lspci_decode(lspci_text(config_space(function_image()), "06:00.0")).at(0);
        unsigned different = 0;
        for (std::size_t i = 0; i < fresh.size(); ++i) different += after[i] != fresh[i] ? 1 : 0;
        EXPECT_EQ(different, kind == reset_kind::flr ? 2u : 1u)
            << "AER status is sticky; FLR keeps Max Payload";
    }
}

}  // namespace
}  // namespace drydock::conform
