// SPDX-License-Identifier: Apache-2.0
// PCIe: PRG Responses to a function that asks for no pages, and the registers that tell of them.
#include "tlm/endpoint/page_requester.h"

#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {
namespace {

struct pri_bench : endpoint_bench {
    pri_bench() { enable(); }
    void respond(unsigned code, unsigned index) {
        pcie::tlp_ptr t = make(pcie::tlp_type::msg);
        t->code = pcie::msg_code::prg_response;
        t->routing = pcie::msg_routing::by_id;
        t->target = function_id;
        t->address = std::uint64_t{code} << 44 | std::uint64_t{index} << 32;
        send(std::move(t));
    }
    std::uint16_t pri_status() { return dut->config_space().pri().status() & 3; }
    void set_enable(bool on) {
        config_write(static_cast<std::uint16_t>(at.pri + 4), on ? 1 : 0, 3);
    }
};

TEST(PageRequester, P_074_a_response_for_an_index_that_is_not_in_flight_sets_UPRGI) {
    pri_bench b;
    b.set_enable(true);
    b.respond(0, 3);
    EXPECT_EQ(b.pri_status(), pcie::pri_view::unexpected_index);
    b.config_write(static_cast<std::uint16_t>(b.at.pri + 6), pcie::pri_view::unexpected_index, 3);
    EXPECT_EQ(b.pri_status(), 0);
}

TEST(PageRequester, P_075_P_076_failure_and_the_unused_codes_set_RF) {
    pri_bench b;
    b.set_enable(true);
    for (const unsigned code : {0xfu, 0x7u}) {
        b.respond(code, 0x1a5);
        EXPECT_EQ(b.pri_status(), pcie::pri_view::response_failure) << code;
        b.config_write(static_cast<std::uint16_t>(b.at.pri + 6), 1, 3);
        EXPECT_EQ(b.pri_status(), 0);
    }
}

TEST(PageRequester, P_073_enable_1_to_0_stops_at_once_since_nothing_is_outstanding) {
    pri_bench b;
    EXPECT_TRUE(b.dut->config_space().pri().stopped());
    b.set_enable(true);
    EXPECT_FALSE(b.dut->config_space().pri().stopped());
    b.set_enable(false);
    EXPECT_TRUE(b.dut->config_space().pri().stopped());
}

TEST(PageRequester, P_193_a_failure_without_PASID_is_obeyed_while_PRI_is_disabled) {
    pri_bench b;
    b.respond(0xf, 0);
    EXPECT_EQ(b.pri_status(), pcie::pri_view::response_failure);
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 0u);
}

}  // namespace
}  // namespace drydock::endpoint
