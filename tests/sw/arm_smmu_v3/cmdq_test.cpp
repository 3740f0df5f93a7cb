// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/cmdq.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sw/arm_smmu_v3/device.h"
#include "tests/sw/model/model_host.h"

namespace drydock::sw {
namespace {

using test::model_host;
using test::taken_command;

struct CommandQueue : testing::Test {
    model_host host;
    kernel k{host.doors(), 4};
    std::unique_ptr<arm_smmu_device> smmu;

    void boot(arm_smmu_config c = {}) {
        c.base = model_host::smmu;
        smmu = std::make_unique<arm_smmu_device>(k, c);
        k.run_task("boot", 0, [this] { smmu->reset(); });
        host.fake.run(k.now() + 10ms);
    }
    bool syncs_held = false;
    void hold_syncs() {
        syncs_held = true;
        host.on_command = [this](const taken_command& c) {
            return c.opcode() != 0x46 || !syncs_held;
        };
    }
};

TEST_F(CommandQueue, S_210_the_enable_sequence_ends_with_everything_acknowledged) {
    boot();
    EXPECT_EQ(host.reg(0x24), 0x1fu);  // SMMUEN PRIQEN EVENTQEN CMDQEN ATSCHK
    EXPECT_EQ(host.reg(0x54), 0x7u);
    EXPECT_EQ(host.opcodes(), (std::vector<u8>{0x04, 0x46, 0x30, 0x46}));
    EXPECT_EQ(host.reg(0x88), 16u | 8u << 6 | 1u << 16);
    EXPECT_EQ(host.reg(0x68), 0x808'0040u);
    EXPECT_NE(host.reg(0x90) & 0xf'ffff'ffff'ffe0, 0u);
}

TEST_F(CommandQueue, S_101_many_producers_share_the_queue_and_each_gets_its_sync) {
    arm_smmu_config c;
    c.cmdq.log2size = 4;
    boot(c);
    host.commands.clear();
    int done = 0;
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        k.run_task("u" + std::to_string(cpu), cpu, [&, cpu] {
            for (u32 i = 0; i < 50; ++i)
                EXPECT_EQ(
                    smmu->cmdq().issue_cmd_with_sync(
                        {.opcode = CMDQ_OP_TLBI_NH_ASID, .asid = static_cast<u16>(cpu * 100 + i)}),
                    0);
            ++done;
        });
    host.fake.run(100ms);
    EXPECT_EQ(done, 4);
    // Nothing is lost, nothing doubled, each producer's commands stay in order.
    std::array<std::vector<u64>, 4> of;
    for (const auto& t : host.commands)
        if (t.opcode() == 0x11) of[(t.words[0] >> 48) / 100].push_back((t.words[0] >> 48) % 100);
    for (const auto& v : of) {
        EXPECT_EQ(v.size(), 50u);
        EXPECT_TRUE(std::is_sorted(v.begin(), v.end()));
    }
    EXPECT_EQ(std::count_if(host.commands.begin(), host.commands.end(),
                            [](auto& t) { return t.opcode() == 0x46; }),
              200);
}

TEST_F(CommandQueue, LinuxFlow_3_3_a_full_batch_is_pushed_without_sync) {
    boot();
    host.commands.clear();
    k.run_task("u", 0, [&] {
        arm_smmu_cmdq_batch b(smmu->cmdq());
        for (u16 i = 0; i < 70; ++i) b.add({.opcode = CMDQ_OP_ATC_INV, .sid = i});
        b.submit();
    });
    host.fake.run(k.now() + 10ms);
    ASSERT_EQ(host.commands.size(), 71u);
    for (unsigned i = 0; i < 70; ++i) EXPECT_EQ(host.commands[i].opcode(), 0x40) << i;
    EXPECT_EQ(host.commands[70].opcode(), 0x46);
}

TEST_F(CommandQueue,
       P_202_the_wait_for_a_sync_ends_after_a_second_and_later_completion_does_no_harm) {
    boot();
    hold_syncs();
    int rc = 1;
    hal::time_point begun{}, ended{};
    bool irqs_were_off = false;
    k.run_task("u", 1, [&] {
        begun = k.now();
        rc = smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_NSNH_ALL});
        ended = k.now();
    });
    host.fake.at(k.now() + 500ms,
                 [&] { irqs_were_off = host.fake.of(hal::note::irqs_off).size() > 0; });
    host.fake.run(3s);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT_GE(ended - begun, 1s);
    EXPECT_LT(ended - begun,
              2s);  // the doubling delay overruns the limit (1, 2, 4.. us: sum 2^20 us)
    EXPECT_TRUE(irqs_were_off);
    syncs_held = false;
    host.run_commands();
    rc = 1;
    k.run_task("v", 1,
               [&] { rc = smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_NSNH_ALL}); });
    host.fake.run(k.now() + 10ms);
    EXPECT_EQ(rc, 0);
}

