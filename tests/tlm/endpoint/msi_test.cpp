// SPDX-License-Identifier: Apache-2.0
// MSI of a function without MSI-X (PCIe).
#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t doorbell = 0x2'0808'0040;

struct msi_bench : endpoint_bench {
    explicit msi_bench(unsigned vector) : endpoint_bench(config()) {
        enable();
        control = dut->config_space().msi().at;
        config_write(static_cast<std::uint16_t>(control + 4), static_cast<std::uint32_t>(doorbell));
        config_write(static_cast<std::uint16_t>(control + 8), 2);
        config_write(static_cast<std::uint16_t>(control + 12), 0x4b, 3);
        queue_setup s;
        s.control = dma::control_enable | dma::control_irq_enable;
        s.vector = vector;
        setup(0, s);
    }
    static endpoint_config config() {
        endpoint_config c;
        c.image = pcie::config_image_builder({.vendor = 0x8086})
                      .bar(0, 64 * 1024)
                      .express({})
                      .msi({.vectors_log2 = 2, .wide = true, .maskable = true})
                      .aer({})
                      .build();
        return c;
    }
    /// @param messages_log2  Multiple Message Enable
    void enable_msi(unsigned messages_log2) {
        config_write(static_cast<std::uint16_t>(control + 2),
                     static_cast<std::uint16_t>(1 | messages_log2 << 4), 3);
    }
    void mask(std::uint32_t bits) {
        config_write(static_cast<std::uint16_t>(control + 16), bits);
        run();
    }
    std::uint32_t pending() { return config_read(static_cast<std::uint16_t>(control + 20)); }
    void fire() {
        describe(0, dma::op::nop, 0, 0, true);
        ring(0);
    }
    std::vector<std::uint32_t> interrupts() const {
        std::vector<std::uint32_t> data;
        for (const seen_tlp& t : writes())
            if (t.address == doorbell) data.push_back(t.word());
        return data;
    }
    std::uint16_t control;
};

TEST(Msi, a_function_without_msix_writes_the_message_of_its_vector) {
    msi_bench b(2);
    b.fire();
    EXPECT_TRUE(b.interrupts().empty()) << "MSI Enable is 0";
    b.enable_msi(2);
    b.fire();
    EXPECT_EQ(b.interrupts(), std::vector<std::uint32_t>{0x4a}) << "low bits say which";
}

TEST(Msi, vectors_share_the_messages_that_software_allows) {
    msi_bench b(3);
    b.enable_msi(1);
    b.fire();
    b.enable_msi(0);
    b.fire();
    EXPECT_EQ(b.interrupts(), (std::vector<std::uint32_t>{0x4b, 0x4b}));
}

TEST(Msi, P_160_a_masked_message_is_pending_and_goes_once_when_unmasked) {
    msi_bench b(1);
    b.enable_msi(2);
    b.mask(0xf);
    b.fire();
    b.fire();
    EXPECT_TRUE(b.interrupts().empty());
    EXPECT_EQ(b.pending(), 2u);
    b.mask(0);
    EXPECT_EQ(b.interrupts(), std::vector<std::uint32_t>{0x49});
    EXPECT_EQ(b.pending(), 0u);
}

TEST(Msi, a_message_that_finds_no_room_waits_for_it) {
    msi_bench b(0);
    b.enable_msi(0);
    b.fire();
    ASSERT_EQ(b.interrupts().size(), 1u);
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 30; ++i) b.describe(0, dma::op::write, 0x9000 + 64 * i, 64);
    b.fire();
    const std::size_t before = b.interrupts().size();
    b.other->give_back_withheld();
    b.run(20_us);
    EXPECT_EQ(b.interrupts().size(), 2u);
    EXPECT_LE(before, 1u);
}

TEST(Msi, P_162_the_message_is_behind_the_writes_before_it) {
    msi_bench b(0);
    b.enable_msi(0);
    b.describe(0, dma::op::write, 0x9000, 64, true, 0x55);
    b.ring(0);
    const auto w = b.writes();
    ASSERT_GE(w.size(), 3u);  // data, write-back, message
    EXPECT_EQ(w.back().address, doorbell);
}

}  // namespace
}  // namespace drydock::endpoint
