// SPDX-License-Identifier: Apache-2.0
// Downstream Port Containment, driven through its registers as Linux does.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/events_bench.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::root_complex {
namespace {

using pcie::msg_code;
using pcie::tlp_type;

constexpr std::uint16_t triggered = 1, reason = 0x6, extension = 0x60, int_status = 8, busy = 0x10;
constexpr std::uint16_t reason_of(unsigned n) { return static_cast<std::uint16_t>(n << 1); }

TEST(Dpc, P_110_err_fatal_from_below_contains_and_interrupts_once) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    const auto s = b.dpc_status();
    EXPECT_EQ(s & (triggered | reason | int_status), triggered | reason_of(2) | int_status);
    EXPECT_EQ(b.get(b.dpc_at() + 0xa, 2), 0x0100u) << "the reporter";
    EXPECT_EQ(b.root_status(), 0u) << "the message is discarded";
    EXPECT_EQ(b.interrupt(), events_bench::msi_data);
    EXPECT_EQ(b.interrupts(), 1u);
    EXPECT_EQ(b.device.states, (std::vector<bool>{false})) << "the device sees the link go";
}

TEST(Dpc, P_111_err_nonfatal_needs_trigger_enable_2) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_nonfatal);
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    EXPECT_EQ(b.root_status(), 0x24u);
    EXPECT_TRUE(b.rc.link_up(0));
    b.dpc_control(2);
    b.send(msg_code::err_nonfatal);
    EXPECT_EQ(b.dpc_status() & (triggered | reason), triggered | reason_of(1));
    EXPECT_EQ(b.root_status(), 0x24u) << "no multiple bit";
}

TEST(Dpc, P_111_with_trigger_enable_0_nothing_contains) {
    events_bench b;
    b.send(msg_code::err_fatal);
    b.dpc_control(0x40);
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    EXPECT_EQ(b.root_status(), 0x54u);
    EXPECT_TRUE(b.rc.link_up(0));
}

TEST(Dpc, P_112_a_software_trigger_has_reason_3_extension_1_and_reads_0) {
    events_bench b;
    b.dpc_on();
    b.dpc_control(0x49);
    EXPECT_EQ(b.dpc_status() & (triggered | reason | extension), triggered | reason_of(3) | 0x20);
    EXPECT_EQ(b.get(b.dpc_at() + 6, 2), 9u);
}

TEST(Dpc, P_112_without_trigger_enable_the_software_trigger_does_nothing) {
    events_bench b;
    b.dpc_control(0x40);
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    EXPECT_TRUE(b.rc.link_up(0));
}

TEST(Dpc, P_112_without_the_capability_bit_the_software_trigger_does_nothing) {
    events_bench b({.software_trigger = false});
    b.dpc_control(0x49);
    EXPECT_EQ(b.dpc_status() & triggered, 0);
}

TEST(Dpc, P_113_a_malformed_tlp_contains_with_reason_0_and_sends_no_message) {
    events_bench b;
    b.dpc_on();
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 256));  // MPS is 128
    b.run();
    EXPECT_EQ(b.dpc_status() & (triggered | reason), triggered);
    EXPECT_EQ(b.aer_status(), 1u << 18);
    EXPECT_EQ(b.root_status(), 0u);
    EXPECT_EQ(b.interrupts(), 1u) << "that of DPC";
}

TEST(Dpc, P_113_a_nonfatal_error_of_the_port_needs_trigger_enable_2_advisory_ones_never_trigger) {
    events_bench b;
    b.dpc_on();
    auto t = b.request(tlp_type::mwr, bench::ram, 4);
    t->poisoned = true;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    EXPECT_EQ(b.root_status(), 0x24u) << "its message is sent when the block has decided";
    b.dpc_control(0xa);
    b.device.socket.send(b.request(tlp_type::io_rd, 0x1000, 4));  // UR, advisory
    b.run();
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    t = b.request(tlp_type::mwr, bench::ram, 4);
    t->poisoned = true;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.dpc_status() & (triggered | reason), triggered);
}

