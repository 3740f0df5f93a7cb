// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"
#include "tlm/smmu/commands.h"

using namespace drydock;
using namespace drydock::smmu::test;
using drydock::smmu::smmu_config;

namespace {

struct legal_case {
    std::uint64_t w0, w1;
};

}  // namespace

TEST(CommandQueue, S_100_every_legal_command_is_consumed) {
    smmu_machine m;
    m.enable();
    m.answer_invalidates = true;
    const std::uint64_t sid = std::uint64_t{smmu_machine::sid} << 32;
    const legal_case cases[] = {{0x01 | 1 << 11 | 5 << 12 | sid, 0},
                                {0x02 | sid, 0x1000},
                                {0x03 | sid, 1},
                                {0x04 | sid, 3},
                                {0x04, 31},
                                {0x05 | 5 << 12 | sid, 1},
                                {0x06 | sid, 0},
                                {0x10 | at(1, 32), 0},
                                {0x11 | at(1, 32) | at(1, 48), 0},
                                {tlbi_va(), 0x5000 | 1},
                                {0x13, 0x5000},
                                {tlbi_va(3, 1), 0x5000 | at(1, 10)},
                                {0x30, 0},
                                {0x40 | sid, 52},
                                {0x40 | 1 << 11 | 1 << 9 | 7 << 12 | sid, 0x7000},
                                {0x41 | sid, at(2, 12) | 5},
                                {0x46, 0},
                                {sync_msi(9), smmu_machine::doorbell},
                                {0x46 | at(2, 12), 0}};
    for (const legal_case& c : cases) {
        m.command(c.w0, c.w1);
        m.run();
        EXPECT_TRUE(m.drained()) << std::hex << c.w0;
        EXPECT_FALSE(m.cmdq_error_active()) << std::hex << c.w0;
    }
}

TEST(CommandQueue, S_100_reserved_bits_and_illegal_opcodes_are_refused) {
    const smmu_config c;
    const auto legal = [&](std::uint64_t w0, std::uint64_t w1 = 0) {
        return smmu::decode({w0, w1}, c).has_value();
    };
    for (const std::uint64_t op :
         {0x00, 0x07, 0x08, 0x0f, 0x14, 0x18, 0x1a, 0x20, 0x21, 0x22, 0x23, 0x28, 0x2a,
          0x2b, 0x31, 0x3f, 0x42, 0x43, 0x44, 0x45, 0x47, 0x50, 0x60, 0x70, 0x73, 0xff})
        EXPECT_FALSE(legal(op)) << std::hex << op;
    for (const std::uint64_t op :
         {0x01, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x13, 0x30, 0x40, 0x41, 0x46}) {
        EXPECT_FALSE(legal(op | 1u << 10)) << "SSec " << std::hex << op;
        EXPECT_FALSE(legal(op | 1u << 8)) << std::hex << op;
    }
    EXPECT_FALSE(legal(0x03, 2));
    EXPECT_FALSE(legal(0x06, 1));
    EXPECT_FALSE(legal(0x40, 53));
    EXPECT_TRUE(legal(0x40, 52));
    EXPECT_FALSE(legal(0x40, 1 << 6));
    EXPECT_FALSE(legal(0x46, at(1, 52)));
    EXPECT_TRUE(legal(0x46 | 3 << 22 | 0xf << 24 | at(0x1234, 32), 0x1000))
        << "ignored fields are not checked";
}

TEST(CommandQueue, S_101_a_queue_takes_all_its_slots) {
    smmu_machine m;
    m.queues(2);
    for (int i = 0; i < 4; ++i) m.put(0x30);
    m.ring();
    EXPECT_EQ(m.prod, 4u);  // index equal, wrap differs: full
    EXPECT_EQ(m.cons(), 0u);
    m.set_cr0(cmdqen);
    m.run();
    EXPECT_EQ(m.cons(), 4u);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i) m.put(0x30);
        m.ring();
        m.run();
        EXPECT_TRUE(m.drained());
    }
}

