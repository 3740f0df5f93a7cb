// SPDX-License-Identifier: Apache-2.0
// A switch with two virtual channels at its upstream port and at one port below.
#include "tests/tlm/root_complex/switch_bench.h"

namespace drydock::root_complex {
namespace {

void use_channels(pcie::config_space& s) {
    const std::uint16_t at = s.vc().at;
    s.write(at + 0x20, 4, 0x8100'0002);
    s.write(at + 0x14, 4, 0xfd);
}

struct channels_bench : switch_bench {
    channels_bench() : switch_bench(two()) {
        for (unsigned n = 0; n < 2; ++n) use_channels(sw.port(n).config());
    }
    static switch_config two() {
        switch_config c = config();
        c.virtual_channels = c.ports[0].virtual_channels = 2;
        return c;
    }
    tlp_ptr write(unsigned vc, std::uint64_t at, unsigned bus = 3) {
        tlp_ptr t = make(tlp_type::mwr, at, 64, bus);
        t->traffic_class = t->virtual_channel = static_cast<std::uint8_t>(vc);
        return t;
    }
};

TEST(SwitchChannels, P_036_a_blocked_vc0_at_the_egress_does_not_stop_vc1) {
    channels_bench b;
    for (unsigned i = 0; i < 70; ++i) b.below[0]->socket.send(b.write(0, 0x9000'0000 + i * 64));
    b.root.frees = false;
    b.root.socket.channel_credit_return(1, fc_class::posted, 8, UINT32_MAX);
    for (unsigned i = 0; i < 4; ++i) b.below[0]->socket.send(b.write(1, 0xa000'0000 + i * 64));
    b.run(10_us);
    unsigned in_vc1 = 0;
    for (const tlp_ptr& t : b.root.arrived) in_vc1 += t->virtual_channel == 1 ? 1 : 0;
    EXPECT_EQ(in_vc1, 4u);
    EXPECT_EQ(b.root.arrived.size(), 64u + 4u) << "VC0 has run out of room";
}

TEST(SwitchChannels, P_091_a_TC_that_the_egress_has_in_no_channel_is_malformed_at_the_ingress) {
    channels_bench b;
    auto& up = b.sw.port(0).config();
    up.write(up.vc().at + 0x20, 4, 0);  // VC1 is gone there, and VC0 does not have its TC
    b.below[0]->socket.send(b.write(1, 0x9000'0000));
    b.run(10_us);
    EXPECT_TRUE(b.root.arrived.empty());
    auto& s = b.sw.port(1).config();
    EXPECT_EQ(s.read(static_cast<std::uint16_t>(s.aer().at + 4)), 1u << 18);
}

TEST(SwitchChannels, a_port_with_one_channel_passes_the_TC_on_in_VC0) {
    channels_bench b;
    b.root.socket.channel_credit_return(1, fc_class::posted, 8, UINT32_MAX);
    b.below[1]->socket.send([&] {
        tlp_ptr t = b.write(0, 0x9000'0000, 4);
        t->traffic_class = 1;
        return t;
    }());
    b.run(10_us);
    ASSERT_EQ(b.root.arrived.size(), 1u);
    EXPECT_EQ(b.root.arrived[0]->virtual_channel, 1);
    EXPECT_EQ(b.below[1]->freed[0], 1u) << "its buffer there was of VC0";
}

}  // namespace
}  // namespace drydock::root_complex
