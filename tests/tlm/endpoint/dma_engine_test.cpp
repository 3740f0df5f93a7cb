// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/dma_engine.h"

#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t buffer = 0x40'0000;

TEST(DmaEngine, identifies_itself) {
    endpoint_bench b;
    b.enable();
    EXPECT_EQ(b.read32(bar0), 0x4452'4459u);
    EXPECT_EQ(b.read32(bar0 + 4), 8u);
}

TEST(DmaEngine, write_descriptor_puts_its_pattern_into_memory) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.describe(0, dma::op::write, buffer + 1, 9, false, 0x8877'6655'4433'2211);
    b.ring(0);
    EXPECT_EQ(b.head(0), 1u);
    const std::uint8_t expected[10] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x11, 0};
    for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(b.other->memory[buffer + 1 + i], expected[i]) << i;
    EXPECT_EQ(b.other->memory[buffer], 0);
    EXPECT_EQ(b.status(0), 0u);
}

TEST(DmaEngine, descriptors_are_fetched_in_batches_up_to_MRRS) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    for (int i = 0; i < 16; ++i) b.describe(0, dma::op::nop, 0, 0);
    b.ring(0);
    ASSERT_EQ(b.reads().size(), 1u);
    EXPECT_EQ(b.reads()[0].length * 4, 512u);
    EXPECT_EQ(b.head(0), 16u);
}

TEST(DmaEngine, ring_wraps) {
    endpoint_bench b;
    b.enable();
    endpoint_bench::queue_setup s;
    s.log2 = 2;
    b.setup(0, s);
    for (unsigned round = 0; round < 5; ++round) {
        for (unsigned i = 0; i < 3; ++i)
            b.describe(0, dma::op::write, buffer + 8 * (round * 3 + i), 8, false,
                       100 + round * 3 + i);
        b.ring(0);
    }
    EXPECT_EQ(b.head(0), 15u);
    for (unsigned i = 0; i < 15; ++i) EXPECT_EQ(b.memory32(buffer + 8 * i), 100 + i);
}

TEST(DmaEngine, more_descriptors_than_the_window_all_complete) {
    endpoint_bench b;
    b.enable();
    endpoint_bench::queue_setup s;
    s.log2 = 9;
    b.setup(0, s);
    for (unsigned i = 0; i < 500; ++i)
        b.describe(0, i % 2 == 0 ? dma::op::read : dma::op::write, buffer + 256 * i, 256);
    b.ring(0, 200_us);
    EXPECT_EQ(b.head(0), 500u);
    EXPECT_EQ(b.status(0), 0u);
    EXPECT_TRUE(b.dut->engine().idle());
}

TEST(DmaEngine, reads_overlap_up_to_their_limit) {
    endpoint_config c;
    c.dma.max_outstanding_reads = 6;
    endpoint_bench b(c);
    b.enable();
    b.setup(0, {});
    for (unsigned i = 0; i < 16; ++i) b.describe(0, dma::op::read, buffer + 256 * i, 256);
    b.ring(0, 500_ns);  // descriptors are here, data is not
    EXPECT_EQ(b.dut->transactions_pending(), 6u);
    b.run();
    EXPECT_EQ(b.head(0), 16u);
}

TEST(DmaEngine, held_read_keeps_the_head_behind_a_finished_write) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.describe(0, dma::op::read, buffer, 64);
    b.describe(0, dma::op::write, buffer + 64, 64);
    b.other->latency = 300_ns;
    b.ring(0, 200_ns);  // the fetch is under way
    b.other->hold_reads = true;
    b.run();
    EXPECT_EQ(b.writes().size(), 1u);
    EXPECT_EQ(b.head(0), 0u);
    EXPECT_EQ(b.status(0) & 1, 1u) << "busy";
    b.other->answer_held();
    b.run();
    EXPECT_EQ(b.head(0), 2u);
    EXPECT_EQ(b.status(0) & 1, 0u);
}

TEST(DmaEngine, queues_are_served_round_robin) {
    endpoint_bench b;
    b.enable();
    for (unsigned q = 0; q < 2; ++q) {
        endpoint_bench::queue_setup s;
        s.ring += q * 0x1000;
        b.setup(q, s);
        for (unsigned i = 0; i < 8; ++i)
            b.describe(q, dma::op::write, buffer + q * 0x1000 + 64 * i, 64);
    }
    b.write32(b.queue_register(0, dma::tail), 8);
    b.write32(b.queue_register(1, dma::tail), 8);
    b.run();
    const auto w = b.writes();
    ASSERT_EQ(w.size(), 16u);
    for (unsigned i = 0; i + 1 < 16; ++i)
        EXPECT_NE(w[i].address & 0x1000, w[i + 1].address & 0x1000) << "write " << i;
}