TEST(CommandQueue, S_102_illegal_opcode_stops_the_queue_once) {
    smmu_machine m;
    m.enable();
    m.put(0x30);
    m.put(0x00);
    m.put(0x00);
    m.put(0x30);
    m.ring();
    m.run();
    EXPECT_EQ(m.cons(), 1u);
    EXPECT_EQ(m.error(), 1u);
    EXPECT_EQ(m.read(reg::gerror), 1u);
    m.command(0x00);
    m.run();
    EXPECT_EQ(m.read(reg::gerror), 1u);
    EXPECT_EQ(m.msi_count(), 1u);  // one GERROR interrupt
    EXPECT_EQ(m.last_msi(), 1u);
}

TEST(CommandQueue, S_103_only_the_acknowledge_restarts) {
    smmu_machine m;
    m.enable();
    m.command(0x00);
    m.run();
    m.command(0x30);
    m.run();
    EXPECT_EQ(m.cons(), 0u);
    m.memory.word(smmu_machine::cmdq) = 0x30;
    m.acknowledge();
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(CommandQueue, S_104_bad_command_replaced_by_a_sync_completes) {
    smmu_machine m;
    m.enable();
    m.command(0x07);
    m.run();
    m.memory.word(smmu_machine::cmdq) = sync_msi(0x77);
    m.memory.word(smmu_machine::cmdq + 8) = smmu_machine::doorbell;
    m.acknowledge();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.last_msi(), 0x77u);
    EXPECT_FALSE(m.cmdq_error_active());
}