TEST(Dpc, P_113_a_masked_error_does_not_trigger) {
    events_bench b;
    b.dpc_on();
    b.put(b.aer_at() + 8, 4, 1u << 18);
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 256));
    b.run();
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    EXPECT_EQ(b.aer_status(), 1u << 18);
}

TEST(Dpc, P_114_in_containment_reads_are_completed_by_completion_control_writes_vanish) {
    events_bench b;
    b.dpc_control(0x9 | 4);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.config_read(1, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.rc.count().ended_ur, 1u);
    EXPECT_EQ(b.rc.count().ended_ca, 0u);
    b.dpc_control(0x9);
    EXPECT_EQ(b.config_read(1, 0, 0), UINT32_MAX);
    EXPECT_EQ(b.rc.count().ended_ca, 1u);
    std::uint32_t v = 0;
    b.cpu.access(b.gp, false, bench::mmio, &v, 4);
    b.run();
    EXPECT_EQ(v, UINT32_MAX);
    EXPECT_EQ(b.rc.count().ended_ca, 2u);
    b.cpu.access(b.gp, true, bench::mmio, &v, 4);
    b.run();
    EXPECT_TRUE(b.device.arrived.empty());
    EXPECT_EQ(b.aer_status(), 0u) << "nothing of this is an error of the port";
    EXPECT_EQ(b.get(b.dpc_at() + 0xc), 0u) << "nor of RP PIO";
}

TEST(Dpc, P_114_any_number_of_writes_vanish_without_stopping_the_cpu) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    std::uint32_t v = 1;
    for (unsigned i = 0; i < 100; ++i) {
        tlm::tlm_generic_payload gp;
        EXPECT_EQ(b.cpu.access(gp, true, bench::mmio, &v, 4), tlm::TLM_COMPLETED) << i;
        b.run();
    }
}

TEST(Dpc, P_115_what_arrives_after_the_trigger_never_reaches_memory) {
    events_bench b;
    b.dpc_on();
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 4));
    b.sleep(1_ns);  // accepted
    b.device.socket.send(b.message(msg_code::err_fatal));
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram + 0x40, 4));  // right behind
    auto tr = b.request(tlp_type::mrd, 0x7000, 8);
    tr->at = base::address_type::translation_request;
    b.device.socket.send(std::move(tr));
    b.device.socket.send(b.message(msg_code::invalidate_completion));
    b.run();
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram + 0x80, 4));
    b.run();
    EXPECT_EQ(b.load(bench::ram), 0x04030201u);
    EXPECT_EQ(b.load(bench::ram + 0x40), 0u);
    EXPECT_EQ(b.load(bench::ram + 0x80), 0u);
    EXPECT_TRUE(b.smmu.arrived.empty());
    EXPECT_EQ(b.pool.in_use(), 0u);
}

TEST(Dpc, P_115_a_burst_deeper_than_the_block_keeps_its_order_and_loses_nothing) {
    events_bench b;
    b.dpc_on();
    for (unsigned i = 0; i < 50; ++i)
        b.device.socket.send(b.request(tlp_type::mwr, bench::ram + i * 4, 4));
    b.device.socket.send(b.message(msg_code::invalidate_completion));
    b.run();
    for (unsigned i = 0; i < 50; ++i) EXPECT_EQ(b.load(bench::ram + i * 4), 0x04030201u);
    ASSERT_EQ(b.smmu.arrived.size(), 1u);
    EXPECT_EQ(b.smmu.arrived[0]->order, 51u);
}

TEST(Dpc, P_116_trigger_status_written_while_rp_busy_is_flagged_and_keeps_containment) {
    events_bench b({.rp_busy = 100_ms});
    b.dpc_on();
    b.send(msg_code::err_fatal);
    EXPECT_NE(b.dpc_status() & busy, 0);
    b.put(b.dpc_at() + 8, 2, 1);
    EXPECT_EQ(b.dpc_status() & (triggered | busy), triggered | busy);
    EXPECT_EQ(b.rc.root(0).containment()->count().early_releases, 1u);
    b.sleep(200_ms);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_EQ(b.dpc_status() & busy, 0);
    b.put(b.dpc_at() + 8, 2, 1);
    b.sleep(30_ms);
    EXPECT_TRUE(b.rc.link_up(0));
}

