// SPDX-License-Identifier: Apache-2.0
// Virtual INTx wires of a switch.
#include "tests/tlm/root_complex/switch_bench.h"
#include "tlm/pcie/intx.h"

namespace drydock::root_complex {
namespace {

using pcie::msg_code;

struct SwitchIntx : ::testing::Test, switch_bench {
    void send(unsigned port, unsigned pin, bool asserted) {
        below[port]->socket.send(
            pcie::make_intx_message(pool, pin, asserted, base::routing_id{0x0300}));
        run();
    }
    /// Codes that have reached the root since the last question.
    std::vector<unsigned> told() {
        std::vector<unsigned> seen;
        for (const auto& t : root.arrived) seen.push_back(static_cast<unsigned>(t->code));
        clear();
        return seen;
    }
    using codes = std::vector<unsigned>;
};

TEST_F(SwitchIntx, P_160_a_wire_is_swizzled_by_the_device_number_of_its_port) {
    for (unsigned port = 0; port < 3; ++port)
        for (unsigned pin = 0; pin < 4; ++pin) {
            send(port, pin, true);
            const unsigned above = (pin + port) % 4;
            ASSERT_EQ(root.arrived.size(), 1u);
            EXPECT_EQ(root.arrived[0]->requester, sw.port(0).id());
            EXPECT_EQ(root.arrived[0]->routing, pcie::msg_routing::local);
            EXPECT_EQ(told(), codes{0x20 + above});
            send(port, pin, false);
            EXPECT_EQ(told(), codes{0x24 + above});
        }
}

TEST_F(SwitchIntx, P_160_a_wire_above_is_the_OR_of_those_below) {
    send(0, 1, true);  // INTB of port 0 and INTA of port 1 are INTB above
    EXPECT_EQ(told(), codes{0x21});
    send(1, 0, true);
    EXPECT_EQ(told(), codes{});
    EXPECT_EQ(below[1]->arrived.size(), 0u);
    send(0, 1, true);
    send(0, 1, false);
    EXPECT_EQ(told(), codes{}) << "the other one still pulls";
    send(1, 0, false);
    EXPECT_EQ(told(), codes{0x25});
    send(1, 0, false);
    EXPECT_EQ(told(), codes{}) << "no edge";
}

TEST_F(SwitchIntx, P_160_every_message_gives_its_buffer_back) {
    for (unsigned i = 0; i < 4; ++i) send(0, 2, i % 2 == 0);
    send(0, 2, false);
    EXPECT_EQ(below[0]->freed[0], 5u);
}

TEST_F(SwitchIntx, P_139_a_link_that_goes_down_deasserts_its_wires) {
    send(2, 3, true);
    send(0, 0, true);
    EXPECT_EQ(told(), (codes{0x21, 0x20}));
    below[2]->socket.set_link(false);
    run();
    EXPECT_EQ(told(), codes{0x25});
    below[2]->socket.set_link(true);
    run();
    EXPECT_EQ(told(), codes{});
}

TEST_F(SwitchIntx, P_162_it_is_behind_the_writes_before_it) {
    for (unsigned i = 0; i < 4; ++i) below[0]->socket.send(make(tlp_type::mwr, 0x8000'0000, 64, 3));
    send(0, 0, true);
    ASSERT_EQ(root.arrived.size(), 5u);
    EXPECT_TRUE(root.arrived[4]->is_message());
}

}  // namespace
}  // namespace drydock::root_complex
