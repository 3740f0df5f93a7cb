// SPDX-License-Identifier: Apache-2.0
// PCIe PRI: registers of the capability, PRG Responses and what they stop.
#include "tlm/endpoint/page_requester.h"

#include "tests/tlm/endpoint/page_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t page = 0x7f00'1234'5000;

TEST(PageRequester, P_074_a_response_for_an_index_that_is_not_in_flight_sets_UPRGI) {
    page_bench b;
    b.begin();
    b.respond(0, 3);
    EXPECT_EQ(b.pri_status(), pcie::pri_view::unexpected_index);
    b.clear_status(pcie::pri_view::unexpected_index);
    EXPECT_EQ(b.pri_status(), 0);
}

TEST(PageRequester, P_074_after_an_unexpected_index_nothing_is_sent_until_UPRGI_is_cleared) {
    page_bench b;
    b.begin();
    b.respond(0, 3);
    b.read(page);
    b.go();
    EXPECT_TRUE(b.page_requests().empty());
    EXPECT_EQ(b.head(0), 0u);
    b.clear_status(pcie::pri_view::unexpected_index);
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.map(page);
    b.respond(0, b.index_of(0));
    EXPECT_EQ(b.head(0), 1u);
}

TEST(PageRequester, P_075_P_076_failure_and_the_unused_codes_set_RF_and_stop_the_interface) {
    page_bench b;
    b.begin(1);
    unsigned failed = 0;
    std::size_t sent = 0;
    for (const unsigned code : {0xfu, 0x2u, 0x7u, 0xeu}) {
        b.read(page);
        b.read(page + 4096);
        b.go();
        ASSERT_EQ(b.page_requests().size(), ++sent);
        b.respond(code, b.index_of(sent - 1));
        EXPECT_EQ(b.pri_status(), pcie::pri_view::response_failure) << code;
        EXPECT_EQ(b.failed(), failed += 2) << "the one that waited for its turn fails too";
        b.clear_status(pcie::pri_view::response_failure);
        b.read(page);
        b.go();
        EXPECT_EQ(b.page_requests().size(), sent) << "no further request";
        EXPECT_EQ(b.failed(), ++failed);
        b.set_pri(false);
        b.set_pri(true);
    }
}

TEST(PageRequester, P_075_after_a_failure_responses_are_ignored_until_PRI_is_enabled_anew) {
    page_bench b;
    b.begin();
    b.respond(0xf, 0);
    b.clear_status(pcie::pri_view::response_failure);
    b.respond(0xf, 0);
    b.respond(0, 9);
    EXPECT_EQ(b.pri_status(), 0) << "neither RF nor UPRGI again";
    b.set_pri(false);
    b.set_pri(true);
    b.read(page);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.map(page);
    b.respond(0, b.index_of(0));
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.failed(), 0u);
}

TEST(PageRequester, P_073_a_disabled_interface_stops_when_its_last_group_is_answered) {
    page_bench b;
    EXPECT_TRUE(b.stopped());
    b.begin(1);
    EXPECT_FALSE(b.stopped());
    b.read(page);
    b.read(page + 4096);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.set_pri(false);
    EXPECT_FALSE(b.stopped());
    b.map(page);
    b.respond(0, b.index_of(0));
    EXPECT_TRUE(b.stopped());
    EXPECT_EQ(b.page_requests().size(), 1u) << "what had not been sent is not sent any more";
    EXPECT_EQ(b.head(0), 2u);
    EXPECT_EQ(b.failed(), 1u) << "the answered one is done, the other has no access";
}

TEST(PageRequester, P_080_PRI_Reset_returns_the_allocation_and_leaves_RF) {
    page_bench b;
    b.begin(1);
    b.respond(0xf, 0);
    b.set_pri(false);
    b.set_pri(true);
    EXPECT_EQ(b.pri_status(), pcie::pri_view::response_failure) << "RF does not block enabling";
    b.read(page);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.reset_pri();  // this write clears Enable too
    EXPECT_TRUE(b.stopped());
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.pri + 4)) & 3, 0u) << "reads 0";
    EXPECT_EQ(b.pri_status(), pcie::pri_view::response_failure);
    EXPECT_EQ(b.failed(), 1u);
    b.set_pri(true);
    b.read(page);
    b.go();
    EXPECT_EQ(b.page_requests().size(), 2u) << "the allocation of one is free again";
    b.clear_status(pcie::pri_view::response_failure);
    EXPECT_EQ(b.pri_status(), 0);
}

