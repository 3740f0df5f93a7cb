// SPDX-License-Identifier: Apache-2.0
// Advanced Error Reporting of a root port: own errors, messages from below, interrupts.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/events_bench.h"

namespace drydock::root_complex {
namespace {

using pcie::msg_code;
using pcie::tlp_type;

/// AER alone: no DPC, MSI with four messages.
struct aer_bench : events_bench {
    explicit aer_bench(bool surprise_down = false) : events_bench({}, surprise_down) {}
    std::uint32_t aer(unsigned reg) { return get(aer_at() + reg); }
    void aer(unsigned reg, std::uint32_t v) { put(aer_at() + reg, 4, v); }
    std::uint16_t devsta() { return static_cast<std::uint16_t>(get(express() + 0xa, 2)); }
    void send_from(std::uint16_t who, msg_code c) {
        auto t = message(c);
        t->requester = base::routing_id{who};
        device.socket.send(std::move(t));
        run();
    }
};

TEST(RootPortAer, P_090_masks_and_severity_after_reset) {
    aer_bench b;
    EXPECT_EQ(b.aer(0xc), 0x0046'2030u);
    EXPECT_EQ(b.aer(8), 0x0040'0000u);
    EXPECT_EQ(b.aer(0x14), 0x0000'e000u);
}

TEST(RootPortAer, P_091_every_error_of_the_port_is_logged_with_its_tlp_and_told) {
    aer_bench b;
    const auto t = b.request(tlp_type::mrd, bench::ram + 0x40, 4);
    for (const unsigned bit :
         {4u, 5u, 12u, 13u, 14u, 15u, 16u, 17u, 18u, 19u, 20u, 21u, 23u, 24u, 25u}) {
        const bool fatal = ((0x0046'2030u >> bit) & 1) != 0;
        b.rc.root(0).detect(static_cast<pcie::error>(bit), t.get(), false);
        EXPECT_EQ(b.aer(4), 1u << bit);
        EXPECT_EQ(b.aer(0x18) & 0x1f, bit);
        EXPECT_EQ(b.aer(0x24), bench::ram + 0x40);
        b.run();
        EXPECT_EQ(b.root_status(), fatal ? 0x54u : 0x24u) << bit;
        EXPECT_EQ(b.aer(0x34) >> 16, 0x0008u);
        EXPECT_EQ(b.interrupt(), events_bench::msi_data) << bit;
        b.aer(4, UINT32_MAX);
        b.aer(0x30, 0x7f);
    }
}

TEST(RootPortAer, P_091_a_surprise_down_is_fatal_where_the_port_can_report_it) {
    aer_bench b(true);
    b.device.socket.set_link(false);
    b.run();
    EXPECT_EQ(b.aer(4), 1u << 5);
    EXPECT_EQ(b.root_status(), 0x54u);
    EXPECT_FALSE(b.dllla());
}

TEST(RootPortAer, P_137_a_port_without_the_capability_logs_no_surprise_down) {
    aer_bench b;
    b.device.socket.set_link(false);
    b.run();
    EXPECT_EQ(b.aer(4), 0u);
}

TEST(RootPortAer, P_091_a_blocked_prefix_is_bit_25) {
    aer_bench b;
    const auto prefixed = [&] {
        auto t = b.message(msg_code::invalidate_request);
        t->routing = pcie::msg_routing::by_id;
        t->target = base::routing_id{0x0100};
        t->pasid = pcie::pasid_prefix{base::substream_id{0x2a}, false, false};
        b.smmu.socket.send(std::move(t));
        b.run();
    };
    prefixed();
    EXPECT_EQ(b.device.arrived.size(), 1u);
    b.put(b.express() + 0x28, 2, 0x8000);
    prefixed();
    EXPECT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.aer(4), 1u << 25);
    EXPECT_EQ(b.aer(0x18) & 0x1f, 25u);
    EXPECT_NE(b.aer(0x18) & (1u << 11), 0u) << "TLP Prefix Log Present";
    EXPECT_EQ(b.aer(0x38), 0x9100'002au);
}

TEST(RootPortAer, the_prefix_log_belongs_to_the_header_in_the_log) {
    aer_bench b;
    auto t = b.request(tlp_type::mwr, bench::ram, 4);
    t->pasid = pcie::pasid_prefix{base::substream_id{7}, false, false};
    t->poisoned = true;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.aer(0x38), 0x9100'0007u);
    EXPECT_EQ(b.aer(0x1c) >> 24, 0x40u) << "the header, not the prefix";
    b.aer(4, 1u << 12);
    t = b.request(tlp_type::mwr, bench::ram, 4);
    t->poisoned = true;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.aer(0x18) & (1u << 11), 0u);
    EXPECT_EQ(b.aer(0x38), 0u);
}

TEST(RootPortAer, P_092_a_masked_error_is_status_without_message_or_log) {
    aer_bench b;
    b.aer(8, 1u << 18);
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 256));
    b.run();
    EXPECT_EQ(b.aer(4), 1u << 18);
    EXPECT_EQ(b.aer(0x1c), 0u);
    EXPECT_EQ(b.root_status(), 0u);
    EXPECT_EQ(b.devsta() & 0xf, 4u) << "FED regardless of the mask";
}

TEST(RootPortAer, P_093_a_read_that_nobody_serves_gets_ur_and_is_correctable) {
    aer_bench b;
    b.device.socket.send(b.request(tlp_type::io_rd, 0x1000, 4));
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->status, pcie::cpl_status::unsupported_request);
    EXPECT_EQ(b.aer(4), 1u << 20);
    EXPECT_EQ(b.aer(0x10), 1u << 13);
    EXPECT_EQ(b.root_status(), 0u) << "advisory is masked by default";
    b.aer(0x14, 0);
    b.device.socket.send(b.request(tlp_type::io_rd, 0x1000, 4));
    b.run();
    EXPECT_EQ(b.root_status(), 1u);
    EXPECT_EQ(b.aer(0x34) & 0xffff, 0x0008u);
}

TEST(RootPortAer, P_094_a_posted_ur_is_nonfatal) {
    aer_bench b;
    b.send(msg_code::vendor_type0);
    EXPECT_EQ(b.aer(4), 1u << 20);
    EXPECT_EQ(b.root_status(), 0x24u);
    EXPECT_EQ(b.devsta() & 0xf, 0xau);
}

TEST(RootPortAer, P_096_a_masked_error_does_not_take_a_log_that_software_has_freed) {
    aer_bench b;
    b.send(msg_code::vendor_type0);
    b.aer(4, 1u << 20);
    b.aer(8, 1u << 20);
    b.send(msg_code::vendor_type0);  // status alone
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 256));
    b.run();
    EXPECT_EQ(b.aer(0x18) & 0x1f, 18u);
    EXPECT_EQ(b.aer(0x1c) >> 24, 0x40u);
}

TEST(RootPortAer, P_097_two_err_cor_from_two_devices_and_one_interrupt) {
    aer_bench b;
    b.send_from(0x0100, msg_code::err_cor);
    b.send_from(0x0200, msg_code::err_cor);
    EXPECT_EQ(b.root_status(), 3u);
    EXPECT_EQ(b.aer(0x34) & 0xffff, 0x0100u);
    EXPECT_EQ(b.interrupts(), 1u);
}

TEST(RootPortAer, P_098_err_fatal_first) {
    aer_bench b;
    b.send_from(0x0100, msg_code::err_fatal);
    b.send_from(0x0200, msg_code::err_nonfatal);
    EXPECT_EQ(b.root_status(), 0x7cu);
    EXPECT_EQ(b.aer(0x34) >> 16, 0x0100u);
}

TEST(RootPortAer, P_099_without_root_command_there_is_status_and_no_interrupt_until_it_is_set) {
    aer_bench b;
    b.aer(0x2c, 0);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.root_status(), 0x54u);
    EXPECT_EQ(b.interrupts(), 0u);
    b.aer(0x2c, 4);
    EXPECT_EQ(b.interrupts(), 1u) << "the condition goes from 0 to 1";
}

