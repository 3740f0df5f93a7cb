// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/kernel/kernel_fixture.h"

namespace drydock::sw {
namespace {

using hal::note;
using test::fake_host;

cpu_costs free_of_charge() {
    cpu_costs c = test::kernel_fixture::costs();
    c.memory_read = c.memory_write = 0ns;
    return c;
}

struct Kernel : test::kernel_fixture {
    Kernel() : kernel_fixture(2, free_of_charge()) {}
};

TEST_F(Kernel, a_task_keeps_its_cpu_while_it_spends_and_others_of_it_wait) {
    k.run_task("a", 0, [&] {
        k.spend(5us);
        mark("a");
    });
    k.run_task("b", 0, [&] { mark("b"); });
    k.run_task("c", 1, [&] { mark("c"); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"c", 0us}, {"a", 5us}, {"b", 5us}}));
}

TEST_F(Kernel, sleep_gives_the_cpu_away_and_ends_on_time) {
    k.run_task("a", 0, [&] {
        k.sleep(3us);
        mark("a");
    });
    k.run_task("b", 0, [&] {
        k.spend(1us);
        mark("b");
    });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"b", 1us}, {"a", 3us}}));
}

TEST_F(Kernel, a_sleeper_whose_cpu_is_taken_goes_on_when_it_is_free) {
    k.run_task("a", 0, [&] {
        k.sleep(3us);
        mark("a");
    });
    k.run_task("b", 0, [&] {
        k.spend(10us);
        mark("b");
    });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"b", 10us}, {"a", 10us}}));
}

TEST_F(Kernel, many_sleepers_wake_in_order_of_their_times_then_of_setting) {
    std::vector<int> order;
    for (int i = 0; i < 40; ++i)
        k.run_task("t" + std::to_string(i), 0, [&, i] {
            k.sleep(1us * (i * 7 % 10));
            order.push_back(i);
        });
    host.run(1ms);
    std::vector<int> expected(40);
    for (int i = 0; i < 40; ++i) expected[i] = i;
    std::stable_sort(expected.begin(), expected.end(),
                     [](int a, int b) { return a * 7 % 10 < b * 7 % 10; });
    EXPECT_EQ(order, expected);
}

TEST_F(Kernel, yield_lets_the_others_of_the_cpu_run) {
    k.run_task("a", 0, [&] {
        mark("a1");
        k.yield();
        mark("a2");
    });
    k.run_task("b", 0, [&] { mark("b"); });
    host.run(1us);
    EXPECT_EQ(log, (entries{{"a1", 0us}, {"b", 0us}, {"a2", 0us}}));
}

TEST_F(Kernel, choice_orders_the_run_queue) {
    host.on_choose = [](std::string_view point, std::span<const hal::candidate> among) {
        return point == "run_queue" ? among.size() - 1 : 0;
    };
    for (const char* n : {"a", "b", "c"}) k.run_task(n, 0, [&, n] { mark(n); });
    host.run(1us);
    EXPECT_EQ(log, (entries{{"c", 0us}, {"b", 0us}, {"a", 0us}}));
    EXPECT_EQ(host.asked,
              (std::vector<std::string>{"run_queue", "run_queue"}));  // one left: nothing to ask
}

TEST(KernelCosts, another_task_on_a_cpu_costs_a_context_switch) {
    fake_host host;
    kernel k(host.doors(), 1);
    hal::time_point first, again, other;
    k.run_task("a", 0, [&] {
        first = k.now();
        k.sleep(10us);
        again = k.now();
        k.sleep(1us);
    });
    k.run_task("b", 0, [&] {
        k.sleep(20us);
        other = k.now();
    });
    host.run(1ms);
    EXPECT_EQ(first, 1us);
    EXPECT_EQ(again, 11us + 1us);  // b had been on the CPU
    EXPECT_EQ(other, 22us + 1us);
    EXPECT_EQ(k.totals(0).switches, 4u);
}

TEST_F(Kernel, finished_says_whether_the_function_returned) {
    const task_ref t = k.run_task("a", 0, [&] { k.spend(2us); });
    host.run(1us);
    EXPECT_FALSE(k.finished(t));
    host.run(3us);
    EXPECT_TRUE(k.finished(t));
}

TEST_F(Kernel, a_held_task_stays_at_its_point_and_its_cpu_is_free_until_released) {
    host.on_hold = [](std::string_view task, std::string_view point, u16) {
        return task == "R" && point == "p4";
    };
    k.run_task("R", 0, [&] {
        k.point("p3");
        mark("p3");
        k.point("p4", 0x100);
        mark("p4");
    });
    k.run_task("T", 0, [&] {
        k.spend(2us);
        mark("T");
    });
    bool released = false;
    host.at(7us, [&] {
        EXPECT_EQ(k.held_at("R"), "p4");
        released = k.release("R");
    });
    host.run(1ms);
    EXPECT_TRUE(released);
    EXPECT_EQ(k.held_at("R"), "");
    EXPECT_EQ(log, (entries{{"p3", 0us}, {"T", 2us}, {"p4", 7us}}));
    EXPECT_FALSE(k.release("R"));
}

