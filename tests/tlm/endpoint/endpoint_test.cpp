// SPDX-License-Identifier: Apache-2.0
// PCIe: a function as requester and completer.
#include "tlm/endpoint/device.h"

#include <set>

#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t buffer = 0x40'0000;

TEST(Endpoint, P_003_one_byte_read_enables_one_byte) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.describe(0, dma::op::read, 0x1003, 1);
    b.ring(0);
    const auto r = b.reads();
    ASSERT_EQ(r.size(), 2u);
    EXPECT_EQ(r[1].address, 0x1000u);
    EXPECT_EQ(r[1].length, 1u);
    EXPECT_EQ(r[1].first_be, 0x8);
    EXPECT_EQ(r[1].last_be, 0);
    EXPECT_EQ(b.head(0), 1u);
}

TEST(Endpoint, P_003_one_byte_register_read_completes_with_one_byte) {
    endpoint_bench b;
    b.enable();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = bar0;
    t->length = 1;
    t->first_be = 0x8;
    b.send(std::move(t));
    EXPECT_EQ(b.last().byte_count, 1);
    EXPECT_EQ(b.last().lower_address, 3);
    EXPECT_EQ(b.last().completer, function_id);
}

TEST(Endpoint, P_005_requests_split_at_4_KiB_MRRS_and_MPS) {
    endpoint_bench b;
    b.enable();  // MPS 256, MRRS 512
    b.setup(0, {});
    b.describe(0, dma::op::read, 0x1e40, 2048);
    b.describe(0, dma::op::write, 0x3f10, 512);
    b.ring(0);
    std::uint64_t next = 0x1e40;
    for (const auto& r : b.reads()) {
        if (r.address >= 0x10'0000) continue;  // descriptors
        EXPECT_EQ(r.address, next);
        EXPECT_LE(r.length * 4, 512u);
        EXPECT_LE((r.address & 0xfff) + r.length * 4, 4096u);
        next += r.length * 4;
    }
    EXPECT_EQ(next, 0x1e40u + 2048);
    next = 0x3f10;
    for (const auto& w : b.writes()) {
        EXPECT_EQ(w.address, next);
        EXPECT_LE(w.length * 4, 256u);
        EXPECT_LE((w.address & 0xfff) + w.length * 4, 4096u);
        next += w.length * 4;
    }
    EXPECT_EQ(next, 0x3f10u + 512);
    EXPECT_EQ(b.head(0), 2u);
}

TEST(Endpoint, P_004_completions_that_end_at_64_byte_multiples_are_put_together) {
    endpoint_bench b;
    b.enable();
    b.other->completion_bytes = 128;
    b.setup(0, {});
    for (unsigned i = 0; i < 16; ++i)
        b.describe(0, dma::op::write, buffer + 8 * i, 8, false, i + 1);
    b.ring(0);  // one fetch of 512 B in four pieces
    EXPECT_EQ(b.reads().size(), 1u);
    for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(b.memory32(buffer + 8 * i), i + 1);
}

TEST(Endpoint, P_006_payload_above_MPS_is_malformed_and_dropped) {
    endpoint_bench b;
    b.enable();
    b.set_device_control(0x210f);  // MPS 128
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mwr);
    t->address = bar0 + 0x100;
    t->length = 64;
    t->first_be = t->last_be = 0xf;
    b.pool.add_payload(*t);
    t->payload->fill(0xff);
    b.send(std::move(t));
    EXPECT_EQ(b.dut->errors().count(pcie::error::malformed), 1u);
    EXPECT_EQ(b.read32(bar0 + 0x100), 0u);
    EXPECT_EQ(b.messages(pcie::msg_code::err_fatal).size(), 1u);
}

TEST(Endpoint, P_007_unsupported_request_completion_carries_no_data) {
    endpoint_bench b;
    b.enable();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = 0x9000'0000;
    t->length = 1;
    t->first_be = 0xf;
    b.send(std::move(t));
    const auto c = b.all([](auto& s) { return s.is(pcie::tlp_type::cpl); });
    ASSERT_FALSE(c.empty());
    EXPECT_EQ(c.back().status, pcie::cpl_status::unsupported_request);
    EXPECT_TRUE(c.back().data.empty());
    EXPECT_EQ(c.back().byte_count, 4);
}

TEST(Endpoint, P_008_completion_with_unknown_tag_is_unexpected_and_dropped) {
    endpoint_bench b;
    b.enable();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::cpl);
    t->requester = function_id;
    t->tag = 0x55;
    t->byte_count = 4;
    b.send(std::move(t));
    EXPECT_EQ(b.dut->errors().count(pcie::error::unexpected_completion), 1u);
    EXPECT_NE(b.config_read(b.at.aer + 4) & (1u << 16), 0u);
}