TEST(PageRequester, P_080_PRI_Reset_while_enabled_does_nothing) {
    page_bench b;
    b.begin(1);
    b.read(page);
    b.go();
    b.config_write(static_cast<std::uint16_t>(b.at.pri + 4), 3, 3);
    EXPECT_FALSE(b.stopped());
    EXPECT_EQ(b.dut->pages().outstanding(), 1u);
    b.map(page);
    b.respond(0, b.index_of(0));
    EXPECT_EQ(b.pri_status(), 0);
    EXPECT_EQ(b.failed(), 0u);
}

TEST(PageRequester, P_079_success_for_a_PASID_needs_the_PASID_where_it_is_required) {
    page_bench b({}, true);
    b.begin(4, 7);
    b.read(page);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    ASSERT_TRUE(b.page_requests()[0].pasid);
    EXPECT_EQ(b.page_requests()[0].pasid->pasid.value, 7u);
    event_log notes;
    b.ctx.probe.subscribe(notes, base::kind::error_logged);
    b.map(page);
    b.respond(0, b.index_of(0));
    b.respond(1, b.index_of(0), 8);
    EXPECT_EQ(notes.count(base::kind::error_logged), 2u);
    EXPECT_EQ(b.head(0), 0u) << "the group stays open";
    EXPECT_EQ(b.pri_status(), 0);
    b.respond(0, b.index_of(0), 7);
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.failed(), 0u);
    b.ctx.probe.unsubscribe(notes);
}

TEST(PageRequester, P_079_P_193_a_failure_without_PASID_is_obeyed_and_leaves_no_group_open) {
    page_bench b({}, true);
    b.begin(4, 7);
    b.read(page);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.respond(0xf, b.index_of(0));
    EXPECT_EQ(b.pri_status(), pcie::pri_view::response_failure);
    EXPECT_EQ(b.dut->pages().outstanding(), 0u);
    EXPECT_EQ(b.failed(), 1u);
    b.set_pri(false);
    EXPECT_TRUE(b.stopped());
}

TEST(PageRequester, P_193_a_failure_is_obeyed_while_PRI_is_disabled) {
    page_bench b;
    b.enable();
    b.respond(0xf, 0);
    EXPECT_EQ(b.pri_status(), pcie::pri_view::response_failure);
    EXPECT_EQ(b.dut->errors().count(pcie::error::unsupported_request), 0u);
}

TEST(PageRequester, an_FLR_forgets_what_was_asked_for) {
    page_bench b({}, false, true);
    b.begin();
    b.read(page);
    b.go();
    const unsigned index = b.index_of(0);
    b.set_device_control(0x212f | 0x8000);
    b.run(101_ms);
    EXPECT_TRUE(b.stopped());
    EXPECT_EQ(b.dut->pages().outstanding(), 0u);
    EXPECT_EQ(b.log.count(base::kind::span_begin), b.log.count(base::kind::span_end));
    b.begin();
    b.respond(0, index);
    EXPECT_EQ(b.pri_status(), pcie::pri_view::unexpected_index) << "of before the reset";
}

TEST(PageRequester, allocation_is_at_most_the_capacity_and_0_asks_for_nothing) {
    page_bench b;
    b.begin(1000);
    EXPECT_EQ(b.config_read(static_cast<std::uint16_t>(b.at.pri + 0xc)), 64u);
    b.allocate(0);
    b.read(page);
    b.go();
    EXPECT_TRUE(b.page_requests().empty());
    EXPECT_EQ(b.failed(), 1u);
}

}  // namespace
}  // namespace drydock::endpoint
