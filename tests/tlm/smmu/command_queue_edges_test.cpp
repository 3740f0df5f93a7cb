// SPDX-License-Identifier: Apache-2.0
// PROD, CONS and wrap, fetch aborts, switched-off queue, commands that are none.
#include <gtest/gtest.h>

#include <set>

#include "tests/tlm/smmu/smmu_machine.h"
#include "tlm/smmu/commands.h"

using namespace drydock;
using namespace drydock::smmu::test;
using drydock::smmu::smmu_config;

namespace {

constexpr std::uint64_t nop = 0x30;  // TLBI_NSNH_ALL
constexpr std::uint64_t slot(unsigned n) { return smmu_machine::cmdq + 16u * n; }

}  // namespace

TEST(CommandQueue, S_014_queue_of_one_command_wraps_on_bit_0) {
    smmu_machine m;
    m.enable(smmuen | cmdqen, 0);
    for (std::uint32_t round = 0; round < 5; ++round) {
        m.put(sync_msi(round), smmu_machine::doorbell);
        m.ring();
        m.run();
        EXPECT_EQ(m.cons(), (round + 1) & 1);
        EXPECT_EQ(m.last_msi(), round);
    }
    EXPECT_EQ(m.msi_count(), 5u);
}

TEST(CommandQueue, S_101_commands_around_the_end_run_in_order_and_no_read_leaves_the_queue) {
    smmu_machine m;
    m.enable(smmuen | cmdqen, 3);
    for (std::uint32_t i = 0; i < 6 * 5; ++i) {
        m.put(sync_msi(i), smmu_machine::doorbell);
        if (i % 5 == 4) {
            m.ring();
            m.run();
            EXPECT_TRUE(m.drained());
        }
    }
    EXPECT_EQ(m.msi_count(), 30u);
    for (const auto& a : m.memory.log) {
        if (a.write || a.address < slot(0) || a.address >= slot(8)) continue;
        EXPECT_LE(a.address + a.bytes, slot(8));
    }
}

TEST(CommandQueue, S_101_only_what_prod_has_passed_is_read) {
    smmu_machine m;
    m.enable();
    m.put(nop);
    m.ring();
    m.run();
    m.put(nop);
    m.put(nop);
    m.run();  // written to memory, not told
    std::uint64_t furthest = 0;
    for (const auto& a : m.memory.log)
        if (!a.write && a.address >= slot(0) && a.address < slot(16))
            furthest = std::max(furthest, a.address + a.bytes);
    EXPECT_EQ(furthest, slot(1));
}