TEST(Endpoint, P_009_completion_timeout_comes_within_the_programmed_range) {
    endpoint_bench b;
    b.enable();
    b.config_write(b.at.express + 0x28, 2, 3);  // range 2: 1..10 ms
    b.setup(0, {});
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0, 200_ns);
    b.other->hold_reads = true;
    b.run(999_us);
    EXPECT_EQ(b.head(0), 0u);
    b.run(9'100_us);
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.status(0), 1u << 16);
    EXPECT_EQ(b.dut->errors().count(pcie::error::completion_timeout), 1u);
    EXPECT_EQ(b.dut->transactions_pending(), 0u);
}

TEST(Endpoint, P_009_default_timeout_is_50_ms_and_can_be_disabled) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.other->hold_reads = true;
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0, 49_ms);
    EXPECT_EQ(b.dut->errors().count(pcie::error::completion_timeout), 0u);
    b.run(2_ms);
    EXPECT_EQ(b.dut->errors().count(pcie::error::completion_timeout), 1u);
    b.config_write(b.at.express + 0x28, 0x10, 3);
    b.setup(1, {});
    b.describe(1, dma::op::read, buffer, 64);
    b.ring(1, 1_s);
    EXPECT_EQ(b.dut->errors().count(pcie::error::completion_timeout), 1u);
}

TEST(Endpoint, P_010_absent_function_of_the_device_is_UR) {
    endpoint_bench b;
    b.enable();
    pcie::tlp_ptr t = b.config_request(0, false);
    t->target = base::routing_id{static_cast<std::uint16_t>(function_id.value | 3)};
    b.send(std::move(t));
    EXPECT_EQ(b.last().status, pcie::cpl_status::unsupported_request);
}

TEST(Endpoint, P_011_bus_master_disable_blocks_interrupt_and_DMA) {
    endpoint_bench b;
    b.enable();
    b.set_vector(0, 0x808'0040, 9);
    endpoint_bench::queue_setup s;
    s.control = dma::control_enable | dma::control_irq_enable;
    b.setup(0, s);
    b.describe(0, dma::op::nop, 0, 0, true);
    b.ring(0, 200_ns);  // the descriptor is on its way
    b.config_write(4, 0x0002, 3);
    b.run();
    EXPECT_TRUE(b.writes().empty());
    b.config_write(4, 0x0006, 3);
    b.run();
    ASSERT_EQ(b.writes().size(), 2u);
    EXPECT_EQ(b.writes()[1].word(), 9u);
}

TEST(Endpoint, P_012_ten_bit_tags_never_begin_with_00) {
    endpoint_bench b;
    b.enable();
    b.config_write(b.at.express + 0x28, 0x1000, 3);
    b.setup(0, {});
    b.other->hold_reads = true;
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    for (const auto& r : b.reads()) EXPECT_GE(r.tag, 256);
    EXPECT_FALSE(b.reads().empty());
}

TEST(Endpoint, tags_of_outstanding_requests_are_unique_and_limited_to_32_without_extended_tags) {
    endpoint_config c;
    c.dma.max_outstanding_reads = 128;
    endpoint_bench b(c);
    b.enable();
    b.set_device_control(0x202f);  // no extended tags
    b.setup(0, {});
    for (unsigned i = 0; i < 60; ++i) b.describe(0, dma::op::read, buffer + 512 * i, 512);
    b.ring(0, 350_ns);
    b.other->hold_reads = true;
    b.run();
    std::set<std::uint16_t> tags;
    for (const auto& t : b.other->held) EXPECT_TRUE(tags.insert(t->tag).second);
    EXPECT_LE(tags.size(), 32u);
    for (const std::uint16_t t : tags) EXPECT_LT(t, 32);
    b.other->hold_reads = false;
    b.other->answer_held();
    b.run(50_us);
    EXPECT_EQ(b.head(0), 60u);
}

TEST(Endpoint, memory_disabled_makes_reads_UR_and_writes_logged) {
    endpoint_bench b;
    b.enable();
    b.config_write(4, 0x0004, 3);
    b.write32(bar0 + 0x110, 1);
    b.run();
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 1u);
    EXPECT_EQ(b.messages(pcie::msg_code::err_nonfatal).size(), 1u)
        << "P-094: a posted one has no completion";
}

TEST(Endpoint, P_093_UR_read_is_advisory) {
    endpoint_bench b;
    b.enable();
    b.config_write(b.at.aer + 0x14, 0);  // unmask advisory
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = 0x9000'0000;
    t->length = 1;
    t->first_be = 0xf;
    b.send(std::move(t));
    EXPECT_EQ(b.messages(pcie::msg_code::err_cor).size(), 1u);
    EXPECT_TRUE(b.messages(pcie::msg_code::err_nonfatal).empty());
}

