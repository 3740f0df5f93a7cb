// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/kernel/kernel_fixture.h"

namespace drydock::sw {
namespace {

struct Workqueue : test::kernel_fixture {
    Workqueue() : kernel_fixture(2) {}
    /// An item that only leaves its mark, or does something for 50 us before.
    work quick{"quick", [this] { mark("quick"); }};
    work sleeps{"sleeps", [this] {
                    k.sleep(50us);
                    mark("sleeps");
                }};
    work spends{"spends", [this] {
                    k.spend(50us);
                    mark("spends");
                }};
    void queue(std::initializer_list<work*> all, unsigned cpu) {
        host.at(0us, [this, items = std::vector<work*>(all), cpu] {
            for (work* w : items) k.schedule_work(*w, cpu);
        });
        host.run(1ms);
    }
};

TEST_F(Workqueue, work_queued_again_while_pending_runs_once) {
    k.run_task("a", 0, [&] {
        for (int i = 0; i < 5; ++i) k.schedule_work(quick, 0);
        EXPECT_TRUE(quick.pending);
        k.spend(3us);
    });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"quick", 3us}}));
    EXPECT_FALSE(quick.pending);
}

TEST_F(Workqueue, work_queued_again_while_it_runs_runs_once_more_afterwards) {
    work w("w", [&] {
        mark("w");
        k.sleep(5us);
    });
    for (int t : {0, 2, 3}) host.at(1us * t, [&] { k.schedule_work(w, 0); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"w", 0us}, {"w", 5us}}));  // never two workers in one item
}

TEST_F(Workqueue, another_worker_takes_over_when_an_item_sleeps) {
    queue({&sleeps, &quick}, 1);
    EXPECT_EQ(log, (entries{{"quick", 0us}, {"sleeps", 50us}}));
}

TEST_F(Workqueue, an_item_that_only_spends_keeps_the_next_waiting) {
    queue({&spends, &quick}, 1);
    EXPECT_EQ(log, (entries{{"spends", 50us}, {"quick", 50us}}));
}

TEST_F(Workqueue, choice_worker_decides_which_item_starts) {
    host.on_choose = [](std::string_view point, std::span<const hal::candidate> among) {
        return point == "worker" ? among.size() - 1 : 0;
    };
    work other("other", [&] { mark("other"); });
    queue({&quick, &other}, 0);
    EXPECT_EQ(log, (entries{{"other", 0us}, {"quick", 0us}}));
}

TEST_F(Workqueue, interrupt_handlers_may_queue_work) {
    work w("w", [&] {
        EXPECT_FALSE(k.in_interrupt());
        mark("w");
    });
    const u32 irq = k.request_irq("gerror", 1, [&] {
        k.schedule_work(w, 0);
        k.spend(1us);
    });
    host.at(2us, [&] { host.send_interrupt(irq); });
    host.run(1ms);
    EXPECT_EQ(log, (entries{{"w", 2us}}));
}

TEST_F(Workqueue, more_sleeping_items_than_workers_wait_for_one_to_come_back) {
    std::vector<std::unique_ptr<work>> items;
    for (int i = 0; i < 40; ++i)
        items.push_back(std::make_unique<work>("w", [&] {
            k.sleep(10us);
            mark("w");
        }));
    host.at(0us, [&] {
        for (auto& w : items) k.schedule_work(*w, 0);
    });
    host.run(1ms);
    ASSERT_EQ(log.size(), 40u);
    EXPECT_EQ(log.back().second, 30us);  // 16 + 16 + 8
}

}  // namespace
}  // namespace drydock::sw