TEST(Dpc, P_117_release_trains_the_link_in_its_time_and_dllla_follows) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    EXPECT_TRUE(b.dllla()) << "DLLLA shows it a millisecond later";
    b.sleep(1_ms);
    EXPECT_FALSE(b.dllla());
    b.sleep(1_s);
    EXPECT_EQ(b.device.states, (std::vector<bool>{false})) << "Disabled until released";
    b.put(b.dpc_at() + 8, 2, 1);
    EXPECT_EQ(b.dpc_status() & triggered, 0);
    b.sleep(19_ms);
    EXPECT_FALSE(b.dllla());
    EXPECT_NE(b.get(b.express() + 0x12, 2) & 0x800, 0u) << "Link Training";
    b.sleep(1_ms);
    EXPECT_TRUE(b.dllla());
    EXPECT_EQ(b.get(b.express() + 0x12, 2) & 0x800, 0u);
    EXPECT_EQ(b.device.states, (std::vector<bool>{false, true}));
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 4));
    b.run();
    EXPECT_EQ(b.load(bench::ram), 0x04030201u) << "it works again";
}

TEST(Dpc, P_117_linux_recovers_in_less_than_4_s_and_a_second_error_contains_again) {
    events_bench b;
    b.dpc_on();
    for (unsigned round = 1; round <= 2; ++round) {
        b.send(msg_code::err_fatal);
        EXPECT_EQ(b.interrupt(), events_bench::msi_data);
        b.put(b.dpc_at() + 8, 2, 8);  // the hard-irq handler clears Int Status first
        EXPECT_EQ(b.dpc_status() & (triggered | int_status), triggered);
        const base::ps before = b.ctx.now();
        EXPECT_TRUE(b.linux_release());
        EXPECT_LT(b.ctx.now() - before, 4_s);
        EXPECT_EQ(b.interrupts(), round);
    }
}

TEST(Dpc, P_118_an_invalidate_request_in_containment_is_dropped_and_frees_its_place) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.smmu.states, (std::vector<bool>{false}));
    EXPECT_FALSE(b.rc.link_up(0)) << "what fail_fast asks";
    auto t = b.message(msg_code::invalidate_request);
    t->routing = pcie::msg_routing::by_id;
    t->target = base::routing_id{0x0100};
    b.smmu.socket.send(std::move(t));
    b.run();
    EXPECT_TRUE(b.device.arrived.empty());
    EXPECT_EQ(b.pool.in_use(), 0u);
    EXPECT_EQ(b.aer_status(), 0u);
}

TEST(Dpc, P_122_an_interrupt_whose_trigger_is_gone_is_harmless) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.interrupt(), events_bench::msi_data);
    b.sleep(10_ms);
    b.put(b.dpc_at() + 8, 2, 1);
    b.put(b.dpc_at() + 8, 2, 8);  // the handler, late
    EXPECT_EQ(b.dpc_status() & (triggered | int_status), 0);
    b.sleep(30_ms);
    EXPECT_TRUE(b.dllla());
    EXPECT_EQ(b.interrupts(), 1u);
}

TEST(Dpc, P_122_enabling_the_interrupt_late_raises_it) {
    events_bench b;
    b.dpc_control(1);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.interrupts(), 0u);
    b.dpc_control(9);
    EXPECT_EQ(b.interrupts(), 1u);
}

TEST(Dpc, P_123_with_rp_busy_stuck_linux_gives_up_and_the_trigger_stays) {
    events_bench b({.rp_busy = base::never});
    b.dpc_on();
    b.send(msg_code::err_fatal);
    const base::ps before = b.ctx.now();
    EXPECT_FALSE(b.linux_release());
    EXPECT_GE(b.ctx.now() - before, 1_s);
    EXPECT_NE(b.dpc_status() & triggered, 0);
    EXPECT_FALSE(b.rc.link_up(0));
}

