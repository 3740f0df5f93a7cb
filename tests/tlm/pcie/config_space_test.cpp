// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/config_space.h"

#include <gtest/gtest.h>

#include "tests/tlm/pcie/config_dump.h"

namespace drydock::pcie {
namespace {

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

TEST(ConfigSpace, P_080_pri_reset_reads_0_and_RF_stays_until_it_is_written_1) {
    config_space c(device());
    const auto control = static_cast<std::uint16_t>(c.pri().at + 4);
    const auto status = static_cast<std::uint16_t>(c.pri().at + 6);
    c.pri().set_status(pri_view::response_failure);
    c.write(control, 2, 2);
    EXPECT_EQ(c.read(control, 2), 0u);
    EXPECT_NE(c.pri().status() & pri_view::response_failure, 0);
    c.write(control, 2, 1);
    EXPECT_TRUE(c.pri().enabled()) << "RF does not stand in the way";
    EXPECT_NE(c.pri().status() & pri_view::response_failure, 0);
    c.write(status, 2, pri_view::response_failure);
    EXPECT_EQ(c.pri().status() & pri_view::response_failure, 0);
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

}  // namespace
}  // namespace drydock::pcie
