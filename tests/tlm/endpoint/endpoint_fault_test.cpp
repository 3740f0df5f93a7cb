// SPDX-License-Identifier: Apache-2.0
// Faults of a function that a scenario may ask for, and a link that falls: what becomes of them.
#include <set>

#include "tests/tlm/endpoint/reset_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t buffer = 0x40'0000;

/// One read of `buffer` by the DMA engine, to its end.
void read_once(reset_bench& b) {
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
}

TEST(EndpointFault, swallowing_hits_as_often_as_asked) {
    reset_bench b;
    b.start();
    b.dut->inject().swallow_invalidates = 1;
    b.invalidate(1, buffer);
    b.invalidate(2, buffer);
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_EQ(pcie::completion_itag_vector(b.completions()[0].address), 4u);
}

TEST(EndpointFault, P_055_a_swallowed_invalidate_leaves_the_old_translation_in_use) {
    reset_bench b({}, true);
    b.start();
    read_once(b);
    const std::size_t asked = b.translation_requests().size();
    b.dut->inject().swallow_invalidates = UINT32_MAX;
    for (unsigned tag = 0; tag < 5; ++tag) b.invalidate(tag, buffer);
    EXPECT_TRUE(b.completions().empty());
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 5u);
    read_once(b);
    EXPECT_EQ(b.translation_requests().size(), asked) << "stale, and used";
    EXPECT_EQ(b.head(0), 2u);
    b.dut->inject().swallow_invalidates = 0;
    b.invalidate(6, buffer);
    EXPECT_EQ(b.completions().size(), 1u);
    read_once(b);
    EXPECT_EQ(b.translation_requests().size(), asked + 1);
}

TEST(EndpointFault, P_054_a_lost_completion_has_done_its_work) {
    reset_bench b;
    b.start();
    read_once(b);
    const std::size_t asked = b.translation_requests().size();
    b.dut->inject().lose_completions = 1;
    b.invalidate(3, buffer, {}, 100_us);
    EXPECT_TRUE(b.completions().empty());
    read_once(b);
    EXPECT_EQ(b.translation_requests().size(), asked + 1) << "the entry is gone";
    b.invalidate(4, buffer);
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_EQ(pcie::completion_itag_vector(b.completions()[0].address), 1u << 4);
}

TEST(EndpointFault, a_function_that_never_becomes_ready_answers_RRS_and_no_invalidate) {
    reset_bench b;
    b.start();
    b.dut->inject().never_ready = true;
    b.flr();
    b.run(60_s);  // as long as Linux asks
    EXPECT_TRUE(b.dut->in_reset());
    EXPECT_EQ(b.config_status(), pcie::cpl_status::request_retry);
    b.invalidate(1, buffer);
    EXPECT_TRUE(b.completions().empty());
    b.other->socket.set_link(false);  // a larger reset helps
    b.other->socket.set_link(true);
    b.run();
    EXPECT_EQ(b.config_status(), pcie::cpl_status::success);
}

TEST(EndpointFault, link_down_is_a_reset_that_keeps_sticky_status) {
    reset_bench b({}, true);
    b.start();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::cpl);
    t->requester = function_id;
    t->tag = 0x55;
    t->byte_count = 4;
    b.send(std::move(t));
    b.other->socket.set_link(false);
    b.run();
    auto& space = b.dut->config_space();
    EXPECT_FALSE(space.ats().enabled());
    EXPECT_EQ(space.device_control().max_payload, 128u);
    EXPECT_NE(space.aer().uncorrectable_status() & (1u << 16), 0u) << "P-100";
    b.other->socket.set_link(true);
    b.run();
    b.start();
    b.describe(0, dma::op::read, buffer, 8);
    b.ring(0);
    EXPECT_EQ(b.head(0), 1u);
}

TEST(EndpointFault, a_link_that_falls_in_the_middle_of_traffic_gives_every_buffer_back) {
    reset_bench b({}, true);
    b.start();
    read_once(b);
    b.describe(0, dma::op::read, buffer, 64);
    b.other->hold_reads = true;
    b.ring(0);
    const std::uint32_t posted = b.other->freed[0], non_posted = b.other->freed[1];
    for (unsigned i = 0; i < 40;
         ++i)  // 32 lie in the ATC, 8 in their buffers: all wait for the read
        b.invalidate(i % 32, 0x7fff'ffff'ffff'f800, {}, 10_ns);
    b.other->socket.send(b.config_request(0, false));
    EXPECT_EQ(b.other->freed[0], posted + 32);
    b.other->socket.set_link(false);
    b.run();
    EXPECT_EQ(b.other->freed[0], posted + 40);
    EXPECT_EQ(b.other->freed[1], non_posted + 1);
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 40u);
    EXPECT_TRUE(b.completions().empty());
    EXPECT_EQ(b.dut->transactions_pending(), 0u);
    b.other->held.clear();
    b.pool.check_no_leak();
}

TEST(EndpointFault, after_a_link_came_back_nothing_of_before_is_used) {
    reset_bench b;
    b.start();
    b.other->hold_reads = true;
    read_once(b);
    ASSERT_EQ(b.other->held.size(), 1u);
    const std::uint16_t old = b.other->held[0]->tag;
    b.other->socket.set_link(false);
    b.other->socket.set_link(true);
    b.other->hold_reads = false;
    b.start();
    for (unsigned i = 0; i < 20; ++i) b.describe(0, dma::op::read, buffer, 8);
    b.ring(0);
    EXPECT_EQ(b.head(0), 20u);
    const auto reads = b.reads();
    for (std::size_t i = 1; i < reads.size(); ++i) EXPECT_NE(reads[i].tag, old);
    b.other->answer_held();  // of a device that no longer exists
    b.run();
    EXPECT_EQ(b.dut->errors().count(pcie::error::unexpected_completion), 1u);
    EXPECT_EQ(b.head(0), 20u);
}

TEST(EndpointFault, tags_lost_with_a_link_come_back_even_without_a_completion_timeout) {
    reset_bench b;
    for (unsigned round = 0; round < 3; ++round) {
        b.start();
        b.config_write(static_cast<std::uint16_t>(b.at.express + 0x28), 0x10, 3);
        b.set_device_control(0x2000);  // 5-bit tags
        b.other->hold_reads = true;
        for (unsigned i = 0; i < 12; ++i) read_once(b);
        EXPECT_FALSE(b.other->held.empty());
        b.other->held.clear();
        b.other->hold_reads = false;
        b.other->socket.set_link(false);
        b.other->socket.set_link(true);
    }
    b.run(50_ms);
    b.start();
    b.set_device_control(0x2000);
    for (unsigned i = 0; i < 64; ++i) read_once(b);
    EXPECT_EQ(b.head(0), 64u);
    const auto reads = b.reads();
    std::set<std::uint16_t> used;
    for (std::size_t i = reads.size() - 64; i < reads.size(); ++i) used.insert(reads[i].tag);
    EXPECT_EQ(used.size(), 32u) << "all of them";
}

}  // namespace
}  // namespace drydock::endpoint
