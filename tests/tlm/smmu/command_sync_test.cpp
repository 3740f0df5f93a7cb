// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;
using drydock::smmu::smmu_config;

TEST(CommandQueue, S_106_sync_interrupt_is_one_write_after_cons_has_passed) {
    smmu_machine m;
    m.enable();
    m.memory.hold(smmu_machine::doorbell, 4);
    m.command(sync_msi(0xabcd), smmu_machine::doorbell);
    m.run();
    ASSERT_EQ(m.memory.held(), 1u);
    EXPECT_TRUE(m.drained());
    m.memory.release();
    m.run();
    EXPECT_EQ(m.msi_count(), 1u);
    EXPECT_EQ(m.last_msi(), 0xabcdu);
    m.command(sync_msi(1), 0);  // no address: no MSI
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.msi_count(), 1u);
}

TEST(CommandQueue, S_107_reserved_signal_is_illegal) {
    smmu_machine m;
    m.enable();
    m.command(0x46 | 3u << 12);
    m.run();
    EXPECT_EQ(m.error(), 1u);
}

TEST(CommandQueue, S_108_sync_after_tlbi_waits_for_a_write_translated_before) {
    smmu_machine m;
    m.enable_mapped(0x1000, 0x5000'0000);
    m.memory.hold(0x5000'0000, 0x1000);
    dma& d = m.dma_write(0x1000);
    m.run();
    ASSERT_EQ(m.memory.held(), 1u);
    m.put(tlbi_va(), 0x1000);
    m.put(0x46);
    m.ring();
    m.run();
    EXPECT_EQ(m.cons(), 1u);
    m.memory.release();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_TRUE(d.answered);
    EXPECT_EQ(m.memory.writes_to(0x5000'0000), 1u);
}

TEST(CommandQueue, S_108_sync_without_invalidation_does_not_wait_for_traffic) {
    smmu_machine m;
    m.enable_mapped(0x1000, 0x5000'0000);
    m.memory.hold(0x5000'0000, 0x1000);
    m.dma_write(0x1000);
    m.run();
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
    m.memory.release();
    m.run();
}

TEST(CommandQueue, S_109_sync_after_atc_inv_waits_for_the_completion_and_for_writes_ahead_of_it) {
    smmu_machine m;
    m.enable_mapped(0x1000, 0x5000'0000);
    m.atc_inv();
    m.sync();
    m.run();
    ASSERT_EQ(m.invalidate_requests(), 1u);
    EXPECT_EQ(m.cons(), 1u);
    m.memory.hold(0x5000'0000, 0x1000);
    m.dma_write(0x1000, 7);
    m.run();
    ASSERT_EQ(m.memory.held(), 1u);
    m.invalidate_completion(1, 1, 8);  // behind the write
    m.run();
    EXPECT_EQ(m.cons(), 1u);
    m.memory.release();
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(CommandQueue, S_109_completion_does_not_wait_for_younger_writes) {
    smmu_machine m;
    m.enable_mapped(0x1000, 0x5000'0000);
    m.atc_inv();
    m.sync();
    m.run();
    m.memory.hold(0x5000'0000, 0x1000);
    m.dma_write(0x1000, 9);
    m.invalidate_completion(1, 1, 8);
    m.run();
    EXPECT_TRUE(m.drained());
    m.memory.release();
    m.run();
}

TEST(CommandQueue, S_110_lost_atc_inv_makes_sync_report_cerror) {
    smmu_machine m(with_timeout());
    m.enable();
    m.atc_inv();
    m.command(sync_msi(5), smmu_machine::doorbell);
    m.run(99'000);
    EXPECT_FALSE(m.cmdq_error_active());
    m.run(past_timeout - 99'000);
    EXPECT_EQ(m.cons(), 1u);
    EXPECT_EQ(m.error(), 3u);
    EXPECT_TRUE(m.cmdq_error_active());
    EXPECT_EQ(m.msi_count(), 1u);  // GERROR's only
    EXPECT_EQ(m.last_msi(), 1u);
}

TEST(CommandQueue, S_111_tlbi_before_a_failing_sync_has_taken_effect) {
    smmu_machine m(with_timeout());
    const std::uint64_t leaf = m.enable_mapped(0x1000, 0x5000'0000);
    m.dma_read(0x1000);
    m.run();
    m.memory.word(leaf) = 0;
    m.put(tlbi_va(), 0x1000);
    m.atc_inv();
    m.sync();
    m.run(past_timeout);
    ASSERT_EQ(m.error(), 3u);
    dma& d = m.dma_read(0x1000);
    m.run();
    EXPECT_TRUE(d.gp.is_response_error());
}

TEST(CommandQueue, S_112_after_the_acknowledge_the_same_sync_completes) {
    smmu_machine m(with_timeout());
    m.enable();
    m.atc_inv();
    m.command(sync_msi(5), smmu_machine::doorbell);
    m.run(past_timeout);
    ASSERT_EQ(m.error(), 3u);
    m.acknowledge();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.last_msi(), 5u);
    EXPECT_FALSE(m.cmdq_error_active());
}

TEST(CommandQueue, S_112_repeated_sync_fails_again_for_one_still_within_its_timeout) {
    smmu_machine m(with_timeout());
    m.enable();
    m.atc_inv();
    m.ring();
    m.run(50'000);
    m.atc_inv();
    m.sync();
    m.run(70'000);
    ASSERT_EQ(m.error(), 3u);
    m.acknowledge();
    m.run(1'000);
    EXPECT_FALSE(m.cmdq_error_active());
    EXPECT_FALSE(m.drained());
    m.run(60'000);
    EXPECT_TRUE(m.cmdq_error_active());
    m.acknowledge();
    m.run(1'000);
    EXPECT_TRUE(m.drained());
}

TEST(CommandQueue, skipped_sync_is_passed_by_cons_and_never_signals) {
    smmu_config c = with_timeout();
    c.after_lost_invalidation = smmu::cerror_sync::skipped;
    smmu_machine m(c);
    m.enable();
    m.atc_inv();
    m.command(sync_msi(5), smmu_machine::doorbell);
    m.run(past_timeout);
    EXPECT_EQ(m.error(), 3u);
    EXPECT_TRUE(m.drained());
    m.acknowledge();
    m.run();
    EXPECT_EQ(m.msi_count(), 1u);
    EXPECT_EQ(m.last_msi(), 1u);
    m.command(sync_msi(6), smmu_machine::doorbell);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.last_msi(), 6u);
}

TEST(CommandQueue, S_113_atc_inv_alone_is_consumed_without_waiting) {
    smmu_machine m;
    m.enable();
    m.atc_inv();
    m.ring();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.dut.tracker().outstanding(), 1u);
}

TEST(CommandQueue, S_114_syncs_signal_in_queue_order) {
    smmu_machine m;
    m.enable();
    const std::uint64_t first = 0x6000'0000, second = 0x6000'1000;
    m.memory.hold(first, 4);
    m.put(sync_msi(1), first);
    m.command(sync_msi(2), second);
    m.run();
    EXPECT_EQ(m.cons(), 1u) << "the second waits until the MSI of the first is visible";
    EXPECT_EQ(m.memory.writes_to(second), 0u);
    m.memory.release();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.memory.writes_to(first), 1u);
    EXPECT_EQ(m.memory.writes_to(second), 1u);
}

TEST(CommandQueue, S_118_sync_does_not_wait_for_a_prg_response) {
    smmu_machine m;
    m.enable();
    m.put(0x41 | std::uint64_t{smmu_machine::sid} << 32, at(2, 12) | 3);
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(CommandQueue, S_119_aborted_sync_msi_toggles_gerror_and_the_sync_completes) {
    smmu_machine m;
    m.enable();
    m.memory.poison(0x6000'0000, 4);
    m.command(sync_msi(5), 0x6000'0000);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.read(reg::gerror), 1u << 4);
    EXPECT_FALSE(m.cmdq_error_active());
}

TEST(CommandQueue, S_124_lost_atc_inv_of_one_issuer_fails_the_sync_of_another) {
    smmu_machine m(with_timeout());
    m.enable();
    m.atc_inv(0x1000, 0, 0x200);
    m.ring();
    m.run(past_timeout);
    EXPECT_FALSE(m.cmdq_error_active()) << "nobody has waited yet";
    m.put(0x30);
    m.sync();
    m.run();
    EXPECT_EQ(m.error(), 3u);
}

struct event_counter : base::sev_sink {
    explicit event_counter(smmu_machine& of) : m(of) { m.dut.connect_event(*this); }
    smmu_machine& m;
    std::vector<std::uint32_t> cons;  ///< CMDQ_CONS as each event found it
    void sev() override { cons.push_back(m.cons()); }
};

TEST(CommandQueue, S_126_sync_with_an_event_ignores_the_msi_fields) {
    smmu_machine m;
    event_counter e(m);
    m.enable();
    m.command(0x46 | 2u << 12 | 3u << 22 | 0xfu << 24 | at(0x99, 32), smmu_machine::doorbell);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(e.cons, std::vector<std::uint32_t>{1}) << "one event, when CONS had passed";
    EXPECT_EQ(m.msi_count(), 0u);
}

TEST(CommandQueue, S_126_without_sev_an_event_is_as_no_signal) {
    smmu_config c;
    c.sev = false;
    smmu_machine m(c);
    event_counter e(m);
    m.enable();
    m.command(0x46 | 2u << 12, smmu_machine::doorbell);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_TRUE(e.cons.empty());
    EXPECT_EQ(m.msi_count(), 0u);
}

TEST(CommandQueue, S_106_without_msis_in_idr0_an_interrupt_writes_nothing) {
    smmu_config c;
    c.msi = false;
    smmu_machine m(c);
    m.enable();
    m.command(sync_msi(5), smmu_machine::doorbell);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.msi_count(), 0u);
}

TEST(CommandQueue, S_106_no_signal_ignores_the_msi_fields) {
    smmu_machine m;
    event_counter e(m);
    m.enable();
    m.command(0x46 | 3u << 22 | 0xfu << 24 | at(0x99, 32), smmu_machine::doorbell);
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.msi_count(), 0u);
    EXPECT_TRUE(e.cons.empty());
}

TEST(CommandQueue, S_110_lost_atc_inv_lets_no_signal_of_its_sync_out) {
    smmu_machine m(with_timeout());
    event_counter e(m);
    m.enable();
    m.atc_inv();
    m.command(0x46 | 2u << 12);
    m.run(past_timeout);
    ASSERT_EQ(m.error(), 3u);
    EXPECT_TRUE(e.cons.empty());
    m.acknowledge();
    m.run();
    EXPECT_EQ(e.cons, std::vector<std::uint32_t>{2});
}

TEST(CommandQueue, S_109_waiting_sync_is_complete_at_the_instant_of_what_it_waits_for) {
    smmu_machine m;
    m.enable();
    m.atc_inv();
    m.put(cmd_sync);
    m.ring();
    m.run();
    m.invalidate_completion(1);
    EXPECT_EQ(m.cons(), 1u);
    m.run(1);  // one cycle of the tracker's clock
    EXPECT_EQ(m.dut.tracker().outstanding(), 0u);
    EXPECT_TRUE(m.drained()) << "the specification names no time of its own for CMD_SYNC";
}
