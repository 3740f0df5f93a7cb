// SPDX-License-Identifier: Apache-2.0
// The link of a port: holds, training times, what Link Status shows.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"

namespace drydock::root_complex {
namespace {

struct link_bench : bench {
    using bench::bench;
    static root_complex_config of_gen(unsigned gen) {
        auto c = two_ports();
        c.ports[0].gen = gen;
        return c;
    }
    unsigned status() {
        const auto at = rc.root(0).config().express().at;
        return config_read(0, 1, at + 0x12u, 2);
    }
    void link_control(unsigned v) {
        config_write(0, 1, rc.root(0).config().express().at + 0x10u, 2, v);
    }
    void sleep(base::ps t) { ctx.timeline.run(ctx.now() + t); }
};
constexpr unsigned dllla = 0x2000, training = 0x0800;

TEST(PortLink, P_117_training_takes_20_ms_up_to_gen2_and_50_ms_from_gen3_on) {
    for (const unsigned gen : {1u, 2u, 3u, 6u})
        EXPECT_EQ(pcie::link_training_time(gen), gen <= 2 ? 20_ms : 50_ms);
    link_bench b(link_bench::of_gen(3));
    b.link_control(0x10);
    b.sleep(5_ms);
    EXPECT_EQ(b.status() & (dllla | training), 0u);
    const base::ps asked = b.ctx.now();
    b.link_control(0);
    EXPECT_EQ(b.status() & (dllla | training), training);
    while (!b.rc.link_up(0)) b.sleep(100_us);
    EXPECT_NEAR(double((b.ctx.now() - asked).count), 50e9, 2e8);
    EXPECT_EQ(b.status() & (dllla | training), dllla);
}

TEST(PortLink, P_117_P_200_training_and_the_way_to_DLLLA_0_are_as_configured) {
    auto c = link_bench::two_ports();
    c.ports[0].times = pcie::link_times{3_ms, 7_ms};
    link_bench b(c);
    b.link_control(0x10);
    b.sleep(2_ms);
    EXPECT_EQ(b.status() & dllla, dllla);
    b.sleep(2_ms);
    EXPECT_EQ(b.status() & dllla, 0u);
    b.link_control(0);
    b.sleep(6_ms);
    EXPECT_FALSE(b.rc.link_up(0));
    b.sleep(1_ms);
    EXPECT_TRUE(b.rc.link_up(0));
}

TEST(PortLink, P_130_the_link_trains_when_the_last_hold_is_gone) {
    link_bench b;
    b.config_write(0, 1, 0x3e, 2, 0x40);
    b.link_control(0x10);
    b.config_write(0, 1, 0x3e, 2, 0);
    b.sleep(1_s);
    EXPECT_FALSE(b.rc.link_up(0));
    b.link_control(0);
    b.sleep(50_ms);
    EXPECT_TRUE(b.rc.link_up(0));
    EXPECT_EQ(b.device.states, (std::vector<bool>{false, true}));
}

TEST(PortLink, P_130_a_hold_stops_a_training) {
    link_bench b;
    b.link_control(0x10);
    b.link_control(0);
    b.sleep(40_ms);
    b.link_control(0x10);
    b.sleep(1_s);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_EQ(b.status() & (dllla | training), 0u);
}

TEST(PortLink, a_link_that_is_held_down_cannot_be_brought_up_from_outside) {
    link_bench b;
    b.link_control(0x10);
    b.device.socket.set_link(true);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_EQ(b.device.states.back(), false);
    b.link_control(0);
    b.device.socket.set_link(true);  // without training, as somebody outside wants it
    EXPECT_TRUE(b.rc.link_up(0));
    b.sleep(1_s);
    EXPECT_TRUE(b.rc.link_up(0));
}

TEST(PortLink, P_137_a_link_that_somebody_yanks_shows_at_once) {
    link_bench b;
    b.device.socket.set_link(false);
    EXPECT_EQ(b.status() & dllla, 0u);
    b.device.socket.set_link(true);
    EXPECT_EQ(b.status() & dllla, dllla);
}

TEST(PortLink, P_136_a_CXL_port_resets_its_bus_and_disables_its_link_only_if_unmasked) {
    auto c = bench::two_ports();
    c.ports[0].cxl = true;
    link_bench b(c);
    const auto mask = static_cast<unsigned>(b.rc.root(0).config().cxl_port().at) + 0x0c;
    b.config_write(0, 1, 0x3e, 2, 0x40);
    b.link_control(0x10);
    b.sleep(10_ms);
    EXPECT_TRUE(b.rc.link_up(0)) << "neither has an effect";
    b.config_write(0, 1, mask, 2, 1);
    EXPECT_FALSE(b.rc.link_up(0)) << "a reset that is on takes effect once it is unmasked";
    b.config_write(0, 1, 0x3e, 2, 0);
    b.sleep(100_ms);
    EXPECT_TRUE(b.rc.link_up(0));
    b.config_write(0, 1, mask, 2, 2);
    EXPECT_FALSE(b.rc.link_up(0)) << "Link Disable";
}

}  // namespace
}  // namespace drydock::root_complex