TEST(Dpc, P_121_a_second_trigger_changes_nothing) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    auto second = b.message(msg_code::err_fatal);
    second->requester = base::routing_id{0x0200};
    b.device.socket.send(std::move(second));
    b.dpc_control(0x49);  // and software
    const auto s = b.dpc_status();
    EXPECT_EQ(s & (triggered | reason), triggered | reason_of(2));
    EXPECT_EQ(b.get(b.dpc_at() + 0xa, 2), 0x0100u);
    EXPECT_EQ(b.interrupts(), 1u);
    EXPECT_EQ(b.rc.root(0).containment()->count().triggers, 1u);
}

TEST(Dpc, outstanding_requests_read_all_ones_at_once) {
    events_bench b;
    b.dpc_on();
    std::uint32_t v = 0;
    b.cpu.responses.clear();
    b.cpu.access(b.gp, false, bench::mmio, &v, 4);
    b.run();
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.cpu.responses.size(), 1u);
    EXPECT_EQ(v, UINT32_MAX);
}

TEST(Dpc, err_cor_tells_of_containment_and_of_the_link_coming_back) {
    events_bench b;
    b.dpc_control(0x9 | 0x10 | 0x80);
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.root_status(), 1u);
    EXPECT_EQ(b.get(b.aer_at() + 0x34) & 0xffff, 0x0008u) << "the port's own ID";
    b.put(b.aer_at() + 0x30, 4, 0x7f);
    EXPECT_TRUE(b.linux_release());
    EXPECT_EQ(b.root_status(), 1u);
}

TEST(Dpc, without_its_enables_it_sends_no_err_cor) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    EXPECT_TRUE(b.linux_release());
    EXPECT_EQ(b.root_status(), 0u);
}

TEST(Dpc, a_link_that_falls_by_surprise_contains_and_one_that_dpc_took_is_no_surprise) {
    events_bench b({}, true);
    b.dpc_on();
    b.device.socket.set_link(false);
    b.run();
    EXPECT_EQ(b.aer_status(), 1u << 5);
    EXPECT_EQ(b.dpc_status() & (triggered | reason), triggered);
    b.put(b.aer_at() + 4, 4, 1u << 5);
    EXPECT_TRUE(b.linux_release());
    b.send(msg_code::err_fatal);
    EXPECT_EQ(b.aer_status(), 0u);
}

TEST(Dpc, a_secondary_bus_reset_in_containment_does_not_train_the_link) {
    events_bench b;
    b.dpc_on();
    b.send(msg_code::err_fatal);
    b.put(0x3e, 2, 0x42);
    b.put(0x3e, 2, 2);
    b.sleep(1_s);
    EXPECT_FALSE(b.rc.link_up(0));
    EXPECT_EQ(b.device.states, (std::vector<bool>{false}));
}

TEST(Dpc, P_090_P_091_a_poisoned_tlp_heading_down_is_blocked_and_contains) {
    events_bench b({.poisoned_egress_blocking = true});
    EXPECT_EQ(b.get(b.aer_at() + 8), 0x0440'0000u);  // P-090
    const auto poisoned = [&] {
        auto t = b.message(msg_code::invalidate_request);
        t->routing = pcie::msg_routing::by_id;
        t->target = base::routing_id{0x0100};
        t->poisoned = true;
        b.smmu.socket.send(std::move(t));
        b.run();
    };
    b.dpc_control(0xa);
    poisoned();
    EXPECT_EQ(b.device.arrived.size(), 1u) << "not enabled: it passes";
    b.dpc_control(0x2a);
    poisoned();
    EXPECT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.aer_status(), 1u << 26);
    EXPECT_EQ(b.dpc_status() & triggered, 0) << "masked by default";
    b.put(b.aer_at() + 8, 4, 0);
    poisoned();
    EXPECT_EQ(b.dpc_status() & (triggered | reason), triggered);
}

}  // namespace
}  // namespace drydock::root_complex
