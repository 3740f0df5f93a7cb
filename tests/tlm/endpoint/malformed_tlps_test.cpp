// SPDX-License-Identifier: Apache-2.0
// Whatever comes down, a function answers as the specification says and goes on.
#include "tests/tlm/endpoint/reset_bench.h"
#include "tests/tlm/pcie/random_tlp.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t buffer = 0x40'0000;

/// The function works, from its configuration to its DMA.
void expect_alive(reset_bench& b) {
    b.other->hold_credits = b.other->hold_reads = b.other->hold_translations = false;
    b.other->socket.set_link(false);  // forgets what the random writes have programmed
    b.other->socket.set_link(true);
    b.run(100_ms);
    b.start();
    b.describe(0, dma::op::write, buffer, 64, false, 0x1122'3344'5566'7788);
    b.ring(0);
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.memory32(buffer), 0x5566'7788u);
    const std::size_t before = b.completions().size();
    b.invalidate(1, buffer);
    EXPECT_EQ(b.completions().size(), before + 1);
    b.pool.check_no_leak();
}

void flood(reset_bench& b, std::string_view name, unsigned n) {
    base::rng r(21, name);
    for (unsigned i = 0; i < n; ++i) {
        auto t = pcie::random_tlp(r, b.pool);
        if (r.chance(1, 4)) t->requester = function_id;  // completions of the function's requests
        b.other->socket.send(std::move(t));
        if (i % 8 == 0) b.run(2_us);
        if (b.other->seen.size() > 10'000) b.other->seen.clear();
    }
    b.run(200_ms);
}

TEST(MalformedTlps, a_running_function_survives_random_tlps) {
    reset_bench b;
    b.start();
    flood(b, "operational", 20'000);
    for (const auto e : {pcie::error::malformed, pcie::error::unsupported_request,
                         pcie::error::unexpected_completion, pcie::error::poisoned})
        EXPECT_GT(b.dut->errors().count(e), 0u) << pcie::name_of(e);
    expect_alive(b);
}

void survives_in_flr(bool answers_config) {
    endpoint_config c;
    c.answer_config_in_flr = answers_config;
    c.flr_time = 10_s;
    reset_bench b(c);
    b.start();
    b.flr();
    flood(b, "flr", 5'000);
    EXPECT_TRUE(b.dut->in_reset());
    EXPECT_EQ(b.dut->errors().count(pcie::error::malformed), 0u);
    expect_alive(b);
}
TEST(MalformedTlps, a_function_in_FLR_survives_random_tlps_and_logs_none) {
    survives_in_flr(false);
}
TEST(MalformedTlps, so_does_one_that_answers_config_requests_in_FLR) { survives_in_flr(true); }

TEST(MalformedTlps, a_config_write_without_data_in_FLR_is_dropped) {
    endpoint_config c;
    c.answer_config_in_flr = true;
    reset_bench b(c);
    b.start();
    b.flr();
    auto t = b.config_request(4, true, 6);
    t->payload.reset();
    const std::size_t before = b.other->seen.size();
    b.send(std::move(t));
    EXPECT_EQ(b.other->seen.size(), before);
    b.run(100_ms);
    expect_alive(b);
}

TEST(MalformedTlps, a_pasid_prefix_at_a_function_that_takes_none_is_malformed) {
    endpoint_config c;
    c.image = pcie::config_image_builder({.vendor = 0x8086, .device = 0x0b25})
                  .bar(0, 64 * 1024)
                  .express({.prefixes = false})
                  .aer({})
                  .ats({})
                  .build();
    reset_bench b(c);
    b.config_write(0, 0);  // captures the bus number
    b.invalidate(1, buffer, 5);
    EXPECT_TRUE(b.completions().empty());
    EXPECT_EQ(b.dut->errors().count(pcie::error::malformed), 1u);
    b.invalidate(2, buffer);
    EXPECT_EQ(b.completions().size(), 1u);
}

TEST(MalformedTlps, a_poisoned_config_write_changes_nothing_and_is_UR) {
    reset_bench b;
    b.start();
    auto t = b.config_request(0x3c, true, 0x55);
    t->poisoned = true;
    b.send(std::move(t));
    EXPECT_EQ(b.last().status, pcie::cpl_status::unsupported_request);
    EXPECT_EQ(b.config_read(0x3c) & 0xff, 0u);
    EXPECT_EQ(b.dut->errors().count(pcie::error::poisoned), 1u);
}

TEST(MalformedTlps, a_poisoned_invalidate_is_not_trusted) {
    reset_bench b({}, true);
    b.start();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::msg_d);
    t->code = pcie::msg_code::invalidate_request;
    t->routing = pcie::msg_routing::by_id;
    t->target = function_id;
    t->length = 2;
    t->poisoned = true;
    b.pool.add_payload(*t);
    pcie::set_payload_word(*t, buffer);
    b.send(std::move(t));
    EXPECT_TRUE(b.completions().empty());
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 1u);
    EXPECT_EQ(b.dut->errors().count(pcie::error::poisoned), 1u);
}

TEST(MalformedTlps, locked_completions_answer_nothing) {
    reset_bench b;
    b.start();
    b.other->hold_reads = true;
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    ASSERT_EQ(b.other->held.size(), 1u);
    pcie::tlp_ptr t = b.make(pcie::tlp_type::cpl_locked);
    t->requester = function_id;
    t->tag = b.other->held[0]->tag;
    t->byte_count = 4;
    const std::size_t before = b.other->seen.size();
    b.send(std::move(t));
    EXPECT_EQ(b.dut->errors().count(pcie::error::unexpected_completion), 1u);
    EXPECT_EQ(b.other->seen.size(), before) << "a completion is never answered";
    b.other->hold_reads = false;
    b.other->answer_held();
    b.run();
    EXPECT_EQ(b.dut->transactions_pending(), 0u);
}

TEST(MalformedTlps, P_004_a_completion_that_ends_between_boundaries_is_malformed) {
    reset_bench b;
    b.start();
    b.disable_ats();
    b.other->hold_reads = true;
    for (unsigned i = 0; i < 4; ++i) b.describe(0, dma::op::nop, 0, 0);
    b.ring(0);
    ASSERT_EQ(b.other->held.size(), 1u);
    pcie::tlp_ptr t = b.make(pcie::tlp_type::cpl_d);  // 20 of 128 bytes of descriptors
    t->requester = function_id;
    t->tag = b.other->held[0]->tag;
    t->length = 5;
    t->byte_count = 128;
    b.pool.add_payload(*t);
    b.send(std::move(t));
    EXPECT_EQ(b.dut->errors().count(pcie::error::malformed), 1u);
    EXPECT_EQ(b.dut->transactions_pending(), 0u);
    EXPECT_EQ(b.head(0), 0u);
    EXPECT_EQ(b.status(0) >> 16, 1u) << "the queue cannot go on without its descriptors";
    b.other->held.clear();
    expect_alive(b);
}

TEST(MalformedTlps, more_invalidates_than_any_flow_control_allows_are_receiver_overflow) {
    reset_bench b;
    b.start();
    b.other->hold_reads = true;
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    for (unsigned i = 0; i < 200; ++i) b.invalidate(i % 32, 0x7fff'ffff'ffff'f800, {}, 1_ns);
    EXPECT_EQ(b.dut->errors().count(pcie::error::receiver_overflow), 200u - 32u - 128u);
    b.other->hold_reads = false;
    b.other->answer_held();
    b.run();
    EXPECT_FALSE(b.completions().empty());
    expect_alive(b);
}

TEST(MalformedTlps, P_022_old_hot_plug_messages_are_ignored) {
    reset_bench b;
    b.start();
    for (const unsigned code : {0x40u, 0x41u, 0x43u, 0x44u, 0x45u, 0x47u, 0x48u}) {
        pcie::tlp_ptr t = b.make(pcie::tlp_type::msg);
        t->code = static_cast<pcie::msg_code>(code);
        t->routing = pcie::msg_routing::local;
        b.send(std::move(t));
    }
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 0u);
}

// -- the header log ------------------------------------------------------------------------------

using log_words = std::array<std::uint32_t, 4>;

log_words header_log(reset_bench& b) {
    log_words w{};
    for (unsigned i = 0; i < 4; ++i)
        w[i] = b.config_read(static_cast<std::uint16_t>(b.at.aer + 0x1c + 4 * i));
    return w;
}

TEST(HeaderLog, P_091_a_malformed_write_is_logged_bit_by_bit) {
    reset_bench b;
    b.start();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mwr);
    t->requester = base::routing_id{0x1234};
    t->tag = 0x56;
    t->traffic_class = 3;
    t->no_snoop = true;
    t->address = bar0 + 0x18;
    t->length = 3;
    t->first_be = 0;  // of three DWs none may be empty
    t->last_be = 0xf;
    b.pool.add_payload(*t);
    b.send(std::move(t));
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.aer + 4)), 1u << 18);
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.aer + 0x18)) & 0x1f, 18u);
    // Fmt 010, TC 3, Attr[0], Length 3; requester, tag, Last BE 1111, First BE 0000; address.
    EXPECT_EQ(header_log(b), (log_words{0x4030'1003, 0x1234'56f0, 0x1000'0018, 0}));
}

TEST(HeaderLog, P_091_a_malformed_message_fills_all_four_words) {
    reset_bench b;
    b.start();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::msg);
    t->code = pcie::msg_code::err_cor;  // only in TC0
    t->requester = base::routing_id{0x0018};
    t->traffic_class = 5;
    t->address = 0x0102'0304'0506'0708;
    b.send(std::move(t));
    EXPECT_EQ(header_log(b), (log_words{0x3050'0000, 0x0018'0030, 0x0102'0304, 0x0506'0708}));
}

TEST(HeaderLog, P_091_P_095_an_injected_error_logs_its_TLP_and_a_second_one_does_not) {
    reset_bench b;
    b.start();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->requester = base::routing_id{0x0200};
    t->tag = 7;
    t->address = 0x1'2345'6780;
    t->length = 16;
    t->first_be = t->last_be = 0xf;
    b.dut->detect(pcie::error::ecrc, t.get(), false);
    const log_words first{0x2000'0010, 0x0200'07ff, 0x0000'0001, 0x2345'6780};
    EXPECT_EQ(header_log(b), first);
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.aer + 0x18)) & 0x1f, 19u);
    t->address = 0x8000;
    b.dut->detect(pcie::error::malformed, t.get(), false);
    EXPECT_EQ(header_log(b), first);
}

}  // namespace
}  // namespace drydock::endpoint