TEST(Endpoint, P_022_unsupported_vendor_type_1_logs_nothing_type_0_is_UR) {
    endpoint_bench b;
    b.enable();
    for (const auto code : {pcie::msg_code::vendor_type1, pcie::msg_code::vendor_type0}) {
        pcie::tlp_ptr t = b.make(pcie::tlp_type::msg);
        t->code = code;
        t->routing = pcie::msg_routing::by_id;
        t->target = function_id;
        b.send(std::move(t));
        EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request),
                  code == pcie::msg_code::vendor_type0 ? 1u : 0u);
    }
}

TEST(Endpoint, P_031_completion_stays_behind_an_earlier_posted_write) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 12; ++i) b.describe(0, dma::op::write, buffer + 8 * i, 8);
    b.ring(0);
    const std::size_t before = b.other->seen.size();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = bar0;
    t->length = 1;
    t->first_be = 0xf;
    b.send(std::move(t));
    EXPECT_EQ(b.other->seen.size(), before) << "held by the writes that found no room";
    b.other->give_back_withheld();
    b.run();
    EXPECT_TRUE(b.last().is(pcie::tlp_type::cpl_d));
    EXPECT_EQ(b.writes().size(), 12u);
}

TEST(Endpoint, buffers_of_all_requests_are_given_back) {
    endpoint_bench b;
    b.enable();
    b.setup(0, {});
    b.config_read(0);
    b.read32(bar0);
    b.invalidate(3, 0x1000);
    // five configuration writes and one read, one register read; seven register writes, one
    // invalidate
    EXPECT_EQ(b.other->freed[static_cast<std::size_t>(pcie::fc_class::non_posted)], 7u);
    EXPECT_EQ(b.other->freed[static_cast<std::size_t>(pcie::fc_class::posted)], 8u);
}

TEST(Endpoint, large_register_read_is_completer_abort) {
    endpoint_bench b;
    b.enable();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = bar0;
    t->length = 64;
    t->first_be = t->last_be = 0xf;
    b.send(std::move(t));
    const auto c = b.all([](auto& s) { return s.is(pcie::tlp_type::cpl); });
    EXPECT_EQ(c.back().status, pcie::cpl_status::completer_abort);
}

TEST(Endpoint, P_004_a_large_read_where_no_registers_are_comes_in_pieces_at_128_B) {
    endpoint_bench b;
    b.enable();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = bar0 + 0x8000 + 0x40;
    t->length = 100;  // up to 0x1d0
    t->first_be = t->last_be = 0xf;
    t->relaxed_ordering = true;
    b.other->seen.clear();
    const auto freed = b.other->freed[static_cast<std::size_t>(pcie::fc_class::non_posted)];
    b.send(std::move(t));
    std::vector<unsigned> lengths, left, low;
    for (const auto& c : b.all([](auto& s) { return s.is(pcie::tlp_type::cpl_d); })) {
        lengths.push_back(c.length);
        left.push_back(c.byte_count);
        low.push_back(c.lower_address);
        EXPECT_TRUE(c.relaxed) << "as the request";
    }
    // Max Payload is 256 B: up to 0x100, then all the rest.
    EXPECT_EQ(lengths, (std::vector<unsigned>{48, 52}));
    EXPECT_EQ(left, (std::vector<unsigned>{400, 208}));
    EXPECT_EQ(low, (std::vector<unsigned>{0x40, 0}));
    EXPECT_EQ(b.other->freed[static_cast<std::size_t>(pcie::fc_class::non_posted)], freed + 1);
}

TEST(Endpoint, register_writes_honour_byte_enables) {
    endpoint_bench b;
    b.enable();
    const std::uint64_t wb = b.queue_register(3, dma::write_back_high);
    b.write32(wb, 0x1122'3344);
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mwr);
    t->address = wb;
    t->length = 1;
    t->first_be = 0x2;
    b.pool.add_payload(*t);
    t->payload->fill(0xaa);
    b.send(std::move(t));
    EXPECT_EQ(b.read32(wb), 0x1122'aa44u);
}

TEST(Endpoint, wrong_header_type_is_refused) {
    base::context ctx;
    pcie::tlp_pool pool;
    endpoint_config c;
    c.image = generic_image();
    c.image.bytes[0x0e] = 1;
    EXPECT_THROW(device("bridge", ctx, pool, c), std::invalid_argument);
}

}  // namespace
}  // namespace drydock::endpoint