TEST(RootPortAer, P_101_one_interrupt_until_every_enabled_status_is_cleared) {
    aer_bench b;
    b.send(msg_code::err_nonfatal);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.interrupts(), 1u);
    EXPECT_EQ(b.interrupt(), events_bench::msi_data);
    b.aer(0x30, 0x20);  // ERR_FATAL still stands
    b.send(msg_code::err_nonfatal);
    EXPECT_EQ(b.interrupts(), 1u);
    b.aer(0x30, 0x7f);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.interrupts(), 2u);
    EXPECT_EQ(b.interrupt(), events_bench::msi_data);
}

TEST(RootPortAer, P_103_without_bridge_control_serr_no_message_passes) {
    aer_bench b;
    b.put(0x3e, 2, 0);
    b.send(msg_code::err_cor);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.root_status(), 0u);
}

TEST(RootPortAer, each_kind_of_message_needs_its_reporting_enable_or_serr) {
    aer_bench b;
    b.put(b.express() + 8, 2, 0);
    b.send(msg_code::err_cor);
    b.send(msg_code::err_nonfatal);
    EXPECT_EQ(b.root_status(), 0u);
    b.put(4, 2, 0x106);  // Command.SERR
    b.send(msg_code::err_cor);
    EXPECT_EQ(b.root_status(), 0u);
    b.send(msg_code::err_nonfatal);
    EXPECT_EQ(b.root_status(), 0x24u);
    EXPECT_NE(b.get(6, 2) & 0x4000, 0u) << "Signaled System Error";
}

