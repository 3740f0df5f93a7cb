// SPDX-License-Identifier: Apache-2.0
// INTx and PME at a root port: levels that the root complex gives on.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"
#include "tlm/pcie/intx.h"

namespace drydock::root_complex {
namespace {

struct Wires : root_complex::intx_sink {
    void intx(unsigned line, bool level) override { edges.push_back({line, level}); }
    std::vector<std::pair<unsigned, bool>> edges;
};
struct RootIntx : ::testing::Test, bench {
    RootIntx() { rc.connect(wires); }
    void send(unsigned pin, bool asserted) {
        device.socket.send(pcie::make_intx_message(pool, pin, asserted, base::routing_id{0x0100}));
        run();
    }
    std::vector<std::pair<unsigned, bool>> edges() { return std::exchange(wires.edges, {}); }
    using list = std::vector<std::pair<unsigned, bool>>;
    std::uint32_t status() { return config_read(0, 1, 4) >> 16; }
    Wires wires;
};
constexpr std::uint32_t interrupt_status = 8;

TEST_F(RootIntx, P_160_messages_become_levels_of_the_ports_lines) {
    send(2, true);
    EXPECT_EQ(edges(), (list{{2, true}}));
    send(2, true);
    EXPECT_EQ(edges(), list{});
    send(0, true);
    send(2, false);
    EXPECT_EQ(edges(), (list{{0, true}, {2, false}}));
    other.socket.send(pcie::make_intx_message(pool, 1, true, base::routing_id{0x0400}));
    run();
    EXPECT_EQ(edges(), (list{{5, true}})) << "four of each root port";
    EXPECT_EQ(status() & interrupt_status, 0u) << "not the port's own";
}

TEST_F(RootIntx, P_139_a_link_that_goes_down_deasserts_them) {
    send(0, true);
    send(3, true);
    edges();
    rc.port(0).set_link(false);
    device.socket.set_link(false);
    run();
    EXPECT_EQ(edges(), (list{{0, false}, {3, false}}));
}

TEST_F(RootIntx, P_162_a_level_is_seen_behind_the_writes_before_it) {
    struct Timed : root_complex::intx_sink {
        Timed(bench& b) : of(b) {}
        void intx(unsigned, bool) override {
            seen = of.mem.load<std::uint32_t>(base::phys_addr{bench::ram + 0x3fc0});
        }
        bench& of;
        std::uint32_t seen = 0;
    } timed(*this);
    rc.connect(timed);
    for (unsigned i = 0; i < 16; ++i)
        device.socket.send(request(pcie::tlp_type::mwr, ram + 0x3c00 + i * 64, 64));
    send(0, true);
    EXPECT_EQ(timed.seen, 0x04030201u);
}

TEST_F(RootIntx, P_099_an_error_of_a_port_without_MSI_raises_its_INTA) {
    auto& s = rc.root(0).config();
    config_write(0, 1, s.express().at + 8u, 2, 0xf);
    config_write(0, 1, s.aer().at + 0x2cu, 4, 7);
    rc.root(0).detect(pcie::error::surprise_down, nullptr, false);
    EXPECT_EQ(edges(), (list{{0, true}}));
    EXPECT_NE(status() & interrupt_status, 0u);
    config_write(0, 1, 4, 2, 0x406);  // Interrupt Disable
    EXPECT_EQ(edges(), (list{{0, false}}));
    EXPECT_NE(status() & interrupt_status, 0u) << "the status stays";
    config_write(0, 1, 4, 2, 6);
    EXPECT_EQ(edges(), (list{{0, true}}));
    config_write(0, 1, s.aer().at + 0x30u, 4, 0x7f);
    EXPECT_EQ(edges(), (list{{0, false}}));
    EXPECT_EQ(status() & interrupt_status, 0u);
}

TEST_F(RootIntx, P_200_Retrain_Link_reads_0) {
    const unsigned control = rc.root(0).config().express().at + 0x10u;
    config_write(0, 1, control, 2, 0x60);
    EXPECT_EQ(config_read(0, 1, control, 2) & 0x60, 0x40u);
}

TEST_F(RootIntx, P_023_PME_interrupts_where_Root_Control_enables_it) {
    auto& s = rc.root(0).config();
    device.socket.send(message(pcie::msg_code::pm_pme));
    run();
    EXPECT_EQ(edges(), list{});
    config_write(0, 1, s.express().at + 0x1cu, 2, 8);
    EXPECT_EQ(edges(), (list{{0, true}}));
    config_write(0, 1, s.express().at + 0x20u, 4, 1u << 16);
    EXPECT_EQ(edges(), (list{{0, false}}));
    device.socket.send(message(pcie::msg_code::pm_pme));
    run();
    EXPECT_EQ(edges(), (list{{0, true}}));
}

}  // namespace
}  // namespace drydock::root_complex