TEST_F(CommandQueue, LinuxFlow_3_5_cons_polling_looks_after_1_3_7_us) {
    boot();
    hold_syncs();
    hal::time_point ended{}, begun{};
    k.run_task("u", 1, [&] {
        begun = k.now();
        smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_NSNH_ALL});
        ended = k.now();
    });
    host.fake.at(k.now() + 10ms, [&] {
        syncs_held = false;
        host.run_commands();
    });
    host.fake.run(k.now() + 40ms);
    // Consumed after 10 ms, seen at the end of the round of delays that passes 16.4 ms.
    EXPECT_GE(ended - begun, 16ms);
    EXPECT_LT(ended - begun, 17ms);
}

TEST_F(CommandQueue, S_112_gerror_handler_acknowledges_and_the_same_sync_runs_again) {
    arm_smmu_config c;
    c.gerror_cpu = 3;
    boot(c);
    bool failed = false;
    host.on_command = [&](const taken_command& t) {
        if (t.opcode() != 0x46 || failed) return true;
        failed = true;
        host.fake.at(k.now() + 10us, [&] { host.raise_cerror(3); });
        return false;
    };
    int rc = 1;
    k.run_task("u", 0, [&] {
        rc = smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_ATC_INV, .sid = 0x100});
    });
    host.fake.run(k.now() + 10ms);
    EXPECT_EQ(rc, 0) << "the unmapper learns nothing of the timeout";
    EXPECT_EQ(smmu->cmdq().cerror_atc_inv(), 1u);
    EXPECT_EQ(host.reg(0x64), host.reg(0x60));
    EXPECT_EQ(host.commands.back().opcode(), 0x46);
    const auto interrupts = host.fake.of(hal::note::interrupt);
    ASSERT_FALSE(interrupts.empty());
    EXPECT_EQ(interrupts[0].a, 3u);
}

TEST_F(CommandQueue, LinuxFlow_H_56_gerror_on_the_polling_cpu_cannot_run_before_the_limit) {
    boot();  // GERROR goes to CPU 0, which polls with interrupts off
    bool failed = false;
    host.on_command = [&](const taken_command& t) {
        if (t.opcode() != 0x46 || failed) return true;
        failed = true;
        host.fake.at(k.now() + 10us, [&] { host.raise_cerror(3); });
        return false;
    };
    int rc = 1;
    k.run_task("u", 0, [&] {
        rc = smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_ATC_INV, .sid = 0x100});
    });
    host.fake.run(3s);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT_EQ(smmu->cmdq().cerror_atc_inv(), 1u);  // afterwards
}

TEST_F(CommandQueue, S_104_an_illegal_command_is_replaced_by_a_sync) {
    arm_smmu_config c;
    c.gerror_cpu = 3;
    boot(c);
    host.commands.clear();
    bool failed = false;
    host.on_command = [&](const taken_command& t) {
        if (t.opcode() != 0x11 || failed) return true;
        failed = true;
        host.fake.at(k.now() + 1us, [&] { host.raise_cerror(1); });
        return false;
    };
    int rc = 1;
    k.run_task("u", 0, [&] {
        rc = smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_NH_ASID, .asid = 1});
    });
    host.fake.run(k.now() + 10ms);
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(host.opcodes(), (std::vector<u8>{0x46, 0x46}));
}

TEST_F(CommandQueue, LinuxFlow_3_5_a_full_queue_is_waited_for) {
    arm_smmu_config c;
    c.cmdq.log2size = 3;
    boot(c);
    hold_syncs();
    int done = 0;
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        k.run_task("u" + std::to_string(cpu), cpu, [&] {
            arm_smmu_cmdq_batch b(smmu->cmdq());
            for (u32 i = 0; i < 5; ++i)
                b.add({.opcode = CMDQ_OP_TLBI_NH_ASID, .asid = static_cast<u16>(i)});
            EXPECT_EQ(b.submit(), 0);
            ++done;
        });
    host.fake.run(k.now() + 100us);
    EXPECT_EQ(done, 0);
    syncs_held = false;
    host.run_commands();
    host.fake.run(k.now() + 10ms);
    EXPECT_EQ(done, 4);
}

TEST_F(CommandQueue, LinuxFlow_3_5_msi_polling_watches_the_slot_of_the_sync) {
    arm_smmu_config c;
    c.cmdq.msi_polling = true;
    boot(c);
    host.commands.clear();
    int rc = 1;
    k.run_task("u", 0,
               [&] { rc = smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_NSNH_ALL}); });
    host.fake.run(k.now() + 1ms);
    EXPECT_EQ(rc, 0);
    ASSERT_EQ(host.commands.size(), 2u);
    EXPECT_EQ(host.commands[1].words[0] >> 12 & 3, 1u);
}

TEST_F(CommandQueue, each_command_tells_a_span_of_its_own_and_atc_inv_its_boundaries) {
    boot();
    host.fake.notes.clear();
    hal::span_id unmap = 0;
    k.run_task("u", 0, [&] {
        span_scope s(k, hal::span_class::unmap, 0x100);
        unmap = s.id();
        smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_ATC_INV, .sid = 0x100});
    });
    host.fake.run(k.now() + 1ms);
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
