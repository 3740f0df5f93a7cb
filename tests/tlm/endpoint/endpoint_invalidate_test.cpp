// SPDX-License-Identifier: Apache-2.0
// PCIe: Invalidate Requests as seen on the link of a function.
#include <algorithm>

#include "tests/tlm/endpoint/ats_bench.h"

namespace drydock::endpoint {
namespace {

using pcie::msg_code;
using pcie::tlp_type;

TEST(EndpointAts, P_047_completion_has_vector_CC_and_goes_to_the_sender) {
    ats_bench b;
    b.start();
    pcie::tlp_ptr t = b.make(tlp_type::msg_d);
    t->code = msg_code::invalidate_request;
    t->routing = pcie::msg_routing::by_id;
    t->target = function_id;
    t->requester = base::routing_id{0x0008};
    t->tag = 5;
    t->length = 2;
    b.pool.add_payload(*t);
    pcie::set_payload_word(*t, 0x7f00'1234'5000);
    b.send(std::move(t));
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_EQ(b.completions()[0].address, pcie::encode_invalidate_completion(1, 0x20));
    EXPECT_EQ(b.completions()[0].target.value, 0x0008);
    EXPECT_EQ(b.completions()[0].requester, function_id);
    EXPECT_FALSE(b.completions()[0].relaxed);
}

TEST(EndpointAts, P_032_data_is_relaxed_where_asked_for_and_enabled_a_completion_never) {
    endpoint_config c;
    c.dma.relaxed_ordering = true;
    ats_bench b(c);
    b.start();
    b.set_device_control(0x213f);  // MRRS 512, tags of 8 bits, MPS 256, RO, all error messages
    b.describe(0, dma::op::write, buffer, 8);
    b.go();
    b.invalidate(7, buffer);
    ASSERT_FALSE(b.translated().empty());
    unsigned relaxed = 0;
    for (const seen_tlp& t : b.translated()) relaxed += t.relaxed ? 1 : 0;
    EXPECT_EQ(relaxed, 1u) << "the data, not its descriptor";
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_FALSE(b.completions()[0].relaxed);
}

TEST(EndpointAts, P_053_a_function_of_three_TCs_completes_in_each_of_them_with_CC_3) {
    endpoint_config c;
    c.dma.traffic_classes = 3;
    ats_bench b(c);
    b.start();
    b.invalidate(7, buffer);
    ASSERT_EQ(b.completions().size(), 3u);
    for (unsigned tc = 0; tc < 3; ++tc) {
        EXPECT_EQ(b.completions()[tc].address, pcie::encode_invalidate_completion(3, 1u << 7));
        EXPECT_EQ(b.completions()[tc].traffic_class, tc);
    }
    b.describe(0, dma::op::write, buffer, 8);
    b.go();
    ASSERT_FALSE(b.translated().empty());
    for (const seen_tlp& t : b.translated()) EXPECT_EQ(t.traffic_class, 0) << "queue 0";
}

TEST(EndpointAts, P_048_completion_stands_behind_writes_that_used_the_translation) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::write, buffer, 8);
    b.go();
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 12; ++i) b.describe(0, dma::op::write, buffer + 8 * i, 8);
    b.go();
    const std::size_t out = b.writes().size();
    ASSERT_LT(out, 13u) << "some wait in the posted queue";
    b.invalidate(0, buffer);
    EXPECT_TRUE(b.completions().empty());
    b.other->give_back_withheld();
    b.run();
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_TRUE(b.last().is_message(msg_code::invalidate_completion));
    EXPECT_EQ(b.writes().size(), 13u);
}

TEST(EndpointAts, P_049_outstanding_read_delays_the_completion_until_its_data_is_back) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::read, buffer, 256);
    b.go();
    b.describe(0, dma::op::read, buffer, 256);
    b.place_ring();
    b.ring(0, 200_ns);  // the fetch is under way
    b.other->hold_reads = true;
    b.run();
    ASSERT_EQ(b.other->held.size(), 1u);
    b.invalidate(7, buffer);
    b.run(20_us);
    EXPECT_TRUE(b.completions().empty());
    b.other->answer_held();
    b.run(200_ns);
    EXPECT_TRUE(b.completions().empty());
    b.run(200_ns);
    EXPECT_EQ(b.completions().size(), 1u);
}

TEST(EndpointAts, P_050_answer_overtaken_by_an_invalidate_is_not_used) {
    ats_bench b;
    b.start();
    b.describe(0, dma::op::nop, 0, 0);
    b.go();
    b.other->hold_translations = true;
    b.describe(0, dma::op::write, buffer, 8, false, 1);
    b.go();
    ASSERT_EQ(b.other->held.size(), 1u);
    b.other->latency = 2_us;
    b.other->answer_held();  // under way with the old address
    b.invalidate(1, buffer);
    EXPECT_EQ(b.completions().size(), 1u);
    b.offset = moved * 2;
    b.other->hold_translations = false;
    b.run(20_us);
    EXPECT_EQ(b.memory32(moved + buffer), 0u);
    EXPECT_EQ(b.memory32(moved * 2 + buffer), 1u);
}

