// SPDX-License-Identifier: Apache-2.0
// A device with two virtual channels: nothing that one holds up stops the other.
#include "tests/tlm/endpoint/ats_bench.h"
#include "tlm/pcie/vf_image.h"

namespace drydock::endpoint {
namespace {

using pcie::msg_code;
using pcie::tlp_type;

/// TC1 in VC1, everything else in VC0.
struct channels_bench : ats_bench {
    channels_bench() : ats_bench(config()) {
        start();
        setup(1, {.ring = 0x11'0000});
        const std::uint16_t vc = dut->config_space().vc().at;
        config_write(static_cast<std::uint16_t>(vc + 0x20), 0x8100'0002);
        other->open_channel(1);
        config_write(static_cast<std::uint16_t>(vc + 0x14), 0xfd);
    }
    static endpoint_config config() {
        endpoint_config c;
        c.image = generic_image();
        pcie::graft_extended(c.image, pcie::config_image_builder({}).vc({}).build());
        c.dma.traffic_classes = 2;
        return c;
    }
    std::uint32_t vc_control(unsigned n) {
        return config_read(static_cast<std::uint16_t>(dut->config_space().vc().at + 0x14 + 12 * n));
    }
    /// Writes of a queue, as the peer has seen them.
    std::vector<seen_tlp> writes_in(unsigned vc) const {
        return all([vc](auto& t) {
            return t.is(tlp_type::mwr) && t.data.size() == 8 && t.virtual_channel == vc;
        });
    }
};

TEST(DeviceChannels, P_036_a_blocked_vc0_does_not_stop_vc1) {
    channels_bench b;
    b.describe(1, dma::op::write, buffer, 8);  // translations are asked for in TC0: beforehand
    b.place_ring();
    b.ring(1, 20_us);
    ASSERT_EQ(b.writes_in(1).size(), 1u);
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 60; ++i) b.describe(0, dma::op::write, buffer + 8 * i, 8);
    b.go();
    const std::size_t out = b.writes_in(0).size();
    EXPECT_LE(out, 8u);
    for (unsigned i = 0; i < 60; ++i) b.describe(1, dma::op::write, buffer + 0x800 + 8 * i, 8);
    b.place_ring();
    b.ring(1, 20_us);
    EXPECT_EQ(b.writes_in(1).size(), 61u);
    for (const seen_tlp& t : b.writes_in(1)) EXPECT_EQ(t.traffic_class, 1);
    EXPECT_EQ(b.writes_in(0).size(), out);
    b.other->give_back_withheld();
    b.run(20_us);
    EXPECT_EQ(b.writes_in(0).size(), 60u);
}

TEST(DeviceChannels, P_053_the_completion_of_vc1_overtakes_writes_that_wait_in_vc0) {
    channels_bench b;
    b.describe(0, dma::op::write, buffer, 8);
    b.go();
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 40; ++i) b.describe(0, dma::op::write, buffer + 8 * i, 8);
    b.go();
    const std::size_t out = b.writes_in(0).size();
    ASSERT_LT(out, 41u);
    // A page that no waiting write uses: those drain by themselves.
    b.invalidate(5, buffer + 0x10'0000);
    ASSERT_EQ(b.completions().size(), 1u) << "only that of VC1";
    EXPECT_EQ(b.completions()[0].traffic_class, 1);
    EXPECT_EQ(b.completions()[0].virtual_channel, 1);
    EXPECT_EQ(b.completions()[0].address, pcie::encode_invalidate_completion(2, 1u << 5));
    EXPECT_EQ(b.writes_in(0).size(), out);
    b.other->give_back_withheld();
    b.run(20_us);
    ASSERT_EQ(b.completions().size(), 2u);
    EXPECT_EQ(b.completions()[1].virtual_channel, 0);
    EXPECT_EQ(b.writes_in(0).size(), 41u);
}

TEST(DeviceChannels, P_132_flr_keeps_the_channels_a_link_that_goes_down_does_not) {
    channels_bench b;
    EXPECT_EQ(b.vc_control(1), 0x8100'0002u);
    b.config_write(static_cast<std::uint16_t>(b.at.express + 8), 0x8000);
    b.run(200_ms);
    EXPECT_EQ(b.vc_control(1), 0x8100'0002u);
    b.other->socket.set_link(false);
    b.other->socket.set_link(true);
    b.run();
    EXPECT_EQ(b.vc_control(1), 0x0100'0000u);
    EXPECT_EQ(b.vc_control(0), 0x8000'00ffu);
}

TEST(DeviceChannels, P_091_a_TC_that_is_mapped_to_no_channel_is_malformed) {
    channels_bench b;
    const std::uint16_t at = b.dut->config_space().vc().at;
    b.config_write(static_cast<std::uint16_t>(at + 0x14), 0x7d);  // TC7 is nowhere now
    pcie::tlp_ptr t = b.make(tlp_type::mrd);
    t->address = bar0;
    t->length = 1;
    t->first_be = 0xf;
    t->traffic_class = 7;
    const auto freed = b.other->freed[1];
    b.send(std::move(t));
    EXPECT_TRUE(b.last().is_message(msg_code::err_fatal)) << "no answer";
    EXPECT_EQ(b.other->freed[1], freed + 1) << "its buffer is free";
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.aer + 4)), 1u << 18);
}

TEST(DeviceChannels, a_request_in_the_channel_of_another_TC_is_malformed) {
    channels_bench b;
    pcie::tlp_ptr t = b.make(tlp_type::mrd);
    t->address = bar0;
    t->length = 1;
    t->first_be = 0xf;
    t->traffic_class = 1;  // comes in VC0
    b.send(std::move(t));
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.aer + 4)), 1u << 18);
}

}  // namespace
}  // namespace drydock::endpoint
