// SPDX-License-Identifier: Apache-2.0
// Dumps of lspci: as input of ours, and lspci itself as an independent reader of what we make.
#include "tlm/pcie/lspci_dump.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/tlm/pcie/config_dump.h"
#include "tests/tlm/pcie/lspci_reader.h"

namespace drydock::pcie {
namespace {

unsigned line_of_error(const std::string& text, std::string* what = nullptr) {
    try {
        parse_lspci_dump(text, "x.txt");
    } catch (const config_error& e) {
        if (what != nullptr) *what = e.what();
        EXPECT_EQ(e.file, "x.txt");
        return e.line;
    }
    ADD_FAILURE() << "accepted";
    return 0;
}

TEST(LspciDump, an_image_comes_back_from_its_dump) {
    EXPECT_EQ(parse_lspci_dump(dump_of(device()), "x"), device());
}

TEST(LspciDump, a_dump_without_hex_lines_is_refused) {
    std::string what;
    const std::string text = dump_of(device());
    EXPECT_EQ(line_of_error(text.substr(0, text.find("\n00:") + 1), &what), 1u);
    EXPECT_NE(what.find("lspci -vvvxxxx"), std::string::npos);
    EXPECT_EQ(line_of_error("hello\nworld\n"), 1u);
    EXPECT_EQ(line_of_error(""), 1u);
}

TEST(LspciDump, a_dump_cut_anywhere_is_refused) {
    const std::string text = dump_of(device());
    for (std::size_t n = 0; n + 2 < text.size(); n += 97)
        EXPECT_THROW(parse_lspci_dump(text.substr(0, n), "x"), config_error) << n;
    EXPECT_THROW(parse_lspci_dump(text.substr(0, text.size() / 2), "x"), config_error);
    EXPECT_THROW(parse_lspci_dump(text.substr(0, text.find("100:")), "x"), config_error);
}

TEST(LspciDump, a_cyclic_chain_is_refused_with_its_line) {
    config_image image = device();
    image.bytes[config_space(device()).find(0x11, false) + 1u] = 0x40;
    std::string text = dump_of(device());
    const std::string hex = dump_of(image);
    text = text.substr(0, text.find("\n00:") + 1) + hex.substr(hex.find("\n00:") + 1);
    std::string what;
    const unsigned line = line_of_error(text, &what);
    EXPECT_NE(what.find("cyclic"), std::string::npos) << what;
    const unsigned first_hex =
        1 + static_cast<unsigned>(std::count(
                text.begin(), text.begin() + static_cast<long>(text.find("\n00:")) + 1, '\n'));
    EXPECT_EQ(line, first_hex + 0x7c / 16);
}

TEST(LspciDump, garbage_is_refused_with_its_line) {
    std::string text = dump_of(device());
    const auto at = text.find("\n30:") + 5;
    text.replace(at, 2, "zz");
    std::string what;
    const auto expected = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
    EXPECT_EQ(line_of_error(text, &what), expected);
    EXPECT_NE(what.find("'zz'"), std::string::npos) << what;
    std::string gap = dump_of(device());
    const auto row = gap.find("\n40:");
    gap.erase(row, gap.find("\n50:") - row);
    EXPECT_NE(line_of_error(gap, &what), 0u);
    EXPECT_NE(what.find("0x40 was expected"), std::string::npos) << what;
}

TEST(LspciDump, a_bar_without_a_size_is_refused) {
    std::string text = dump_of(device());
    const auto at = text.find(" [size=64K]");
    text.erase(at, 11);
    std::string what;
    EXPECT_EQ(line_of_error(text, &what), 2u);
    EXPECT_NE(what.find("BAR 0"), std::string::npos) << what;
}

TEST(LspciDump, of_several_devices_one_is_chosen_by_its_slot) {
    config_image other = device();
    other.set16(0, 0x1234);
    const std::string text = dump_of(device()) + "\n" + dump_of(other, "0000:02:00.0");
    EXPECT_THROW(parse_lspci_dump(text, "x"), config_error);
    EXPECT_EQ(parse_lspci_dump(text, "x", "02:00.0").u16(0), 0x1234);
    EXPECT_EQ(parse_lspci_dump(text, "x", "01:00.0").u16(0), 0x8086);
    EXPECT_THROW(parse_lspci_dump(text, "x", "03:00.0"), config_error);
}

TEST(LspciReads, every_capability_that_we_build) {
    const config_image image =
        config_image_builder({0x8086, 0x0b25, 3, 0x088000, 0x8086, 0x1234, 0})
            .bar(0, 64 * 1024)
            .express({.max_payload = 512, .gen = 3, .width = 4})
            .msix({.vectors = 9, .table_bar = 0})
            .power({})
            .aer({})
            .ats({.queue_depth = 16})
            .pasid({.width = 18})
            .pri({.capacity = 96})
            .build();
    config_space after_reset(image);
    const auto lines = lspci(dump_of(after_reset.registers().image));
    EXPECT_TRUE(says(lines, {"01:00.0", "0880", "8086:0b25", "(rev 03)"}));
    EXPECT_TRUE(says(lines, {"Subsystem: 8086:1234"}));
    EXPECT_TRUE(says(lines, {"Express", "Endpoint"}));
    EXPECT_TRUE(says(lines, {"DevCap", "MaxPayload 512 bytes"}));
    EXPECT_TRUE(says(lines, {"FLReset+"}));
    EXPECT_TRUE(says(lines, {"LnkCap", "Speed 8GT/s", "Width x4"}));
    EXPECT_TRUE(says(lines, {"MSI-X", "Count=9"}));
    EXPECT_TRUE(says(lines, {"Vector table: BAR=0 offset=00002000"}));
    EXPECT_TRUE(says(lines, {"Power Management"}));
    EXPECT_TRUE(says(lines, {"Advanced Error Reporting"}));
    EXPECT_TRUE(says(lines, {"UESvrt", "DLP+", "FCP+", "MalfTLP+", "UnsupReq-"})) << "P-090";
    EXPECT_TRUE(says(lines, {"Address Translation Service"}));
    EXPECT_TRUE(says(lines, {"ATSCap", "Invalidate Queue Depth: 10"})) << "hexadecimal";
    EXPECT_TRUE(says(lines, {"ATSCtl", "Enable-", "Smallest Translation Unit: 00"}));
    EXPECT_TRUE(says(lines, {"Max PASID Width: 12"})) << "hexadecimal";
    EXPECT_TRUE(says(lines, {"Page Request Capacity: 00000060"}));
}

TEST(LspciReads, what_a_driver_has_enabled) {
    config_space c(device());
    c.write(static_cast<std::uint16_t>(c.pasid().at + 6), 2, 1);
    c.write(static_cast<std::uint16_t>(c.ats().at + 6), 2, 0x8001);
    c.write(0x04, 2, 6);
    c.write(static_cast<std::uint16_t>(c.msix().at + 2), 2, 0x8000);
    const auto lines = lspci(dump_of(c.registers().image));
    EXPECT_TRUE(says(lines, {"ATSCtl", "Enable+", "Smallest Translation Unit: 01"}));
    EXPECT_TRUE(says(lines, {"PASIDCtl: Enable+"}));
    EXPECT_TRUE(says(lines, {"Control:", "Mem+", "BusMaster+"}));
    EXPECT_TRUE(says(lines, {"MSI-X: Enable+"}));
}

TEST(LspciReads, a_port_with_DPC) {
    const config_image image = config_image_builder({0x1b36, 0x000c, 0, 0x060400, 0, 0, 0}, true)
                                   .express({.type = port_type::root_port, .flr = false})
                                   .power({})
                                   .aer({})
                                   .dpc({})
                                   .build();
    const auto lines = lspci(dump_of(image));
    EXPECT_TRUE(says(lines, {"Express", "Root Port"}));
    EXPECT_TRUE(says(lines, {"Downstream Port Containment"}));
    EXPECT_TRUE(says(lines, {"DpcCap", "RPExt+", "SwTrigger+"}));
    EXPECT_TRUE(says(lines, {"DpcCtl", "Trigger:0"}));
}

#ifdef DRYDOCK_REFERENCE_DATA
std::string real(const char* file) {
    std::ifstream in(std::string(DRYDOCK_REFERENCE_DATA) + "/lspci/" + file);
    std::ostringstream s;
    s << in.rdbuf();
    return s.str();
}

/// Everything that our capabilities have in reset: what lspci reads is the same, line by line, but
/// for what software had programmed when the dump was taken.
void same_capabilities(const char* file, std::initializer_list<const char*> prefixes) {
    const auto theirs = lspci(real(file));
    const auto ours = lspci(dump_of(parse_lspci_dump(real(file), file)));
    for (const char* prefix : prefixes) {
        const auto begins = [&](const std::string& l) {
            const auto at = l.find_first_not_of(" \t");
            return at != std::string::npos &&
                   l.compare(at, std::string(prefix).size(), prefix) == 0;
        };
        const auto a = std::find_if(theirs.begin(), theirs.end(), begins);
        const auto b = std::find_if(ours.begin(), ours.end(), begins);
        ASSERT_NE(a, theirs.end()) << prefix;
        ASSERT_NE(b, ours.end()) << prefix;
        EXPECT_EQ(*b, *a);
    }
}

TEST(LspciReads, the_same_in_our_intel_dsa_as_in_its_dump) {
    same_capabilities("intel-dsa-ats-pri-pasid.txt",
                      {"DevCap:", "DevCap2:", "Vector table:", "PBA:", "ATSCap:", "PASIDCap:",
                       "PRISta:", "Page Request Capacity: 00000200"});
}

TEST(LspciReads, the_same_in_our_myricom_as_in_its_dump) {
    same_capabilities("myricom-10g-ats.txt",
                      {"DevCap:", "LnkCap:", "Vector table:", "PBA:", "ATSCap:"});
}

TEST(LspciDump, intel_dsa) {
    const config_image image = parse_lspci_dump(real("intel-dsa-ats-pri-pasid.txt"), "dsa");
    config_space c(image);
    EXPECT_EQ(c.read(0), 0x0b25'8086u);
    EXPECT_EQ(c.bar(0)->bytes, 64u << 10);
    EXPECT_EQ(c.bar(2)->bytes, 128u << 10);
    EXPECT_EQ(c.bar(0)->address, 0u);  // as after reset
    EXPECT_EQ(c.express().type(), port_type::root_complex_endpoint);
    EXPECT_TRUE(c.express().flr_capable());
    EXPECT_EQ(c.express().max_payload_supported(), 512u);
    EXPECT_EQ(c.ats().queue_depth(), 32u);
    EXPECT_FALSE(c.ats().enabled());
    EXPECT_EQ(c.pasid().width(), 20u);
    EXPECT_EQ(c.pri().capacity(), 512u);
    EXPECT_TRUE(c.pri().pasid_required());
    EXPECT_EQ(c.msix().vectors(), 9u);
    EXPECT_EQ(c.msix().pba_offset(), 0x3000u);
    EXPECT_TRUE(c.power().no_soft_reset());
}

TEST(LspciDump, myricom_10g) {
    config_space c(parse_lspci_dump(real("myricom-10g-ats.txt"), "myri"));
    EXPECT_EQ(c.express().type(), port_type::endpoint);
    EXPECT_FALSE(c.express().flr_capable());
    EXPECT_TRUE(c.ats().present());
    EXPECT_FALSE(c.pasid().present());
    EXPECT_EQ(c.msix().vectors(), 128u);
    EXPECT_EQ(c.bar(0)->bytes, 16u << 20);
}

TEST(LspciDump, a_switch_port_dumped_without_extended_space_is_refused) {
    EXPECT_THROW(parse_lspci_dump(real("plx-9716-downstream-dpc.txt"), "plx"), config_error);
}

TEST(LspciDump, haswell_root_port) {
    const config_image image =
        parse_lspci_dump(real("haswell-root-port-and-connectx3.txt"), "hsw", "00:02.0");
    EXPECT_EQ(config_space(image).express().type(), port_type::root_port);
    EXPECT_THROW(parse_lspci_dump(real("haswell-root-port-and-connectx3.txt"), "hsw"),
                 config_error);
}
#endif

}  // namespace
}  // namespace drydock::pcie
