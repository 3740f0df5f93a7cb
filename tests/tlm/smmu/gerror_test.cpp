// SPDX-License-Identifier: Apache-2.0
// GERROR: every MSI's abort, toggling, acknowledging one error of several.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

constexpr std::uint64_t bad_doorbell = 0x6000'0000;

/// Everything enabled, one interrupt source's MSIs go to an address that memory refuses.
struct refused_msi : smmu_machine {
    explicit refused_msi(std::uint64_t irq_cfg0) {
        enable(smmuen | priqen | eventqen | cmdqen | atschk);
        stage1();
        write(reg::irq_ctrl, 0);
        run();
        write64(irq_cfg0, bad_doorbell);
        write(reg::irq_ctrl, 7);
        run();
        memory.poison(bad_doorbell, 4);
    }
    std::uint64_t gerror() { return read(reg::gerror); }
};

}  // namespace

TEST(Gerror, S_119_aborted_event_queue_msi_is_bit_5_and_itself_interrupts) {
    refused_msi m(reg::eventq_irq0);
    m.dma_read(0x9000);
    m.run();
    EXPECT_EQ(m.events(), 1u) << "the record itself is there";
    EXPECT_EQ(m.gerror(), 1u << 5);
    EXPECT_EQ(m.msi_count(), 1u);
    EXPECT_EQ(m.last_msi(), 1u) << "GERROR's MSI";
}

TEST(Gerror, S_119_aborted_pri_queue_msi_is_bit_6_and_itself_interrupts) {
    refused_msi m(reg::priq_irq0);
    m.page_request(true, 3);
    m.run();
    EXPECT_EQ(m.read(reg::priq_prod), 1u);
    EXPECT_EQ(m.gerror(), 1u << 6);
    EXPECT_EQ(m.last_msi(), 1u);
}

TEST(Gerror, S_119_aborted_gerror_msi_is_bit_7_and_raises_no_further_one) {
    refused_msi m(reg::gerror_irq0);
    m.command(0x00);
    m.run();
    EXPECT_EQ(m.gerror(), 1u << 0 | 1u << 7);
    EXPECT_EQ(m.msi_count(), 0u);
    EXPECT_EQ(m.memory.writes_to(bad_doorbell), 0u);
}

TEST(Gerror, S_119_active_error_toggles_once_and_again_after_its_acknowledge) {
    refused_msi m(reg::eventq_irq0);
    for (int i = 0; i < 2; ++i) {
        m.dma_read(0x9000);
        m.run();
        m.write(reg::eventq_cons, m.events());
    }
    EXPECT_EQ(m.gerror(), 1u << 5);
    EXPECT_EQ(m.msi_count(), 1u);
    m.acknowledge();
    m.dma_read(0x9000);
    m.run();
    EXPECT_EQ(m.gerror(), 0u) << "GERROR differs from GERRORN again";
    EXPECT_EQ(m.read(reg::gerrorn), 1u << 5);
    EXPECT_EQ(m.msi_count(), 2u);
}

TEST(Gerror, S_103_acknowledging_another_error_does_not_restart_the_command_queue) {
    refused_msi m(reg::eventq_irq0);
    m.command(0x00);
    m.dma_read(0x9000);
    m.run();
    ASSERT_EQ(m.gerror(), 1u << 0 | 1u << 5);
    m.memory.word(smmu_machine::cmdq) = 0x30;
    m.write(reg::gerrorn, 1u << 5);
    m.run();
    EXPECT_EQ(m.cons(), 0u);
    m.write(reg::gerrorn, 1u << 5 | 1u << 0);
    m.run();
    EXPECT_TRUE(m.drained());
}

TEST(Gerror, S_012_error_before_the_enable_raises_no_interrupt_later) {
    smmu_machine m;
    m.enable();
    m.write(reg::irq_ctrl, 0);
    m.run();
    m.command(0x00);
    m.run();
    ASSERT_TRUE(m.cmdq_error_active());
    m.write(reg::irq_ctrl, 7);
    m.run();
    EXPECT_EQ(m.msi_count(), 0u);
}
