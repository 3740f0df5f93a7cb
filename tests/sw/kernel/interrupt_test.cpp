// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/kernel/kernel_fixture.h"

namespace drydock::sw {
namespace {

using hal::note;

struct Interrupt : test::kernel_fixture {
    static cpu_costs with_entry() {
        cpu_costs c = costs();
        c.interrupt_entry = 500ns;
        return c;
    }
    Interrupt() : kernel_fixture(2, with_entry()) {}
    std::vector<hal::time_point> handled;
};

TEST_F(Interrupt, lengthens_spend_by_entry_and_handler) {
    const u32 irq = k.request_irq("dev", 0, [&] {
        handled.push_back(k.now());
        k.spend(2us);
    });
    k.run_task("a", 0, [&] {
        k.spend(10us);
        when = k.now();
    });
    host.at(4us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(handled, (std::vector<hal::time_point>{4'500ns}));
    EXPECT_EQ(when, 12'500ns);
    EXPECT_EQ(k.totals(0).interrupts, 1u);
}

TEST_F(Interrupt, that_comes_as_spend_ends_goes_first) {
    const u32 irq = k.request_irq("dev", 0, [&] { k.spend(2us); });
    k.run_task("a", 0, [&] {
        k.spend(10us);
        when = k.now();
    });
    host.at(10us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(when, 12'500ns);
}

TEST_F(Interrupt, of_another_cpu_changes_nothing) {
    const u32 irq = k.request_irq("dev", 1, [&] { k.spend(2us); });
    k.run_task("a", 0, [&] {
        k.spend(10us);
        when = k.now();
    });
    host.at(4us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(when, 10us);
}

TEST_F(Interrupt, waits_until_interrupts_are_on_again) {
    const u32 irq = k.request_irq("dev", 0, [&] { handled.push_back(k.now()); });
    k.run_task("a", 0, [&] {
        k.local_irq_save();
        k.local_irq_save();
        k.spend(10us);
        k.local_irq_restore();
        EXPECT_TRUE(k.irqs_disabled());
        k.spend(1us);
        k.local_irq_restore();
        when = k.now();
    });
    host.at(4us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(handled, (std::vector<hal::time_point>{11'500ns}));
    EXPECT_EQ(when, 11'500ns);
}

TEST_F(Interrupt, outermost_disable_alone_is_told_with_how_long_it_lasted) {
    k.run_task("a", 0, [&] {
        k.local_irq_save();
        k.spend(3us);
        k.local_irq_save();
        k.spend(4us);
        k.local_irq_restore();
        k.local_irq_restore();
        k.local_irq_save();
        k.spend(1us);
        k.local_irq_restore();
    });
    host.run(1ms);
    ASSERT_EQ(host.of(note::irqs_off).size(), 2u);
    ASSERT_EQ(host.of(note::irqs_on).size(), 2u);
    EXPECT_EQ(host.of(note::irqs_on)[0].b, 7'000'000u);
    EXPECT_EQ(k.totals(0).irqs_off_longest, 7us);
    EXPECT_EQ(k.totals(0).irqs_off_total, 8us);
}

TEST_F(Interrupt, handlers_count_as_time_with_interrupts_off) {
    const u32 irq = k.request_irq("dev", 0, [&] { k.spend(2us); });
    host.at(4us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(k.totals(0).irqs_off_total, 2'500ns);
    EXPECT_EQ(k.totals(0).busy, 2'500ns);
    EXPECT_TRUE(host.of(note::irqs_off).empty());
}

TEST_F(Interrupt, that_comes_again_while_pending_is_merged) {
    const u32 irq = k.request_irq("dev", 0, [&] { handled.push_back(k.now()); });
    k.run_task("a", 0, [&] {
        k.local_irq_save();
        k.spend(10us);
        k.local_irq_restore();
    });
    for (int i = 1; i < 4; ++i) host.at(1us * i, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(handled.size(), 1u);
}

TEST_F(Interrupt, that_comes_during_its_own_handler_is_handled_after_it) {
    const u32 irq = k.request_irq("dev", 0, [&] {
        handled.push_back(k.now());
        k.spend(5us);
    });
    host.at(1us, [&] { host.send_interrupt(irq); });
    host.at(3us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(handled, (std::vector<hal::time_point>{1'500ns, 7us}));
}

TEST_F(Interrupt, thread_runs_in_a_task_after_the_handler) {
    bool in_task = false;
    const u32 irq = k.request_irq(
        "evtq", 1, [&] { EXPECT_TRUE(k.in_interrupt()); },
        [&] {
            in_task = !k.in_interrupt() && !k.in_atomic();
            k.sleep(5us);
            when = k.now();
        });
    host.at(1us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_TRUE(in_task);
    EXPECT_EQ(when, 6'500ns);
}

TEST_F(Interrupt, thread_runs_once_more_for_interrupts_during_its_run_even_if_it_sleeps_on_a_lock) {
    mutex m(k, "m");
    const u32 irq = k.request_irq("evtq", 1, {}, [&] {
        const guard g(m);
        handled.push_back(k.now());
    });
    k.run_task("holder", 0, [&] {
        const guard g(m);
        k.spend(20us);
    });
    for (int i = 1; i <= 3; ++i) host.at(2us * i, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(handled, (std::vector<hal::time_point>{20us, 20us}));
}

TEST_F(Interrupt, thread_goes_before_other_ready_tasks) {
    std::vector<std::string> order;
    const u32 irq = k.request_irq("evtq", 0, {}, [&] { order.push_back("thread"); });
    k.run_task("a", 0, [&] {
        k.spend(10us);
        order.push_back("a");
    });
    k.run_task("b", 0, [&] { order.push_back("b"); });
    host.at(4us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(order, (std::vector<std::string>{"a", "thread", "b"}));
}

TEST_F(Interrupt, choice_may_take_it_after_the_spend_under_way) {
    host.on_choose = [](std::string_view point, std::span<const hal::candidate>) -> std::size_t {
        return point == "interrupt" ? 1 : 0;
    };
    const u32 irq = k.request_irq("dev", 0, [&] { handled.push_back(k.now()); });
    k.run_task("a", 0, [&] {
        k.spend(10us);
        when = k.now();
    });
    host.at(4us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(when, 10us);
    EXPECT_EQ(handled, (std::vector<hal::time_point>{10'500ns}));
}

TEST_F(Interrupt, of_a_vector_nobody_asked_for_is_logged) {
    host.at(1us, [&] {
        host.send_interrupt(5);
        host.send_interrupt(5000);
    });
    host.run(1ms);
    EXPECT_EQ(host.of(note::log).size(), 2u);
}

TEST_F(Interrupt, handler_that_would_sleep_is_refused) {
    mutex m(k, "m");
    const u32 irq = k.request_irq("dev", 0, [&] { m.lock(); });
    k.run_task("holder", 1, [&] {
        const guard g(m);
        k.spend(10us);
    });
    host.at(1us, [&] { host.send_interrupt(irq); });
    EXPECT_THROW(host.run(1ms), std::logic_error);
}

TEST_F(Interrupt, waits_for_a_stalled_load) {
    host.slow_load = 6us;
    const u32 irq = k.request_irq("dev", 0, [&] { handled.push_back(k.now()); });
    k.run_task("a", 0, [&] { k.readl(0x9000); });
    host.at(2us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(handled, (std::vector<hal::time_point>{6'500ns}));
}

}  // namespace
}  // namespace drydock::sw
