// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

constexpr std::uint32_t on = smmuen | eventqen | cmdqen | atschk;

/// n transactions on addresses without a mapping: n F_TRANSLATION records.
void fault(smmu_machine& m, unsigned n) {
    for (unsigned i = 0; i < n; ++i) {
        m.dma_read(0x10'0000 + 0x1000 * i);
        m.run(2'000);
    }
}

}  // namespace

TEST(EventQueue, S_012_event_before_the_enable_raises_no_interrupt_later) {
    smmu_machine m;
    m.enable(on);
    m.stage1();
    m.write(reg::irq_ctrl, 0);
    m.run();
    fault(m, 1);
    EXPECT_EQ(m.events(), 1u);
    m.write(reg::irq_ctrl, 7);
    m.run();
    EXPECT_EQ(m.msi_count(), 0u);
}

TEST(EventQueue, S_014_one_entry_queue_wraps_on_bit_0_and_is_full_after_one) {
    smmu_machine m;
    m.enable(on, 0);
    m.stage1();
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 1u);
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 1u | overflow_flag);
    m.write(reg::eventq_cons, 1u | overflow_flag);
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 0u | overflow_flag);
    m.command(0x30);
    m.run();
    EXPECT_EQ(m.cons(), 1u);
}

TEST(EventQueue, S_140_record_lies_in_memory_before_prod_moves) {
    smmu_machine m;
    m.enable(on);
    m.stage1();
    m.dma_read(0x1234'5040);
    m.run();
    ASSERT_EQ(m.events(), 1u);
    EXPECT_EQ(m.event_word(0, 0), head(0x10, smmu_machine::sid));
    EXPECT_EQ(m.event_word(0, 1), rnw | class_in);
    EXPECT_EQ(m.event_word(0, 2), 0x1234'5040u);
    EXPECT_EQ(m.event_word(0, 3), 0u);
}

TEST(EventQueue, S_141_overflow_drops_and_toggles_once) {
    smmu_machine m;
    m.enable(on, 2);
    m.stage1();
    fault(m, 4);
    EXPECT_EQ(m.read(reg::eventq_prod), 4u);
    const std::uint64_t first = m.event_word(0, 2);
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 4u | overflow_flag);
    fault(m, 3);
    EXPECT_EQ(m.read(reg::eventq_prod), 4u | overflow_flag);
    EXPECT_EQ(m.event_word(0, 2), first);
}

TEST(EventQueue, S_142_acknowledged_overflow_can_happen_again) {
    smmu_machine m;
    m.enable(on, 1);
    m.stage1();
    fault(m, 3);
    m.write(reg::eventq_cons, 1u | overflow_flag);
    fault(m, 2);
    EXPECT_EQ(m.read(reg::eventq_prod), 3u) << "toggled back to 0";
}

TEST(EventQueue, S_143_unacknowledged_overflow_does_not_stop_later_records) {
    smmu_machine m;
    m.enable(on, 1);
    m.stage1();
    fault(m, 3);
    m.write(reg::eventq_cons, 1);  // OVACKFLG left behind
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 3u | overflow_flag);
}

TEST(EventQueue, S_145_only_empty_to_non_empty_interrupts) {
    smmu_machine m;
    m.enable(on);
    m.stage1();
    fault(m, 3);
    EXPECT_EQ(m.msi_count(), 1u);
    EXPECT_EQ(m.last_msi(), 2u);
    m.write(reg::eventq_cons, 3);
    fault(m, 1);
    EXPECT_EQ(m.msi_count(), 2u);
}

TEST(EventQueue, S_146_no_address_no_msi) {
    smmu_machine m;
    m.enable(on);
    m.write(reg::irq_ctrl, 0);
    m.run();
    m.write64(reg::eventq_irq0, 0);
    m.write(reg::irq_ctrl, 7);
    m.run();
    m.stage1();
    fault(m, 1);
    EXPECT_EQ(m.events(), 1u);
    EXPECT_EQ(m.msi_count(), 0u);
    EXPECT_EQ(m.memory.writes_to(0), 0u);
}

TEST(EventQueue, S_147_write_abort_stops_records_until_acknowledged) {
    smmu_machine m;
    m.enable(on);
    m.stage1();
    m.memory.poison(smmu_machine::eventq, 0x1000);
    fault(m, 1);
    EXPECT_EQ(m.read(reg::gerror), 1u << 2);
    EXPECT_EQ(m.read(reg::eventq_prod), 0u);
    m.memory.poison(0, 0);
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 0u);
    m.acknowledge();
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 1u);
}

TEST(EventQueue, S_148_each_transaction_leaves_at_most_one_record) {
    smmu_machine m;
    m.enable(on, 4);
    m.stage1();
    for (int i = 0; i < 5; ++i) m.dma_write(0x9000, 1 + i);
    m.run();
    EXPECT_EQ(m.events(), 5u);
    for (const auto& d : m.dmas) EXPECT_TRUE(d->gp.is_response_error());
}

