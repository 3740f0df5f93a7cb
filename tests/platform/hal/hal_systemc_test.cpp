// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/hal/machine.h"

namespace drydock::hal_systemc {
namespace {

using namespace test;

TEST_F(HalSystemc, posted_stores_take_effect_after_their_flight_in_order_and_hold_the_cpu_20_ns) {
    k.run_task("a", 0, [&] {
        k.writel(registers_at + 0x98, 1);
        k.writeq(registers_at + 0x90, 2);
        when = k.now();
    });
    run();
    EXPECT_EQ(when, 40ns);
    EXPECT_EQ(registers.log, (std::vector<seen>{{base::ps{50'000}, registers_at + 0x98, 1, true},
                                                {base::ps{70'000}, registers_at + 0x90, 2, true}}));
}

TEST_F(HalSystemc, a_load_has_its_effect_in_the_call_and_holds_the_cpu) {
    registers.value[registers_at + 0x9c] = 0xabcd'1234;
    std::uint32_t value = 0;
    std::uint16_t half = 0;
    k.run_task("a", 0, [&] {
        k.spend(1us);
        value = k.readl(registers_at + 0x9c);
        when = k.now();
        half = k.readw(registers_at + 0x9c);
    });
    run();
    EXPECT_EQ(value, 0xabcd'1234u);
    EXPECT_EQ(half, 0x1234u);
    EXPECT_EQ(registers.log.at(0).when, base::ps{1'000'000});
    EXPECT_EQ(when, 1'100ns);
}

TEST_F(HalSystemc, the_delay_that_a_target_returns_is_what_the_load_costs) {
    registers.delay = base::ps{300'000};
    k.run_task("a", 0, [&] {
        k.readl(registers_at);
        when = k.now();
    });
    run();
    EXPECT_EQ(when, 300ns);
}

TEST_F(HalSystemc, a_load_waits_behind_the_stores_of_its_cpu) {
    std::uint32_t value = 0;
    k.run_task("a", 0, [&] {
        k.writel(registers_at + 0x60, 7);
        value = k.readl(registers_at + 0x60);
        when = k.now();
    });
    run();
    EXPECT_EQ(value, 7u);
    EXPECT_EQ(when, 150ns);
}

TEST_F(HalSystemc, a_configuration_read_stalls_the_cpu_until_its_completion_and_no_other_cpu) {
    ecam.respond = base::ps{900'000};
    ecam.value[ecam_at + 0x10'0000] = 0x1018'14c1;
    std::uint32_t id = 0;
    duration other{};
    k.run_task("a", 0, [&] {
        id = k.readl(ecam_at + 0x10'0000);
        when = k.now();
    });
    k.run_task("b", 1, [&] {
        k.readl(registers_at);
        other = k.now();
    });
    run();
    EXPECT_EQ(id, 0x1018'14c1u);
    EXPECT_EQ(when, 900ns);
    EXPECT_EQ(other, 100ns);
}

TEST_F(HalSystemc, a_configuration_write_is_over_when_it_is_completed) {
    ecam.respond = base::ps{700'000};
    k.run_task("a", 0, [&] {
        k.writew(ecam_at + 4, 6);
        when = k.now();
    });
    run();
    EXPECT_EQ(when, 700ns);
    EXPECT_EQ(ecam.log.at(0), (seen{base::ps{}, ecam_at + 4, 6, true}));
}

TEST_F(HalSystemc, the_next_access_waits_while_a_target_keeps_the_request_phase_open) {
    registers.respond = base::ps{900'000};
    registers.end_request = base::ps{400'000};
    k.run_task("a", 0, [&] {
        k.writel(registers_at, 1);
        k.writel(registers_at + 4, 2);
    });
    run();
    ASSERT_EQ(registers.log.size(), 2u);
    EXPECT_EQ(registers.log[0].when, base::ps{50'000});
    EXPECT_EQ(registers.log[1].when, base::ps{450'000});
}

TEST_F(HalSystemc, an_address_that_nobody_answers_reads_all_ones) {
    std::uint32_t value = 0;
    std::uint64_t wide = 0;
    k.run_task("a", 0, [&] {
        value = k.readl(0x2000);
        wide = k.readq(0x2000);
    });
    run();
    EXPECT_EQ(value, 0xffff'ffffu);
    EXPECT_EQ(wide, ~std::uint64_t{0});
}

TEST_F(HalSystemc, misaligned_accesses_are_refused) {
    k.run_task("a", 0, [&] { k.readl(registers_at + 2); });
    run();
    EXPECT_THROW(hal.rethrow(), std::invalid_argument);
}

TEST_F(HalSystemc, an_msi_of_a_device_runs_its_handler) {
    const std::uint32_t vector = k.request_irq("dev", 1, [&] { when = k.now(); });
    hardware.at(3us, [&] { device_writes(k.msi_doorbell(), vector); });
    run();
    EXPECT_EQ(when, 3us);
}

/// CPU 0 sleeps on the register, CPU 1 executes the same loop by hand; the same changes and

/// interrupts meet both.

TEST_F(HalSystemc, memory_written_by_software_is_there_at_once_and_keeps_the_span_of_its_writer) {
    const sw::phys_addr_t at = k.alloc_pages(1, "cmdq");
    hal.host().memory.track_writers(at, 4096);
    sw::hal::span_id span = 0;
    std::uint64_t found = 0;
    k.run_task("a", 0, [&] {
        const sw::span_scope s(k, sw::hal::span_class::unmap);
        span = s.id();
        k.spend(1us);
        k.store64(at + 32, 0x1122'3344'5566'7788);
        k.spend(1us);
    });
    hardware.at(1us + 1ns, [&] { found = ram.load<std::uint64_t>(base::phys_addr{at + 32}); });
    run();
    EXPECT_EQ(found, 0x1122'3344'5566'7788u);
    EXPECT_EQ(ctx.provenance.writer_of(base::phys_addr{at + 32}), base::span_id{span});
    EXPECT_EQ(ctx.provenance.writer_of(base::phys_addr{at + 48}), base::no_span);
}

TEST_F(HalSystemc, notes_reach_the_probe_as_their_kinds) {
    listener l;
    ctx.probe.subscribe(l, base::kind::sw_point);
    ctx.probe.subscribe(l, base::kind::sw_irqs_on);
    ctx.probe.subscribe(l, base::kind::span_begin);
    k.run_task("R", 1, [&] {
        const sw::span_scope s(k, sw::hal::span_class::reset, 0x100);
        k.local_irq_save();
        k.spend(2us);
        k.local_irq_restore();
        k.point("p0", 0x100);
    });
    run();
    ASSERT_EQ(l.events.size(), 3u);
    EXPECT_EQ(l.events[0].a, static_cast<std::uint64_t>(base::span_class::reset));
    EXPECT_EQ(l.events[1].what, base::kind::sw_irqs_on);
    EXPECT_EQ(l.events[1].b, 2'000'000u);
    EXPECT_EQ(ctx.probe.name(l.events[1].where), "sw.cpu1");
    EXPECT_EQ(ctx.probe.text_of(l.events[2].a), "p0");
    EXPECT_EQ(ctx.probe.name(l.events[2].where), "sw.R");
    EXPECT_EQ(l.events[2].time, base::ps{2'000'000});
}

TEST_F(HalSystemc, steering_holds_a_task_at_its_point_until_released) {
    hold_at p4("p4");
    hal.steer(&p4);
    k.run_task("R", 0, [&] {
        k.point("p4", 0x100);
        when = k.now();
    });
    hardware.at(42us, [&] { EXPECT_TRUE(k.release("R")); });
    run();
    EXPECT_EQ(when, 42us);
}

TEST_F(HalSystemc, the_choice_of_the_context_orders_software) {
    struct last final : base::choice {
        std::size_t choose(std::string_view, std::span<const base::candidate> among) override {
            return among.size() - 1;
        }
    } chooser;
    ctx.chooser = &chooser;
    std::string order;
    for (const char* n : {"a", "b", "c"}) k.run_task(n, 0, [&order, n] { order += n; });
    run();
    EXPECT_EQ(order, "cba");
}

TEST_F(HalSystemc, stacks_are_used_again_when_their_tasks_have_ended) {
    int ran = 0;
    for (int round = 0; round < 20; ++round)
        hardware.at(1us * round, [&] { k.run_task("t", 0, [&] { ++ran; }); });
    run();
    EXPECT_EQ(ran, 20);
}

TEST_F(HalSystemc, running_out_of_stacks_is_said) {
    int ran = 0;
    for (int n = 0; n < 8; ++n) k.run_task("s", 0, [&] { ++ran; });
    EXPECT_THROW(k.run_task("one too many", 0, [] {}), std::runtime_error);
    run();
    EXPECT_EQ(ran, 8);
}

TEST_F(HalSystemc, what_a_task_throws_ends_the_run_and_is_thrown_again_outside) {
    k.run_task("a", 0, [&] {
        k.spend(5us);
        throw std::domain_error("broken driver");
    });
    run();
    EXPECT_EQ(ctx.now(), base::ps{5'000'000});
    EXPECT_THROW(hal.rethrow(), std::domain_error);
}

}  // namespace
}  // namespace drydock::hal_systemc
