// SPDX-License-Identifier: Apache-2.0
#include "sw/kernel/gate.h"

#include "tests/sw/kernel/kernel_fixture.h"

namespace drydock::sw {
namespace {

using hal::note;

struct Gate : test::kernel_fixture {
    gate g{k, "g"};

    /// Shuts the gate on `cpu` from now on for so long, asleep.
    void shut(hal::duration length, unsigned cpu) {
        k.run_task("owner", cpu, [this, length] {
            g.shut();
            k.sleep(length);
            g.open();
        });
    }
    /// Passes it on CPU 0, 1 us from now, with interrupts on or off.
    void pass(bool atomic) {
        k.run_task("passer", 0, [this, atomic] {
            k.spend(1us);
            if (atomic) k.local_irq_save();
            g.pass();
            mark("passer");
            if (atomic) k.local_irq_restore();
        });
    }
};

TEST_F(Gate, an_open_gate_is_passed_at_once) {
    pass(false);
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"passer", 1us}}));
}

TEST_F(Gate, who_may_sleep_waits_asleep) {
    shut(10us, 1);
    pass(false);
    k.run_task("other", 0, [&] { mark("other"); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"other", 1us}, {"passer", 10us}}));
}

TEST_F(Gate, who_must_not_sleep_keeps_its_cpu) {
    shut(10us, 1);
    pass(true);
    k.run_task("other", 0, [&] { mark("other"); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"passer", 10us}, {"other", 10us}}));
}

TEST_F(Gate, it_opens_when_the_last_opens_it) {
    shut(10us, 1);
    k.run_task("second", 2, [this] {
        g.shut();
        k.sleep(20us);
        g.open();
    });
    pass(false);
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"passer", 20us}}));
}

TEST_F(Gate, another_task_may_open_it) {
    k.run_task("owner", 1, [this] { g.shut(); });
    k.run_task("opener", 2, [this] {
        k.sleep(5us);
        g.open();
    });
    pass(false);
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"passer", 5us}}));
}

TEST_F(Gate, an_owner_that_is_stuck_under_the_spinner_waits_for_its_cpu) {
    shut(10us, 0);
    pass(true);
    host.run(1ms);
    EXPECT_TRUE(log.empty()) << "neither goes on";
    std::vector<std::string> waits;
    for (const auto& n : host.of(note::lock_wait)) waits.push_back(host.text_of(n.a));
    EXPECT_EQ(waits, (std::vector<std::string>{"g", "cpu0"}));
}

TEST_F(Gate, opening_an_open_gate_is_a_fault_of_the_model) {
    bool thrown = false;
    k.run_task("t", 0, [&] {
        try {
            g.open();
        } catch (const std::logic_error&) {
            thrown = true;
        }
    });
    host.run(1ms);
    EXPECT_TRUE(thrown);
}

}  // namespace
}  // namespace drydock::sw
