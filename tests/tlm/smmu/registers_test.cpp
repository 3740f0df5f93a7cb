// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

TEST(Registers, S_001_control_and_errors_read_zero_after_reset) {
    smmu_machine m;
    for (const std::uint64_t r :
         {reg::cr0, reg::cr0ack, reg::irq_ctrl, reg::irq_ctrlack, reg::gerror, reg::gerrorn})
        EXPECT_EQ(m.read(r), 0u) << r;
    EXPECT_EQ(m.read(reg::gbpa) >> 31, 0u);
}

TEST(Registers, S_002_stream_table_base_is_locked_while_enabled) {
    smmu_machine m;
    m.write64(reg::strtab_base, 0x1000'0000);
    m.write(reg::strtab_base_cfg, 8);
    m.set_cr0(smmuen);
    m.write64(reg::strtab_base, 0x2000'0000);
    m.write(reg::strtab_base_cfg, 5);
    m.write(reg::cr2, 2);
    EXPECT_EQ(m.read(reg::strtab_base, 8), 0x1000'0000u);
    EXPECT_EQ(m.read(reg::strtab_base_cfg), 8u);
    EXPECT_EQ(m.read(reg::cr2), 0u);
    m.set_cr0(0);
    m.write64(reg::strtab_base, 0x2000'0000);
    EXPECT_EQ(m.read(reg::strtab_base, 8), 0x2000'0000u);
}

TEST(Registers, S_002_guard_holds_until_the_acknowledge_too) {
    smmu_machine m;
    m.set_cr0(smmuen);
    m.write(reg::cr0, 0);  // CR0ACK still says enabled
    m.write64(reg::strtab_base, 0x3000'0000);
    EXPECT_EQ(m.read(reg::strtab_base, 8), 0u);
}

TEST(Registers, S_003_event_queue_prod_is_locked_while_its_queue_is_enabled) {
    smmu_machine m;
    m.queues();
    m.write(reg::eventq_prod, 3);
    EXPECT_EQ(m.read(reg::eventq_prod), 3u);
    m.set_cr0(eventqen);
    m.write(reg::eventq_prod, 7);
    EXPECT_EQ(m.read(reg::eventq_prod), 3u);
    m.write(reg::eventq_cons, 2);
    EXPECT_EQ(m.read(reg::eventq_cons), 2u);
}

TEST(Registers, S_004_msi_configuration_is_locked_while_its_interrupt_is_enabled) {
    smmu_machine m;
    m.write(reg::gerror_irq1, 11);
    m.write(reg::irq_ctrl, 1);
    m.run();
    m.write(reg::gerror_irq1, 22);
    m.write64(reg::gerror_irq0, 0x1000);
    m.write(reg::eventq_irq1, 33);
    EXPECT_EQ(m.read(reg::gerror_irq1), 11u);
    EXPECT_EQ(m.read(reg::gerror_irq0, 8), 0u);
    EXPECT_EQ(m.read(reg::eventq_irq1), 33u);
}

TEST(Registers, S_005_cr0ack_follows_defined_bits_after_a_bounded_time) {
    smmu_machine m;
    m.write(reg::cr0, 0xffff'ffff);
    EXPECT_EQ(m.read(reg::cr0), 0x1fu);  // VMW is not configured
    EXPECT_EQ(m.read(reg::cr0ack), 0u);
    m.run(1'000);
    EXPECT_EQ(m.read(reg::cr0ack), 0x1fu);
    m.set_cr0(0);
    EXPECT_EQ(m.read(reg::cr0ack), 0u);
}

TEST(Registers, field_written_again_before_its_acknowledge_keeps_its_first_value) {
    smmu_machine m;
    m.write(reg::cr0, eventqen);
    m.write(reg::cr0, cmdqen);
    EXPECT_EQ(m.read(reg::cr0), eventqen | cmdqen);
    m.run(1'000);
    EXPECT_EQ(m.read(reg::cr0ack), eventqen | cmdqen);
}

TEST(Registers, S_006_gbpa_update_takes_effect_and_clears) {
    smmu_machine m;
    m.write(reg::gbpa, 1u << 20);  // without Update: ignored
    EXPECT_EQ(m.read(reg::gbpa), 0x1000u);
    m.write(reg::gbpa, 1u << 31 | 1u << 20);
    EXPECT_EQ(m.read(reg::gbpa) >> 31, 1u);
    m.write(reg::gbpa, 1u << 31);  // while Update=1: ignored
    m.run();
    EXPECT_EQ(m.read(reg::gbpa), 1u << 20);
    dma& d = m.dma_write(0x5000);
    m.run();
    EXPECT_TRUE(d.gp.is_response_error());
}

TEST(Registers, S_013_identification_reads_the_configuration_and_ignores_writes) {
    smmu_machine m;
    const std::uint64_t idr0 = m.read(reg::idr0);
    EXPECT_EQ(idr0 >> 1 & 1, 1u);   // S1P
    EXPECT_EQ(idr0 >> 10 & 1, 1u);  // ATS
    EXPECT_EQ(idr0 >> 24 & 3, 1u);  // terminate only
    EXPECT_EQ(m.read(reg::idr1), 0x0273'9510u | 1u << 26);
    const std::uint64_t bbml = m.read(reg::idr3) >> 11 & 3;
    EXPECT_TRUE(bbml == 1 || bbml == 2);
    EXPECT_EQ(m.read(reg::idr5), 0x15u);
    EXPECT_EQ(m.read(0x1c), 2u);
    for (const std::uint64_t r : {reg::idr0, reg::idr1, reg::idr3, reg::idr5}) {
        const std::uint64_t before = m.read(r);
        m.write(r, ~before);
        EXPECT_EQ(m.read(r), before);
    }
}

TEST(Registers, odd_accesses_are_raz_wi) {
    smmu_machine m;
    m.queues();
    EXPECT_EQ(m.read(reg::idr1, 2), 0u);
    EXPECT_EQ(m.read(reg::idr1, 1), 0u);
    EXPECT_EQ(m.read(reg::idr0, 8), 0u);
    EXPECT_EQ(m.read(0x0d00), 0u);
    m.write(reg::cmdq_prod, 5, 2);
    EXPECT_EQ(m.read(reg::cmdq_prod), 0u);
    EXPECT_EQ(m.read(reg::cmdq_base, 4), 0x4000'0004u);
    m.write(reg::cmdq_base + 4, 1, 4);
    EXPECT_EQ(m.read(reg::cmdq_base, 8), 0x1'4000'0004u);
}

TEST(Registers, page_0_twin_of_a_page_1_register_is_an_alias) {
    smmu_machine m;
    m.write(0xa8, 6);
    EXPECT_EQ(m.read(reg::eventq_prod), 6u);
    m.write(reg::priq_cons, 4);
    EXPECT_EQ(m.read(0xcc), 4u);
}

TEST(Registers, S_162_rec_cfg_ats_reads_back_zero_without_the_option) {
    smmu_machine m;
    m.write(reg::cr2, 0xf);
    EXPECT_EQ(m.read(reg::cr2), 0x6u);
}

TEST(Registers, clearing_an_interrupt_enable_waits_for_its_msi) {
    smmu_machine m;
    m.enable();
    m.memory.hold(smmu_machine::doorbell, 4);
    m.command(0);  // CERROR_ILL: GERROR and its MSI, which memory keeps
    m.run(1'000);
    ASSERT_EQ(m.memory.held(), 1u);
    m.write(reg::irq_ctrl, 6);
    m.run(1'000);
    EXPECT_EQ(m.read(reg::irq_ctrlack), 7u);
    m.memory.release();
    m.run(1'000);
    EXPECT_EQ(m.read(reg::irq_ctrlack), 6u);
}

struct watcher : base::register_observer {
    std::vector<std::uint64_t> offsets;
    void register_changed(std::uint64_t offset) override { offsets.push_back(offset); }
};

TEST(Registers, observer_hears_of_hardware_changes_only) {
    smmu_machine m;
    watcher w;
    m.dut.observe_registers(w);
    m.queues();
    EXPECT_TRUE(w.offsets.empty());
    m.set_cr0(cmdqen);
    EXPECT_EQ(w.offsets, (std::vector<std::uint64_t>{reg::cr0ack}));
    w.offsets.clear();
    m.command(0x30);
    m.run(1'000);
    EXPECT_EQ(w.offsets, (std::vector<std::uint64_t>{reg::cmdq_cons}));
}
