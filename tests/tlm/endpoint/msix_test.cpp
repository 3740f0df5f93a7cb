// SPDX-License-Identifier: Apache-2.0
// PCIe: MSI-X as driven through the function.
#include "tlm/endpoint/msix.h"

#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t doorbell = 0x808'0040;

struct msix_bench : endpoint_bench {
    void start(bool masked) {
        enable();
        set_vector(3, doorbell, 0x33, masked);
        queue_setup s;
        s.control = dma::control_enable | dma::control_irq_enable;
        s.vector = 3;
        setup(0, s);
    }
    void fire() {
        describe(0, dma::op::nop, 0, 0, true);
        ring(0);
    }
    std::vector<seen_tlp> interrupts() const {
        return all([](auto& t) { return t.is(pcie::tlp_type::mwr) && t.address == doorbell; });
    }
    void mask_vector(bool on) {
        write32(bar0 + msix_table_at + 3 * 16 + 12, on ? 1 : 0);
        run();
    }
    std::uint32_t pending() { return read32(bar0 + msix_pba_at); }
};

TEST(MsixTable, P_160_masked_vector_waits_in_the_PBA_and_goes_once_when_unmasked) {
    msix_bench b;
    b.start(true);
    b.fire();
    b.fire();
    EXPECT_TRUE(b.interrupts().empty());
    EXPECT_EQ(b.pending(), 1u << 3);
    b.mask_vector(false);
    ASSERT_EQ(b.interrupts().size(), 1u);
    EXPECT_EQ(b.interrupts()[0].word(), 0x33u);
    EXPECT_EQ(b.interrupts()[0].length, 1u);
    EXPECT_EQ(b.interrupts()[0].first_be, 0xf);
    EXPECT_FALSE(b.interrupts()[0].relaxed);
    EXPECT_EQ(b.pending(), 0u);
}

TEST(MsixTable, P_161_function_mask_masks_all) {
    msix_bench b;
    b.start(false);
    b.config_write(b.at.msix + 2, 0xc000, 3);
    b.fire();
    EXPECT_TRUE(b.interrupts().empty());
    EXPECT_EQ(b.pending(), 1u << 3);
    b.config_write(b.at.msix + 2, 0x8000, 3);
    b.run();
    EXPECT_EQ(b.interrupts().size(), 1u);
}

TEST(MsixTable, P_162_write_is_behind_earlier_DMA_writes) {
    msix_bench b;
    b.start(false);
    b.describe(0, dma::op::write, 0x40'0000, 256, true);
    b.ring(0);
    const auto w = b.writes();
    ASSERT_EQ(w.size(), 3u);
    EXPECT_EQ(w[0].address, 0x40'0000u);
    EXPECT_EQ(w[1].address, 0x20'0000u);
    EXPECT_EQ(w[2].address, doorbell);
}

TEST(MsixTable, P_163_after_reset_all_vectors_are_masked_and_enable_is_0) {
    msix_bench b;
    EXPECT_FALSE(b.dut->config_space().msix().enabled());
    b.enable();
    for (unsigned v = 0; v < 8; ++v) EXPECT_EQ(b.read32(bar0 + msix_table_at + v * 16 + 12), 1u);
}

TEST(MsixTable, disabled_MSI_X_sends_nothing) {
    msix_bench b;
    b.start(false);
    b.config_write(b.at.msix + 2, 0, 3);
    b.fire();
    b.config_write(b.at.msix + 2, 0x8000, 3);
    b.run();
    EXPECT_TRUE(b.interrupts().empty());
}

TEST(MsixTable, P_164_interrupt_is_an_ordinary_untranslated_write_even_with_ATS) {
    msix_bench b;
    b.enable();
    b.enable_ats();
    b.start(false);
    b.fire();
    ASSERT_EQ(b.interrupts().size(), 1u);
    EXPECT_EQ(b.interrupts()[0].at, base::address_type::untranslated);
    EXPECT_FALSE(b.interrupts()[0].pasid.has_value());
}

TEST(MsixTable, pending_bits_are_read_only) {
    msix_bench b;
    b.start(true);
    b.write32(bar0 + msix_pba_at, 0xff);
    EXPECT_EQ(b.pending(), 0u);
}

}  // namespace
}  // namespace drydock::endpoint
