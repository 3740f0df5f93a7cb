// SPDX-License-Identifier: Apache-2.0
// PCIe: FLR and link down.
#include <set>

#include "tests/tlm/endpoint/reset_bench.h"
#include "tlm/pcie/vf_image.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t buffer = 0x40'0000;
constexpr std::uint16_t flr_bit = 0x8000;

TEST(EndpointReset, P_132_FLR_keeps_MPS_and_bus_number_and_clears_the_rest) {
    reset_bench b;
    b.start();
    b.set_vector(1, 0x808'0040, 5);
    b.flr();
    auto& space = b.dut->config_space();
    EXPECT_EQ(space.device_control().max_payload, 256u);
    EXPECT_EQ(b.dut->routing_id(), function_id);
    EXPECT_EQ(space.bar(0)->address, 0u);
    EXPECT_FALSE(space.command().bus_master);
    EXPECT_FALSE(space.msix().enabled());
    EXPECT_FALSE(space.ats().enabled());
    EXPECT_EQ(space.ats().stu(), 0u);
    EXPECT_FALSE(space.device_control().nonfatal_reporting);
    b.run(100_ms);
    b.enable();
    EXPECT_EQ(b.read32(bar0 + msix_table_at + 16 + 8), 0u);
    EXPECT_EQ(b.read32(bar0 + msix_table_at + 16 + 12), 1u) << "masked";
    EXPECT_EQ(b.read32(b.queue_register(0, dma::ring_low)), 0u);
}

TEST(EndpointReset, the_FLR_write_itself_is_answered) {
    reset_bench b;
    b.start();
    b.flr();
    EXPECT_TRUE(b.last().is(pcie::tlp_type::cpl));
    EXPECT_EQ(b.last().status, pcie::cpl_status::success);
}

TEST(EndpointReset, P_133_config_read_100_ms_after_FLR_succeeds) {
    reset_bench b;
    b.start();
    b.other->socket.send(
        b.config_request(static_cast<std::uint16_t>(b.at.express + 8), true, 0x212f | flr_bit, 3));
    b.run(100_ms);
    EXPECT_EQ(b.config_status(), pcie::cpl_status::success);
}

TEST(EndpointReset, P_131_config_read_before_ready_is_RRS) {
    reset_bench b;
    b.start();
    b.flr();
    b.run(50_ms);
    EXPECT_EQ(b.config_status(), pcie::cpl_status::request_retry);
    EXPECT_TRUE(b.last().data.empty());
    b.run(60_ms);
    EXPECT_EQ(b.config_status(), pcie::cpl_status::success);
}

/// A function that can be reset as CXL says, by Initiate CXL Reset[2] of control 2.
struct cxl_bench : reset_bench {
    static endpoint_config with_cxl(base::ps reset_time) {
        endpoint_config c;
        c.image = generic_image();
        pcie::graft_extended(c.image, pcie::config_image_builder({}).cxl_device({}).build());
        c.cxl_reset_time = reset_time;
        return c;
    }
    explicit cxl_bench(base::ps reset_time = 50_ms) : reset_bench(with_cxl(reset_time)) { start(); }
    std::uint16_t control() { return static_cast<std::uint16_t>(space().at + 0x10); }
    pcie::cxl_device_view space() { return dut->config_space().cxl_device(); }
    void write(std::uint32_t bits) { other->socket.send(config_request(control(), true, bits, 3)); }
};

TEST(EndpointReset, a_CXL_reset_is_a_reset_of_the_function_and_tells_its_end) {
    cxl_bench b;
    b.write(4);
    b.run(10_ms);
    EXPECT_EQ(b.config_status(), pcie::cpl_status::request_retry);
    EXPECT_FALSE(b.dut->config_space().ats().enabled());
    EXPECT_EQ(b.space().status() & 2, 0u);
    b.run(50_ms);
    EXPECT_EQ(b.config_status(), pcie::cpl_status::success);
    EXPECT_EQ(b.space().status(), 2u);  // reset complete
    EXPECT_FALSE(b.dut->config_space().command().bus_master);
    b.write(4);
    b.run(10_ms);
    EXPECT_EQ(b.space().status(), 0u) << "of the reset before";
}

TEST(EndpointReset, a_CXL_reset_that_takes_longer_than_the_capability_says_is_an_error) {
    cxl_bench b(150_ms);  // Timeout: 100 ms
    b.write(4);
    b.run(200_ms);
    EXPECT_EQ(b.space().status(), 4u);
}

TEST(EndpointReset, a_CXL_write_back_is_done_at_once_and_resets_nothing) {
    cxl_bench b;
    b.write(2);
    b.run(1_us);
    EXPECT_EQ(b.space().status(), 1u);
    EXPECT_TRUE(b.dut->config_space().ats().enabled());
}

TEST(EndpointReset, config_may_be_answered_during_FLR) {
    endpoint_config c;
    c.answer_config_in_flr = true;
    reset_bench b(c);
    b.start();
    b.flr();
    EXPECT_EQ(b.config_status(), pcie::cpl_status::success);
    EXPECT_TRUE(b.dut->in_reset());
}

TEST(EndpointReset, flr_time_is_a_parameter) {
    endpoint_config c;
    c.flr_time = 3_ms;
    reset_bench b(c);
    b.start();
    b.flr();
    b.run(2_ms);
    EXPECT_TRUE(b.dut->in_reset());
    b.run(1_ms);
    EXPECT_FALSE(b.dut->in_reset());
}

TEST(EndpointReset, P_055_invalidate_during_FLR_gets_no_answer) {
    reset_bench b({}, true);
    b.start();
    b.flr();
    b.invalidate(4, buffer, {}, 10_ms);
    EXPECT_TRUE(b.completions().empty());
    ASSERT_EQ(b.log.count(base::kind::invalidate_ignored), 1u);
    b.run(100_ms);
    EXPECT_TRUE(b.completions().empty());
    b.invalidate(5, buffer);
    EXPECT_EQ(b.completions().size(), 1u) << "ready again, ATS Enable = 0: at once";
}

TEST(EndpointReset, P_055_invalidates_that_lie_in_the_function_die_with_it) {
    reset_bench b({}, true);
    b.start();
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0, 200_ns);
    b.other->hold_reads = true;
    b.run();
    ASSERT_EQ(b.other->held.size(), 1u);
    b.invalidate(4, buffer);
    EXPECT_TRUE(b.completions().empty()) << "drains";
    b.flr();
    b.other->answer_held();
    b.run(200_ms);
    EXPECT_TRUE(b.completions().empty());
    EXPECT_EQ(b.log.count(base::kind::invalidate_ignored), 1u);
}