TEST(DmaEngine, status_write_back_and_interrupt_follow_the_data) {
    endpoint_bench b;
    b.enable();
    b.set_vector(2, 0x808'0040, 77);
    endpoint_bench::queue_setup s;
    s.control = dma::control_enable | dma::control_irq_enable;
    s.vector = 2;
    b.setup(0, s);
    b.describe(0, dma::op::write, buffer, 256, false);
    b.describe(0, dma::op::write, buffer + 256, 256, true);
    b.ring(0);
    const auto w = b.writes();
    ASSERT_EQ(w.size(), 4u);
    EXPECT_EQ(w[2].address, s.write_back);
    EXPECT_EQ(w[2].word(0), 2u);
    EXPECT_EQ(w[2].word(1), 0u);
    EXPECT_EQ(w[3].address, 0x808'0040u);
    EXPECT_EQ(w[3].word(), 77u);
}

TEST(DmaEngine, bad_descriptors_fail_alone) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.describe(0, static_cast<dma::op>(9), buffer, 8);
    b.describe(0, dma::op::read, buffer, 0);
    b.describe(0, dma::op::write, buffer, 4097);
    b.describe(0, dma::op::write, buffer, 8, true, 5);
    b.ring(0);
    EXPECT_EQ(b.head(0), 4u);
    EXPECT_EQ(b.status(0) >> 16, 3u);
    EXPECT_EQ(b.memory32(buffer), 5u);
    EXPECT_EQ(b.memory32(0x20'0004), 2u) << "worst status since the last write-back";
    EXPECT_EQ(b.memory32(0x20'0008), 3u) << "failed descriptors";
}

TEST(DmaEngine, unsupported_request_ends_the_descriptor_with_error) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0, 200_ns);
    b.other->read_status = pcie::cpl_status::unsupported_request;
    b.run();
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.status(0) >> 16, 1u);
    EXPECT_NE(b.config_read(4) & (1u << 29), 0u) << "Received Master Abort";
}

TEST(DmaEngine, failed_fetch_stops_the_queue_and_interrupts) {
    endpoint_bench b;
    b.enable();
    b.set_vector(0, 0x808'0040, 7);
    endpoint_bench::queue_setup s;
    s.control = dma::control_enable | dma::control_irq_enable;
    b.setup(0, s);
    b.other->read_status = pcie::cpl_status::completer_abort;
    b.describe(0, dma::op::nop, 0, 0);
    b.ring(0);
    EXPECT_EQ(b.read32(b.queue_register(0, dma::control)) & dma::control_enable, 0u);
    EXPECT_EQ(b.status(0), 1u << 16);
    ASSERT_EQ(b.writes().size(), 1u);
    EXPECT_EQ(b.writes()[0].word(), 7u);
}

TEST(DmaEngine, disabled_queue_ends_what_it_began_and_begins_nothing) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    for (unsigned i = 0; i < 4; ++i) b.describe(0, dma::op::read, buffer + 64 * i, 64);
    b.ring(0, 200_ns);
    b.other->hold_reads = true;
    b.run();
    b.write32(b.queue_register(0, dma::control), 0);
    for (unsigned i = 0; i < 2; ++i) b.describe(0, dma::op::write, buffer + 0x1000, 64);
    b.ring(0);
    EXPECT_EQ(b.status(0) & 1, 1u);
    b.other->answer_held();
    b.run();
    EXPECT_EQ(b.status(0) & 1, 0u);
    EXPECT_EQ(b.head(0), 4u);
    EXPECT_TRUE(b.writes().empty());
    b.other->hold_reads = false;
    b.write32(b.queue_register(0, dma::control), dma::control_enable);
    b.run();
    EXPECT_EQ(b.head(0), 6u);
    EXPECT_EQ(b.writes().size(), 2u);
}

TEST(DmaEngine, doorbell_beyond_the_ring_is_not_taken) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.write32(b.queue_register(0, dma::tail), 65);
    b.run();
    EXPECT_EQ(b.read32(b.queue_register(0, dma::tail)), 0u);
    EXPECT_EQ(b.status(0) >> 16, 1u);
}

TEST(DmaEngine, posted_queue_full_delays_but_loses_nothing) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 60; ++i)
        b.describe(0, dma::op::write, buffer + 8 * i, 8, false, i + 1);
    b.ring(0);
    EXPECT_EQ(b.writes().size(), 8u) << "the store of the link is full";
    b.other->give_back_withheld();
    b.run();
    EXPECT_EQ(b.head(0), 60u);
    for (unsigned i = 0; i < 60; ++i) EXPECT_EQ(b.memory32(buffer + 8 * i), i + 1);
}

TEST(DmaEngine, every_descriptor_has_a_span_that_ends) {
    endpoint_bench b({}, true);
    b.enable();
    b.setup(0, {});
    for (unsigned i = 0; i < 3; ++i) b.describe(0, dma::op::write, buffer, 64);
    b.ring(0);
    EXPECT_EQ(b.log.count(base::kind::span_begin), 3u);
    EXPECT_EQ(b.log.count(base::kind::span_end), 3u);
    EXPECT_EQ(b.log.count(base::kind::dma_done), 3u);
    for (const auto& w : b.writes()) EXPECT_NE(w.span, base::no_span);
}

TEST(DmaEngine, sleeps_when_idle) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    for (unsigned i = 0; i < 8; ++i) b.describe(0, dma::op::write, buffer, 64, true);
    b.ring(0);
    b.run(100_ms);
    EXPECT_EQ(b.ctx.timeline.pending_records(), 0u);
    const auto ran = b.ctx.timeline.records_run();
    b.run(1_s);
    EXPECT_EQ(b.ctx.timeline.records_run(), ran);
    b.pool.check_no_leak();
}

}  // namespace
}  // namespace drydock::endpoint
