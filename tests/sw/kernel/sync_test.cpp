// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/kernel/kernel_fixture.h"

namespace drydock::sw {
namespace {

using hal::note;

struct Sync : test::kernel_fixture {
    /// Tasks a, b, c, d on a CPU each come 1 ns apart and hold m for 1 us. @return order of them
    std::vector<std::string> four_after_each_other(mutex& m) {
        for (unsigned i = 0; i < 4; ++i)
            k.run_task(std::string(1, static_cast<char>('a' + i)), i, [this, &m, i] {
                k.spend(1ns * (i + 1));
                const guard g(m);
                mark(k.current_name());
                k.spend(1us);
            });
        host.run(1ms);
        return order();
    }
};

TEST_F(Sync, mutex_is_handed_over_in_order_of_arrival) {
    mutex m(k, "m");
    EXPECT_EQ(four_after_each_other(m), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST_F(Sync, choice_lock_may_hand_over_to_another) {
    host.on_choose = [](std::string_view point, std::span<const hal::candidate> among) {
        return point == "lock" ? among.size() - 1 : 0;
    };
    mutex m(k, "m");
    EXPECT_EQ(four_after_each_other(m), (std::vector<std::string>{"a", "d", "c", "b"}));
}

TEST_F(Sync, who_waits_for_a_mutex_gives_the_cpu_away) {
    mutex m(k, "m");
    hold(m, 10us);
    take_later(m, 0);
    k.run_task("other", 0, [&] { mark("other"); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"other", 1us}, {"taker", 10us}}));
}

TEST_F(Sync, mutex_knows_its_owner) {
    mutex m(k, "m");
    bool mine = false, theirs = true, tried = true;
    k.run_task("a", 0, [&] {
        const guard g(m);
        mine = m.held_by_current();
        k.spend(2us);
    });
    k.run_task("b", 1, [&] {
        k.spend(1us);
        theirs = m.held_by_current();
        tried = m.try_lock();
    });
    host.run(1us);
    EXPECT_TRUE(m.held());
    host.run(1ms);
    EXPECT_TRUE(mine);
    EXPECT_FALSE(theirs);
    EXPECT_FALSE(tried);
    EXPECT_FALSE(m.held());
    k.run_task("c", 0, [&] {
        EXPECT_TRUE(m.try_lock());
        m.unlock();
    });
    k.run_task("d", 0, [&] { m.unlock(); });
    EXPECT_THROW(host.run(2ms), std::logic_error);
}

TEST_F(Sync, who_spins_keeps_its_cpu_from_other_tasks) {
    spinlock s(k, "s");
    hold(s, 10us);
    take_later(s, 0);
    k.run_task("other", 0, [&] { mark("other"); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"taker", 10us}, {"other", 10us}}));
    EXPECT_EQ(k.totals(0).busy, 10us);
}

TEST_F(Sync, interrupts_run_while_spinning_if_on_and_not_if_off) {
    for (const bool off : {false, true}) {
        spinlock s(k, off ? "off" : "on");
        const auto base = k.now();
        hal::time_point handled{};
        const u32 irq = k.request_irq("dev", 0, [&] { handled = k.now() - base; });
        hold(s, 10us);
        k.run_task("spinner", 0, [&] {
            k.spend(1us);
            if (off) {
                s.lock_irqsave();
                s.unlock_irqrestore();
            } else {
                s.lock();
                s.unlock();
            }
        });
        host.at(base + 4us, [&, irq] { host.send_interrupt(irq); });
        host.run(base + 1ms);
        EXPECT_EQ(handled, off ? 10us : 4us);
    }
}

