// SPDX-License-Identifier: Apache-2.0
#include "platform/devices/description.h"

#include "tests/platform/support.h"
#include "tlm/pcie/config_space.h"

namespace drydock::tests {
namespace {

using devices::load;

std::vector<std::uint16_t> chain(const pcie::config_image& image, bool extended) {
    std::vector<std::uint16_t> at;
    for (const auto& c : pcie::list_capabilities(image))
        if (c.extended == extended) at.push_back(c.offset);
    return at;
}

std::string refused(const std::string& text) {
    try {
        devices::parse_description(text, "d.yaml", "d");
        return "";
    } catch (const scenario::bad_input& e) {
        return e.what();
    }
}

const char* const tiny = R"(title: tiny
ids: {vendor: 0x1234, device: 0x5678, class: 0x020000}
bars:
  0: {size: 4KiB}
capabilities:
  - {at: 0x40, express: {link: gen3 x4}}
  - {at: 0x100, ats: {queue_depth: 8}}
)";

TEST(DeviceDescription, every_built_in_description_is_good) {
    EXPECT_EQ(devices::names(),
              (std::vector<std::string>{"generic_ats_endpoint", "generic_endpoint", "intel_dsa",
                                        "myricom_10g"}));
    for (const auto& name : devices::names()) EXPECT_NE(load(name, {})->title, "");
}

TEST(DeviceDescription, intel_dsa_is_the_integrated_endpoint_that_lspci_shows) {
    const auto d = load("intel_dsa", {});
    EXPECT_EQ(d->type, scenario::port_type::rc_integrated_endpoint);
    EXPECT_FALSE(d->link);
    EXPECT_TRUE(d->flr);
    EXPECT_EQ(d->invalidate_queue_depth, 32u);
    EXPECT_EQ(d->pasid_bits, 20u);
    EXPECT_TRUE(d->pri);
    EXPECT_EQ(d->image.u32(0), 0x0b258086u);
    EXPECT_EQ(d->image.bar_size[0], 64u << 10);
    EXPECT_EQ(d->image.bar_size[2], 128u << 10);
    EXPECT_EQ(chain(d->image, false), (std::vector<std::uint16_t>{0x40, 0x80, 0x90}));
    EXPECT_EQ(chain(d->image, true),
              (std::vector<std::uint16_t>{0x100, 0x150, 0x160, 0x170, 0x200, 0x220, 0x230, 0x240}));
    pcie::config_space s(d->image);
    EXPECT_EQ(s.msix().vectors(), 9u);
    EXPECT_EQ(s.msix().pba_offset(), 0x3000u);
    EXPECT_EQ(s.express().max_payload_supported(), 512u);
    EXPECT_EQ(s.pri().capacity(), 512u);
    EXPECT_TRUE(s.pri().pasid_required());
    EXPECT_TRUE(s.ats().global_invalidate());
}

TEST(DeviceDescription, myricom_10g_is_the_endpoint_that_lspci_shows) {
    const auto d = load("myricom_10g", {});
    EXPECT_EQ(d->type, scenario::port_type::endpoint);
    EXPECT_EQ(d->link->gen, 1u);
    EXPECT_EQ(d->link->width, 8u);
    EXPECT_FALSE(d->flr);
    EXPECT_FALSE(d->pasid_bits);
    EXPECT_FALSE(d->pri);
    EXPECT_EQ(d->image.u32(0), 0x000814c1u);
    EXPECT_EQ(d->image.bar_size[0], 16u << 20);
    EXPECT_EQ(d->image.bar_size[2], 1u << 20);
    EXPECT_EQ(chain(d->image, false), (std::vector<std::uint16_t>{0x44, 0x54, 0x5c, 0x88, 0xd0}));
    EXPECT_EQ(chain(d->image, true), (std::vector<std::uint16_t>{0x100, 0x1a8, 0x1c4}));
    pcie::config_space s(d->image);
    EXPECT_EQ(s.msix().vectors(), 128u);
    EXPECT_EQ(s.msix().table_bar(), 2u);
    EXPECT_EQ(s.msix().table_offset(), 0xf0000u);
    EXPECT_EQ(s.express().max_payload_supported(), 4096u);
    EXPECT_FALSE(s.ats().page_aligned());
}

TEST(DeviceDescription, overrides_change_type_and_link_and_are_noted) {
    const auto d = load("intel_dsa", {});
    const auto changed =
        devices::with_overrides(*d, {scenario::port_type::endpoint, scenario::link{4, 8}, {}}, {});
    EXPECT_EQ(changed.type, scenario::port_type::endpoint);
    EXPECT_EQ(changed.link->gen, 4u);
    EXPECT_EQ(changed.link->width, 8u);
    EXPECT_EQ(changed.notes.size(), 2u);
    pcie::config_space s(changed.image);
    EXPECT_EQ(s.express().type(), pcie::port_type::endpoint);
    EXPECT_EQ(changed.pasid_bits, 20u);
}

TEST(DeviceDescription, without_overrides_nothing_is_noted) {
    const auto d = load("myricom_10g", {});
    const auto same = devices::with_overrides(*d, {std::nullopt, scenario::link{1, 8}, {}}, {});
    EXPECT_TRUE(same.notes.empty());
    EXPECT_EQ(same.image, d->image);
}

TEST(DeviceDescription, faults_of_a_description_are_refused_at_their_place) {
    EXPECT_EQ(refused(tiny), "");
    std::string text = tiny;
    EXPECT_NE(
        refused(text.replace(text.find("queue_depth: 8"), 14, "queue_depth: 64"))
            .find("d.yaml:7:36: queue_depth: '64' cannot be used; expected a whole number, 1..32"),
        std::string::npos);
    text = tiny;
    EXPECT_NE(refused(text.replace(text.find("size: 4KiB"), 10, "size: 5KiB")).find("d.yaml:4:3: "),
              std::string::npos);
    text = tiny;
    EXPECT_NE(refused(text.replace(text.find("at: 0x100"), 9, "at: 0x104")).find("d.yaml:6:3: "),
              std::string::npos);
    text = tiny;
    EXPECT_NE(
        refused(text.replace(text.find("express:"), 8, "expres: ")).find("did you mean 'express'?"),
        std::string::npos);
}

const char* const rich = R"(title: rich
ids: {vendor: 0x1234, device: 0x5678, class: 0x020000}
bars:
  0: {size: 4KiB}
capabilities:
  - {at: 0x40, express: {link: gen3 x4}}
  - {at: 0x80, msi: {vectors: 8, wide: true, maskable: true}}
  - {at: 0xa0, af: {flr: true, transactions_pending: false}}
  - {at: 0x100, acs: {source_validation: true, direct_translated: true, egress_vector: 12}}
  - {at: 0x110, ari: {next_function: 3, acs_groups: true}}
  - {at: 0x120, sriov: {total_vfs: 32, initial_vfs: 16, first_offset: 128, stride: 2, vf_device: 0x10ed, vf_10_bit_tags: true, bars: {0: {size: 16KiB}, 3: {size: 64KiB, bits: 32, prefetchable: false}}}}
  - {at: 0x160, dsn: {serial: 00-1a-11-ff-fe-4c-3c-70}}
  - {at: 0x170, cxl_device: {cache: true, mem: false, reset: true, reset_timeout: 1s, mem_clear: true}}
)";