TEST(RootPortAer, secondary_status_tells_of_uncorrectable_messages) {
    aer_bench b;
    b.send(msg_code::err_cor);
    EXPECT_EQ(b.get(0x1e, 2) & 0x4000, 0u);
    b.send(msg_code::err_nonfatal);
    EXPECT_EQ(b.get(0x1e, 2) & 0x4000, 0x4000u);
    EXPECT_EQ(b.get(6, 2) & 0x4000, 0u) << "Command.SERR is 0";
    b.put(0x1e, 2, 0x4000);
    EXPECT_EQ(b.get(0x1e, 2) & 0x4000, 0u);
}

TEST(RootPortAer, root_control_asks_for_system_errors) {
    aer_bench b;
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.rc.root(0).errors().system_errors(), 0u);
    b.put(b.express() + 0x1c, 2, 4);
    b.send(msg_code::err_nonfatal);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.rc.root(0).errors().system_errors(), 1u);
}

TEST(RootPortAer, with_four_messages_aer_and_dpc_have_their_own) {
    aer_bench b;
    EXPECT_EQ(b.aer(0x30) >> 27, 0u);
    b.enable_msi(2);
    EXPECT_EQ(b.aer(0x30) >> 27, 1u);
    EXPECT_EQ(b.get(b.dpc_at() + 4, 2) & 0x1f, 2u);
    b.send(msg_code::err_nonfatal);
    EXPECT_EQ(b.interrupt(), events_bench::msi_data | 1);
    b.dpc_on();
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.interrupt(), events_bench::msi_data | 2);
}

TEST(RootPortAer, P_160_a_masked_message_is_pending_until_it_is_unmasked) {
    aer_bench b;
    const unsigned msi = b.space().msi().at;
    b.put(msi + 0x10, 4, 1);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.interrupt(), 0u);
    EXPECT_EQ(b.get(msi + 0x14), 1u);
    b.put(msi + 0x10, 4, 0);
    EXPECT_EQ(b.interrupt(), events_bench::msi_data);
    EXPECT_EQ(b.get(msi + 0x14), 0u);
    EXPECT_EQ(b.interrupts(), 1u);
}

TEST(RootPortAer, P_033_an_interrupt_of_the_port_gives_back_no_credit_of_the_link) {
    aer_bench b;
    const auto before = b.device.returned;
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.interrupt(), events_bench::msi_data);
    EXPECT_EQ(b.device.returned - before, 1u) << "that of the message";
}

TEST(RootPortAer, P_011_without_bus_master_no_interrupt_is_sent) {
    aer_bench b;
    b.put(4, 2, 2);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.root_status(), 0x54u);
    EXPECT_EQ(b.interrupt(), 0u);
}

TEST(RootPortAer, P_162_the_interrupt_follows_the_writes_before_the_message) {
    aer_bench b;
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 64));
    b.device.socket.send(b.message(msg_code::err_fatal));
    while (b.load(events_bench::doorbell) == 0) b.sleep(1_ns);
    EXPECT_EQ(b.load(bench::ram), 0x04030201u);
}

TEST(RootPortAer, P_100_status_survives_the_reset_of_the_bus_below) {
    aer_bench b;
    b.send(msg_code::vendor_type0);
    b.put(0x3e, 2, 0x42);
    b.sleep(2_ms);
    b.put(0x3e, 2, 2);
    b.sleep(50_ms);
    EXPECT_EQ(b.aer(4), 1u << 20);
    b.space().reset(pcie::reset_kind::conventional);
    EXPECT_EQ(b.aer(4), 1u << 20);
    EXPECT_EQ(b.root_status(), 0x24u);
    b.space().reset(pcie::reset_kind::fundamental);
    EXPECT_EQ(b.aer(4), 0u);
    EXPECT_EQ(b.root_status(), 0u);
}

}  // namespace
}  // namespace drydock::root_complex
