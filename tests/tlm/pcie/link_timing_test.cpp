// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/link_timing.h"

#include <gtest/gtest.h>

#include "tlm/pcie/dllp.h"
#include "tlm/pcie/timers.h"

namespace drydock::pcie {
namespace {

/// Bytes per second of a rate, in 10 Mb/s.
double gigabits(unsigned gen, unsigned width, dllp_accounting a) {
    const std::uint64_t bytes = 1'000'000;
    const auto raw = serial_rate(gen, width, 256, a).of(bytes).raw();
    return 8.0 * static_cast<double>(bytes) * 1000.0 / (static_cast<double>(raw) / 65536.0);
}

TEST(LinkTiming, P_214_ack_limits) {
    const unsigned gen3_x8[] = {163, 203, 182, 246, 374, 630};
    for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(ack_limit_symbols(3, 8, 128u << i), gen3_x8[i]);
    const unsigned widths[] = {1, 2, 4, 8, 16}, gen1[] = {237, 128, 73, 67, 48};
    for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(ack_limit_symbols(1, widths[i], 128), gen1[i]);
    EXPECT_EQ(ack_limit_symbols(3, 4, 128), 169u);
    EXPECT_EQ(ack_limit_symbols(3, 16, 4096), 630u);
}

TEST(LinkTiming, P_150_write_of_256_bytes_at_gen3_x8) {
    const base::ps t = serial_rate(3, 8, 256, dllp_accounting::none).of(256 + 16 + 8).rounded();
    EXPECT_NEAR(static_cast<double>(t.count), 35'547.0, 1.0);  // 280 B / (8 x 0.984615 B/ns)
}

TEST(LinkTiming, P_151_gen6_uses_7_375_bytes_per_ns_and_lane) {
    const base::ps t = serial_rate(6, 1, 256, dllp_accounting::none).of(7375).rounded();
    EXPECT_EQ(t, base::ps{1'000'000});
    EXPECT_EQ(tlp_framing_bytes(6), 0u);
}

TEST(LinkTiming, P_152_efficiency_of_64_byte_writes) {
    EXPECT_NEAR(64.0 / (64 + 16 + tlp_framing_bytes(3)), 0.727, 0.001);
}

TEST(LinkTiming, P_153_skp_removes_at_most_three_per_mille) {
    for (unsigned gen = 1; gen <= 6; ++gen) {
        const double with = gigabits(gen, 8, dllp_accounting::mechanistic),
                     raw = gigabits(gen, 8, dllp_accounting::none);
        EXPECT_LT(with, raw);
        EXPECT_GT(with, raw * 0.997);
    }
}

TEST(LinkTiming, rates_after_line_code_and_of_the_pcie_bench_model) {
    EXPECT_NEAR(gigabits(3, 8, dllp_accounting::none), 63.02, 0.01);
    EXPECT_NEAR(gigabits(3, 8, dllp_accounting::pcie_bench), 57.88, 0.01);
    EXPECT_NEAR(gigabits(1, 1, dllp_accounting::none), 2.0, 0.001);
}

TEST(LinkTiming, impossible_links_are_refused) {
    EXPECT_THROW(check_link(0, 8), std::invalid_argument);
    EXPECT_THROW(check_link(7, 8), std::invalid_argument);
    EXPECT_THROW(check_link(4, 3), std::invalid_argument);
    EXPECT_NO_THROW(check_link(6, 32));
}

TEST(Dllp, P_217_vectors) {
    EXPECT_EQ(pack_ack(0x123), (dllp_wire{0x00, 0x00, 0x01, 0x23, 0xe2, 0x85}));
    EXPECT_EQ(pack_fc(dllp_type::update_fc_p, 0x20, 0x100),
              (dllp_wire{0x80, 0x08, 0x01, 0x00, 0x8c, 0x35}));
}

TEST(Dllp, a_flipped_bit_breaks_the_crc) {
    for (unsigned bit = 0; bit < 48; ++bit) {
        dllp_wire d = pack_ack(0x7ff, true);
        ASSERT_TRUE(dllp_crc_good(d));
        d[bit / 8] = static_cast<std::uint8_t>(d[bit / 8] ^ (1u << (bit % 8)));
        EXPECT_FALSE(dllp_crc_good(d)) << bit;
    }
}

TEST(Credits, P_037_of_127_header_credits_all_are_usable_and_128_unused_are_an_error) {
    credit_counter c{8, 127, 0};
    EXPECT_FALSE(c.protocol_error());
    for (unsigned i = 0; i < 127; ++i) {
        ASSERT_TRUE(c.allows(1)) << i;
        ++c.consumed;
    }
    EXPECT_FALSE(c.allows(1));
    c.limit += 128;
    EXPECT_TRUE(c.protocol_error());
}

TEST(Timers, P_200_values_that_the_specification_gives) {
    using namespace base::literals;
    EXPECT_EQ(invalidate_timeout, 60_s);
    EXPECT_EQ(invalidate_timeout_most, 90_s);
    EXPECT_EQ(linux_cmd_sync_limit, 1_s);
    EXPECT_EQ(completion_timeout_least, 50_us);
    EXPECT_EQ(completion_timeout_most, 50_ms);
    EXPECT_EQ(flr_time, 100_ms);
    EXPECT_EQ(reset_to_config, 100_ms);
    EXPECT_EQ(reset_give_up, 1_s);
    EXPECT_EQ(linux_reset_give_up, 60_s);
    EXPECT_EQ(secondary_bus_reset, 1_ms);
    EXPECT_EQ(linux_secondary_bus_reset, 2_ms);
    EXPECT_EQ(d3hot_settle, 10_ms);
    EXPECT_EQ(d2_settle, 200_us);
    EXPECT_EQ(d3cold_settle, 100_ms);
    EXPECT_EQ(linux_link_active, 1_s);
    EXPECT_EQ(linux_rp_busy, 1_s);
    EXPECT_EQ(linux_rp_busy_step, 10_ms);
    EXPECT_EQ(linux_dpc_recovery, 4_s);
    EXPECT_EQ(pme_to_ack_least, 1_ms);
    EXPECT_EQ(pme_to_ack_most, 10_ms);
    EXPECT_EQ(init_fc_interval, 34_us);
    EXPECT_EQ(update_fc_interval, 30_us);
    EXPECT_EQ(itags, 32u);
    EXPECT_EQ(prg_indices, 512u);
    EXPECT_EQ(pasid_bits, 20u);
    EXPECT_EQ(linux_attention_window, 5_s);
    EXPECT_EQ(linux_command_completed, 1_s);
    EXPECT_EQ(linux_power_off_pause, 1_s);
    EXPECT_EQ(vf_enable_to_config, 100_ms);
    EXPECT_EQ(msix_vectors, 2048u);
    EXPECT_EQ(max_payload_limit, 4096u);
    EXPECT_EQ(max_read_request_limit, 4096u);
}

}  // namespace
}  // namespace drydock::pcie
