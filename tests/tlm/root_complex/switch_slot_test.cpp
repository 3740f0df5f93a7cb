// SPDX-License-Identifier: Apache-2.0
// Slots of a switch's ports, their links after a release, and power that goes and comes.
#include "tests/tlm/root_complex/switch_bench.h"

namespace drydock::root_complex {
namespace {

constexpr unsigned slot_control = 0x18, slot_status = 0x1a, link_status = 0x12;
constexpr unsigned presence_changed = 8, completed = 0x10, present = 0x40, link_changed = 0x100;
constexpr unsigned interrupts = 0x1028;  // presence, link state; HPIE
constexpr unsigned power_off = 0x400, active = 0x2000;
constexpr std::uint64_t doorbell = 0x0808'0040;

struct board : slot_adapter {
    void powered(bool on) override { states.push_back(on); }
    std::vector<bool> states;
};

/// Port 0 has a slot, ports 0 and 1 report Surprise Down and have DPC.
struct slot_bench : switch_bench {
    slot_bench() : switch_bench(with_slot()) { port().slot()->connect(&adapter); }
    static switch_config with_slot() {
        switch_config c = config();
        c.ports[0].slot.emplace();
        for (unsigned n : {0u, 1u}) {
            c.ports[n].surprise_down = true;
            c.ports[n].dpc.emplace();
        }
        return c;
    }
    switch_port& port(unsigned n = 0) { return sw.port(n + 1); }
    unsigned at(unsigned reg) { return port().config().express().at + reg; }
    unsigned word(unsigned n, unsigned reg) {
        return port(n).config().read(static_cast<std::uint16_t>(at(reg)), 2);
    }
    void pull() {
        below[0]->socket.set_link(false);
        port().slot()->set_present(false);
    }
    void enable_messages() {
        const unsigned msi = port().config().msi().at;
        config_write(2, 0, msi + 4, 4, doorbell);
        config_write(2, 0, msi + 0xc, 2, 0x20);
        config_write(2, 0, msi + 2, 2, 1 | 2 << 4);
        clear();
    }
    unsigned surprise_down(unsigned n) { return (errors(n + 1) >> 5) & 1; }
    board adapter;
};

TEST(SwitchSlot, P_142_surprise_removal_shows_in_presence_link_state_and_surprise_down) {
    slot_bench b;
    EXPECT_EQ(b.word(0, slot_status), present);
    b.pull();
    EXPECT_EQ(b.word(0, slot_status), presence_changed | link_changed);
    EXPECT_EQ(b.surprise_down(0), 1u);
    EXPECT_EQ(b.surprise_down(1), 0u) << "its neighbour has lost nothing";
    EXPECT_EQ(b.adapter.states, std::vector<bool>{false});
}

TEST(SwitchSlot, P_140_presence_and_link_state_at_once_are_one_message_upwards) {
    slot_bench b;
    b.enable_messages();
    b.config_write(2, 0, b.at(slot_control), 2, interrupts);
    b.run(1_ms);
    b.config_write(2, 0, b.at(slot_status), 2, 0xffff);
    b.clear();
    b.pull();
    b.run();
    ASSERT_EQ(b.root.arrived.size(), 1u);
    EXPECT_EQ(b.root.arrived[0]->type, tlp_type::mwr);
    EXPECT_EQ(b.root.arrived[0]->address, doorbell);
    EXPECT_EQ(b.root.arrived[0]->requester, b.port().id());
}

TEST(SwitchSlot, P_141_each_command_is_completed_once) {
    slot_bench b;
    b.config_write(2, 0, b.at(slot_control), 2, 0x20);
    EXPECT_EQ(b.word(0, slot_status) & completed, 0u);
    b.run(1_ms);
    EXPECT_NE(b.word(0, slot_status) & completed, 0u);
    b.config_write(2, 0, b.at(slot_status), 2, completed);
    b.run(100_ms);
    EXPECT_EQ(b.word(0, slot_status) & completed, 0u);
}

TEST(SwitchSlot, P_141_power_off_takes_link_and_power_and_power_on_trains) {
    slot_bench b;
    b.config_write(2, 0, b.at(slot_control), 2, power_off);
    b.run(5_ms);
    EXPECT_FALSE(b.port().link_up());
    EXPECT_EQ(b.word(0, slot_status) & presence_changed, 0u) << "the adapter is still there";
    EXPECT_EQ(b.surprise_down(0), 0u);
    EXPECT_EQ(b.adapter.states, std::vector<bool>{false});
    b.config_write(2, 0, b.at(slot_control), 2, 0);
    b.run(49_ms);
    EXPECT_EQ(b.adapter.states, (std::vector<bool>{false, true}));
    EXPECT_FALSE(b.port().link_up()) << "it trains";
    b.run(2_ms);
    EXPECT_TRUE(b.port().link_up());
    EXPECT_NE(b.word(0, link_status) & active, 0u);
}

TEST(SwitchSlot, P_142_a_muted_slot_loses_its_adapter_without_an_event) {
    slot_bench b;
    b.port().slot()->mute(true);
    b.pull();
    EXPECT_EQ(b.word(0, slot_status), 0u);
    EXPECT_FALSE(b.port().link_up());
}

TEST(SwitchSlot, P_117_after_containment_the_link_trains_as_a_root_ports_does) {
    slot_bench b;
    auto& space = b.port(1).config();
    const auto dpc = space.dpc().at;
    space.write(static_cast<std::uint16_t>(dpc + 6), 2, 1 | 0x40);  // Trigger Enable, trigger
    b.run(500_us);
    EXPECT_FALSE(b.port(1).link_up());
    EXPECT_NE(b.word(1, link_status) & active, 0u) << "software sees it 1 ms later";
    b.run(1_ms);
    EXPECT_EQ(b.word(1, link_status) & active, 0u);
    space.write(static_cast<std::uint16_t>(dpc + 8), 2, 1);
    b.run(49_ms);
    EXPECT_FALSE(b.port(1).link_up());
    b.run(2_ms);
    EXPECT_TRUE(b.port(1).link_up());
    EXPECT_NE(b.word(1, link_status) & active, 0u);
    EXPECT_EQ(b.surprise_down(1), 0u) << "containment is no surprise";
    EXPECT_EQ(b.below[1]->states, (std::vector<bool>{false, true}));
}

TEST(SwitchSlot, P_100_a_hot_reset_keeps_sticky_bits_and_a_fundamental_one_does_not) {
    slot_bench b;
    b.pull();
    ASSERT_EQ(b.surprise_down(0), 1u);
    b.root.socket.set_link(false);
    b.root.socket.set_link(true);
    EXPECT_EQ(b.surprise_down(0), 1u);
    b.root.socket.set_link(false);
    b.sw.set_fundamental_reset(true);
    EXPECT_EQ(b.surprise_down(0), 0u);
    b.run(200_ms);
    EXPECT_FALSE(b.port(1).link_up()) << "held while it is asserted";
    b.sw.set_fundamental_reset(false);
    b.run(51_ms);
    EXPECT_TRUE(b.port(1).link_up());
    EXPECT_FALSE(b.port(0).link_up()) << "its slot is empty still";
}

TEST(SwitchSlot, P_142_a_reset_from_above_gives_power_back_and_forgets_enables) {
    slot_bench b;
    b.config_write(2, 0, b.at(slot_control), 2, power_off | interrupts);
    b.run(5_ms);
    ASSERT_EQ(b.adapter.states, std::vector<bool>{false});
    b.root.socket.set_link(false);
    EXPECT_EQ(b.adapter.states, (std::vector<bool>{false, true}));
    EXPECT_EQ(b.word(0, slot_control), 0u);
    EXPECT_NE(b.word(0, slot_status) & present, 0u) << "a level is no event";
    b.run(60_ms);
    EXPECT_TRUE(b.port().link_up());
}

TEST(SwitchSlot, P_117_a_fundamental_reset_ends_containment_as_its_status_is_gone) {
    slot_bench b;
    auto& space = b.port(1).config();
    space.write(static_cast<std::uint16_t>(space.dpc().at + 6), 2, 1 | 0x40);
    b.run(5_ms);
    ASSERT_TRUE(b.port(1).contained());
    b.root.socket.set_link(false);
    b.run();
    EXPECT_TRUE(b.port(1).contained()) << "Trigger Status is sticky";
    b.sw.set_fundamental_reset(true);
    b.sw.set_fundamental_reset(false);
    b.run(60_ms);
    EXPECT_FALSE(b.port(1).contained());
    EXPECT_TRUE(b.port(1).link_up());
}

}  // namespace
}  // namespace drydock::root_complex