TEST(EventQueue, S_149_translation_forbidden_carries_no_substream) {
    smmu_machine m;
    m.enable(eventqen);
    dma& d = m.request(true, 0x5000, 1, base::address_type::translated);
    d.who.substream = base::substream_id{9};
    m.send(d);
    m.run();
    ASSERT_EQ(m.events(), 1u);
    EXPECT_EQ(m.event_word(0, 0), head(0x07, smmu_machine::sid));
}

TEST(EventQueue, sync_waits_until_older_events_are_in_the_queue) {
    smmu_machine m;
    m.enable(on);
    m.stage1();
    m.memory.hold(smmu_machine::eventq, 0x1000);
    dma& d = m.dma_read(0x9000);
    m.run();
    ASSERT_TRUE(d.answered);
    m.sync();
    m.run();
    EXPECT_FALSE(m.drained());
    m.memory.release();
    m.run();
    EXPECT_TRUE(m.drained());
    EXPECT_EQ(m.events(), 1u);
}

TEST(EventQueue, disabling_keeps_what_is_being_written_and_drops_the_rest) {
    smmu_machine m;
    m.enable(on);
    m.stage1();
    m.memory.hold(smmu_machine::eventq, 0x1000);
    fault(m, 3);
    m.write(reg::cr0, on & ~eventqen);
    m.run();
    EXPECT_NE(m.read(reg::cr0ack) & eventqen, 0u);
    m.memory.release();
    m.run();
    EXPECT_EQ(m.read(reg::cr0ack) & eventqen, 0u);
    EXPECT_EQ(m.events(), 1u);
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(EventQueue, S_140_records_around_the_end_lie_in_their_slots) {
    smmu_machine m;
    m.enable(on, 2);
    m.stage1();
    for (unsigned i = 0; i < 11; ++i) {
        m.dma_read(0x10'0000 + 0x1000 * i);
        m.run(2'000);
        EXPECT_EQ(m.events(), (i + 1) % 8) << "two bits of index, one of wrap";
        EXPECT_EQ(m.event_word(i % 4, 2), 0x10'0000 + 0x1000 * i);
        m.write(reg::eventq_cons, (i + 1) % 8);
    }
    EXPECT_EQ(m.event_word(4, 0), 0u) << "nothing behind the queue's end";
    EXPECT_EQ(m.msi_count(), 11u) << "empty each time";
}

TEST(EventQueue, S_141_switched_off_queue_drops_without_overflow) {
    smmu_machine m;
    m.enable(smmuen | cmdqen);
    m.stage1();
    fault(m, 3);
    EXPECT_EQ(m.read(reg::eventq_prod), 0u);
    EXPECT_EQ(m.msi_count(), 0u);
    m.set_cr0(smmuen | cmdqen | eventqen);
    m.run();
    EXPECT_EQ(m.read(reg::eventq_prod), 0u) << "what was dropped does not come back";
    fault(m, 1);
    EXPECT_EQ(m.read(reg::eventq_prod), 1u);
}

namespace {

/// How many records n equal faults leave.
std::uint32_t records_of(smmu_machine& m, unsigned n, std::uint64_t va = 0x1234'5000) {
    const std::uint32_t before = m.events();
    for (unsigned i = 0; i < n; ++i) {
        m.dma_read(va);
        m.run();
    }
    return m.events() - before;
}

smmu::smmu_config merging() {
    smmu::smmu_config c;
    c.merge_events = true;
    return c;
}

}  // namespace

TEST(EventMerging, an_event_like_the_newest_unread_one_is_not_recorded_again) {
    smmu_machine m(merging());
    m.enable(on);
    m.stage1(smmu_machine::sid, {}, {.mev = 1});
    EXPECT_EQ(records_of(m, 3), 1u);
    EXPECT_EQ(records_of(m, 2, 0x5678'9000), 1u) << "another address";
    EXPECT_EQ(records_of(m, 2), 1u) << "not the newest any more";
    m.write(reg::eventq_cons, m.events());
    EXPECT_EQ(records_of(m, 2), 1u) << "software has read it";
    m.sync();
    m.run();
    EXPECT_TRUE(m.drained()) << "a SYNC does not wait for what was merged";
}

TEST(EventMerging, an_ste_with_mev_0_forbids_it_but_for_configuration_errors) {
    smmu_machine m(merging());
    m.enable(on);
    m.stage1();
    EXPECT_EQ(records_of(m, 2), 2u);
    m.set_ste(smmu_machine::sid, {.valid = false});
    m.command(0x03 | std::uint64_t{smmu_machine::sid} << 32);
    m.run();
    EXPECT_EQ(records_of(m, 3), 1u) << "C_BAD_STE";
}

TEST(EventMerging, is_off_by_default) {
    smmu_machine m;
    m.enable(on);
    m.stage1(smmu_machine::sid, {}, {.mev = 1});
    EXPECT_EQ(records_of(m, 3), 3u);
}