TEST(EndpointReset, FLR_empties_the_ATC) {
    reset_bench b;
    b.start();
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    const std::size_t asked = b.translation_requests().size();
    EXPECT_EQ(asked, 2u);
    b.flr();
    b.run(100_ms);
    b.start();
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    EXPECT_EQ(b.translation_requests().size(), asked + 2);
    EXPECT_EQ(b.head(0), 1u);
}

TEST(EndpointReset, P_134_completions_to_a_function_in_FLR_are_dropped) {
    reset_bench b;
    b.start();
    b.describe(0, dma::op::read, buffer, 64);
    b.ring(0);
    b.other->hold_translations = b.other->hold_reads = true;
    b.describe(0, dma::op::read, buffer + 0x1000, 64);
    b.ring(0);
    ASSERT_FALSE(b.other->held.empty());
    b.flr();
    EXPECT_EQ(b.dut->transactions_pending(), 0u);
    b.other->answer_held();
    b.run();
    EXPECT_EQ(b.dut->errors().count(pcie::error::unexpected_completion), 0u);
    b.run(100_ms);
    EXPECT_EQ(b.dut->errors().count(pcie::error::unexpected_completion), 0u);
}

TEST(EndpointReset, tags_of_before_an_FLR_are_not_reused_until_they_are_done) {
    endpoint_config c;
    c.flr_time = 1_ms;
    reset_bench b(c);
    b.start();
    b.other->hold_reads = true;
    b.disable_ats();
    b.describe(0, dma::op::nop, 0, 0);
    b.ring(0);
    ASSERT_EQ(b.other->held.size(), 1u);
    const std::uint16_t old = b.other->held[0]->tag;
    b.flr();
    b.run(1_ms);
    b.enable();
    b.other->hold_reads = false;
    b.setup(0, {});
    std::set<std::uint16_t> used;
    const std::size_t before = b.reads().size();
    for (unsigned round = 0; round < 20; ++round) {
        for (unsigned i = 0; i < 16; ++i) b.describe(0, dma::op::read, buffer, 8);
        b.ring(0);
    }
    const auto reads = b.reads();
    for (std::size_t i = before; i < reads.size(); ++i) used.insert(reads[i].tag);
    EXPECT_GT(used.size(), 200u);
    EXPECT_EQ(used.count(old), 0u);
    b.other->answer_held();
    b.run();
    EXPECT_EQ(b.dut->errors().count(pcie::error::unexpected_completion), 1u);
    EXPECT_EQ(b.head(0), 320u);
}

