// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
constexpr std::uint64_t spinning = 1, irqs_off = 4, in_interrupt = 8;
void lock(told& t, std::string_view l, std::string_view task, std::uint64_t flags = 0) {
    t.tell(kind::sw_lock, task, t.text(l), t.place(task), flags);
}
void unlock(told& t, std::string_view l, std::string_view task, std::uint64_t flags = 0) {
    t.tell(kind::sw_unlock, task, t.text(l), t.place(task), flags);
}
}  // namespace

TEST(LockOrder, fires_when_two_tasks_take_two_locks_in_opposite_order) {
    told t;
    lock(t, "A", "T1"), lock(t, "B", "T1"), unlock(t, "B", "T1"), unlock(t, "A", "T1");
    lock(t, "B", "T2"), lock(t, "A", "T2"), unlock(t, "A", "T2"), unlock(t, "B", "T2");
    EXPECT_EQ(t.only().monitor, "lock_order");
    EXPECT_EQ(t.only().text, "cycle B -> A -> B");
}

TEST(LockOrder, fires_for_a_cycle_over_three_locks) {
    told t;
    lock(t, "A", "T1"), lock(t, "B", "T1"), unlock(t, "B", "T1"), unlock(t, "A", "T1");
    lock(t, "B", "T2"), lock(t, "C", "T2"), unlock(t, "C", "T2"), unlock(t, "B", "T2");
    EXPECT_TRUE(t.silent());
    lock(t, "C", "T3"), lock(t, "A", "T3");
    EXPECT_EQ(t.fired("lock_order"), 1u);
}

TEST(LockOrder, is_silent_when_everybody_keeps_to_one_order_and_gives_back_in_any) {
    told t;
    for (const char* task : {"T1", "T2"}) {
        lock(t, "A", task), lock(t, "B", task), unlock(t, "A", task), lock(t, "C", task);
        unlock(t, "B", task), unlock(t, "C", task);
    }
    lock(t, "A", "T1"), unlock(t, "A", "T1"), lock(t, "C", "T1");
    EXPECT_TRUE(t.silent());
}

TEST(LockOrder, fires_for_a_lock_taken_in_interrupt_and_with_interrupts_on) {
    told t;
    lock(t, "q", "T1", spinning), unlock(t, "q", "T1", spinning);
    lock(t, "q", "gerror", spinning | irqs_off | in_interrupt);
    EXPECT_EQ(t.fired("lock_order"), 1u);
}

TEST(LockOrder, is_silent_for_a_lock_taken_in_interrupt_and_with_interrupts_off) {
    told t;
    lock(t, "q", "T1", spinning | irqs_off), unlock(t, "q", "T1", spinning | irqs_off);
    lock(t, "q", "gerror", spinning | irqs_off | in_interrupt);
    EXPECT_TRUE(t.silent());
}

TEST(SleepInAtomic, fires_when_a_sleeping_function_is_called_in_atomic_context) {
    told t;
    t.tell(kind::sw_might_sleep, "R", t.text("mutex_lock"), t.place("R"), 1);
    t.tell(kind::sw_might_sleep, "R", t.text("mutex_lock"), t.place("R"), 1);
    EXPECT_EQ(t.only().monitor, "sleep_in_atomic");
    EXPECT_EQ(t.only().count, 2u);
}

TEST(SleepInAtomic, is_silent_where_sleeping_is_allowed) {
    told t;
    t.tell(kind::sw_might_sleep, "R", t.text("mutex_lock"), t.place("R"), 0);
    EXPECT_TRUE(t.silent());
}

TEST(LongHold, fires_for_interrupts_off_longer_than_a_millisecond) {
    told t;
    t.at(1_ms);
    t.tell(kind::sw_irqs_off, "cpu0", 0);
    t.at(17_ms);
    t.tell(kind::sw_irqs_on, "cpu0", 0, (16_ms).count);
    EXPECT_EQ(t.only().monitor, "long_hold");
    EXPECT_EQ(t.only().device, "cpu0");
    EXPECT_EQ(t.only().time, 2_ms);
}

