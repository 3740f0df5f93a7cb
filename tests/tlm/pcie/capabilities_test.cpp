// SPDX-License-Identifier: Apache-2.0
// Capabilities field by field: what software can write, what hardware sets, what a reset leaves;
// and lspci as an independent reader of what the builder makes.
#include <gtest/gtest.h>

#include "tests/tlm/pcie/config_dump.h"
#include "tests/tlm/pcie/lspci_reader.h"

namespace drydock::pcie {
namespace {

constexpr function_ids ids{0x1234, 0x5678, 1, 0x020000, 0x1234, 1, 0};

config_image_builder function() {
    config_image_builder b(ids);
    b.express({});
    return b;
}

std::uint16_t at(unsigned offset) { return static_cast<std::uint16_t>(offset); }

/// What stands there after software wrote all ones to every byte.
std::uint32_t written_ones(config_space& c, unsigned offset, unsigned size) {
    c.write(at(offset), size, UINT32_MAX);
    return c.read(at(offset), size);
}

TEST(Msi, fields_follow_vectors_width_and_mask) {
    config_space c(function().msi({.vectors_log2 = 3, .wide = true, .maskable = true}).build());
    const msi_view m = c.msi();
    EXPECT_EQ(m.vectors(), 8u);
    EXPECT_EQ(written_ones(c, m.at + 2u, 2), 0x1f7u) << "enable, enabled count, RO capable bits";
    EXPECT_EQ(written_ones(c, m.at + 4u, 4), 0xffff'fffcu);
    EXPECT_EQ(written_ones(c, m.at + 8u, 4), 0xffff'ffffu);
    EXPECT_EQ(written_ones(c, m.at + 0xcu, 2), 0xffffu);
    EXPECT_EQ(c.read(at(m.at + 0xeu), 2), 0u);
    EXPECT_EQ(written_ones(c, m.at + 0x10u, 4), 0xffu) << "vectors that are not there";
    c.msi().set_pending(0xf05);
    EXPECT_EQ(written_ones(c, m.at + 0x14u, 4), 0x05u) << "read-only";
    EXPECT_EQ(m.address(), 0xffff'ffff'ffff'fffcu);
    EXPECT_EQ(m.data(), 0xffffu);
    c.reset(reset_kind::flr);
    EXPECT_FALSE(m.enabled());
    EXPECT_EQ(m.mask() | m.pending() | m.address() | m.data(), 0u);
    EXPECT_EQ(m.vectors(), 8u);
    EXPECT_TRUE(
        says(lspci(dump_of(c.registers().image)), {"MSI: Enable- Count=1/8 Maskable+ 64bit+"}));
}

TEST(Msi, the_narrow_form_ends_before_what_follows) {
    config_space c(
        function().msi({.vectors_log2 = 0, .wide = false}).raw(9, false, {9, 0, 4, 0x77}).build());
    const msi_view m = c.msi();
    EXPECT_EQ(written_ones(c, m.at + 8u, 2), 0xffffu);
    const unsigned next = c.find(9, false);
    EXPECT_EQ(next, m.at + 0xcu);
    EXPECT_EQ(written_ones(c, next, 4), 0x7704'0009u) << "unknown capabilities are read-only";
    EXPECT_EQ(m.pending(), 0u);
}

struct flr_counter final : config_listener {
    void config_written(std::uint16_t) override {}
    void flr_initiated() override { ++flrs; }
    unsigned flrs = 0;
};

TEST(AdvancedFeatures, P_132_its_FLR_bit_initiates_one_and_reads_0) {
    config_space c(config_image_builder(ids).af({}).build());
    flr_counter l;
    c.listen(l);
    const af_view af = c.af();
    EXPECT_TRUE(af.flr_capable() && af.reports_pending());
    EXPECT_EQ(c.read(at(af.at + 2u), 1), 6u);
    EXPECT_EQ(written_ones(c, af.at + 2u, 2), 0x0306u) << "read-only";
    c.write(at(af.at + 4u), 1, 0xfe);
    EXPECT_EQ(l.flrs, 0u);
    EXPECT_EQ(written_ones(c, af.at + 4u, 1), 0u);
    EXPECT_EQ(l.flrs, 1u);
    c.af().set_transactions_pending(true);
    EXPECT_EQ(written_ones(c, af.at + 5u, 1), 1u) << "read-only, set by hardware";
    c.reset(reset_kind::flr);
    EXPECT_FALSE(af.transactions_pending());
    EXPECT_TRUE(says(lspci(dump_of(c.registers().image)), {"AFCap:", "TP+", "FLR+"}));
}

TEST(AdvancedFeatures, without_the_capability_bit_nothing_is_initiated) {
    config_space c(
        config_image_builder(ids).af({.flr = false, .transactions_pending = false}).build());
    flr_counter l;
    c.listen(l);
    EXPECT_EQ(written_ones(c, c.af().at + 4u, 1), 0u);
    EXPECT_EQ(l.flrs, 0u);
    c.af().set_transactions_pending(true);
    EXPECT_FALSE(c.af().transactions_pending());
}

TEST(Acs, only_supported_services_can_be_enabled) {
    constexpr std::uint16_t some =
        acs_view::source_validation | acs_view::request_redirect | acs_view::egress_control;
    config_space c(function().acs({.services = some, .vector_bits = 12}).build());
    const acs_view a = c.acs();
    EXPECT_EQ(a.supported(), some);
    EXPECT_EQ(a.enabled(), 0u);
    EXPECT_EQ(written_ones(c, a.at + 4u, 2), 0x0c25u);
    EXPECT_EQ(written_ones(c, a.at + 6u, 2), some);
    EXPECT_EQ(a.enabled(), some);
    EXPECT_EQ(written_ones(c, a.at + 8u, 4), 0xfffu) << "bits beyond the vector";
    EXPECT_TRUE(a.egress_blocked(11));
    EXPECT_FALSE(a.egress_blocked(12));
    EXPECT_TRUE(says(lspci(dump_of(c.registers().image)),
                     {"ACSCtl:",
                      "SrcValid+ TransBlk- ReqRedir+ CmpltRedir- UpstreamFwd- "
                      "EgressCtrl+ DirectTrans-"}));
    c.reset(reset_kind::flr);
    EXPECT_EQ(a.enabled(), 0u);
    EXPECT_FALSE(a.egress_blocked(11));
}

TEST(Acs, a_vector_of_256_is_coded_0_and_without_egress_control_there_is_none) {
    config_space wide(
        function().acs({.services = acs_view::egress_control, .vector_bits = 256}).build());
    EXPECT_EQ(wide.acs().vector_bits(), 256u);
    EXPECT_EQ(written_ones(wide, wide.acs().at + 8u + 28, 4), UINT32_MAX);
    config_space none(
        function().acs({.services = acs_view::source_validation}).dsn({.serial = 5}).build());
    EXPECT_EQ(none.acs().vector_bits(), 0u);
    EXPECT_EQ(none.find(dsn_view::id, true), none.acs().at + 8u);
}

TEST(Ari, control_is_0_but_for_the_groups_that_there_are) {
    config_space plain(function().ari({.next_function = 5}).build());
    EXPECT_EQ(plain.ari().next_function(), 5u);
    EXPECT_EQ(written_ones(plain, plain.ari().at + 4u, 4), 0x0000'0500u);
    config_space groups(function().ari({.next_function = 0, .acs_groups = true}).build());
    EXPECT_EQ(written_ones(groups, groups.ari().at + 6u, 2), 0x72u);
    EXPECT_EQ(groups.ari().function_group(), 7u);
    groups.reset(reset_kind::flr);
    EXPECT_EQ(groups.ari().function_group(), 0u);
    EXPECT_TRUE(says(lspci(dump_of(plain.registers().image)), {"ARICap:", "Next Function: 5"}));
}

sriov_fields sixteen() {
    sriov_fields f;
    f.total_vfs = f.initial_vfs = 16;
    f.first_offset = 128;
    f.stride = 2;
    f.vf_device = 0x10ed;
    f.bars = {{.n = 0, .bytes = 16384},
              {.n = 3, .bytes = 65536, .wide = false, .prefetchable = false}};
    return f;
}

TEST(Sriov, P_177_routing_ids_of_virtual_functions) {
    config_space one(function().sriov({.total_vfs = 8, .first_offset = 1, .stride = 1}).build());
    EXPECT_EQ(one.sriov().routing_id(0x0100, 1), 0x0101);
    EXPECT_EQ(one.sriov().routing_id(0x0100, 8), 0x0108);
    config_space next(function().sriov(sixteen()).build());
    EXPECT_EQ(next.sriov().routing_id(0x01f0, 1), 0x0270) << "on the next bus";
    EXPECT_EQ(next.sriov().routing_id(0x0100, 16), 0x019e);
}

TEST(Sriov, fields_are_read_only_or_written_as_the_table_says) {
    config_space c(function().sriov(sixteen()).build());
    const unsigned s = c.sriov().at;
    EXPECT_EQ(written_ones(c, s + 0xcu, 4), 0x0010'0010u) << "InitialVFs, TotalVFs";
    EXPECT_EQ(written_ones(c, s + 0x12u, 2), 0u) << "dependency link";
    EXPECT_EQ(written_ones(c, s + 0x14u, 4), 0x0002'0080u) << "offset, stride";
    EXPECT_EQ(written_ones(c, s + 0x18u, 4), 0x10ed'0000u);
    EXPECT_EQ(written_ones(c, s + 0x1cu, 4), 0x553u);
    EXPECT_EQ(c.sriov().system_page_size(), 1u);
    EXPECT_EQ(written_ones(c, s + 0x24u, 4), 0xffff'c00cu);
    EXPECT_EQ(written_ones(c, s + 0x28u, 4), 0xffff'ffffu);
    EXPECT_EQ(written_ones(c, s + 0x2cu, 4), 0u);
    EXPECT_EQ(written_ones(c, s + 0x30u, 4), 0xffff'0000u);
    EXPECT_EQ(written_ones(c, s + 0x3cu, 4), 0u) << "no migration";
    EXPECT_EQ(written_ones(c, s + 0x08u, 2), 0x19u) << "VF Enable, VF MSE, ARI hierarchy";
    EXPECT_EQ(written_ones(c, s + 0x0au, 2), 0u);
}

TEST(Sriov, bars_of_virtual_functions_stand_side_by_side) {
    config_space c(function().sriov(sixteen()).build());
    c.write(at(c.sriov().at + 0x24u), 4, 0x8000'0000);
    c.write(at(c.sriov().at + 0x28u), 4, 0x20);
    EXPECT_EQ(c.sriov().vf_bar_address(0, 1), 0x20'8000'0000u);
    EXPECT_EQ(c.sriov().vf_bar_address(0, 4), 0x20'8000'c000u);
    c.write(at(c.sriov().at + 0x30u), 4, 0x1234'5678);
    EXPECT_EQ(c.sriov().vf_bar_address(3, 2), 0x1235'0000u);
}

TEST(Sriov, P_179_NumVFs_and_page_size_are_locked_while_enabled_and_FLR_of_the_PF_disables) {
    config_space c(function().sriov(sixteen()).build());
    const unsigned s = c.sriov().at;
    c.write(at(s + 0x10u), 2, 4);
    c.write(at(s + 0x20u), 4, 0x10);
    c.write(at(s + 0x08u), 2, sriov_view::vf_enable | sriov_view::vf_memory_space);
    EXPECT_TRUE(c.sriov().enabled() && c.sriov().memory_enabled());
    c.write(at(s + 0x10u), 2, 9);
    c.write(at(s + 0x20u), 4, 1);
    EXPECT_EQ(c.sriov().num_vfs(), 4u);
    EXPECT_EQ(c.sriov().system_page_size(), 0x10u);
    c.reset(reset_kind::flr);
    EXPECT_FALSE(c.sriov().enabled() || c.sriov().memory_enabled());
    EXPECT_EQ(c.sriov().num_vfs(), 0u);
    EXPECT_EQ(c.sriov().system_page_size(), 1u);
    EXPECT_EQ(c.sriov().total_vfs(), 16u);
    c.write(at(s + 0x10u), 2, 9);
    EXPECT_EQ(c.sriov().num_vfs(), 9u);
}

TEST(Sriov, values_without_meaning_are_not_taken) {
    config_space c(function().sriov(sixteen()).build());
    const unsigned s = c.sriov().at;
    c.write(at(s + 0x10u), 2, 400);
    EXPECT_EQ(c.sriov().num_vfs(), 16u);
    c.write(at(s + 0x20u), 4, 0x11);
    EXPECT_EQ(c.sriov().system_page_size(), 1u);
    c.write(at(s + 0x20u), 4, 0x100);
    EXPECT_EQ(c.sriov().system_page_size(), 0x100u);
}

TEST(Sriov, lspci_reads_it) {
    config_space c(function().sriov(sixteen()).build());
    c.write(at(c.sriov().at + 0x10u), 2, 3);
    c.write(at(c.sriov().at + 0x24u), 4, 0x9000'0000);
    c.write(at(c.sriov().at + 0x08u), 2, sriov_view::vf_enable);
    const auto lines = lspci(dump_of(c.registers().image));
    EXPECT_TRUE(says(lines, {"IOVCtl:", "Enable+", "MSE-", "ARIHierarchy-"}));
    EXPECT_TRUE(says(lines, {"Initial VFs: 16, Total VFs: 16, Number of VFs: 3"}));
    EXPECT_TRUE(says(lines, {"VF offset: 128, stride: 2, Device ID: 10ed"}));
    EXPECT_TRUE(says(lines, {"System Page Size: 00000001"}));
    EXPECT_TRUE(says(lines, {"Region 0: Memory at 0000000090000000 (64-bit, prefetchable)"}));
}

TEST(SerialNumber, is_read_only) {
    config_space c(function().dsn({.serial = 0x001a'11ff'fe4c'3c70}).build());
    EXPECT_EQ(c.dsn().serial(), 0x001a'11ff'fe4c'3c70u);
    EXPECT_EQ(written_ones(c, c.dsn().at + 4u, 4), 0xfe4c'3c70u);
    EXPECT_EQ(written_ones(c, c.dsn().at + 8u, 4), 0x001a'11ffu);
    EXPECT_TRUE(says(lspci(dump_of(c.registers().image)),
                     {"Device Serial Number 00-1a-11-ff-fe-4c-3c-70"}));
}

TEST(Cxl, P_136_a_port_masks_bus_reset_and_link_disable_until_software_unmasks_them) {
    config_space c(config_image_builder(ids, true)
                       .express({.type = port_type::root_port, .flr = false})
                       .cxl_port({})
                       .build());
    EXPECT_FALSE(c.cxl_port().sbr_unmasked() || c.cxl_port().link_disable_unmasked());
    c.write(at(c.cxl_port().at + 0xcu), 2, 1);
    EXPECT_TRUE(c.cxl_port().sbr_unmasked());
    EXPECT_FALSE(c.cxl_port().link_disable_unmasked());
    EXPECT_EQ(written_ones(c, c.cxl_port().at + 0xcu, 4), 0xfu);
    EXPECT_TRUE(c.cxl_port().link_disable_unmasked());
    c.reset(reset_kind::conventional);
    EXPECT_FALSE(c.cxl_port().sbr_unmasked());
    EXPECT_FALSE(c.cxl_device().present());
    config_space plain(device());
    EXPECT_TRUE(plain.cxl_port().sbr_unmasked()) << "no CXL: nothing is masked";
}

TEST(Cxl, lspci_reads_the_port) {
    config_space c(config_image_builder(ids, true)
                       .express({.type = port_type::root_port, .flr = false})
                       .cxl_port({})
                       .build());
    c.write(at(c.cxl_port().at + 0xcu), 2, 1);
    EXPECT_TRUE(says(lspci(dump_of(c.registers().image)),
                     {"CXLPortCtl:", "UnmaskSBR+ UnmaskLinkDisable- AltMem- AltBME-"}));
}

struct initiate_seen final : config_listener {
    void config_written(std::uint16_t offset) override {
        if (offset == at) seen = space->read(at, 2);
    }
    config_space* space = nullptr;
    std::uint16_t at = 0;
    std::uint32_t seen = 0;
};

TEST(Cxl, a_device_shows_what_a_reset_needs_and_initiate_bits_read_0) {
    config_space c(
        function().cxl_device({.mem = true, .mem_clear = true, .reset_timeout_code = 2}).build());
    cxl_device_view d = c.cxl_device();
    EXPECT_TRUE(d.cache_capable() && d.mem_capable() && d.reset_capable() && d.mem_clear_capable());
    EXPECT_EQ(d.reset_timeout_ms(), 1000u);
    initiate_seen l;
    l.space = &c;
    l.at = at(d.at + 0x10u);
    c.listen(l);
    EXPECT_EQ(written_ones(c, d.at + 0x10u, 2), 0x9u);
    EXPECT_EQ(l.seen, 0xfu) << "who acts on it sees what was written";
    EXPECT_TRUE(d.caching_disabled() && d.mem_clear_enabled());
    d.set_status(cxl_device_view::reset_complete);
    EXPECT_TRUE(says(lspci(dump_of(c.registers().image)), {"CXLCap:", "Cache+ IO+ Mem+"}));
    EXPECT_TRUE(says(lspci(dump_of(c.registers().image)), {"CXLSta2:", "ResetComplete+"}));
    EXPECT_EQ(written_ones(c, d.at + 0x12u, 2), 2u) << "read-only";
    c.reset(reset_kind::flr);
    EXPECT_FALSE(d.caching_disabled());
    EXPECT_EQ(d.status(), 0u);
}

TEST(Cxl, other_vendors_capabilities_stay_read_only) {
    std::vector<std::uint8_t> bytes(0x28);
    bytes[4] = 0x86, bytes[5] = 0x80, bytes[6] = 0x80, bytes[7] = 0x02, bytes[8] = 3;
    config_space c(function().raw(dvsec_view::id, true, bytes).cxl_port({}).build());
    EXPECT_EQ(c.cxl_port().at, 0x128u) << "the second one is of CXL";
    EXPECT_EQ(written_ones(c, 0x10c, 4), 0u);
}

TEST(Builder, mistakes_in_capabilities_of_groups_and_virtual_functions_are_refused) {
    config_image_builder b = function();
    EXPECT_THROW(b.acs({.services = 0x80}), config_error);
    EXPECT_THROW(b.acs({.services = acs_view::egress_control}), config_error);
    EXPECT_THROW(b.acs({.services = 1, .vector_bits = 8}), config_error);
    EXPECT_THROW(b.ari({.next_function = 256}), config_error);
    EXPECT_THROW(b.sriov({.total_vfs = 0, .initial_vfs = 0}), config_error);
    EXPECT_THROW(b.sriov({.total_vfs = 4, .initial_vfs = 5}), config_error);
    EXPECT_THROW(b.sriov({.first_offset = 0}), config_error);
    EXPECT_THROW(b.sriov({.page_sizes = 2}), config_error);
    EXPECT_THROW(b.sriov({.bars = {{.n = 5, .bytes = 4096}}}), config_error);
    EXPECT_THROW(b.sriov({.bars = {{.n = 0, .bytes = 2048}}}), config_error);
    EXPECT_THROW(b.sriov({.bars = {{.n = 0, .bytes = 4096}, {.n = 1, .bytes = 4096}}}),
                 config_error);
    EXPECT_THROW(b.cxl_device({.reset_timeout_code = 5}), config_error);
}

// -- header registers that only captured functions have --

TEST(ConfigSpace, an_expansion_rom_is_sized_like_a_bar_and_gone_after_reset) {
    config_image image = device();
    image.rom_size = 512 * 1024;
    config_space c(image);
    EXPECT_EQ(written_ones(c, 0x30, 4), 0xfff8'0001u);
    c.reset(reset_kind::flr);
    EXPECT_EQ(c.read(0x30), 0u);
    image.rom_size = 1000;
    EXPECT_THROW(config_space{image}, config_error);
    config_space without(device());
    EXPECT_EQ(written_ones(without, 0x30, 4), 0u);
}

TEST(ConfigSpace, P_173_windows_that_a_bridge_does_not_have_are_read_only_0) {
    const config_image ours = config_image_builder(ids, true).build();
    config_space c(ours);
    EXPECT_EQ(written_ones(c, 0x1c, 2), 0u) << "no IO";
    EXPECT_EQ(c.read(0x24), 0x0001'fff1u) << "closed, 64 bits";
    EXPECT_EQ(written_ones(c, 0x28, 4), UINT32_MAX);
    EXPECT_EQ(written_ones(c, 0x3e, 2), 0x43u);
    config_image other = ours;
    other.set32(0x24, 0);
    other.set16(0x1c, 0x2121);
    config_space io(other);
    EXPECT_EQ(io.read(0x1c, 2), 0x01f1u) << "closed, 32 bits";
    EXPECT_EQ(written_ones(io, 0x1c, 2), 0xf1f1u);
    EXPECT_EQ(written_ones(io, 0x30, 4), UINT32_MAX);
    EXPECT_EQ(written_ones(io, 0x24, 4), 0u);
    EXPECT_EQ(written_ones(io, 0x2c, 4), 0u);
    EXPECT_EQ(written_ones(io, 0x3e, 2), 0x5fu);
}

TEST(ConfigSpace, a_captured_state_is_taken_up_as_far_as_the_fields_allow) {
    config_image image = function().sriov(sixteen()).aer({}).build();
    config_space running(image);
    const unsigned s = running.sriov().at;
    running.write(0x04, 2, 6);
    running.write(at(s + 0x10u), 2, 7);
    running.write(at(s + 0x08u), 2, sriov_view::vf_enable);
    running.aer().set_uncorrectable(1u << 20);
    running.express().set_transactions_pending(true);
    config_image captured = running.registers().image;
    captured.set16(0x30, 0x1234);  // no ROM
    config_space c(image);
    c.adopt(captured);
    EXPECT_TRUE(c.command().bus_master && c.sriov().enabled());
    EXPECT_EQ(c.sriov().num_vfs(), 7u);
    EXPECT_EQ(c.aer().uncorrectable_status(), 1u << 20);
    EXPECT_EQ(c.read(0x30), 0u);
    captured.set16(0x30, 0);
    EXPECT_EQ(c.registers().image, captured);
    c.reset(reset_kind::fundamental);
    EXPECT_EQ(c.registers().image, config_space(image).registers().image);
}

}  // namespace
}  // namespace drydock::pcie
