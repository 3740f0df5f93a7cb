// SPDX-License-Identifier: Apache-2.0
// Virtual channels on a link: own credits, own stores, who is sent next (PCIe, 2.5, 2.6, 6.3).
#include "tests/tlm/pcie/link_bench.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/config_space.h"

namespace drydock::pcie {
namespace {

/// TC n in VC n, for n = 1 .. last.
channel_map one_to_one(unsigned last, std::uint8_t low_priority = 7) {
    channel_map m;
    m.low_priority = low_priority;
    for (unsigned v = 1; v <= last; ++v) {
        m.enabled = static_cast<std::uint8_t>(m.enabled | (1u << v));
        m.of_tc[v] = m.resource[v] = static_cast<std::uint8_t>(v);
    }
    return m;
}

struct channels_bench : bench {
    explicit channels_bench(const link_config& c, unsigned last = 1, std::uint8_t low = 7,
                            buffers at_device = frees)
        : bench(c, at_device) {
        port.socket.set_channels(one_to_one(last, low));
        device.socket.set_channels(one_to_one(last, low));
        run(1_us);
    }
    tlp_ptr in_channel(unsigned vc, std::uint64_t address, unsigned bytes = 64) {
        tlp_ptr t = write(address, bytes);
        t->traffic_class = t->virtual_channel = static_cast<std::uint8_t>(vc);
        return t;
    }
    std::vector<unsigned> order() const {
        std::vector<unsigned> v;
        for (const tlp_ptr& t : device.arrived) v.push_back(t->virtual_channel);
        return v;
    }
};

TEST(LinkChannels, a_channel_works_when_both_ends_have_enabled_it) {
    bench b;
    b.port.socket.set_channels(one_to_one(1));
    b.run(1_us);
    EXPECT_FALSE(b.port.channels[1]);
    tlp_ptr t = b.write(0x1000);
    t->traffic_class = t->virtual_channel = 1;
    b.port.send(std::move(t));
    b.run(2_us);
    EXPECT_TRUE(b.device.arrived.empty());  // flow control is not initialised
    b.device.socket.set_channels(one_to_one(1));
    EXPECT_FALSE(b.device.channels[1]);  // InitFC takes its time
    b.run(3_us);
    EXPECT_TRUE(b.port.channels[1]);
    EXPECT_TRUE(b.device.channels[1]);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    b.device.socket.set_channels(one_to_one(0));
    EXPECT_FALSE(b.port.channels[1]);
}

TEST(LinkChannels, P_036_writes_without_credits_in_vc0_do_not_stop_vc1) {
    link_config c = small_credits({1, 8});
    channels_bench b(c, 1, 7, keeps);
    for (unsigned i = 0; i < 3; ++i) b.port.send(b.in_channel(0, 0x1000 + i * 0x100));
    for (unsigned i = 0; i < 3; ++i) b.port.send(b.in_channel(1, 0x8000 + i * 0x100));
    b.run(10_us);
    EXPECT_EQ(b.order(), (std::vector<unsigned>{0, 1, 1, 1}));
    EXPECT_EQ(b.device.arrived[1]->address, 0x8000u);  // in order within the channel
    EXPECT_EQ(b.device.arrived[3]->address, 0x8200u);
    b.device.socket.free_buffer(*b.device.arrived[0]);
    b.run(20_us);
    EXPECT_EQ(b.device.arrived.size(), 5u);
    EXPECT_EQ(b.device.arrived[4]->address, 0x1100u);
}

TEST(LinkChannels, P_033_credits_of_each_channel_are_its_own) {
    link_config c;
    c.max_payload = 128;
    c.channels.emplace_back().device[0] = {2, 8};
    channels_bench b(c, 1, 7, keeps);
    for (unsigned i = 0; i < 5; ++i) b.port.send(b.in_channel(1, 0x8000 + i * 0x100));
    for (unsigned i = 0; i < 5; ++i) b.port.send(b.in_channel(0, 0x1000 + i * 0x100));
    b.run(10_us);
    EXPECT_EQ(b.order(), (std::vector<unsigned>{1, 0, 1, 0, 0, 0, 0}));
    // An UpdateFC of VC0 gives nothing to VC1.
    b.device.socket.free_buffer(*b.device.arrived[1]);
    b.run(20_us);
    EXPECT_EQ(b.device.arrived.size(), 7u);
    b.device.socket.free_buffer(*b.device.arrived[0]);
    b.run(30_us);
    EXPECT_EQ(b.device.arrived.size(), 8u);
}

TEST(LinkChannels, low_priority_channels_are_served_in_turn_others_first) {
    {
        channels_bench b({}, 2, 7);
        for (unsigned i = 0; i < 3; ++i)
            for (unsigned vc = 0; vc < 3; ++vc) b.port.send(b.in_channel(vc, 0x1000));
        b.run(10_us);
        EXPECT_EQ(b.order(), (std::vector<unsigned>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
    }
}

TEST(LinkChannels, strict_priority_sends_the_highest_channel_first) {
    channels_bench b({}, 2, 0);
    for (unsigned i = 0; i < 3; ++i)
        for (unsigned vc = 0; vc < 3; ++vc) b.port.send(b.in_channel(vc, 0x1000));
    b.run(10_us);
    // The first was on the wire when the others came.
    EXPECT_EQ(b.order(), (std::vector<unsigned>{0, 2, 2, 2, 1, 1, 1, 0, 0}));
}

TEST(LinkChannels, P_139_a_link_that_comes_up_again_initialises_its_channels_anew) {
    link_config c;
    c.max_payload = 128;
    c.channels.emplace_back().device[0] = {2, 16};
    channels_bench b(c, 1, 7, keeps);
    for (unsigned i = 0; i < 2; ++i) b.port.send(b.in_channel(1, 0x8000));
    b.run(2_us);
    ASSERT_EQ(b.device.arrived.size(), 2u);
    b.wire.set_up(false);
    EXPECT_FALSE(b.port.channels[1]);
    b.wire.set_up(true);
    b.run(4_us);
    EXPECT_TRUE(b.port.channels[1]);
    for (unsigned i = 0; i < 3; ++i) b.port.send(b.in_channel(1, 0x9000));
    b.run(6_us);
    EXPECT_EQ(b.device.arrived.size(), 4u);  // the initial two again
}

TEST(LinkChannels, P_212_replay_keeps_the_order_within_each_channel) {
    channels_bench b({}, 1);
    b.wire.inject(link_error::bad_tlp, true, 2);
    for (unsigned i = 0; i < 4; ++i)
        for (unsigned vc = 0; vc < 2; ++vc) b.port.send(b.in_channel(vc, 0x1000 + i * 0x100));
    b.run(1_ms);
    ASSERT_EQ(b.device.arrived.size(), 8u);
    std::array<std::uint64_t, 2> last{};
    for (const tlp_ptr& t : b.device.arrived) {
        EXPECT_GT(t->address, last[t->virtual_channel]);
        last[t->virtual_channel] = t->address;
    }
}

TEST(LinkChannels, too_few_credits_for_a_payload_are_refused) {
    base::context ctx;
    tlp_pool pool;
    link_config c;
    c.channels.emplace_back().port[0] = {4, 1};
    EXPECT_THROW(link("link", ctx, pool, c), std::invalid_argument);
}

// -- the capability ------------------------------------------------------------------------------

config_space with_channels(unsigned n, unsigned low = 7) {
    return config_space(config_image_builder({}).vc({.channels = n, .low_priority = low}).build());
}

TEST(VirtualChannelCapability, reset_values_have_all_traffic_in_vc0) {
    config_space s = with_channels(3, 1);
    const std::uint16_t at = s.find(vc_view::id, true);
    ASSERT_EQ(at, 0x100);
    EXPECT_EQ(s.read(at + 4), 0x12u);            // Extended VC Count 2, low priority 1
    EXPECT_EQ(s.read(at + 0x14), 0x8000'00ffu);  // VC0: enabled, TC0 to TC7
    EXPECT_EQ(s.read(at + 0x20), 0x0100'0000u);
    EXPECT_EQ(s.read(at + 0x2c), 0x0200'0000u);
    EXPECT_EQ(s.vc().map(), [] {
        channel_map m;
        m.low_priority = 1;
        return m;
    }());
}

TEST(VirtualChannelCapability, P_132_flr_keeps_vc_resources_a_hot_reset_does_not) {
    config_space s = with_channels(2);
    const std::uint16_t at = s.find(vc_view::id, true);
    s.write(at + 0x20, 4, 0x8100'0082);
    s.write(at + 0x14, 4, 0x0000'007d);  // VC Enable and TC0 of VC0 are read-only
    EXPECT_EQ(s.read(at + 0x14), 0x8000'007du);
    EXPECT_EQ(s.vc().map().of_tc[7], 1);
    s.reset(reset_kind::flr);
    EXPECT_EQ(s.read(at + 0x20), 0x8100'0082u);
    s.reset(reset_kind::conventional);
    EXPECT_EQ(s.read(at + 0x20), 0x0100'0000u);
    EXPECT_EQ(s.read(at + 0x14), 0x8000'00ffu);
}

TEST(VirtualChannelCapability, tc0_stays_in_vc0) {
    config_space s = with_channels(2);
    const std::uint16_t at = s.find(vc_view::id, true);
    s.write(at + 0x20, 4, 0x8100'00ff);
    EXPECT_EQ(s.read(at + 0x20), 0x8100'00feu);
    EXPECT_EQ(s.vc().map().of_tc[0], 0);
}

}  // namespace
}  // namespace drydock::pcie
