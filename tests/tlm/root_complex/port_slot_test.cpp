// SPDX-License-Identifier: Apache-2.0
// The slot of a port: what pulling and putting in shows, what commands do, when it interrupts.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"

namespace drydock::root_complex {
namespace {

constexpr unsigned control = 0x18, status = 0x1a;  // in the PCI Express capability
constexpr unsigned button = 1, presence_changed = 8, completed = 0x10, present = 0x40,
                   link_changed = 0x100;
constexpr unsigned interrupts = 0x1039;  // button, presence, command completed, link state; HPIE
constexpr unsigned power_off = 0x400;

struct slot_bench : bench {
    explicit slot_bench(slot_config s = {}, bool surprise_down = false)
        : bench(with(s, surprise_down)) {}
    static root_complex_config with(slot_config s, bool surprise_down) {
        auto c = two_ports();
        c.ports[0].slot = s;
        c.ports[0].surprise_down = surprise_down;
        return c;
    }
    unsigned at(unsigned reg) { return rc.root(0).config().express().at + reg; }
    unsigned slot_status() { return config_read(0, 1, at(status), 2); }
    void clear(unsigned bits) { config_write(0, 1, at(status), 2, bits); }
    void command(unsigned v) { config_write(0, 1, at(control), 2, v); }
    void sleep(base::ps t) { ctx.timeline.run(ctx.now() + t); }
    /// As the machine pulls it: the link is gone, then the slot notices.
    void pull() {
        device.socket.set_link(false);
        rc.root(0).slot()->set_present(false);
    }
    unsigned interrupts_so_far() { return static_cast<unsigned>(rc.root(0).count().interrupts); }
};

TEST(PortSlot, P_142_surprise_removal_shows_in_presence_link_state_and_surprise_down) {
    slot_bench b({}, true);
    EXPECT_EQ(b.slot_status(), present);
    b.pull();
    EXPECT_EQ(b.slot_status(), presence_changed | link_changed);
    EXPECT_NE(b.rc.root(0).config().aer().uncorrectable_status() & 0x20, 0u);
}

TEST(PortSlot, P_142_a_port_that_cannot_report_surprise_down_does_not) {
    slot_bench incapable;
    incapable.pull();
    EXPECT_EQ(incapable.slot_status(), presence_changed | link_changed);
    EXPECT_EQ(incapable.rc.root(0).config().aer().uncorrectable_status(), 0u);
}

TEST(PortSlot, P_142_a_muted_slot_loses_its_adapter_without_an_event) {
    slot_bench b;
    b.command(interrupts);
    b.sleep(1_ms);
    b.clear(0xffff);
    b.rc.root(0).slot()->mute(true);
    b.pull();
    EXPECT_EQ(b.slot_status(), 0u) << "levels tell, events do not";
    EXPECT_FALSE(b.rc.link_up(0));
}

TEST(PortSlot, P_140_presence_and_link_state_at_once_are_one_interrupt) {
    slot_bench b;
    b.command(interrupts & ~completed);
    b.sleep(1_ms);
    b.clear(0xffff);
    const unsigned before = b.interrupts_so_far();
    b.pull();
    EXPECT_EQ(b.interrupts_so_far(), before + 1);
    b.clear(presence_changed);
    EXPECT_EQ(b.interrupts_so_far(), before + 1) << "the other event still stands";
    b.clear(link_changed);
    b.rc.root(0).slot()->set_present(true);
    EXPECT_EQ(b.interrupts_so_far(), before + 2);
}

TEST(PortSlot, P_140_without_enables_events_stand_and_nobody_is_interrupted) {
    slot_bench b;
    b.pull();
    EXPECT_EQ(b.interrupts_so_far(), 0u);
    b.command(0x1000 | 0x20);
    EXPECT_EQ(b.interrupts_so_far(), 1u) << "an event that stands interrupts once it is enabled";
}

TEST(PortSlot, P_141_each_command_is_completed_once) {
    slot_bench b;
    b.command(0x20);
    EXPECT_EQ(b.slot_status() & completed, 0u);
    b.sleep(1_ms);
    EXPECT_NE(b.slot_status() & completed, 0u);
    b.clear(completed);
    b.sleep(100_ms);
    EXPECT_EQ(b.slot_status() & completed, 0u) << "once";
    b.clear(0);
    b.sleep(1_ms);
    EXPECT_EQ(b.slot_status() & completed, 0u) << "Slot Status is no command";
}

TEST(PortSlot, P_141_without_command_completed_support_nothing_is_answered) {
    slot_config none;
    none.command_completed = false;
    slot_bench silent(none);
    silent.command(0x20);
    silent.sleep(1_ms);
    EXPECT_EQ(silent.slot_status() & completed, 0u);
}

TEST(PortSlot, P_141_power_off_takes_the_link_down_and_power_on_trains_it) {
    slot_bench b({}, true);
    b.command(power_off);
    b.sleep(5_ms);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_NE(b.slot_status() & link_changed, 0u);
    EXPECT_EQ(b.slot_status() & presence_changed, 0u) << "the adapter is still there";
    EXPECT_EQ(b.rc.root(0).config().aer().uncorrectable_status(), 0u) << "no surprise";
    b.command(0);
    b.sleep(100_ms);
    EXPECT_TRUE(b.rc.link_up(0));
}

TEST(PortSlot, an_empty_slot_does_not_train_and_a_new_adapter_does) {
    slot_bench b;
    b.pull();
    b.sleep(200_ms);
    EXPECT_FALSE(b.rc.link_up(0));
    b.clear(0xffff);
    b.rc.root(0).slot()->set_present(true);
    EXPECT_EQ(b.slot_status(), presence_changed | present);
    b.sleep(200_ms);
    EXPECT_TRUE(b.rc.link_up(0));
    EXPECT_EQ(b.slot_status(), presence_changed | link_changed | present);
    b.rc.root(0).slot()->press_button();
    EXPECT_NE(b.slot_status() & button, 0u);
}

}  // namespace
}  // namespace drydock::root_complex