TEST(EndpointAts, bus_master_disable_gives_unused_translations_back) {
    endpoint_config c;
    c.posted_queue = 2;
    ats_bench b(c);
    b.start();
    b.describe(0, dma::op::write, buffer, 8, false, 1);
    b.go();
    b.other->hold_credits = true;
    for (unsigned i = 1; i < 30; ++i)
        b.describe(0, dma::op::write, buffer + 8 * i, 8, false, i + 1);
    b.go();
    b.config_write(4, 0x0002, 3);
    b.offset = moved * 2;
    b.other->give_back_withheld();
    b.invalidate(0, buffer);
    EXPECT_EQ(b.completions().size(), 1u) << "not held by what may not go out";
    const std::size_t out = b.writes().size();
    ASSERT_LT(out, 30u);
    b.run();
    EXPECT_EQ(b.writes().size(), out);
    b.config_write(4, 0x0006, 3);
    b.run(20_us);
    EXPECT_EQ(b.head(0), 30u);
    for (unsigned i = 0; i < 30; ++i)
        EXPECT_EQ(b.memory32((i < out ? moved : moved * 2) + buffer + 8 * i), i + 1);
}

TEST(EndpointAts, P_052_thirty_two_invalidates_at_once) {
    ats_bench b;
    b.start();
    for (unsigned i = 0; i < 32; ++i) b.invalidate(i, buffer + i * 4096, {}, 0_ps);
    b.run();
    std::uint32_t closed = 0;
    for (const auto& c : b.completions()) closed |= pcie::completion_itag_vector(c.address);
    EXPECT_EQ(closed, 0xffff'ffffu);
}

TEST(EndpointAts, beyond_the_queue_depth_buffers_stay_taken) {
    endpoint_config c;
    c.atc.invalidate_queue = 4;
    ats_bench b(c);
    b.start();
    const auto freed = [&] {
        return b.other->freed[static_cast<std::size_t>(pcie::fc_class::posted)];
    };
    const std::uint32_t before = freed();
    for (unsigned i = 0; i < 10; ++i) b.invalidate(i, buffer, {}, 0_ps);
    EXPECT_EQ(freed() - before, 4u);
    b.run();
    EXPECT_EQ(freed() - before, 10u);
    std::uint32_t closed = 0;
    for (const auto& t : b.completions()) closed |= pcie::completion_itag_vector(t.address);
    EXPECT_EQ(closed, 0x3ffu);
}

TEST(EndpointAts, P_056_prefix_and_global_of_an_invalidate) {
    ats_bench b;
    b.enable();
    b.enable_pasid();
    b.enable_ats();
    for (const std::uint32_t pasid : {1u, 2u}) {
        endpoint_bench::queue_setup s;
        s.control =
            dma::control_enable | dma::control_pasid_valid | (pasid << dma::control_pasid_shift);
        s.ring += pasid * 0x1000;
        b.setup(pasid, s);
    }
    const auto requests_of = [&](std::uint32_t pasid) {
        const std::size_t before = b.translation_requests().size();
        b.describe(pasid, dma::op::read, buffer, 8);
        b.place_ring();
        b.ring(pasid);
        return b.translation_requests().size() - before;
    };
    EXPECT_EQ(requests_of(1), 2u);
    EXPECT_EQ(requests_of(2), 2u);
    b.invalidate(0, buffer, 1);
    EXPECT_EQ(requests_of(1), 1u);
    EXPECT_EQ(requests_of(2), 0u);
    b.invalidate(1, buffer | 1, 1);
    EXPECT_EQ(requests_of(1), 1u);
    EXPECT_EQ(requests_of(2), 1u);
    b.invalidate(2, buffer);
    EXPECT_EQ(requests_of(1), 1u);
    EXPECT_EQ(requests_of(2), 1u);
}

TEST(EndpointAts, P_058_invalidates_go_on_while_translations_hang) {
    ats_bench b;
    b.start();
    b.other->hold_translations = true;
    b.describe(0, dma::op::read, buffer, 8);
    b.go();
    EXPECT_EQ(b.head(0), 0u);
    b.invalidate(0, 0x10'0000);
    b.invalidate(1, 0x7fff'ffff'ffff'f800);
    EXPECT_EQ(b.completions().size(), 2u);
}

TEST(EndpointAts, P_059_invalidate_with_enable_0_is_completed_at_once) {
    endpoint_bench b;
    b.enable();
    const base::ps asked = b.ctx.now();
    b.invalidate(5, buffer);
    const auto c = b.messages(msg_code::invalidate_completion);
    ASSERT_EQ(c.size(), 1u);
    EXPECT_LE(c[0].time - asked, 10_ns);
}

TEST(EndpointAts, P_059_switch_makes_enable_0_silent) {
    endpoint_config c;
    c.atc.ignore_when_disabled = true;
    endpoint_bench b(c, true);
    b.enable();
    b.invalidate(5, buffer, {}, 100_us);
    EXPECT_TRUE(b.messages(msg_code::invalidate_completion).empty());
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 1u);
}

TEST(EndpointAts, P_061_pasid_above_the_width_is_completed) {
    ats_bench b;
    b.enable();
    b.enable_pasid();
    b.enable_ats();
    b.invalidate(6, buffer, 0xfffff);
    EXPECT_EQ(b.completions().size(), 1u);
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 0u);
}

TEST(EndpointAts, pasid_invalidate_with_pasid_disabled_is_completed) {
    ats_bench b;
    b.start();
    b.invalidate(6, buffer, 1);
    EXPECT_EQ(b.completions().size(), 1u);
}

TEST(EndpointAts, pasid_invalidate_with_pasid_disabled_is_UR_if_switched) {
    endpoint_config c;
    c.refuse_pasid_invalidates = true;
    ats_bench b(c);
    b.start();
    b.invalidate(6, buffer, 1);
    EXPECT_TRUE(b.completions().empty());
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 1u);
}

}  // namespace
}  // namespace drydock::endpoint
