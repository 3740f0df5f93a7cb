// SPDX-License-Identifier: Apache-2.0
// From a device to memory and the SMMU.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::root_complex {
namespace {

using pcie::tlp_type;

TEST(RootPort, a_write_reaches_memory_after_pipeline_and_port) {
    bench b;
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram + 0x100, 64));
    b.ctx.timeline.run(b.ctx.now() + 159_ns);
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram + 0x100}), 0u);
    b.ctx.timeline.run(b.ctx.now() + 1_ns);
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram + 0x100}), 0x04030201u);
}

TEST(RootPort, byte_enables_reach_memory) {
    bench b;
    auto t = b.request(tlp_type::mwr, bench::ram, 4);
    t->first_be = 0b1010;  // with a gap
    b.device.socket.send(std::move(t));
    t = b.request(tlp_type::mwr, bench::ram + 0x10, 8);
    t->first_be = 0b1000, t->last_be = 0b0001;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram}), 0x04000200u);
    EXPECT_EQ(b.mem.load<std::uint64_t>(base::phys_addr{bench::ram + 0x10}),
              0x0000'0005'0400'0000u);
}

TEST(RootPort, P_004_read_completions_end_at_boundaries_with_falling_byte_counts) {
    bench b;
    for (unsigned i = 0; i < 256; ++i)
        b.mem.store<std::uint8_t>(base::phys_addr{bench::ram + 0x1040 + i},
                                  static_cast<std::uint8_t>(i));
    auto t = b.request(tlp_type::mrd, bench::ram + 0x1040, 256);
    t->tag = 77;
    b.device.socket.send(std::move(t));
    b.run();
    ASSERT_GE(b.device.arrived.size(), 2u);
    unsigned due = 256;
    std::uint64_t at = bench::ram + 0x1040;
    for (const auto& c : b.device.arrived) {
        EXPECT_EQ(c->type, tlp_type::cpl_d);
        EXPECT_EQ(c->tag, 77);
        EXPECT_EQ(c->requester.value, 0x0100);
        EXPECT_EQ(c->byte_count, due);
        EXPECT_EQ(c->lower_address, at & 0x7f);
        EXPECT_LE(c->bytes(), 128u);
        for (unsigned i = 0; i < c->bytes(); ++i)
            EXPECT_EQ((*c->payload)[i], static_cast<std::uint8_t>(at - bench::ram - 0x1040 + i));
        at += c->bytes();
        due -= c->bytes();
        EXPECT_EQ(at % 64, 0u);
    }
    EXPECT_EQ(due, 0u);
}

TEST(RootPort, P_003_a_1_byte_read) {
    bench b;
    b.mem.store<std::uint8_t>(base::phys_addr{bench::ram + 0x1003}, 0x5a);
    auto t = b.request(tlp_type::mrd, bench::ram + 0x1000, 4);
    t->first_be = 0b1000;
    b.device.socket.send(std::move(t));
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->byte_count, 1);
    EXPECT_EQ(b.device.arrived[0]->lower_address, 3);
    EXPECT_EQ((*b.device.arrived[0]->payload)[3], 0x5a);
}

TEST(RootPort, a_zero_length_read_returns_one_DW) {
    bench b;
    auto t = b.request(tlp_type::mrd, bench::ram + 0x1000, 4);
    t->first_be = 0;
    b.device.socket.send(std::move(t));
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->length, 1);
    EXPECT_EQ(b.device.arrived[0]->byte_count, 1);
}

TEST(RootPort, P_190_aborted_and_unrouted_reads) {
    bench b;
    b.mem.poison(base::phys_addr{bench::ram + 0x1000}, 4096);
    b.device.socket.send(b.request(tlp_type::mrd, bench::ram + 0x1000, 64));
    b.device.socket.send(b.request(tlp_type::mrd, 0x90'0000'0000, 64));
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 2u);
    EXPECT_EQ(b.device.arrived[0]->status, pcie::cpl_status::completer_abort);
    EXPECT_EQ(b.device.arrived[1]->status, pcie::cpl_status::unsupported_request);
    for (const auto& c : b.device.arrived) {
        EXPECT_FALSE(c->has_data());  // P-007
        EXPECT_EQ(c->byte_count, 64);
    }
}

TEST(RootPort, P_013_without_bus_master_reads_get_ur_writes_are_dropped_messages_pass) {
    bench b;
    b.config_write(0, 1, 0x04, 2, 2);
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 4));
    b.device.socket.send(b.request(tlp_type::mrd, bench::ram, 4));
    b.device.socket.send(b.message(pcie::msg_code::invalidate_completion));
    b.run();
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram}), 0u);
    ASSERT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.device.arrived[0]->status, pcie::cpl_status::unsupported_request);
    EXPECT_EQ(b.smmu.arrived.size(), 1u);
    EXPECT_EQ(b.aer(0, 4), 1u << 20);
}

