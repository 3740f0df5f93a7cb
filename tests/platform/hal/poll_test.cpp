// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <random>

#include "tests/platform/hal/machine.h"

namespace drydock::hal_systemc {
namespace {

using namespace test;

TEST_F(HalSystemc, a_poll_of_a_register_sleeps_until_hardware_changes_it) {
    bool success = false;
    k.run_task("a", 0, [&] {
        success =
            k.poll_register(registers_at + 0x9c, 4, [](std::uint64_t v) { return v == 5; }, {});
        when = k.now();
    });
    hardware.at(500us, [&] {
        registers.value[registers_at + 0x9c] = 5;
        hal.registers().register_changed(0x9c);
    });
    run();
    EXPECT_TRUE(success);
    EXPECT_GE(when, 500us);
    EXPECT_LE(when, 1100us);
    EXPECT_EQ(registers.log.size(), 1u);  // the first look only
    EXPECT_LT(hal.switches(), 5u);
}

TEST_F(HalSystemc, LinuxFlow_3_5_a_poll_ends_when_the_loop_executed_on_another_cpu_ends) {
    constexpr std::uint64_t at = registers_at + 0x9c;
    std::mt19937 random(3);
    const auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    constexpr int rounds = 150;
    std::array<std::vector<std::pair<bool, duration>>, 2> ended;
    std::vector<sw::poll_backoff> backoffs;
    duration handler{};
    std::array<std::uint32_t, 2> irqs{};
    for (unsigned cpu = 0; cpu < 2; ++cpu)
        irqs[cpu] = k.request_irq("dev" + std::to_string(cpu), cpu, [&] { k.spend(handler); });
    for (int r = 0; r < rounds; ++r) {
        const duration begin = 1ms * (r + 1);
        backoffs.push_back({.spins = static_cast<sw::u32>(upto(12)),
                            .first_delay = 1ns * (1 + upto(3000)),
                            .limit = 1ns * (1 + upto(300'000))});
        hardware.at(begin, [&, length = 1ns * upto(5000)] {
            handler = length;
            registers.value[at] = 0;
        });
        for (int n = upto(6); n > 0; --n)
            hardware.at(begin + 1ns * upto(400'000), [&, v = std::uint64_t(upto(3) != 0)] {
                registers.value[at] = v;
                hal.registers().register_changed(0x9c);
            });
        for (int n = upto(6); n > 0; --n)
            hardware.at(begin + 1ns * upto(400'000), [&] {
                for (const auto v : irqs) device_writes(0x0808'0040, v);
            });
    }
    const auto by_hand = [&](const sw::poll_backoff& b) {
        const duration started = k.now();
        duration delay = b.first_delay;
        for (sw::u32 spins = 0;;) {
            if (k.readl(at) == 1) return true;
            if (k.now() - started > b.limit) return false;
            if (spins++ < b.spins) {
                k.spend(k.costs().cpu_relax);
            } else {
                spins = 0;
                k.udelay(delay);
                delay *= 2;
            }
        }
    };
    for (unsigned cpu = 0; cpu < 2; ++cpu)
        k.run_task("poller" + std::to_string(cpu), cpu, [&, cpu] {
            for (int r = 0; r < rounds; ++r) {
                k.sleep_until(1ms * (r + 1));
                const auto& b = backoffs[static_cast<std::size_t>(r)];
                const bool success = cpu == 1
                                         ? by_hand(b)
                                         : k.poll_register(
                                               at, 4, [](std::uint64_t v) { return v == 1; }, b);
                ended[cpu].emplace_back(success, k.now());
            }
        });
    run(1ms * (rounds + 2));
    ASSERT_EQ(ended[0].size(), rounds);
    int successes = 0;
    for (int r = 0; r < rounds; ++r) {
        const auto i = static_cast<std::size_t>(r);
        ASSERT_EQ(ended[0][i], ended[1][i]) << "round " << r;
        successes += ended[0][i].first;
    }
    EXPECT_GT(successes, rounds / 5);
    EXPECT_LT(successes, rounds);
}

TEST_F(HalSystemc, a_poll_of_a_place_that_cannot_be_watched_is_executed) {
    k.run_task("a", 0, [&] {
        k.poll_register(ecam_at, 4, [](std::uint64_t v) { return v == 5; },
                        {.spins = 0, .first_delay = 1us});
        when = k.now();
    });
    hardware.at(5us, [&] { ecam.value[ecam_at] = 5; });
    run();
    EXPECT_EQ(when, 7us + 4 * 100ns);  // looks after 1, 3, 7 us
    EXPECT_EQ(ecam.log.size(), 4u);
}

TEST_F(HalSystemc, a_poll_of_memory_sees_the_write_of_a_device) {
    const sw::phys_addr_t at = k.alloc_pages(1, "queue");
    k.run_task("a", 0, [&] {
        EXPECT_TRUE(
            k.poll_memory(at + 8, 4, [](std::uint64_t v) { return v == 9; }, {.first_delay = 0ns}));
        when = k.now();
    });
    hardware.at(2us, [&] { device_writes(at + 64, 9); });
    hardware.at(4us, [&] { device_writes(at + 8, 9); });
    run();
    EXPECT_GE(when, 4us);
    EXPECT_LT(when, 4us + 30ns);
}

TEST_F(HalSystemc, an_event_of_the_smmu_ends_a_wait_for_event) {
    k.run_task("a", 0, [&] {
        k.poll_register(registers_at + 0x9c, 4, [](std::uint64_t v) { return v == 5; },
                        {.wait_for_event = true});
        when = k.now();
    });
    hardware.at(33us, [&] {
        registers.value[registers_at + 0x9c] = 5;
        hal.events().sev();
    });
    run();
    EXPECT_EQ(when, 33us + 100ns);
}

}  // namespace
}  // namespace drydock::hal_systemc