TEST(EndpointReset, transactions_pending_reads_0_when_all_is_back) {
    reset_bench b;
    b.start();
    b.disable_ats();
    b.other->hold_reads = true;
    b.describe(0, dma::op::nop, 0, 0);
    b.ring(0);
    EXPECT_NE(b.config_read(b.at.express + 8) & (0x20u << 16), 0u);
    b.other->answer_held();
    b.run();
    EXPECT_EQ(b.config_read(b.at.express + 8) & (0x20u << 16), 0u);
}

TEST(EndpointReset, function_in_FLR_issues_nothing) {
    reset_bench b;
    b.start();
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 30; ++i) b.describe(0, dma::op::write, buffer + 8 * i, 8);
    b.ring(0);
    const std::size_t out = b.writes().size();
    EXPECT_EQ(out, 8u);
    b.flr();
    b.other->give_back_withheld();
    b.run(200_ms);
    EXPECT_EQ(b.writes().size(), out);
    b.pool.check_no_leak();
}

TEST(EndpointReset, memory_requests_in_FLR_are_UR_without_being_logged) {
    reset_bench b;
    b.start();
    b.flr();
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = bar0;
    t->length = 1;
    t->first_be = 0xf;
    b.send(std::move(t));
    EXPECT_EQ(b.last().status, pcie::cpl_status::unsupported_request);
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 0u);
}

TEST(EndpointReset, states_are_told) {
    reset_bench b({}, true);
    b.start();
    b.flr();
    b.run(100_ms);
    std::vector<std::string> states;
    for (const auto& e : b.log.seen)
        if (e.what == base::kind::function_state) states.push_back(b.ctx.probe.text_of(e.b));
    EXPECT_EQ(states, (std::vector<std::string>{"flr", "ready"}));
}

TEST(EndpointReset, P_135_D3hot_refuses_memory_and_D0_without_soft_reset_keeps_BARs) {
    reset_bench b;
    b.start();
    b.config_write(b.at.power + 4, 3, 1);
    pcie::tlp_ptr t = b.make(pcie::tlp_type::mrd);
    t->address = bar0;
    t->length = 1;
    t->first_be = 0xf;
    b.send(std::move(t));
    EXPECT_EQ(b.last().status, pcie::cpl_status::unsupported_request);
    EXPECT_EQ(b.config_status(), pcie::cpl_status::success);
    b.config_write(b.at.power + 4, 0, 1);
    EXPECT_EQ(b.read32(bar0), dma::id_value);
}

}  // namespace
}  // namespace drydock::endpoint
