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

TEST(Registers, S_002_table_and_queue_attributes_are_locked_apart) {
    smmu_machine m;
    m.write(reg::cr1, 0xffff'ffff);
    EXPECT_EQ(m.read(reg::cr1), 0xfffu) << "TABLE_* and QUEUE_*, the rest is reserved";
    m.write(reg::cr1, 0);
    m.set_cr0(smmuen);
    m.write(reg::cr1, 0xfff);
    EXPECT_EQ(m.read(reg::cr1), 0x03fu) << "SMMUEN locks TABLE_*";
    for (const std::uint32_t queue : {cmdqen, eventqen, priqen}) {
        m.set_cr0(0);
        m.write(reg::cr1, 0);
        m.set_cr0(queue);
        m.write(reg::cr1, 0xfff);
        EXPECT_EQ(m.read(reg::cr1), 0xfc0u) << "every queue's enable locks QUEUE_*: " << queue;
    }
}

TEST(Registers, S_003_each_queue_is_locked_by_its_own_enable) {
    smmu_machine m;
    struct locked {
        std::uint32_t enable;
        std::uint64_t base, other;  // other: written by software only while off
        std::uint64_t always;       // the index that software owns
    };
    for (const locked& q : {locked{cmdqen, reg::cmdq_base, reg::cmdq_cons, reg::cmdq_prod},
                            locked{eventqen, reg::eventq_base, reg::eventq_prod, reg::eventq_cons},
                            locked{priqen, reg::priq_base, reg::priq_prod, reg::priq_cons}}) {
        m.set_cr0(0);
        m.queues();
        m.write(q.other, 0);
        m.write(q.always, 0);
        m.set_cr0(q.enable);
        m.write64(q.base, 0x7000'0000);
        m.write(q.other, 9);
        EXPECT_NE(m.read(q.base, 8), 0x7000'0000u) << q.enable;
        EXPECT_EQ(m.read(q.other), 0u) << q.enable;
        if (q.enable != cmdqen) {
            m.write(q.always, 3);
            EXPECT_EQ(m.read(q.always), 3u) << q.enable;
        }
        m.write(reg::cr0, 0);  // the acknowledge is still to come
        m.write64(q.base, 0x7000'0000);
        EXPECT_NE(m.read(q.base, 8), 0x7000'0000u) << q.enable;
        m.run();
        m.write64(q.base, 0x7000'0000);
        EXPECT_EQ(m.read(q.base, 8), 0x7000'0000u) << q.enable;
    }
}

TEST(Registers, S_003_priq_is_locked_by_the_written_enable_while_the_smmu_is_off) {
    smmu_machine m;
    m.set_cr0(priqen);  // SMMUEN=0: the effective PRIQEN is 0
    m.write(reg::priq_prod, 5);
    EXPECT_EQ(m.read(reg::priq_prod), 0u);
}

TEST(Registers, S_146_without_msis_in_idr0_there_is_nothing_to_configure_and_none_is_sent) {
    smmu::smmu_config c;
    c.msi = false;
    smmu_machine m(c);
    m.enable();
    for (const std::uint64_t r : {reg::gerror_irq0, reg::eventq_irq0, reg::priq_irq0})
        EXPECT_EQ(m.read(r, 8), 0u);
    EXPECT_EQ(m.read(reg::eventq_irq1), 0u);
    m.dma_read(0x9000);
    m.command(0x00);
    m.run();
    EXPECT_TRUE(m.cmdq_error_active());
    EXPECT_EQ(m.events(), 1u);
    EXPECT_EQ(m.msi_count(), 0u);
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
    // S1P TTF=2 COHACC HTTU=2 ATS ASID16 MSI SEV PRI CD2L TTENDIAN=2 STALL_MODEL=1 ST_LEVEL=1
    EXPECT_EQ(idr0, 0x0949'749au);
    EXPECT_EQ(m.read(reg::idr1), 0x0273'9510u | 1u << 26);
    EXPECT_EQ(m.read(reg::idr3), 0x1404u);  // HAD RIL BBML=2
    EXPECT_EQ(m.read(reg::idr5), 0x15u);
    EXPECT_EQ(m.read(0x1c), 2u);
    for (const std::uint64_t r : {reg::idr0, reg::idr1, reg::idr3, reg::idr5}) {
        const std::uint64_t before = m.read(r);
        m.write(r, ~before);
        EXPECT_EQ(m.read(r), before);
    }
}

TEST(Registers, access_of_wrong_size_reads_zero_and_writes_nothing) {
    smmu_machine m;
    m.queues();
    for (const unsigned size : {1u, 2u, 3u, 5u, 6u, 7u})
        EXPECT_EQ(m.read(reg::idr1, size), 0u) << size;
    EXPECT_EQ(m.read(reg::idr0, 8), 0u) << "two 32-bit registers are not one of 64 bits";
    EXPECT_EQ(m.read(reg::cmdq_prod, 8), 0u);
    for (const unsigned size : {1u, 2u, 3u, 8u}) {
        m.write(reg::cmdq_prod, 5, size);
        EXPECT_EQ(m.read(reg::cmdq_prod), 0u) << size;
        m.write(reg::gerrorn, 1, size);
        EXPECT_EQ(m.read(reg::gerrorn), 0u) << size;
    }
    m.write(reg::cmdq_base, 0, 2);
    EXPECT_EQ(m.read(reg::cmdq_base, 8), 0x4000'0004u);
}

TEST(Registers, misaligned_access_reads_zero_and_writes_nothing) {
    smmu_machine m;
    m.queues();
    for (const std::uint64_t off : {1, 2, 3}) EXPECT_EQ(m.read(reg::idr1 + off), 0u) << off;
    for (const std::uint64_t off : {1, 2, 4, 6}) {
        EXPECT_EQ(m.read(reg::cmdq_base + off, 8), 0u) << off;
        m.write(reg::cmdq_base + off, ~std::uint64_t{0}, 8);
        EXPECT_EQ(m.read(reg::cmdq_base, 8), 0x4000'0004u) << off;
    }
    m.write(reg::cmdq_prod + 2, 7);
    EXPECT_EQ(m.read(reg::cmdq_prod), 0u);
    EXPECT_EQ(m.read(reg::cmdq_cons), 0u);
}

TEST(Registers, a_64_bit_register_takes_both_halves_one_by_one) {
    smmu_machine m;
    m.queues();
    EXPECT_EQ(m.read(reg::cmdq_base, 4), 0x4000'0004u);
    m.write(reg::cmdq_base + 4, 1, 4);
    EXPECT_EQ(m.read(reg::cmdq_base, 8), 0x1'4000'0004u);
    EXPECT_EQ(m.read(reg::cmdq_base + 4, 4), 1u);
}

TEST(Registers, access_with_byte_enables_or_of_16_bytes_answers_zeros_and_writes_nothing) {
    smmu_machine m;
    std::array<std::uint8_t, 16> data;
    std::array<std::uint8_t, 4> enables;
    enables.fill(TLM_BYTE_ENABLED);
    for (const bool wide : {false, true}) {
        for (const auto command : {tlm::TLM_WRITE_COMMAND, tlm::TLM_READ_COMMAND}) {
            data.fill(0xff);
            tlm::tlm_generic_payload gp;
            gp.set_command(command);
            gp.set_address(reg::gerror_irq0);
            gp.set_data_ptr(data.data());
            gp.set_data_length(wide ? 16 : 4);
            gp.set_streaming_width(wide ? 16 : 4);
            if (!wide) gp.set_byte_enable_ptr(enables.data());
            gp.set_byte_enable_length(wide ? 0 : 4);
            sc_core::sc_time none;
            m.cpu->b_transport(gp, none);
            EXPECT_TRUE(gp.is_response_ok());
        }
        EXPECT_EQ(m.read(reg::gerror_irq0, 8), 0u);
        for (unsigned i = 0; i < (wide ? 16u : 4u); ++i) EXPECT_EQ(data[i], 0u) << wide << i;
    }
}

TEST(Registers, offsets_without_a_register_read_zero_and_ignore_writes) {
    smmu_machine m;
    for (const std::uint64_t offset :
         {0x30, 0x40, 0x48, 0x8c, 0x0d00, 0xfffc, 0x1'0000, 0x1'fffc}) {
        m.write(offset, 0xffff'ffff);
        EXPECT_EQ(m.read(offset), 0u) << std::hex << offset;
    }
}

TEST(Registers, S_001_reserved_bits_of_gerrorn_do_not_store) {
    smmu_machine m;
    m.write(reg::gerrorn, 0xffff'ffff);
    EXPECT_EQ(m.read(reg::gerrorn), 0x1fdu);  // SMMUv3 6.3.18: bit 1 and bits 31:9 are reserved
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