TEST(LongHold, is_silent_up_to_the_limit_and_fires_for_what_is_still_off_at_the_end) {
    told t;
    t.tell(kind::sw_irqs_off, "cpu0", 0);
    t.at(1_ms);
    t.tell(kind::sw_irqs_on, "cpu0", 0, (1_ms).count);
    EXPECT_TRUE(t.silent());
    t.tell(kind::sw_irqs_off, "cpu1", 1);
    t.at(3_ms);
    t.finish();
    EXPECT_EQ(t.only().device, "cpu1");
}

TEST(LongHold, fires_for_a_mutex_held_longer_than_its_limit_only) {
    monitor_parameters limits;
    limits.mutex_limit = 5_ms;
    told t(limits);
    lock(t, "m", "T");
    lock(t, "spin", "other", spinning);
    t.at(5_ms);
    unlock(t, "m", "T");
    EXPECT_TRUE(t.silent());
    lock(t, "m", "T");
    t.at(11_ms);
    unlock(t, "m", "T");
    unlock(t, "spin", "other", spinning);
    EXPECT_EQ(t.only().device, "m");
}

TEST(LongHold, fires_for_a_mutex_that_is_still_held_at_the_end_and_says_by_whom) {
    told t;
    t.at(1_s);
    lock(t, "group", "sw.R");
    t.at(12_s);
    t.finish();
    EXPECT_EQ(t.only().time, 11_s);
    EXPECT_EQ(t.only().text, "sw.R held it for 11.000 s");
    EXPECT_EQ(t.only().rule, "no mutex is held for longer than 10.000 s");
}

TEST(Warn, fires_for_each_warning_of_the_software) {
    told t;
    t.tell(kind::sw_warn, "R", t.text("iommu: depth is 0"), told::ep0.value);
    EXPECT_EQ(t.only().monitor, "warn");
    EXPECT_EQ(t.only().text, "iommu: depth is 0");
}

TEST(Warn, is_silent_for_a_log_line) {
    told t;
    t.tell(kind::sw_log, "R", t.text("iommu: ready"), told::ep0.value, 6);
    EXPECT_TRUE(t.silent());
}

namespace {
void waits(told& t, std::string_view l, std::string_view task, std::string_view owner) {
    t.tell(kind::sw_lock_wait, task, t.text(l), t.place(task), t.place(owner), 0);
}
void ends_with_locks(told& t, std::string_view task) {
    t.tell(kind::sw_lock_wait, task, 0, t.place(task), 0, 1);
}
}  // namespace

TEST(Deadlock, fires_for_a_ring_of_waiting_tasks_and_names_locks_and_times) {
    told t;
    t.at(2_us), waits(t, "B", "T1", "T2");
    EXPECT_TRUE(t.silent());
    t.at(5_us), waits(t, "A", "T2", "T1");
    EXPECT_EQ(t.only().monitor, "deadlock");
    EXPECT_EQ(
        t.only().text,
        "T2 waits for A since 5.000 us, held by T1; T1 waits for B since 2.000 us, held by T2");
}

TEST(Deadlock, fires_for_a_task_that_waits_for_its_own_lock) {
    told t;
    waits(t, "A", "T1", "T1");
    EXPECT_EQ(t.fired("deadlock"), 1u);
}

TEST(Deadlock, fires_for_a_lock_whose_owner_has_ended_before_or_after) {
    told t;
    waits(t, "A", "T1", "R");
    ends_with_locks(t, "R");
    EXPECT_EQ(t.fired("deadlock"), 1u);
    waits(t, "A", "T2", "R");
    EXPECT_EQ(t.fired("deadlock"), 2u);
}

TEST(Deadlock, is_silent_when_the_lock_changed_hands_before_the_ring_closed) {
    told t;
    waits(t, "A", "T1", "T2");
    lock(t, "A", "T1");
    waits(t, "B", "T2", "T1");
    unlock(t, "A", "T1");
    lock(t, "B", "T2");
    waits(t, "A", "T1", "T3");
    EXPECT_TRUE(t.silent());
}

}  // namespace drydock::monitors::test