TEST_F(Sync, a_lock_granted_during_an_interrupt_is_taken_when_the_handler_is_over) {
    spinlock s(k, "s");
    const u32 irq = k.request_irq("dev", 0, [&] { k.spend(8us); });
    hold(s, 10us);
    take_later(s, 0);
    host.at(5us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(when, 13us);
}

TEST_F(Sync, writer_waits_for_all_readers_and_later_readers_for_the_writer) {
    rwlock l(k, "l");
    const auto reader = [&](hal::duration from, hal::duration length) {
        return [&, from, length] {
            k.sleep(from);
            l.read_lock_irqsave();
            mark(k.current_name());
            k.spend(length);
            l.read_unlock_irqrestore();
        };
    };
    k.run_task("r0", 0, reader(0us, 5us));
    k.run_task("r1", 1, reader(1us, 9us));
    k.run_task("r2", 3, reader(3us, 1us));
    k.run_task("w", 2, [&] {
        k.sleep(2us);
        l.write_lock_irqsave();
        mark("w");
        k.spend(4us);
        l.write_unlock_irqrestore();
    });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"r0", 0us}, {"r1", 1us}, {"w", 10us}, {"r2", 14us}}));
}

TEST_F(Sync, wait_queue_tests_its_condition_at_every_wake) {
    wait_queue q(k, "q");
    int count = 0;
    bool in_time = false;
    k.run_task("a", 0, [&] {
        in_time = q.wait([&] { return count == 3; });
        when = k.now();
    });
    for (int i = 1; i <= 3; ++i)
        host.at(1us * i, [&] {
            ++count;
            q.wake_all();
        });  // from hardware context
    host.run(1ms);
    EXPECT_TRUE(in_time);
    EXPECT_EQ(when, 3us);
}

TEST_F(Sync, wait_queue_gives_up_at_its_deadline) {
    wait_queue q(k, "q");
    bool in_time = true;
    k.run_task("a", 0, [&] {
        in_time = q.wait([] { return false; }, 5us);
        when = k.now();
    });
    host.at(2us, [&] { q.wake_all(); });
    host.run(1ms);
    EXPECT_FALSE(in_time);
    EXPECT_EQ(when, 5us);
}

TEST_F(Sync, locks_tell_what_they_waited_and_how_long_they_were_held) {
    spinlock s(k, "cmdq");
    k.run_task("a", 0, [&] {
        s.lock_irqsave();
        k.spend(10us);
        s.unlock_irqrestore();
    });
    k.run_task("b", 1, [&] {
        k.spend(4us);
        const guard g(s);
    });
    host.run(1ms);
    const auto locks = host.of(note::lock), unlocks = host.of(note::unlock);
    ASSERT_EQ(locks.size(), 2u);
    EXPECT_EQ(host.text_of(locks[0].a), "cmdq");
    EXPECT_EQ(locks[0].c, 1u | 4u);  // spinning, interrupts off
    EXPECT_EQ(locks[1].c, 1u);
    EXPECT_EQ(locks[1].d, 6'000'000u);
    EXPECT_EQ(unlocks.at(0).d, 10'000'000u);
}

TEST_F(Sync, sleeping_calls_tell_whether_they_were_made_in_atomic_context) {
    mutex m(k, "m");
    spinlock s(k, "s");
    k.run_task("a", 0, [&] {
        { const guard g(m); }
        const guard g(s);
        EXPECT_TRUE(k.in_atomic());
        const guard h(m);
    });
    host.run(1ms);
    const auto notes = host.of(note::might_sleep);
    ASSERT_EQ(notes.size(), 2u);
    EXPECT_EQ(notes[0].c, 0u);
    EXPECT_EQ(notes[1].c, 1u);
}

TEST_F(Sync, a_task_that_takes_its_own_spinlock_again_stands_still_for_ever) {
    spinlock s(k, "s");
    const task_ref t = k.run_task("a", 0, [&] {
        s.lock();
        s.lock();
    });
    host.run(1s);
    EXPECT_FALSE(k.finished(t));
    EXPECT_EQ(k.totals(0).busy, 1s);
}

TEST_F(Sync, refcount_warns_about_use_after_the_last_put) {
    refcount r(k, "group");
    k.run_task("a", 0, [&] {
        r.get();
        EXPECT_FALSE(r.put());
        EXPECT_TRUE(r.put());
        EXPECT_TRUE(host.of(note::warn).empty());
        r.get();
    });
    host.run(1ms);
    EXPECT_EQ(host.of(note::warn).size(), 1u);
    std::vector<u64> counts;
    for (const auto& n : host.of(note::refcount)) counts.push_back(n.b);
    EXPECT_EQ(counts, (std::vector<u64>{1, 2, 1, 0, 1}));
}

}  // namespace
}  // namespace drydock::sw
