// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/cmdq.h"

#include <array>
#include <random>

#include "tests/sw/arm_smmu_v3/smmu_fixture.h"

namespace drydock::sw {
namespace {

using test::taken_command;

struct CommandQueue : test::smmu_fixture {
    /// Every producer's commands, numbered by ASID from its base on, arrived once and in order.
    void expect_complete(unsigned producers, u32 per_producer) const {
        std::array<std::vector<u32>, 4> of;
        for (const auto& t : host.commands)
            if (t.opcode() == CMDQ_OP_TLBI_NH_ASID) {
                const auto asid = static_cast<u32>(t.words[0] >> 48);
                of.at(asid >> 14).push_back(asid & 0x3fff);
            }
        for (unsigned p = 0; p < producers; ++p) {
            ASSERT_EQ(of.at(p).size(), per_producer) << "producer " << p;
            for (u32 i = 0; i < per_producer; ++i) ASSERT_EQ(of.at(p)[i], i) << "producer " << p;
        }
    }
    static arm_smmu_cmdq_ent numbered(unsigned producer, u32 i) {
        return tlbi(static_cast<u16>(producer << 14 | i));
    }
};

// -- many producers --

TEST_F(CommandQueue, S_101_many_producers_share_the_queue_and_each_gets_its_sync) {
    boot_with_queue(4);
    int done = 0;
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        k.run_task("u" + std::to_string(cpu), cpu, [&, cpu] {
            for (u32 i = 0; i < 50; ++i)
                EXPECT_EQ(smmu->cmdq().issue_cmd_with_sync(numbered(cpu, i)), 0);
            ++done;
        });
    run_for(100ms);
    EXPECT_EQ(done, 4);
    expect_complete(4, 50);
    EXPECT_EQ(count(sync), 200u);
}

TEST_F(CommandQueue, S_101_prod_moves_on_only_and_one_owner_writes_it_for_several) {
    boot();
    std::vector<u64> written;
    host.on_smmu_write = [&](u64 offset, u64 v) {
        if (offset == 0x98) written.push_back(v);
    };
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        k.run_task("u" + std::to_string(cpu), cpu, [&, cpu] {
            for (u32 i = 0; i < 20; ++i) smmu->cmdq().issue_cmd_with_sync(numbered(cpu, i));
        });
    run_for(10ms);
    expect_complete(4, 20);
    EXPECT_TRUE(std::is_sorted(written.begin(), written.end()));
    EXPECT_EQ(written.back(), 4u + 160u) << "four commands by boot";
    EXPECT_LT(written.size(), 80u);
}

/// Hardware that takes a command each 170 ns, a queue of 16, batches of 1 to 9 with and without
/// SYNC on four CPUs, interrupts in between: the queue is full most of the time and wraps often.
TEST_F(CommandQueue, LinuxFlow_3_5_nothing_is_lost_while_the_queue_is_full_and_wraps) {
    boot_with_queue(4);
    u64 allowed = 0;
    host.on_command = [&](const taken_command&) { return allowed > 0 && allowed-- > 0; };
    std::function<void()> tick = [&] {
        allowed = 1;
        host.run_commands();
        allowed = 0;
        host.fake.at(k.now() + 170ns, tick);
    };
    host.fake.at(k.now() + 170ns, tick);
    std::mt19937 length(7);
    std::array<u32, 4> irqs{};
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        irqs[cpu] = k.request_irq("dev" + std::to_string(cpu), cpu,
                                  [&] { k.spend(1ns * static_cast<int>(length() % 6000)); });
    for (int i = 0; i < 400; ++i)
        host.fake.at(k.now() + 4us * i, [&, i] { host.fake.send_interrupt(irqs[i % 4]); });
    constexpr u32 per_producer = 1500;
    int done = 0;
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        k.run_task("u" + std::to_string(cpu), cpu, [&, cpu] {
            std::mt19937 random(cpu + 1);
            for (u32 i = 0; i < per_producer;) {
                arm_smmu_cmdq_batch b(smmu->cmdq());
                for (u32 n = 1 + random() % 9; n > 0 && i < per_producer; --n)
                    b.add(numbered(cpu, i++));
                EXPECT_EQ(random() % 3 ? smmu->cmdq().issue_cmdlist(b, false) : b.submit(), 0);
                k.spend(1ns * static_cast<int>(random() % 400));
            }
            ++done;
        });
    run_for(20ms);
    ASSERT_EQ(done, 4);
    run_for(100us);
    expect_complete(4, per_producer);
}

// -- batches --

TEST_F(CommandQueue, LinuxFlow_3_3_a_full_batch_is_pushed_without_sync) {
    boot();
    std::vector<u64> written;
    host.on_smmu_write = [&](u64 offset, u64 v) {
        if (offset == 0x98) written.push_back(v);
    };
    const u64 before = host.reg(0x98);
    k.run_task("u", 0, [&] {
        arm_smmu_cmdq_batch b(smmu->cmdq());
        for (u16 i = 0; i < 129; ++i) b.add(atc_inv(i));
        b.submit();
    });
    run_for(10ms);
    ASSERT_EQ(host.commands.size(), 130u);
    EXPECT_EQ(count(CMDQ_OP_ATC_INV), 129u);
    EXPECT_EQ(host.commands.back().opcode(), sync);
    EXPECT_EQ(written, (std::vector<u64>{before + 64, before + 128, before + 130}));
}

TEST_F(CommandQueue, a_queue_shorter_than_a_batch_gets_shorter_batches) {
    for (const u32 log2size : {1u, 3u, 6u}) {
        boot_with_queue(log2size);
        EXPECT_EQ(smmu->cmdq().batch_entries(), (1u << log2size) - 1);
        int rc = 1;
        k.run_task("u", 0, [&] {
            arm_smmu_cmdq_batch b(smmu->cmdq());
            for (u16 i = 0; i < 70; ++i) b.add(numbered(0, i));
            rc = b.submit();
        });
        run_for(10ms);
        EXPECT_EQ(rc, 0);
        expect_complete(1, 70);
    }
    boot();
    EXPECT_EQ(smmu->cmdq().batch_entries(), 64u);
}

// -- time limits --

TEST_F(CommandQueue,
       P_202_the_wait_for_a_sync_ends_after_a_second_and_later_completion_does_no_harm) {
    boot();
    hold_syncs();
    waiter u, v;
    send(u, 1, tlbi(1));
    run_for(3s);
    EXPECT_EQ(u.rc, -ETIMEDOUT);
    // The doubling delay overruns the limit: 1, 2, 4.. us, sum 2^20 us.
    EXPECT_GE(u.took(), 1048ms);
    EXPECT_LT(u.took(), 1060ms);
    EXPECT_GE(k.totals(1).irqs_off_longest, 1048ms) << "interrupts stay off throughout";
    EXPECT_EQ(logged("CMD_SYNC timeout"), 1u);
    EXPECT_EQ(smmu->cmdq().syncs_timed_out(), 1u);
    release_syncs();
    send(v, 1, tlbi(2));
    run_for(10ms);
    EXPECT_EQ(v.rc, 0);
}

TEST_F(CommandQueue, LinuxFlow_3_5_cons_polling_looks_after_1_3_7_us) {
    boot();
    hold_syncs();
    waiter u;
    send(u, 1, tlbi(1));
    host.fake.at(k.now() + 10ms, [&] { release_syncs(); });
    run_for(40ms);
    // Consumed after 10 ms, seen at the end of the round of delays that passes 16.4 ms.
    EXPECT_GE(u.took(), 16ms);
    EXPECT_LT(u.took(), 17ms);
}

TEST_F(CommandQueue, LinuxFlow_3_5_a_full_queue_is_waited_for) {
    boot_with_queue(3);
    hold_syncs();
    int done = 0;
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        k.run_task("u" + std::to_string(cpu), cpu, [&, cpu] {
            arm_smmu_cmdq_batch b(smmu->cmdq());
            for (u32 i = 0; i < 5; ++i) b.add(numbered(cpu, i));
            EXPECT_EQ(b.submit(), 0);
            ++done;
        });
    run_for(100us);
    EXPECT_EQ(done, 0);
    release_syncs();
    run_for(10ms);
    EXPECT_EQ(done, 4);
    expect_complete(4, 5);
}

/// A queue of two: the SYNC of one keeps the other out. It logs each second, tries for ever, and
/// takes interrupts meanwhile.
TEST_F(CommandQueue, LinuxFlow_3_5_a_queue_that_stays_full_is_logged_and_retried_for_ever) {
    boot_with_queue(1);
    int handled = 0;
    const u32 irq = k.request_irq("dev", 2, [&] { ++handled; });
    hold_syncs();
    waiter first, second;
    send(first, 1, tlbi(1));
    k.run_task("later", 2, [&] {
        k.sleep(1us);
        second.rc = smmu->cmdq().issue_cmd_with_sync(tlbi(2));
    });
    host.fake.at(k.now() + 500ms, [&, irq] { host.fake.send_interrupt(irq); });
    run_for(900ms);
    EXPECT_EQ(handled, 1);
    run_for(200ms);
    EXPECT_EQ(first.rc, -ETIMEDOUT);
    EXPECT_EQ(second.rc, 1) << "still without a place";
    EXPECT_EQ(logged("CMDQ timeout"), 1u);
    release_syncs();
    run_for(1s);
    EXPECT_EQ(second.rc, 0);
}

// -- errors --

TEST_F(CommandQueue, S_112_gerror_handler_acknowledges_and_the_same_sync_runs_again) {
    boot_with_gerror_elsewhere();
    fail_once(sync, 3);
    waiter u;
    send(u, 0, atc_inv(0x100));
    run_for(10ms);
    EXPECT_EQ(u.rc, 0) << "the unmapper learns nothing of the timeout";
    EXPECT_EQ(smmu->cmdq().cerror_atc_inv(), 1u);
    EXPECT_EQ(host.reg(0x64), host.reg(0x60));
    EXPECT_EQ(host.opcodes(), (std::vector<u8>{CMDQ_OP_ATC_INV, sync}));
    const auto interrupts = host.fake.of(hal::note::interrupt);
    ASSERT_FALSE(interrupts.empty());
    EXPECT_EQ(interrupts[0].a, 3u);
    std::vector<std::string> points;
    for (const auto& n : host.fake.of(hal::note::point)) points.push_back(host.fake.text_of(n.a));
    EXPECT_EQ(points, (std::vector<std::string>{"i4", "i5"}));
}

TEST_F(CommandQueue, S_112_those_who_wait_behind_the_failed_sync_get_theirs_after_the_acknowledge) {
    boot_with_gerror_elsewhere();
    fail_once(sync, 3);
    waiter u, v;
    send(u, 0, atc_inv(0x100));
    send(v, 1, tlbi(7));
    run_for(5us);
    EXPECT_EQ(u.rc, 1);
    EXPECT_EQ(v.rc, 1);
    run_for(10ms);
    EXPECT_EQ(u.rc, 0);
    EXPECT_EQ(v.rc, 0);
    EXPECT_EQ(count(sync), 2u);
}

TEST_F(CommandQueue, LinuxFlow_H_56_gerror_on_the_polling_cpu_cannot_run_before_the_limit) {
    boot();  // GERROR goes to CPU 0, which polls with interrupts off
    fail_once(sync, 3);
    waiter u;
    send(u, 0, atc_inv(0x100));
    run_for(900ms);
    EXPECT_NE(host.reg(0x64), host.reg(0x60)) << "nobody acknowledges";
    run_for(2s);
    EXPECT_EQ(u.rc, -ETIMEDOUT);
    EXPECT_EQ(smmu->cmdq().cerror_atc_inv(), 1u) << "afterwards";
    EXPECT_EQ(host.reg(0x64), host.reg(0x60));
}

TEST_F(CommandQueue, S_104_an_illegal_command_is_replaced_by_a_sync) {
    for (const u32 code : {1u, 0x7fu}) {  // ILL, and one that does not exist
        SCOPED_TRACE(code);
        boot_with_gerror_elsewhere();
        bool failed = false;
        host.on_command = [&](const taken_command& t) {
            if (t.opcode() != CMDQ_OP_TLBI_NH_ASID || failed) return true;
            failed = true;
            host.fake.at(k.now() + 1us, [&] { host.raise_cerror(code); });
            return false;
        };
        waiter u;
        send(u, 0, tlbi(1));
        run_for(10ms);
        EXPECT_EQ(u.rc, 0);
        EXPECT_EQ(host.opcodes(), (std::vector<u8>{sync, sync}));
    }
}

TEST_F(CommandQueue, S_105_an_aborted_fetch_is_only_acknowledged_and_fetched_again) {
    boot_with_gerror_elsewhere();
    fail_once(CMDQ_OP_TLBI_NH_ASID, 2);
    waiter u;
    send(u, 0, tlbi(1));
    run_for(10ms);
    EXPECT_EQ(u.rc, 0);
    EXPECT_EQ(host.opcodes(), (std::vector<u8>{CMDQ_OP_TLBI_NH_ASID, sync}));
}

// -- how a SYNC signals --

TEST_F(CommandQueue, LinuxFlow_3_5_msi_polling_watches_the_slot_of_the_sync) {
    arm_smmu_config c;
    c.cmdq.msi_polling = true;
    boot(c);
    waiter u, v;
    send(u, 0, tlbi(1));
    run_for(1ms);
    EXPECT_EQ(u.rc, 0);
    ASSERT_EQ(host.commands.size(), 2u);
    EXPECT_EQ(host.commands[1].words[0] >> 12 & 3, 1u);
    hold_syncs();
    send(v, 1, tlbi(2));
    run_for(2s);
    EXPECT_EQ(v.rc, -ETIMEDOUT);
}

TEST_F(CommandQueue, S_106_a_sync_asks_for_no_event_and_no_msi_that_idr0_does_not_have) {
    arm_smmu_config c;
    c.cmdq.sev = true;
    boot(c);
    waiter u;
    send(u, 0, tlbi(1));
    run_for(1ms);
    EXPECT_EQ(host.commands.back().words[0] >> 12 & 3, 2u);
    host.set_reg(0, host.reg(0) & ~(u64{1} << 14));  // SEV
    boot(c);
    send(u, 0, tlbi(1));
    run_for(1ms);
    EXPECT_EQ(u.rc, 0);
    EXPECT_EQ(host.commands.back().words[0] >> 12 & 3, 0u);
    c.cmdq.msi_polling = true;
    host.set_reg(0, host.reg(0) & ~(u64{1} << 4));  // COHACC: the CPU would not see the write
    boot(c);
    send(u, 0, tlbi(1));
    run_for(1ms);
    EXPECT_EQ(host.commands.back().words[0] >> 12 & 3, 0u);
}

TEST_F(CommandQueue, each_command_tells_a_span_of_its_own_and_atc_inv_its_boundaries) {
    boot();
    hal::span_id unmap = 0;
    k.run_task("u", 0, [&] {
        span_scope s(k, hal::span_class::unmap, 0x100);
        unmap = s.id();
        smmu->cmdq().issue_cmd_with_sync(atc_inv(0x100));
    });
    run_for(1ms);
    std::vector<u64> classes, boundaries;
    for (const auto& n : host.fake.of(hal::note::span_begin)) {
        classes.push_back(n.a);
        EXPECT_TRUE(n.span == unmap || n.b == unmap);
    }
    for (const auto& n : host.fake.of(hal::note::stage)) boundaries.push_back(n.a);
    EXPECT_EQ(classes, (std::vector<u64>{1, 2, 5}));  // unmap, atc_inv, sync
    EXPECT_EQ(boundaries, (std::vector<u64>{0, 1, 16}));
    EXPECT_EQ(host.fake.of(hal::note::span_end).size(), 3u);
}

}  // namespace
}  // namespace drydock::sw