TEST(CommandQueue, S_101_prod_bits_above_the_wrap_bit_mean_nothing) {
    smmu_machine m;
    m.enable(smmuen | cmdqen, 2);
    m.put(nop);
    m.put(nop);
    m.write(reg::cmdq_prod, 0xf'fff0 | m.prod);
    m.run();
    EXPECT_EQ(m.cons(), 2u);
    EXPECT_FALSE(m.cmdq_error_active());
}

TEST(CommandQueue, S_101_log2size_above_the_maximum_is_capped_and_reads_back) {
    smmu_config c;
    c.cmdqs = 2;
    smmu_machine m(c);
    m.enable(smmuen | cmdqen, 2);
    m.set_cr0(0);
    m.write64(reg::cmdq_base, smmu_machine::cmdq | 5);
    EXPECT_EQ(m.read(reg::cmdq_base, 8), smmu_machine::cmdq | 5);
    m.set_cr0(smmuen | cmdqen);
    for (int i = 0; i < 6; ++i) {
        m.command(nop);
        m.run();
        EXPECT_TRUE(m.drained());
    }
    EXPECT_EQ(m.cons(), 6u) << "four slots: 6 is slot 2 of the second round";
    EXPECT_EQ(m.memory.reads_in(slot(4), 0x1000), 0u);
}

TEST(CommandQueue, S_103_prod_moved_back_to_cons_leaves_nothing_to_run) {
    smmu_machine m;
    m.enable();
    m.put(nop);
    m.put(0x00);
    m.put(sync_msi(9), smmu_machine::doorbell);
    m.ring();
    m.run();
    ASSERT_EQ(m.error(), 1u);
    const std::size_t told = m.msi_count();
    m.write(reg::cmdq_prod, 1);
    m.acknowledge();
    m.run();
    EXPECT_EQ(m.cons(), 1u);
    EXPECT_FALSE(m.cmdq_error_active());
    EXPECT_EQ(m.msi_count(), told);
    m.prod = 1;
    m.command(sync_msi(7), smmu_machine::doorbell);
    m.run();
    EXPECT_EQ(m.cons(), 2u);
    EXPECT_EQ(m.last_msi(), 7u) << "the slot is read again";
}

TEST(CommandQueue, S_104_every_slot_behind_the_bad_command_is_read_again) {
    smmu_machine m;
    m.enable();
    m.put(0x00);
    m.put(0x00);
    m.put(0x00);
    m.ring();
    m.run();
    ASSERT_EQ(m.error(), 1u);
    for (unsigned i = 0; i < 3; ++i) m.memory.word(slot(i)) = nop;
    m.acknowledge();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_FALSE(m.cmdq_error_active());
}

TEST(CommandQueue, S_105_abort_stops_at_the_very_command_that_cannot_be_read) {
    smmu_machine m;
    m.enable();
    for (unsigned bad = 0; bad < 6; ++bad) {
        const std::uint32_t first = m.prod;
        const std::size_t before = m.memory.writes_to(0x6000'0000);
        m.memory.poison(slot((first + bad) % 16), 16);
        for (std::uint32_t i = 0; i < 6; ++i) m.put(sync_msi(0x100 + i), 0x6000'0000);
        m.ring();
        m.run();
        EXPECT_EQ(m.cons(), (first + bad) % 32);
        EXPECT_EQ(m.error(), 2u);
        EXPECT_TRUE(m.cmdq_error_active());
        EXPECT_EQ(m.memory.writes_to(0x6000'0000) - before, bad) << "those before it, no other";
        m.memory.poison(0, 0);
        m.acknowledge();
        m.run();
        EXPECT_TRUE(m.drained());
        EXPECT_EQ(m.memory.writes_to(0x6000'0000) - before, 6u);
    }
}

TEST(CommandQueue, S_115_switched_off_queue_reads_nothing_whatever_prod_says) {
    smmu_machine m;
    m.enable(smmuen | eventqen);
    for (int i = 0; i < 5; ++i) m.command(0x00);
    m.run();
    EXPECT_EQ(m.memory.reads_in(slot(0), 0x1000), 0u);
    EXPECT_EQ(m.read(reg::cmdq_prod), 5u) << "PROD can always be written";
    EXPECT_EQ(m.cons(), 0u);
    EXPECT_FALSE(m.cmdq_error_active());
    m.write(reg::cmdq_prod, 0);
    m.set_cr0(smmuen | eventqen | cmdqen);
    m.run();
    EXPECT_FALSE(m.cmdq_error_active()) << "empty when it was switched on";
}

TEST(CommandQueue, S_115_switching_off_forgets_what_was_fetched_and_not_begun) {
    smmu_machine m;
    m.enable();
    m.atc_inv();
    m.put(cmd_sync);
    m.put(sync_msi(1), smmu_machine::doorbell);
    m.ring();
    m.run();
    m.write(reg::cr0, smmuen | eventqen | atschk);
    m.run();
    m.invalidate_completion(1);
    m.run();
    ASSERT_EQ(m.cons(), 2u);
    m.memory.word(slot(2)) = sync_msi(2);
    m.set_cr0(smmuen | eventqen | atschk | cmdqen);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.last_msi(), 2u);
}

TEST(CommandQueue, S_102_error_while_switching_off_lets_the_acknowledge_come) {
    smmu_machine m;
    m.enable();
    m.command(0x00);
    m.write(reg::cr0, smmuen | eventqen | atschk);
    m.run();
    EXPECT_EQ(m.read(reg::cr0ack) & cmdqen, 0u);
    EXPECT_EQ(m.cons(), 0u);
}

TEST(CommandQueue, S_100_the_legal_opcodes_of_all_256) {
    const std::set<unsigned> slice{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10,
                                   0x11, 0x12, 0x13, 0x30, 0x40, 0x41, 0x46};
    const smmu_config c;
    for (unsigned op = 0; op < 256; ++op)
        EXPECT_EQ(smmu::decode({op, 0}, c).has_value(), slice.contains(op)) << std::hex << op;
    smmu_config hyp;
    hyp.hyp = true;
    for (unsigned op = 0; op < 256; ++op)
        EXPECT_EQ(smmu::decode({op, 0}, hyp).has_value(),
                  slice.contains(op) || (op >= 0x20 && op <= 0x23))
            << std::hex << op;
}

TEST(CommandQueue, S_117_commands_of_what_is_not_built_are_illegal) {
    smmu_config c;
    c.ats = c.pri = false;
    smmu_machine m(c);
    m.enable();
    for (const std::uint64_t op : {0x40, 0x41, 0x44, 0x45, 0x20, 0x28, 0x2a}) {
        const std::uint32_t before = m.prod;
        m.command(op);
        m.run();
        EXPECT_EQ(m.error(), 1u) << std::hex << op;
        EXPECT_EQ(m.cons(), before) << std::hex << op;
        m.memory.word(slot(before)) = nop;
        m.acknowledge();
        m.run();
        EXPECT_TRUE(m.drained());
    }
    EXPECT_TRUE(m.received.empty());
}

/// Any 16 bytes either run or stop the queue with CERROR_ILL, and the queue goes on after both.
TEST(CommandQueue, S_102_any_bytes_run_or_are_refused_and_the_queue_survives) {
    smmu_machine m;
    m.enable(smmuen | eventqen | cmdqen | atschk);
    m.answer_invalidates = true;
    m.stage1();
    std::uint64_t x = 0x9e37'79b9'7f4a'7c15;
    const auto random = [&x] {
        x ^= x << 13;
        x ^= x >> 7;
        return x ^= x << 17;
    };
    unsigned refused = 0, ran = 0;
    for (int i = 0; i < 3'000; ++i) {
        const bool tame = (i & 1) != 0;  // half of them with few bits set
        std::uint64_t w0 = random(), w1 = random();
        if (tame) {
            w0 &= random() & random();
            w1 &= random() & random() & random();
        }
        const std::uint32_t before = m.cons();
        m.command(w0, w1);
        m.run(4'000);
        if (m.cmdq_error_active()) {
            ++refused;
            ASSERT_EQ(m.error(), 1u) << std::hex << w0 << ' ' << w1;
            ASSERT_EQ(m.cons(), before);
            m.memory.word(slot(before & 15)) = cmd_sync;
            m.memory.word(slot(before & 15) + 8) = 0;
            m.acknowledge();
            m.run(4'000);
        } else {
            ++ran;
        }
        ASSERT_TRUE(m.drained()) << std::hex << w0 << ' ' << w1;
    }
    EXPECT_GT(refused, 1'000u);
    EXPECT_GT(ran, 10u);
}