TEST_F(Kernel, a_task_held_with_interrupts_off_keeps_its_cpu) {
    host.on_hold = [](std::string_view, std::string_view point, u16) { return point == "i3"; };
    k.run_task("U", 0, [&] {
        k.local_irq_save();
        k.point("i3");
        mark("i3");
        k.local_irq_restore();
    });
    k.run_task("T", 0, [&] { mark("T"); });
    host.at(9us, [&] { k.release("U"); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"i3", 9us}, {"T", 9us}}));
}

TEST_F(Kernel, points_name_task_span_and_device) {
    k.run_task("R", 0, [&] {
        const span_scope s(k, hal::span_class::reset, 0x100);
        k.point("p0", 0x100);
    });
    host.run(1us);
    const auto points = host.of(note::point);
    ASSERT_EQ(points.size(), 1u);
    EXPECT_EQ(points[0].where, "sw.R");
    EXPECT_EQ(host.text_of(points[0].a), "p0");
    EXPECT_EQ(points[0].b, 0x100u);
    EXPECT_EQ(points[0].span, host.of(note::span_begin).at(0).span);
}

TEST_F(Kernel, a_span_is_current_within_its_block_and_knows_its_parent) {
    hal::span_id in = 0, back = 0, out = 1;
    k.run_task("a", 0, [&] {
        const span_scope outer(k, hal::span_class::unmap);
        {
            span_scope inner(k, hal::span_class::sync);
            in = k.current_span();
            inner.result(-5);
        }
        back = k.current_span();
    });
    k.run_task("b", 0, [&] { out = k.current_span(); });
    host.run(1us);
    EXPECT_EQ(back, 1u);
    EXPECT_EQ(in, 2u);
    EXPECT_EQ(out, 0u);
    EXPECT_EQ(host.of(note::span_begin).at(1).b, 1u);
    EXPECT_EQ(static_cast<std::int64_t>(host.of(note::span_end).at(0).a), -5);
}

TEST_F(Kernel, busy_time_is_what_the_cpu_was_occupied) {
    k.run_task("a", 0, [&] {
        k.spend(3us);
        k.sleep(10us);
        k.spend(4us);
    });
    host.run(15us);
    EXPECT_EQ(k.totals(0).busy, 3us + 2us);  // the open interval counts
    host.run(1ms);
    EXPECT_EQ(k.totals(0).busy, 7us);
    EXPECT_EQ(k.totals(1).busy, 0us);
}

TEST_F(Kernel, an_exception_of_a_task_ends_the_run) {
    k.run_task("a", 0, [] { throw std::runtime_error("broken driver"); });
    EXPECT_THROW(host.run(1us), std::runtime_error);
}

TEST_F(Kernel, blocking_calls_outside_of_tasks_are_refused) {
    EXPECT_THROW(k.spend(1us), std::logic_error);
    EXPECT_THROW(k.sleep(1us), std::logic_error);
    EXPECT_THROW(k.run_task("a", 2, [] {}), std::out_of_range);
}

TEST_F(Kernel, a_slow_register_stalls_the_cpu_until_it_answers) {
    host.slow_load = 3us;
    host.set_register(0x9000, 0x1234'5678);
    u32 value = 0;
    k.run_task("a", 0, [&] {
        value = k.readl(0x9000);
        mark("a");
    });
    k.run_task("b", 0, [&] { mark("b"); });
    host.run(1ms);
    EXPECT_EQ(value, 0x1234'5678u);
    EXPECT_EQ(log, (entries{{"a", 3'100ns}, {"b", 3'100ns}}));
}

/// A busy mix of everything, with choices at random; returns what was told.
std::vector<test::told> mixed_run(u64 seed) {
    fake_host host;
    u64 state = seed;
    const auto random = [&state](u64 n) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (state >> 33) % n;
    };
    host.on_choose = [&](std::string_view, std::span<const hal::candidate> among) {
        return random(among.size());
    };
    kernel k(host.doors(), 3);
    mutex m(k, "m");
    spinlock s(k, "s");
    const u32 irq = k.request_irq(
        "dev", 1, [&] { k.spend(300ns); },
        [&] {
            const guard g(m);
            k.spend(2us);
        });
    work w("w", [&] { k.sleep(1us); });
    for (int i = 0; i < 9; ++i)
        k.run_task("t" + std::to_string(i), static_cast<unsigned>(i) % 3, [&] {
            for (int n = 0; n < 30; ++n) {
                {
                    const guard g(m);
                    k.spend(1ns * static_cast<int>(random(900)));
                    k.sleep(100ns);
                }
                {
                    const guard g(s);
                    k.spend(50ns);
                }
                k.schedule_work(w, static_cast<unsigned>(random(3)));
                k.yield();
            }
        });
    for (int i = 0; i < 50; ++i)
        host.at(1us * static_cast<int>(random(300)), [&, irq] { host.send_interrupt(irq); });
    host.run(10ms);
    return host.notes;
}

TEST(KernelDeterminism, the_same_seed_gives_the_same_list_of_events) {
    const auto first = mixed_run(1);
    EXPECT_GT(first.size(), 2000u);
    EXPECT_EQ(first, mixed_run(1));
    EXPECT_NE(first, mixed_run(2));
}

}  // namespace
}  // namespace drydock::sw
