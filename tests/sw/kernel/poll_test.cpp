// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "sw/kernel/kernel.h"
#include "sw/kernel/poll_grid.h"
#include "tests/sw/kernel/fake_host.h"

namespace drydock::sw {
namespace {

using hal::note;
using test::fake_host;

constexpr phys_addr_t cons = 0x900'009c;

struct Poll : testing::Test {
    static cpu_costs costs() {
        cpu_costs c;
        c.context_switch = 0ns;
        return c;
    }
    fake_host host;
    kernel k{host.doors(), 2, costs()};
    hal::time_point when{};
    bool success = false;

    void poll(const poll_backoff& b, u64 want = 1) {
        k.run_task("poller", 0, [this, b, want] {
            success = k.poll_register(
                cons, 4, [want](u64 v) { return v == want; }, b);
            when = k.now();
        });
    }
};

TEST_F(Poll, that_succeeds_at_once_costs_one_load) {
    host.set_register(cons, 1);
    poll({});
    host.run(1ms);
    EXPECT_TRUE(success);
    EXPECT_EQ(when, 100ns);
    EXPECT_EQ(k.polls_counted(), 1u);
    EXPECT_EQ(host.loads.size(), 1u);
}

/// Where the looks after a udelay lie: 9 spins of 110 ns and a load between 1, 2, 4, ... us.
TEST_F(Poll, looks_lie_at_1_3_7_us_and_so_on_plus_the_spins_between) {
    // begin of the look after udelay n = (2^n - 1) us + n rounds of (9 * 110 + 100) ns
    for (const unsigned n : {1u, 2u, 3u, 4u, 10u, 13u, 14u}) {
        const hal::duration delays = 1us * ((1 << n) - 1);
        const hal::duration begin = delays + n * (9 * 110ns + 100ns);
        fake_host h;
        kernel kk(h.doors(), 1, costs());
        hal::time_point end{};
        kk.run_task("p", 0, [&] {
            kk.poll_register(cons, 4, [](u64 v) { return v == 1; }, {});
            end = kk.now();
        });
        h.at(begin - 200ns, [&] { h.set_register(cons, 1); });  // during the udelay
        h.run(2s);
        EXPECT_EQ(end, begin + 100ns) << "udelay " << n;
        EXPECT_EQ(kk.polls_counted(), n * 10 + 1);
    }
}

TEST_F(Poll, a_change_while_spinning_is_seen_at_the_next_spin) {
    poll({});
    host.at(350ns, [&] { host.set_register(cons, 1); });
    host.run(1ms);
    EXPECT_EQ(when, 4 * 110ns + 100ns);
}

TEST_F(Poll, gives_up_after_1_05_s_because_the_last_udelay_overruns_the_limit) {
    poll({});
    host.run(3s);
    EXPECT_FALSE(success);
    // udelays of 2^0 to 2^19 us; 20 rounds of spins; the look that finds the limit passed
    EXPECT_EQ(when, 1'048'575us + 20 * (9 * 110ns + 100ns) + 100ns);
    EXPECT_EQ(k.polls_counted(), 201u);
    EXPECT_EQ(host.of(note::poll_timeout).size(), 1u);
}

TEST_F(Poll, executes_nothing_while_nothing_changes) {
    poll({});
    host.run(3s);
    EXPECT_LT(host.switches, 6u);
    EXPECT_EQ(host.loads.size(), 1u);
}

TEST_F(Poll, a_success_found_by_the_look_beyond_the_limit_counts) {
    poll({});
    host.at(1s + 10ms, [&] { host.set_register(cons, 1); });
    host.run(3s);
    EXPECT_TRUE(success);
    EXPECT_GT(when, 1048ms);
}

TEST_F(Poll, a_value_that_went_before_the_next_look_is_not_seen) {
    poll({});
    host.at(1ms + 1us, [&] { host.set_register(cons, 1); });
    host.at(1ms + 2us, [&] { host.set_register(cons, 0); });
    host.run(3s);
    EXPECT_FALSE(success);
}

TEST_F(Poll, interrupts_shift_the_looks_if_they_are_on) {
    const u32 irq = k.request_irq("dev", 0, [&] { k.spend(700ns); });
    poll({.spins = 0, .first_delay = 10us});
    host.at(5us, [&] { host.send_interrupt(irq); });  // 500 ns entry + 700 ns
    host.at(6us, [&] { host.set_register(cons, 1); });
    host.run(1ms);
    EXPECT_EQ(when, 100ns + 10us + 1'200ns + 100ns);
}

TEST_F(Poll, with_interrupts_off_the_error_interrupt_of_the_same_cpu_waits_for_its_end) {
    hal::time_point handled{};
    const u32 irq = k.request_irq("gerror", 0, [&] {
        handled = k.now();
        host.set_register(cons, 1);
    });
    k.run_task("poller", 0, [&] {
        k.local_irq_save();
        success = k.poll_register(cons, 4, [](u64 v) { return v == 1; }, {});
        k.local_irq_restore();
    });
    host.at(10ms, [&] { host.send_interrupt(irq); });
    host.run(3s);
    EXPECT_FALSE(success);
    EXPECT_GT(handled, 1048ms);
    EXPECT_GT(k.totals(0).irqs_off_longest, 1048ms);
}

TEST_F(Poll, memory_is_polled_alike_and_sees_hardware_and_other_cpus) {
    const phys_addr_t at = k.alloc_pages(1, "sync");
    std::vector<hal::time_point> ends;
    k.run_task("poller", 0, [&] {
        for (u64 want : {1u, 2u}) {
            EXPECT_TRUE(
                k.poll_memory(at, 4, [want](u64 v) { return v == want; }, {.first_delay = 0ns}));
            ends.push_back(k.now());
        }
    });
    host.at(10us, [&] { host.write_memory(at, 1); });
    k.run_task("writer", 1, [&] {
        k.spend(20us + 1ns);
        k.store64(at, 2);
    });
    host.run(1ms);
    ASSERT_EQ(ends.size(), 2u);
    EXPECT_GE(ends[0], 10us);
    EXPECT_LT(ends[0], 10us + 25ns);
    EXPECT_GE(ends[1], 20us);
    EXPECT_LT(ends[1], 20us + 25ns);
}

TEST_F(Poll, wait_for_event_wakes_at_the_event) {
    poll({.wait_for_event = true});
    host.at(33us, [&] {
        host.set_register(cons, 1);
        host.send_event();
    });
    host.run(1ms);
    EXPECT_TRUE(success);
    EXPECT_EQ(when, 33us + 100ns);
}

TEST_F(Poll, wait_for_event_without_an_event_looks_with_the_event_stream) {
    poll({.wait_for_event = true});
    host.at(233us, [&] { host.set_register(cons, 1); });
    host.run(1ms);
    EXPECT_EQ(when, 300us + 100ns);
    EXPECT_EQ(k.polls_counted(), 4u);
}

TEST_F(Poll, wait_for_event_looks_after_an_interrupt) {
    const u32 irq = k.request_irq("dev", 0, [&] {});
    poll({.wait_for_event = true});
    host.at(40us, [&] {
        host.set_register(cons, 1);
        host.send_interrupt(irq);
    });
    host.run(1ms);
    EXPECT_EQ(when, 40us + 500ns + 100ns);
}

TEST_F(Poll, wait_for_event_gives_up_at_the_first_look_beyond_the_limit) {
    poll({.wait_for_event = true});
    host.at(10ms, [&] { host.send_event(); });
    host.run(3s);
    EXPECT_FALSE(success);
    EXPECT_EQ(when, 1s + 100ns);  // began at 0: the tick at 1 s ends its look beyond the limit
}

TEST_F(Poll, an_event_during_a_look_is_not_lost) {
    poll({.wait_for_event = true});
    host.at(100us + 50ns, [&] {
        host.set_register(cons, 1);
        host.send_event();
    });  // a look began at 100 us
    host.run(1ms);
    EXPECT_EQ(when, 100us + 100ns + 100ns);
}

TEST_F(Poll, that_would_not_advance_time_is_refused) {
    host.load_busy = 0ns;
    k.run_task("p", 0, [&] {
        k.poll_register(cons, 4, [](u64) { return false; }, {.spins = 0, .first_delay = 0ns});
    });
    cpu_costs c;
    c.cpu_relax = 0ns;
    kernel none(host.doors(), 1, c);
    none.run_task("p", 0, [&] {
        none.poll_register(cons, 4, [](u64) { return false; }, {.first_delay = 0ns});
    });
    EXPECT_THROW(host.run(1ms), std::invalid_argument);
}

TEST(PollGrid, closed_form_agrees_with_the_loop_step_by_step) {
    for (const u32 spins : {0u, 1u, 9u})
        for (const hal::duration first : {hal::duration(0), hal::duration(1us), hal::duration(7)}) {
            const poll_grid grid{hal::duration(100), hal::duration(11), first, spins};
            hal::duration at{}, delay = first;
            u32 spun = 0;
            for (u64 k = 0; k < 120; ++k) {
                EXPECT_EQ(grid.at_index(k).at, at) << spins << " " << k;
                EXPECT_EQ(grid.at_or_after(at).index, k);
                EXPECT_EQ(grid.at_or_after(at + hal::duration(1)).index, k + 1);
                EXPECT_EQ(grid.at_or_before(at).index, k);
                EXPECT_EQ(grid.at_or_before(at + hal::duration(1)).index, k);
                at += grid.look;
                if (first.count() == 0 || spun++ < spins) {
                    at += grid.relax;
                } else {
                    spun = 0;
                    at += delay;
                    delay *= 2;
                }
                if (at.count() > (std::int64_t{1} << 60)) break;
            }
        }
}

struct outcome {
    bool success;
    hal::time_point when;
    u64 looks;
    bool operator==(const outcome&) const = default;
};
std::ostream& operator<<(std::ostream& o, const outcome& r) {
    return o << (r.success ? "success" : "limit") << " at " << r.when.count() << " ps after "
             << r.looks << " looks";
}

/// The loop as a driver writes it (Linux: queue_poll()).
bool poll_by_hand(kernel& k, const poll_backoff& b, u64& looks) {
    const auto started = k.now();
    hal::duration delay = b.first_delay;
    for (u32 spins = 0;;) {
        ++looks;
        if (k.readl(cons) == 1) return true;
        if (k.now() - started > b.limit) return false;
        if (delay.count() == 0 || spins++ < b.spins) {
            k.spend(k.costs().cpu_relax);
        } else {
            spins = 0;
            k.udelay(delay);
            delay *= 2;
        }
    }
}

enum class way { watched, unwatched, by_hand };

/// A poll among changes that come and go, and interrupts.
outcome random_poll(unsigned seed, way how) {
    std::mt19937 random(seed);
    const auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    fake_host host;
    host.watchable = how == way::watched;
    host.load_busy = 1ns * upto(200);
    cpu_costs c;
    c.cpu_relax = 1ns * (1 + upto(30));
    c.interrupt_entry = 1ns * upto(600);
    kernel k(host.doors(), 1, c);
    poll_backoff b;
    b.spins = static_cast<u32>(upto(12));
    b.first_delay = upto(4) == 0 ? 0ns : 1ns * (1 + upto(3000));
    b.limit = 1ns * (1 + upto(upto(3) == 0 ? 3'000 : 300'000));
    const bool masked = upto(4) == 0;
    const hal::duration handler = 1ns * upto(upto(3) == 0 ? 40'000 : 2'000);
    const u32 irq = k.request_irq("dev", 0, [&k, handler] { k.spend(handler); });
    for (int n = upto(12); n > 0; --n) {
        const auto at = 1ns * upto(400'000);
        const u64 value = upto(3) == 0;
        host.at(at, [&host, value] { host.set_register(cons, value); });
    }
    for (int n = upto(10); n > 0; --n)
        host.at(1ns * upto(400'000), [&host, irq] { host.send_interrupt(irq); });
    outcome result{};
    k.run_task("p", 0, [&] {
        if (masked) k.local_irq_save();
        result.success = how == way::by_hand ? poll_by_hand(k, b, result.looks)
                                             : k.poll_register(
                                                   cons, 4, [](u64 v) { return v == 1; }, b);
        if (masked) k.local_irq_restore();
        result.when = k.now();
    });
    host.run(100ms);
    if (how != way::by_hand) result.looks = k.polls_counted();
    return result;
}

TEST(PollProperty, LinuxFlow_3_5_sleeping_on_a_watch_is_the_loop_looks_and_interrupts_included) {
    unsigned successes = 0;
    for (unsigned seed = 1; seed <= 1000; ++seed) {
        const outcome slept = random_poll(seed, way::watched);
        ASSERT_EQ(slept, random_poll(seed, way::by_hand)) << "seed " << seed;
        ASSERT_EQ(slept, random_poll(seed, way::unwatched)) << "seed " << seed;
        successes += slept.success;
    }
    EXPECT_GT(successes, 200u);
    EXPECT_LT(successes, 900u);
}

}  // namespace
}  // namespace drydock::sw
