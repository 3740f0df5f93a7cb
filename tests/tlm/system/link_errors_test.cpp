// SPDX-License-Identifier: Apache-2.0
// Errors of a link in the registers of the end that finds them, and the data none the worse.
#include "tests/tlm/system/pcie_path.h"
#include "tlm/pcie/link_error.h"

namespace drydock::system {
namespace {

using endpoint::dma::op;
using pcie::link_error;
constexpr std::uint64_t pattern = 0x0102'0304'0506'0708;

struct fixture : pcie_path {
    explicit fixture(const pcie::link_config& c = {}) : pcie_path(c) {
        bring_up();
        // Device Control of both ends: all error messages; Root Error Command: all interrupts.
        config_write(0, 1, port_express() + 8u, 2, 0x000f);
        config_write(1, 0, function().express().at + 8u, 2, 0x000f);
        config_write(0, 1, 0x3e, 2, 2);  // Bridge Control SERR
    }
    pcie::config_space& function() { return device.config_space(); }
    pcie::config_space& port() { return rc.root(0).config(); }
    unsigned port_express() { return port().express().at; }
    std::uint32_t correctable(pcie::config_space& s) {
        return s.registers().get32(s.aer().at + 0x10u);
    }
    std::uint32_t uncorrectable(pcie::config_space& s) {
        return s.registers().get32(s.aer().at + 0x04u);
    }
    std::uint32_t root_status() { return port().registers().get32(port().aer().at + 0x30u); }
    std::uint16_t source() { return port().registers().get16(port().aer().at + 0x34u); }
    /// 16 KiB of writes; whether all of it is in memory, in the end.
    bool moves_data() {
        for (unsigned i = 0; i < 4; ++i)
            describe(op::write, buffer + i * 4096, 4096, false, pattern);
        doorbell();
        run(1_ms);
        for (unsigned i = 0; i < 4; ++i)
            if (mem.load<std::uint64_t>(base::phys_addr{buffer + i * 4096 + 4088}) == 0)
                return false;
        return true;
    }
};

TEST(LinkErrors, P_210_Bad_TLP_upward_is_logged_at_the_root_port_and_counts_as_ERR_COR) {
    fixture f;
    for (unsigned i = 0; i < 2; ++i) {
        f.wire.inject(link_error::bad_tlp, false);
        EXPECT_TRUE(f.moves_data());
    }
    EXPECT_EQ(f.correctable(f.port()), 1u << 6);
    EXPECT_EQ(f.correctable(f.function()), 0u);
    EXPECT_EQ(f.root_status() & 3, 3u) << "received, and again";
    EXPECT_EQ(f.source(), f.rc.root(0).id().value);
}

TEST(LinkErrors, P_211_Link_Training_reads_1_while_the_link_is_in_Recovery) {
    fixture f;
    const auto status = [&] { return f.port().registers().get16(f.port_express() + 0x12u); };
    constexpr unsigned training = 0x0800, active = 0x2000;
    EXPECT_EQ(status() & (training | active), active);
    f.wire.retrain();
    EXPECT_EQ(status() & (training | active), training | active);
    f.run(9_us);
    EXPECT_EQ(status() & training, training);
    f.run(2_us);
    EXPECT_EQ(status() & (training | active), active);
    f.wire.retrain();
    f.wire.set_up(false);
    EXPECT_EQ(status() & (training | active), 0u) << "a link that goes down ends it";
    f.wire.set_up(true);
    f.run(20_us);
    EXPECT_EQ(status() & (training | active), active);
}

TEST(LinkErrors, P_210_Bad_TLP_downward_is_logged_at_the_function_that_sends_ERR_COR) {
    fixture f;
    f.wire.inject(link_error::bad_tlp, true);
    EXPECT_TRUE(f.moves_data());
    EXPECT_EQ(f.correctable(f.function()), 1u << 6);
    EXPECT_EQ(f.correctable(f.port()), 0u);
    EXPECT_EQ(f.root_status() & 1, 1u);
    EXPECT_EQ(f.source(), 0x0100u);
}

TEST(LinkErrors, P_210_Bad_DLLP_is_logged_by_the_sender_of_the_TLPs) {
    fixture f;
    f.wire.inject(link_error::bad_dllp, false, 3);
    EXPECT_TRUE(f.moves_data());
    EXPECT_EQ(f.correctable(f.function()), 1u << 7);
    EXPECT_EQ(f.correctable(f.port()), 0u);
}

TEST(LinkErrors, P_211_a_rollover_and_its_timeouts_are_logged_by_the_sender) {
    fixture f;
    f.wire.inject(link_error::replay_timeout, false, 4);
    EXPECT_TRUE(f.moves_data());
    EXPECT_EQ(f.correctable(f.function()), 1u << 12 | 1u << 8);
    EXPECT_EQ(f.correctable(f.port()), 0u);
}

TEST(LinkErrors, P_210_a_receiver_error_is_logged_where_the_TLP_should_have_arrived) {
    fixture f;
    f.wire.inject(link_error::receiver, false);
    EXPECT_TRUE(f.moves_data());
    EXPECT_NE(f.correctable(f.port()) & 1, 0u);
}

TEST(LinkErrors, P_092_a_masked_correctable_error_is_logged_and_not_sent) {
    fixture f;
    f.config_write(1, 0, f.function().aer().at + 0x14u, 4, 1u << 6);
    f.wire.inject(link_error::bad_tlp, true);
    EXPECT_TRUE(f.moves_data());
    EXPECT_EQ(f.correctable(f.function()), 1u << 6);
    EXPECT_EQ(f.root_status(), 0u);
}

TEST(LinkErrors, P_091_bit_4_Data_Link_Protocol_Error_is_fatal_at_the_sender) {
    fixture f;
    f.wire.inject(link_error::data_link_protocol, false);
    f.run(10_us);
    EXPECT_EQ(f.uncorrectable(f.function()), 1u << 4);
    EXPECT_EQ(f.root_status() & 0x7f, 0x54u) << "ERR_FATAL received, the first, fatal";
}

TEST(LinkErrors, P_037_P_091_bit_13_Flow_Control_Protocol_Error_at_the_sender) {
    fixture f;
    f.wire.inject(link_error::fc_protocol, true);
    f.run(10_us);
    EXPECT_EQ(f.uncorrectable(f.port()), 1u << 13);
    EXPECT_EQ(f.uncorrectable(f.function()), 0u);
}

TEST(LinkErrors, P_091_bit_17_Receiver_Overflow_at_the_receiver) {
    fixture f;
    f.wire.inject(link_error::receiver_overflow, false);
    f.moves_data();
    EXPECT_EQ(f.uncorrectable(f.port()), 1u << 17);
    EXPECT_EQ(f.uncorrectable(f.function()), 0u);
}

TEST(LinkErrors, P_212_dma_over_a_noisy_link_is_whole) {
    pcie::link_config c;
    c.bit_errors = 50'000'000'000;  // 5e-5: a tenth of the writes
    fixture f(c);
    EXPECT_TRUE(f.moves_data());
    EXPECT_GT(f.wire.upward_retry().replays(), 2u);
}

}  // namespace
}  // namespace drydock::system
