// SPDX-License-Identifier: Apache-2.0
// PCIe PRI: registers of the capability, PRG Responses and what they stop.
#include "tlm/endpoint/page_requester.h"

#include <array>
#include <utility>
#include <vector>

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

/// A physical function and two virtual ones around one interface.
struct shared_bench {
    struct function final : page_function {
        explicit function(std::uint16_t n) : rid{n} {}
        base::routing_id id() const override { return rid; }
        std::size_t message_room() override { return room; }
        void send_message(pcie::tlp_ptr t) override { sent.push_back(std::move(t)); }
        void page_answered(std::uint32_t waiter, bool success) override {
            answers.emplace_back(waiter, success);
        }
        void page_note(std::string_view) override {}
        unsigned index(std::size_t n) const {
            return pcie::page_request_fields::decode(sent.at(n)->address).group;
        }
        base::routing_id rid;
        std::size_t room = 16;
        std::vector<pcie::tlp_ptr> sent;
        std::vector<std::pair<std::uint32_t, bool>> answers;
    };

    shared_bench() : space(page_bench::with_image({}, false).image) {
        users[1] = interface.add_user(vf1);
        users[2] = interface.add_user(vf2);
        set(4, 2, 1);
        set(0xc, 4, 4);
    }
    void set(unsigned reg, unsigned size, std::uint32_t v) {
        space.write(static_cast<std::uint16_t>(space.pri().at + reg), size, v);
        interface.config_written();
    }
    void go() { ctx.timeline.run(ctx.now() + 1_us); }
    bool respond(unsigned user, unsigned code, unsigned index) {
        pcie::tlp_ptr t = pool.make();
        t->address = pcie::encode_prg_response(static_cast<std::uint8_t>(code),
                                               static_cast<std::uint16_t>(index));
        return interface.receive_response(*t, users[user]);
    }
    bool ask(unsigned user, unsigned waiter, std::uint64_t at) {
        return interface.ask(users[user], waiter, {}, base::iova{at}, false);
    }
    unsigned status() { return space.pri().status() & 3; }

    base::context ctx{1};
    pcie::tlp_pool pool;
    pcie::config_space space;
    function pf{0x100}, vf1{0x101}, vf2{0x102};
    page_requester interface { "pri", ctx, ctx.probe.place("pri"), space, {}, 8, pool, pf };
    std::array<std::uint32_t, 3> users{};
};

TEST(SharedPri, P_070_each_function_asks_by_its_own_ID_and_is_answered_itself) {
    shared_bench b;
    ASSERT_TRUE(b.ask(0, 3, page));
    ASSERT_TRUE(b.ask(1, 3, page)) << "the same page, of another function";
    b.go();
    ASSERT_EQ(b.pf.sent.size(), 1u);
    ASSERT_EQ(b.vf1.sent.size(), 1u);
    EXPECT_EQ(b.vf1.sent[0]->requester.value, 0x101);
    EXPECT_NE(b.pf.index(0), b.vf1.index(0)) << "one set of indices";
    b.respond(1, 0, b.vf1.index(0));
    EXPECT_EQ(b.vf1.answers, (std::vector<std::pair<std::uint32_t, bool>>{{3, true}}));
    EXPECT_TRUE(b.pf.answers.empty());
}

TEST(SharedPri, P_072_the_allocation_is_that_of_all_together) {
    shared_bench b;
    for (unsigned w = 0; w < 3; ++w) {
        b.ask(1, w, page + w * 0x1000);
        b.ask(2, w, page + w * 0x1000);
    }
    b.go();
    EXPECT_EQ(b.vf1.sent.size() + b.vf2.sent.size(), 4u);
    EXPECT_EQ(b.interface.outstanding(), 4u);
    const std::size_t of_vf1 = b.vf1.sent.size();
    b.respond(1, 0, b.vf1.index(0));  // all of its group
    EXPECT_GT(b.vf1.sent.size() + b.vf2.sent.size(), 4u);
    EXPECT_LE(b.interface.outstanding(), 4u);
    EXPECT_GE(of_vf1, 1u);
}

TEST(SharedPri, P_074_an_index_of_another_function_is_not_in_flight) {
    shared_bench b;
    b.ask(1, 0, page);
    b.go();
    b.respond(2, 0, b.vf1.index(0));
    EXPECT_EQ(b.status(), pcie::pri_view::unexpected_index);
    EXPECT_TRUE(b.vf1.answers.empty());
}

TEST(SharedPri, P_075_a_failure_of_one_stops_all) {
    shared_bench b;
    b.ask(1, 0, page);
    b.ask(2, 5, page);
    b.go();
    b.respond(1, 0xf, b.vf1.index(0));
    EXPECT_EQ(b.status(), pcie::pri_view::response_failure);
    EXPECT_EQ(b.vf2.answers, (std::vector<std::pair<std::uint32_t, bool>>{{5, false}}));
    EXPECT_FALSE(b.ask(0, 0, page));
}

TEST(SharedPri, P_073_Stopped_waits_for_the_answers_of_all) {
    shared_bench b;
    b.ask(0, 0, page);
    b.ask(1, 0, page);
    b.go();
    b.set(4, 2, 0);
    b.respond(0, 0, b.pf.index(0));
    EXPECT_FALSE(b.space.pri().stopped());
    b.respond(1, 0, b.vf1.index(0));
    EXPECT_TRUE(b.space.pri().stopped());
}

TEST(SharedPri, P_179_a_virtual_function_that_is_reset_leaves_the_others_alone) {
    shared_bench b;
    b.ask(1, 0, page);
    b.ask(2, 0, page);
    b.go();
    b.interface.leave(b.users[1], false);
    EXPECT_EQ(b.interface.outstanding(), 2u) << "its group is open until it is answered";
    b.respond(1, 0, b.vf1.index(0));
    EXPECT_EQ(b.status(), 0u) << "an answer to nobody, not an unexpected one";
    EXPECT_TRUE(b.vf1.answers.empty());
    b.respond(2, 0, b.vf2.index(0));
    EXPECT_EQ(b.vf2.answers.size(), 1u);
    EXPECT_EQ(b.interface.outstanding(), 0u);
}

TEST(SharedPri, P_178_of_a_virtual_function_that_is_gone_nothing_is_outstanding) {
    shared_bench b;
    for (unsigned w = 0; w < 4; ++w) b.ask(1, w, page + w * 0x1000);
    b.go();
    b.ask(2, 0, page);
    b.go();
    EXPECT_TRUE(b.vf2.sent.empty()) << "the allocation is used up";
    b.interface.leave(b.users[1], true);
    EXPECT_EQ(b.vf2.sent.size(), 1u);
    EXPECT_EQ(b.interface.outstanding(), 1u);
}

}  // namespace
}  // namespace drydock::endpoint
