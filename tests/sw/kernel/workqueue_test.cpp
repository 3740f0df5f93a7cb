// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sw/kernel/kernel.h"
#include "tests/sw/kernel/fake_host.h"

namespace drydock::sw {
namespace {

using test::fake_host;

struct Workqueue : testing::Test {
    static cpu_costs costs() {
        cpu_costs c;
        c.context_switch = c.lock = c.interrupt_entry = 0ns;
        return c;
    }
    fake_host host;
    kernel k{host.doors(), 2, costs()};
    std::vector<std::pair<std::string, hal::time_point>> ran;
    using entries = std::vector<std::pair<std::string, hal::time_point>>;
};

TEST_F(Workqueue, work_queued_again_while_pending_runs_once) {
    work w("w", [&] { ran.emplace_back("w", k.now()); });
    k.run_task("a", 0, [&] {
        for (int i = 0; i < 5; ++i) k.schedule_work(w, 0);
        EXPECT_TRUE(w.pending);
        k.spend(3us);
    });
    host.run(1ms);
    EXPECT_EQ(ran, (entries{{"w", 3us}}));
    EXPECT_FALSE(w.pending);
}

TEST_F(Workqueue, work_queued_again_while_it_runs_runs_once_more_afterwards) {
    work w("w", [&] {
        ran.emplace_back("w", k.now());
        k.sleep(5us);
    });
    for (int t : {0, 2, 3}) host.at(1us * t, [&] { k.schedule_work(w, 0); });
    host.run(1ms);
    EXPECT_EQ(ran, (entries{{"w", 0us}, {"w", 5us}}));  // never two workers in one item
}

TEST_F(Workqueue, another_worker_takes_over_when_an_item_sleeps) {
    work slow("slow", [&] {
        k.sleep(50us);
        ran.emplace_back("slow", k.now());
    });
    work quick("quick", [&] { ran.emplace_back("quick", k.now()); });
    host.at(0us, [&] {
        k.schedule_work(slow, 1);
        k.schedule_work(quick, 1);
    });
    host.run(1ms);
    EXPECT_EQ(ran, (entries{{"quick", 0us}, {"slow", 50us}}));
}

TEST_F(Workqueue, an_item_that_only_spends_keeps_the_next_waiting) {
    work slow("slow", [&] {
        k.spend(50us);
        ran.emplace_back("slow", k.now());
    });
    work quick("quick", [&] { ran.emplace_back("quick", k.now()); });
    host.at(0us, [&] {
        k.schedule_work(slow, 1);
        k.schedule_work(quick, 1);
    });
    host.run(1ms);
    EXPECT_EQ(ran, (entries{{"slow", 50us}, {"quick", 50us}}));
}

TEST_F(Workqueue, choice_worker_decides_which_item_starts) {
    host.on_choose = [](std::string_view point, std::span<const hal::candidate> among) {
        return point == "worker" ? among.size() - 1 : 0;
    };
    work a("a", [&] { ran.emplace_back("a", k.now()); });
    work b("b", [&] { ran.emplace_back("b", k.now()); });
    host.at(0us, [&] {
        k.schedule_work(a, 0);
        k.schedule_work(b, 0);
    });
    host.run(1ms);
    EXPECT_EQ(ran, (entries{{"b", 0us}, {"a", 0us}}));
}

TEST_F(Workqueue, interrupt_handlers_may_queue_work) {
    work w("w", [&] {
        EXPECT_FALSE(k.in_interrupt());
        ran.emplace_back("w", k.now());
    });
    const u32 irq = k.request_irq("gerror", 1, [&] {
        k.schedule_work(w, 0);
        k.spend(1us);
    });
    host.at(2us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(ran, (entries{{"w", 2us}}));
}

TEST_F(Workqueue, more_sleeping_items_than_workers_wait_for_one_to_come_back) {
    std::vector<std::unique_ptr<work>> items;
    for (int i = 0; i < 40; ++i)
        items.push_back(std::make_unique<work>("w", [&] {
            k.sleep(10us);
            ran.emplace_back("w", k.now());
        }));
    host.at(0us, [&] {
        for (auto& w : items) k.schedule_work(*w, 0);
    });
    host.run(1ms);
    ASSERT_EQ(ran.size(), 40u);
    EXPECT_EQ(ran.back().second, 30us);  // 16 + 16 + 8
}

}  // namespace
}  // namespace drydock::sw