TEST(RootPort, ats_and_pri_go_to_the_smmu_in_order_with_writes) {
    bench b;
    auto tr = b.request(tlp_type::mrd, 0x7000, 8);
    tr->at = base::address_type::translation_request;
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 4));
    b.device.socket.send(b.message(pcie::msg_code::invalidate_completion));
    b.device.socket.send(b.message(pcie::msg_code::page_request));
    b.device.socket.send(std::move(tr));
    b.run();
    ASSERT_EQ(b.smmu.arrived.size(), 3u);
    EXPECT_EQ(b.smmu.arrived[0]->code, pcie::msg_code::invalidate_completion);
    EXPECT_EQ(b.smmu.arrived[0]->order, 2u);  // behind the write, which is 1
    EXPECT_EQ(b.smmu.arrived[1]->order, 3u);
    EXPECT_EQ(b.smmu.arrived[2]->type, tlp_type::mrd);
    EXPECT_EQ(b.smmu.arrived[2]->order, 4u);
}

TEST(RootPort, P_006_a_malformed_tlp_is_logged_and_dropped) {
    bench b;
    b.device.socket.send(b.request(tlp_type::mwr, bench::ram, 256));  // MPS is 128
    b.run();
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram}), 0u);
    EXPECT_EQ(b.aer(0, 4), 1u << 18);
    EXPECT_EQ(b.pool.in_use(), 0u);
}

TEST(RootPort, a_poisoned_write_never_reaches_memory) {
    bench b;
    auto t = b.request(tlp_type::mwr, bench::ram, 4);
    t->poisoned = true;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.mem.load<std::uint32_t>(base::phys_addr{bench::ram}), 0u);
    EXPECT_EQ(b.aer(0, 4), 1u << 12);
}

TEST(RootPort, requests_that_nobody_serves_get_ur) {
    bench b;
    for (const auto type : {tlp_type::io_rd, tlp_type::cfg_rd0, tlp_type::mrd_locked}) {
        auto t = b.request(type, 0x1000, 4);
        b.device.socket.send(std::move(t));
    }
    b.run();
    ASSERT_EQ(b.device.arrived.size(), 3u);
    for (const auto& c : b.device.arrived)
        EXPECT_EQ(c->status, pcie::cpl_status::unsupported_request);
}

TEST(RootPort, P_008_an_unexpected_completion_is_logged_and_dropped) {
    bench b;
    auto t = b.pool.make();
    t->type = tlp_type::cpl;
    t->tag = 9;
    b.device.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.aer(0, 4), 1u << 16);
    EXPECT_EQ(b.rc.count().unexpected, 1u);
}

TEST(RootPort, P_020_error_messages_reach_root_error_status_with_their_requester) {
    bench b;
    auto& s = b.rc.root(0).config();
    b.device.socket.send(b.message(pcie::msg_code::err_nonfatal));
    b.run();
    EXPECT_EQ(b.aer(0, 0x30) & 0x7f, 0u);  // Bridge Control SERR = 0
    s.write(0x3e, 2, 2);
    s.write(static_cast<std::uint16_t>(s.express().at + 8), 2, 0xf);
    b.device.socket.send(b.message(pcie::msg_code::err_nonfatal));
    b.run();
    EXPECT_EQ(b.aer(0, 0x30) & 0x7f, 0x24u);
    EXPECT_EQ(b.aer(0, 0x34) >> 16, 0x0100u);
}

TEST(RootPort, P_022_a_vendor_message_of_type_1_is_dropped_without_error_type_0_is_ur) {
    bench b;
    b.device.socket.send(b.message(pcie::msg_code::vendor_type1));
    b.run();
    EXPECT_EQ(b.aer(0, 4), 0u);
    b.device.socket.send(b.message(pcie::msg_code::vendor_type0));
    b.run();
    EXPECT_EQ(b.aer(0, 4), 1u << 20);
}

TEST(RootPort, P_023_pme_sets_root_status_and_a_second_one_is_pending) {
    bench b;
    auto& s = b.rc.root(0).config();
    const auto at = static_cast<std::uint16_t>(s.express().at + 0x20);
    b.device.socket.send(b.message(pcie::msg_code::pm_pme));
    b.run();
    EXPECT_EQ(s.read(at), 0x1'0100u);
    b.device.socket.send(b.message(pcie::msg_code::pm_pme));
    b.run();
    EXPECT_EQ(s.read(at), 0x3'0100u);
}

TEST(RootPort, P_021_an_invalidate_request_for_a_bus_outside_the_range_is_ur_at_the_port) {
    bench b;
    auto t = b.message(pcie::msg_code::invalidate_completion);
    t->routing = pcie::msg_routing::by_id;
    t->target = base::routing_id{0x0900};
    b.smmu.socket.send(std::move(t));
    t = b.message(pcie::msg_code::invalidate_completion);
    t->routing = pcie::msg_routing::by_id;
    t->target = base::routing_id{0x0200};
    b.smmu.socket.send(std::move(t));
    b.run();
    EXPECT_EQ(b.device.arrived.size(), 1u);
    EXPECT_EQ(b.aer(0, 4), 1u << 20);
}

TEST(RootPort, nothing_leaks_and_nothing_is_allocated_for_ever) {
    bench b;
    for (unsigned i = 0; i < 100; ++i) {
        b.device.socket.send(b.request(tlp_type::mwr, bench::ram + i * 64, 64));
        b.device.socket.send(b.request(tlp_type::mrd, bench::ram + i * 64, 64));
    }
    b.run();
    b.run();
    EXPECT_EQ(b.device.arrived.size(), 100u);
    b.device.arrived.clear();
    EXPECT_NO_THROW(b.pool.check_no_leak());
}

}  // namespace
}  // namespace drydock::root_complex