TEST(DeviceDescription, keys_of_capabilities_become_their_fields) {
    pcie::config_space s(devices::parse_description(rich, "d.yaml", "d").image);
    EXPECT_EQ(s.msi().vectors(), 8u);
    EXPECT_TRUE(s.msi().is_64() && s.msi().maskable());
    EXPECT_TRUE(s.af().flr_capable());
    EXPECT_FALSE(s.af().reports_pending());
    EXPECT_EQ(s.acs().supported(), pcie::acs_view::source_validation |
                                       pcie::acs_view::egress_control |
                                       pcie::acs_view::direct_translated);
    EXPECT_EQ(s.acs().vector_bits(), 12u);
    EXPECT_EQ(s.ari().next_function(), 3u);
    EXPECT_TRUE(s.ari().acs_groups());
    EXPECT_FALSE(s.ari().mfvc_groups());
    EXPECT_EQ(s.sriov().total_vfs(), 32u);
    EXPECT_EQ(s.sriov().initial_vfs(), 16u);
    EXPECT_EQ(s.sriov().routing_id(0x100, 2), 0x182);
    EXPECT_EQ(s.sriov().vf_device_id(), 0x10edu);
    EXPECT_EQ(s.sriov().vf_bar_bytes(0), 16u << 10);
    EXPECT_EQ(s.sriov().vf_bar_bytes(3), 64u << 10);
    EXPECT_EQ(s.read(0x120 + 0x30), 0u) << "32 bits, not prefetchable";
    EXPECT_EQ(s.dsn().serial(), 0x001a'11ff'fe4c'3c70u);
    EXPECT_TRUE(s.cxl_device().reset_capable() && s.cxl_device().mem_clear_capable());
    EXPECT_FALSE(s.cxl_device().mem_capable());
    EXPECT_EQ(s.cxl_device().reset_timeout_ms(), 1000u);
}

TEST(DeviceDescription, faults_of_capabilities_are_refused_at_their_place) {
    const auto with = [](const std::string& from, const std::string& to) {
        std::string text = rich;
        return refused(text.replace(text.find(from), from.size(), to));
    };
    EXPECT_NE(with("vectors: 8", "vectors: 9").find("d.yaml:7:31: vectors: '9' cannot be used"),
              std::string::npos);
    EXPECT_NE(with("egress_vector: 12", "egress_vector: 257").find("d.yaml:9:"), std::string::npos);
    EXPECT_NE(with("initial_vfs: 16", "initial_vfs: 33").find("d.yaml:11:5: initial_vfs: 33"),
              std::string::npos);
    EXPECT_NE(with("16KiB", "2KiB").find("d.yaml:11:5: vf bar size"), std::string::npos);
    EXPECT_NE(with("00-1a-11-ff", "00-1a-11-xx").find("expected eight bytes in hexadecimal"),
              std::string::npos);
    EXPECT_NE(with("reset_timeout: 1s", "reset_timeout: 2s").find("d.yaml:13:"), std::string::npos);
    EXPECT_NE(with("next_function: 3", "next_functoin: 3").find("did you mean 'next_function'?"),
              std::string::npos);
    EXPECT_NE(with("af: {flr: true, transactions_pending: false}", "")
                  .find("expected express, raw, acs, aer, af"),
              std::string::npos);
}

TEST(DeviceDescription, a_dump_cut_in_half_is_refused_with_its_line) {
    const scratch s;
    s.file("cut.txt",
           "00:00.0 Class 0880: Device 1234:5678\n00: 34 12 78 56 06 00 10 00 00 00 80 08 00 00 00 "
           "00\n10: 0c 00 f4");
    try {
        load((s.path() / "cut.txt").string(), {});
        FAIL() << "a dump of 19 bytes was taken";
    } catch (const scenario::bad_input& e) {
        EXPECT_NE(std::string(e.what()).find("cut.txt:"), std::string::npos) << e.what();
        EXPECT_GT(e.at().line, 0);
    }
}

/// A dump of 256 bytes with an Express capability at 0x40 whose successor is `next`.
std::string dump_with_next(unsigned next) {
    std::string text =
        "00:00.0 Class 0880: Device 1234:5678\n\tRegion 0: Memory at 10000000 (32-bit, "
        "non-prefetchable) [size=64K]\n";
    for (unsigned row = 0; row < 256; row += 16) {
        unsigned bytes[16] = {};
        if (row == 0)
            bytes[0] = 0x34, bytes[1] = 0x12, bytes[2] = 0x78, bytes[3] = 0x56, bytes[6] = 0x10;
        if (row == 0x10) bytes[3] = 0x10;
        if (row == 0x30) bytes[4] = 0x40;
        if (row == 0x40) bytes[0] = 0x10, bytes[1] = next, bytes[2] = 0x02, bytes[12] = 0x41;
        char line[80];
        int n = std::snprintf(line, sizeof line, "%02x:", row);
        text.append(line, static_cast<std::size_t>(n));
        for (const unsigned b : bytes) {
            n = std::snprintf(line, sizeof line, " %02x", b);
            text.append(line, static_cast<std::size_t>(n));
        }
        text += '\n';
    }
    return text;
}

TEST(DeviceDescription, a_good_dump_is_taken_and_noted) {
    const scratch s;
    s.file("good.txt", dump_with_next(0));
    const auto d = load((s.path() / "good.txt").string(), {});
    EXPECT_EQ(d->image.u32(0), 0x56781234u);
    EXPECT_EQ(d->image.bar_size[0], 64u << 10);
    ASSERT_EQ(d->notes.size(), 1u);
    EXPECT_NE(d->notes[0].find("built from the dump"), std::string::npos);
}

TEST(DeviceDescription, a_cyclic_capability_chain_is_refused) {
    const scratch s;
    s.file("cyclic.txt", dump_with_next(0x40));
    try {
        load((s.path() / "cyclic.txt").string(), {});
        FAIL() << "a cyclic chain was taken";
    } catch (const scenario::bad_input& e) {
        EXPECT_NE(std::string(e.what()).find("cyclic.txt:"), std::string::npos) << e.what();
        EXPECT_NE(std::string(e.what()).find("cyclic: "), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace drydock::tests
