// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_space.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/lspci_dump.h"

namespace drydock::pcie {
namespace {

config_image device() {
    return config_image_builder({0x8086, 0x0b25, 0, 0x088000, 0x8086, 0, 0})
        .bar(0, 64 * 1024)
        .express({})
        .msix({})
        .power({})
        .aer({})
        .ats({})
        .pasid({})
        .pri({})
        .build();
}

TEST(ConfigSpace, P_170_both_chains_hold_every_capability_once) {
    const config_space c(device());
    std::vector<std::uint16_t> standard, extended;
    for (const auto& e : c.capabilities()) (e.extended ? extended : standard).push_back(e.id);
    EXPECT_EQ(standard, (std::vector<std::uint16_t>{0x10, 0x11, 0x01}));
    EXPECT_EQ(extended, (std::vector<std::uint16_t>{0x01, 0x0f, 0x1b, 0x13}));
}

TEST(ConfigSpace, P_170_a_cyclic_chain_is_refused) {
    config_image image = device();
    image.bytes[0x41] = 0x40;  // the first capability points at itself
    EXPECT_THROW(config_space{image}, config_error);
    image = device();
    const std::uint16_t ats = config_space(device()).find(0x0f, true);
    image.set32(ats, 0x0001000f | (0x100u << 20));
    EXPECT_THROW(config_space{image}, config_error);
}

TEST(ConfigSpace, P_171_bar_sizing) {
    const config_image image = config_image_builder({0x1234, 1, 0, 0, 0, 0, 0})
                                   .bar(0, 4096, false, false)
                                   .bar(1, 1u << 20, false, false)
                                   .bar(2, std::uint64_t{8} << 30, true, true)
                                   .build();
    config_space c(image);
    for (unsigned at = 0x10; at < 0x28; at += 4)
        c.write(static_cast<std::uint16_t>(at), 4, UINT32_MAX);
    EXPECT_EQ(c.read(0x10), 0xffff'f000u);
    EXPECT_EQ(c.read(0x14), 0xfff0'0000u);
    EXPECT_EQ(c.read(0x18), 0x0000'000cu);
    EXPECT_EQ(c.read(0x1c), 0xffff'fffeu);
    EXPECT_EQ(c.read(0x20), 0u);
    c.write(0x18, 4, 0);
    c.write(0x1c, 4, 0x80);
    ASSERT_TRUE(c.bar(2));
    EXPECT_EQ(c.bar(2)->address, 0x80'0000'0000u);
    EXPECT_EQ(c.bar(2)->bytes, std::uint64_t{8} << 30);
    EXPECT_TRUE(c.bar(2)->is_64 && c.bar(2)->prefetchable);
    EXPECT_FALSE(c.bar(3));
}

TEST(ConfigSpace, read_only_and_unimplemented_registers_ignore_writes) {
    config_space c(device());
    c.write(0x00, 4, 0);
    EXPECT_EQ(c.read(0x00), 0x0b25'8086u);
    c.write(0x800, 4, UINT32_MAX);
    EXPECT_EQ(c.read(0x800), 0u);
    EXPECT_EQ(c.read(0x02, 4), UINT32_MAX);  // misaligned
    EXPECT_EQ(c.read(0x02, 2), 0x0b25u);
    c.write(0x05, 1, 0x04);  // Command[10]
    EXPECT_EQ(c.read(0x04, 2), 0x0400u);
    c.write(0x04, 4, 0xffff'ffff, 0b0001);
    EXPECT_EQ(c.read(0x04, 2) & 0xff, 0x47u);
    EXPECT_EQ(c.read(0x05, 1), 0x04u);
}

TEST(ConfigSpace, P_040_ats_capability) {
    config_space c(device());
    const std::uint16_t at = c.find(0x000f, true);
    EXPECT_EQ(c.read(at) & 0xfffff, 0x1000fu);
    EXPECT_EQ(c.read(at) >> 20, c.find(0x001b, true));
    EXPECT_EQ(c.read(at + 4, 2) & 0x1f, 0u);  // depth 32 is coded 0
    EXPECT_EQ(c.ats().queue_depth(), 32u);
    EXPECT_FALSE(c.ats().enabled());
    c.write(at + 6, 2, 0x8003);
    EXPECT_TRUE(c.ats().enabled());
    EXPECT_EQ(c.ats().stu_bytes(), 32u * 1024);
}

TEST(ConfigSpace, pasid_features_that_are_not_supported_cannot_be_enabled) {
    config_space c(device());  // no execute
    c.write(static_cast<std::uint16_t>(c.pasid().at + 6), 2, 7);
    EXPECT_TRUE(c.pasid().enabled() && c.pasid().privileged_enabled());
    EXPECT_FALSE(c.pasid().execute_enabled());
    EXPECT_EQ(c.pasid().width(), 20u);
}

TEST(ConfigSpace, P_072_allocation_is_at_most_the_capacity) {
    config_space c(device());
    const auto at = c.pri().at;
    EXPECT_TRUE(c.pri().stopped());
    c.write(static_cast<std::uint16_t>(at + 0xc), 4, 100'000);
    EXPECT_EQ(c.pri().allocation(), 512u);
    c.pri().set_status(pri_view::response_failure);
    c.write(static_cast<std::uint16_t>(at + 6), 2, pri_view::response_failure);
    EXPECT_EQ(c.pri().status() & 3, 0);
}

TEST(ConfigSpace, P_163_msix_after_reset) {
    config_space c(device());
    EXPECT_FALSE(c.msix().enabled());
    EXPECT_EQ(c.msix().vectors(), 8u);
    c.write(static_cast<std::uint16_t>(c.msix().at + 2), 2, 0xffff);
    EXPECT_TRUE(c.msix().enabled() && c.msix().function_mask());
    EXPECT_EQ(c.msix().vectors(), 8u);
}

TEST(ConfigSpace, P_090_aer_defaults) {
    config_space c(device());
    EXPECT_EQ(c.aer().severity(), 0x0046'2030u);
    EXPECT_EQ(c.aer().uncorrectable_mask(), 0x0040'0000u);
    EXPECT_EQ(c.aer().correctable_mask(), 0x0000'e000u);
}

TEST(ConfigSpace, P_100_aer_status_survives_flr_and_hot_reset_not_power_on) {
    config_space c(device());
    c.aer().set_uncorrectable(1u << 20);
    c.reset(reset_kind::flr);
    c.reset(reset_kind::conventional);
    EXPECT_EQ(c.aer().uncorrectable_status(), 1u << 20);
    c.reset(reset_kind::fundamental);
    EXPECT_EQ(c.aer().uncorrectable_status(), 0u);
}

TEST(ConfigSpace, P_132_flr_keeps_mps_and_clears_bars_bme_msix_and_ats) {
    config_space c(device());
    const auto devctl = static_cast<std::uint16_t>(c.express().at + 8);
    c.write(0x04, 2, 6);
    c.write(0x10, 4, 0x1000'0000);
    c.write(devctl, 2, 0x2820 | 0x000f);
    c.write(static_cast<std::uint16_t>(c.ats().at + 6), 2, 0x8000);
    c.write(static_cast<std::uint16_t>(c.msix().at + 2), 2, 0x8000);
    c.write(static_cast<std::uint16_t>(c.aer().at + 8), 4, 0x0010'0000);
    c.reset(reset_kind::flr);
    EXPECT_EQ(c.device_control().max_payload, 256);
    EXPECT_FALSE(c.device_control().fatal_reporting);
    EXPECT_FALSE(c.command().bus_master || c.command().memory);
    EXPECT_EQ(c.bar(0)->address, 0u);
    EXPECT_FALSE(c.ats().enabled() || c.msix().enabled());
    EXPECT_EQ(c.aer().uncorrectable_mask(), 0x0010'0000u);
    c.reset(reset_kind::conventional);
    EXPECT_EQ(c.device_control().max_payload, 128);  // P-130: a hot reset clears it
}

struct listener final : config_listener {
    void config_written(std::uint16_t offset) override { written.push_back(offset); }
    void flr_initiated() override { ++flrs; }
    std::vector<std::uint16_t> written;
    unsigned flrs = 0;
};

TEST(ConfigSpace, initiate_flr_is_told_and_reads_0) {
    config_space c(device());
    listener l;
    c.listen(l);
    const auto devctl = static_cast<std::uint16_t>(c.express().at + 8);
    c.write(devctl, 2, 0x8000 | c.read(devctl, 2));
    EXPECT_EQ(l.flrs, 1u);
    EXPECT_EQ(l.written, (std::vector<std::uint16_t>{devctl}));
    EXPECT_EQ(c.read(devctl, 2) & 0x8000, 0u);
    config_space without(
        config_image_builder({1, 2, 0, 0, 0, 0, 0}).express({.flr = false}).build());
    without.listen(l);
    without.write(static_cast<std::uint16_t>(without.express().at + 8), 2, 0x8000);
    EXPECT_EQ(l.flrs, 1u);
}

TEST(ConfigSpace, d_states_that_the_function_lacks_are_not_entered) {
    config_space c(device());
    const auto pmcsr = static_cast<std::uint16_t>(c.power().at + 4);
    c.write(pmcsr, 2, 1);
    EXPECT_EQ(c.power().state(), 0u);
    c.write(pmcsr, 2, 3);
    EXPECT_EQ(c.power().state(), 3u);
}

TEST(ConfigSpace, dpc_registers) {
    config_space c(config_image_builder({1, 2, 0, 0x060400, 0, 0, 0}, true)
                       .express({.type = port_type::root_port, .flr = false})
                       .aer({})
                       .dpc({})
                       .build());
    const auto at = c.dpc().at;
    EXPECT_EQ(c.read(static_cast<std::uint16_t>(at + 0x10)), 0x0007'0707u);
    c.write(static_cast<std::uint16_t>(at + 6), 2, 0xffff);
    EXPECT_EQ(c.read(static_cast<std::uint16_t>(at + 6), 2) & 0x40, 0u);  // SW Trigger reads 0
    EXPECT_EQ(c.dpc().trigger_enable(), 3u);
    EXPECT_FALSE(c.dpc().triggered());
}

TEST(Builder, mistakes_are_refused) {
    config_image_builder b({1, 2, 0, 0, 0, 0, 0});
    b.bar(0, 4096);
    EXPECT_THROW(b.bar(1, 4096), config_error);  // upper half of BAR 0
    EXPECT_THROW(b.bar(5, 4096), config_error);  // a 64-bit BAR needs two
    EXPECT_THROW(b.bar(2, 5000), config_error);
    EXPECT_THROW(b.ats({.queue_depth = 33}), config_error);
    EXPECT_THROW(b.msix({.vectors = 4096}), config_error);
    EXPECT_THROW(b.express({.max_payload = 100}), config_error);
    EXPECT_THROW(
        config_image_builder({1, 2, 0, 0, 0, 0, 0}).power({.at = 0x40}).msix({.at = 0x44}).build(),
        config_error);
}

// -- lspci dumps ---------------------------------------------------------------------------------

/// A dump as lspci would print it for an image.
std::string dump_of(const config_image& image, const std::string& slot = "01:00.0") {
    std::ostringstream s;
    s << slot << " Ethernet controller: Somebody Something\n";
    for (unsigned n = 0; n < 6; ++n)
        if (image.bar_size[n] != 0)
            s << "\tRegion " << n
              << ": Memory at 1000 (64-bit, prefetchable) [size=" << image.bar_size[n] / 1024
              << "K]\n";
    for (const auto& c : walk_capabilities(image).found)
        s << "\tCapabilities: [" << std::hex << c.offset << std::dec << "] X\n";
    char text[8];
    for (unsigned i = 0; i < config_bytes; ++i) {
        if (i % 16 == 0)
            s << (i != 0 ? "\n" : "") << (std::snprintf(text, sizeof text, "%02x:", i), text);
        s << (std::snprintf(text, sizeof text, " %02x", unsigned{image.bytes[i]}), text);
    }
    s << "\n";
    return s.str();
}

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

#ifdef DRYDOCK_REFERENCE_DATA
std::string real(const char* file) {
    std::ifstream in(std::string(DRYDOCK_REFERENCE_DATA) + "/lspci/" + file);
    std::ostringstream s;
    s << in.rdbuf();
    return s.str();
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