TEST(CommandQueue, S_105_fetch_abort_reports_abt_and_retries_after_the_acknowledge) {
    smmu_machine m;
    m.enable();
    m.memory.poison(smmu_machine::cmdq, 0x1000);
    m.command(0x30);
    m.run();
    EXPECT_EQ(m.error(), 2u);
    EXPECT_TRUE(m.cmdq_error_active());
    EXPECT_EQ(m.cons(), 0u);
    m.memory.poison(0, 0);
    m.acknowledge();
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(CommandQueue, S_115_enabling_starts_a_queue_that_is_not_empty) {
    smmu_machine m;
    m.queues();
    m.command(0x30);
    m.run();
    EXPECT_EQ(m.cons(), 0u);
    m.set_cr0(cmdqen);
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(CommandQueue, S_115_disabling_lets_a_begun_command_end_before_the_acknowledge) {
    smmu_machine m;
    m.enable();
    m.atc_inv();
    m.put(0x46);
    m.command(0x30);
    m.run();
    ASSERT_EQ(m.cons(), 1u);
    m.write(reg::cr0, smmuen | eventqen | atschk);
    m.run();
    EXPECT_NE(m.read(reg::cr0ack) & cmdqen, 0u);
    m.invalidate_completion(1);
    m.run();
    EXPECT_EQ(m.read(reg::cr0ack) & cmdqen, 0u);
    EXPECT_EQ(m.cons(), 2u) << "nothing new is begun";
}

TEST(CommandQueue, S_117_atc_inv_is_illegal_without_ats_and_ignored_while_disabled) {
    smmu_config none;
    none.ats = false;
    EXPECT_FALSE(smmu::decode({0x40, 0}, none).has_value());
    smmu_machine m;
    m.enable(cmdqen | eventqen);
    m.atc_inv();
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.invalidate_requests(), 0u);
}

TEST(CommandQueue, S_120_range_without_extent_is_illegal) {
    const smmu_config c;
    EXPECT_FALSE(smmu::decode({tlbi_va(), at(1, 10)}, c).has_value());
    EXPECT_FALSE(smmu::decode({tlbi_va(), at(2, 10) | at(1, 8)}, c).has_value());
    EXPECT_TRUE(smmu::decode({tlbi_va(), at(1, 10) | at(3, 8)}, c).has_value());
    EXPECT_FALSE(smmu::decode({tlbi_va(1), 0}, c).has_value()) << "NUM is reserved with TG=0";
}

TEST(CommandQueue, S_121_range_covers_num_plus_one_times_two_to_the_scale_pages) {
    const auto c = smmu::decode({tlbi_va(2, 1), 0x10'0000 | at(1, 10)}, smmu_config{});
    ASSERT_TRUE(c);
    EXPECT_EQ(c->va.first, 0x10'0000u);
    EXPECT_EQ(c->va.last, 0x10'0000u + 6 * 4096 - 1);
    const auto top =
        smmu::decode({tlbi_va(31, 31), 0xffff'ffff'ffff'f000 | at(1, 10)}, smmu_config{});
    EXPECT_EQ(top->va.last, ~std::uint64_t{0}) << "no wrap at the top";
}

TEST(CommandQueue, S_122_cfgi_vms_pidm_is_illegal) {
    smmu_machine m;
    m.enable();
    m.command(0x07);
    m.run();
    EXPECT_EQ(m.error(), 1u);
}

TEST(CommandQueue, S_123_reserved_response_is_illegal_even_while_disabled) {
    smmu_machine m;
    m.enable(cmdqen);
    m.command(0x41, at(3, 12));
    m.run();
    EXPECT_EQ(m.error(), 1u);
}

TEST(CommandQueue, S_125_switching_the_queue_does_not_acknowledge_an_error) {
    smmu_machine m;
    m.enable();
    m.command(0x00);
    m.run();
    m.memory.word(smmu_machine::cmdq) = 0x30;
    m.set_cr0(smmuen | eventqen | atschk);
    m.set_cr0(smmuen | eventqen | atschk | cmdqen);
    m.run();
    EXPECT_EQ(m.cons(), 0u);
    m.acknowledge();
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(CommandQueue, cons_writes_are_taken_while_the_queue_is_off) {
    smmu_machine m;
    m.queues();
    m.write(reg::cmdq_cons, 3);
    m.prod = 3;
    m.command(0x30);
    m.set_cr0(cmdqen);
    m.run();
    EXPECT_EQ(m.cons(), 4u);
    m.write(reg::cmdq_cons, 0);
    EXPECT_EQ(m.cons(), 4u);
}

struct stage_listener : base::observer {
    std::vector<base::event> events;
    void on_event(const base::event& e) override { events.push_back(e); }
    std::vector<std::uint64_t> boundaries(base::span_id s) const {
        std::vector<std::uint64_t> out;
        for (const auto& e : events)
            if (e.span == s) out.push_back(e.a);
        return out;
    }
};

TEST(CommandQueue, stages_of_an_atc_inv_come_in_order_and_name_who_was_waited_for) {
    smmu_machine m;
    stage_listener l;
    m.ctx.probe.subscribe(l, base::kind::stage);
    m.ctx.provenance.shadow(base::phys_addr{smmu_machine::cmdq}, 256);
    m.enable();
    const base::span_id one = m.ctx.probe.new_span(), two = m.ctx.probe.new_span();
    m.ctx.provenance.written(base::phys_addr{smmu_machine::cmdq}, 16, one);
    m.ctx.provenance.written(base::phys_addr{smmu_machine::cmdq + 32}, 16, two);
    m.atc_inv();
    m.put(0x46);
    m.atc_inv();
    m.command(0x46);
    m.run();
    m.invalidate_completion(1);
    m.run();
    m.invalidate_completion(2);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(l.boundaries(one), (std::vector<std::uint64_t>{2, 3, 4, 5, 6, 14, 15}));
    EXPECT_EQ(l.boundaries(two), (std::vector<std::uint64_t>{2, 3, 4, 5, 6, 14, 15}));
    base::ps last{};
    for (const auto& e : l.events) {
        EXPECT_GE(e.time, last);
        last = e.time;
        if (e.span == two && e.a == 3) {
            EXPECT_EQ(e.b, one.value)
                << "the second was let fetched when the first one's SYNC had gone";
        }
    }
}

TEST(CommandQueue, an_atc_inv_costs_the_same_few_timeline_records_however_many_are_outstanding) {
    smmu_machine m;
    m.enable(smmuen | eventqen | cmdqen | atschk, 8);
    m.answer_invalidates = true;
    const auto records = [&](unsigned n) {
        const std::uint64_t before = m.ctx.timeline.records_run();
        for (unsigned i = 0; i < n; ++i) m.atc_inv(0x1000 * i, 0);
        m.sync();
        m.run();
        EXPECT_TRUE(m.drained());
        return m.ctx.timeline.records_run() - before;
    };
    EXPECT_LE(records(1), 6u);
    EXPECT_LE(records(32), 4u * 33u);
    EXPECT_EQ(m.dut.tracker().count().completed, 33u);
}
