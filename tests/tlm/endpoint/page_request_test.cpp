// SPDX-License-Identifier: Apache-2.0
// PCIe PRI: how DMA that meets a page without access asks for it and goes on.
#include "tests/tlm/endpoint/page_bench.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t page = 0x7f00'1234'5000;

TEST(PageRequest, P_070_names_page_index_and_right) {
    page_bench b;
    b.begin();
    b.read(page + 0x80);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    const seen_tlp t = b.page_requests()[0];
    EXPECT_EQ(t.address, page | b.index_of(0) << 3 | 0b101u);
    EXPECT_EQ(t.requester, function_id);
    EXPECT_EQ(t.type, pcie::tlp_type::msg);
    EXPECT_FALSE(t.pasid);
}

TEST(PageRequest, P_077_after_success_the_page_is_translated_anew_and_the_read_goes_out) {
    page_bench b;
    b.begin();
    b.read(page);
    b.go();
    EXPECT_EQ(b.head(0), 0u);
    const std::size_t asked = b.translation_requests().size();
    b.map(page, false);
    b.respond(0, b.index_of(0));
    ASSERT_EQ(b.translation_requests().size(), asked + 1);
    EXPECT_EQ(b.translation_requests().back().address & ~0xfffull, page);
    EXPECT_EQ(b.reads().back().address, page + moved);
    EXPECT_EQ(b.reads().back().at, base::address_type::translated);
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.failed(), 0u);
}

TEST(PageRequest, P_077_a_write_to_a_page_that_may_only_be_read_asks_for_write) {
    page_bench b;
    b.map(page, false);
    b.begin();
    b.write(page);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    EXPECT_TRUE(b.fields(b.page_requests()[0]).write);
    EXPECT_TRUE(b.writes().empty());
    b.map(page);
    b.respond(0, b.index_of(0));
    ASSERT_EQ(b.writes().size(), 1u);
    EXPECT_EQ(b.memory32(page + moved), 0x55u);
    EXPECT_EQ(b.failed(), 0u);
}

TEST(PageRequest, an_invalid_request_ends_the_descriptor_without_access) {
    page_bench b;
    b.begin();
    b.read(page);
    b.go();
    const std::size_t asked = b.translation_requests().size();
    b.respond(1, b.index_of(0));
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.failed(), 1u);
    EXPECT_EQ(b.dut->engine().queue(0).worst, dma::outcome::no_access);
    EXPECT_EQ(b.translation_requests().size(), asked);
    EXPECT_EQ(b.pri_status(), 0);
    b.map(page);
    b.read(page);
    b.go();
    EXPECT_EQ(b.failed(), 1u) << "the interface goes on";
}

TEST(PageRequest, without_PRI_a_page_without_access_ends_the_descriptor_at_once) {
    page_bench b;
    b.enable();
    b.enable_ats();
    b.allocate(8);
    b.setup(0, {});
    b.read(page);
    b.go();
    EXPECT_TRUE(b.page_requests().empty());
    EXPECT_EQ(b.failed(), 1u);
}

TEST(PageRequest, success_without_the_page_is_asked_again_a_bounded_number_of_times) {
    endpoint_config c;
    c.dma.page_tries = 3;
    page_bench b(c);
    b.begin();
    b.read(page);
    b.go();
    for (std::size_t n = 0; n < 3; ++n) {
        ASSERT_EQ(b.page_requests().size(), n + 1);
        EXPECT_EQ(b.head(0), 0u);
        b.respond(0, b.index_of(n));
    }
    EXPECT_EQ(b.page_requests().size(), 3u);
    EXPECT_EQ(b.head(0), 1u);
    EXPECT_EQ(b.dut->engine().queue(0).worst, dma::outcome::no_access);
}

TEST(PageRequest, pages_asked_for_together_share_a_group_that_the_last_one_ends) {
    page_bench b;
    b.begin();
    for (unsigned i = 0; i < 4; ++i) b.read(page + 4096 * i);
    b.go();
    const auto sent = b.page_requests();
    ASSERT_EQ(sent.size(), 4u);
    for (unsigned i = 0; i < 4; ++i) {
        EXPECT_EQ(b.fields(sent[i]).page, page + 4096 * i);
        EXPECT_EQ(b.index_of(i), b.index_of(0));
        EXPECT_EQ(b.fields(sent[i]).last, i == 3);
    }
    for (unsigned i = 0; i < 4; ++i) b.map(page + 4096 * i);
    b.respond(0, b.index_of(0));
    EXPECT_EQ(b.head(0), 4u);
    EXPECT_EQ(b.failed(), 0u);
    EXPECT_EQ(b.dut->pages().outstanding(), 0u);
}

TEST(PageRequest, a_group_is_never_larger_than_it_may_be) {
    endpoint_config c;
    c.pages.group_pages = 3;
    page_bench b(c);
    b.begin();
    for (unsigned i = 0; i < 7; ++i) b.read(page + 4096 * i);
    b.go();
    const auto sent = b.page_requests();
    ASSERT_EQ(sent.size(), 7u);
    std::map<unsigned, unsigned> pages_of;
    for (std::size_t i = 0; i < 7; ++i) ++pages_of[b.index_of(i)];
    EXPECT_EQ(pages_of.size(), 3u);
    for (const auto& [group, n] : pages_of) EXPECT_LE(n, 3u);
}

TEST(PageRequest, several_accesses_to_one_page_make_one_request) {
    page_bench b;
    b.begin();
    for (unsigned i = 0; i < 5; ++i) b.read(page + 64 * i);
    b.go();
    EXPECT_EQ(b.page_requests().size(), 1u);
    b.map(page);
    b.respond(0, b.index_of(0));
    EXPECT_EQ(b.head(0), 5u);
    EXPECT_EQ(b.failed(), 0u);
}

TEST(PageRequest, P_072_no_more_than_the_allocation_is_ever_outstanding) {
    endpoint_config c;
    c.pages.group_pages = 1;
    page_bench b(c);
    b.begin(2);
    for (unsigned i = 0; i < 3; ++i) {
        b.map(page + 4096 * i, false);
        b.present.clear();
        b.read(page + 4096 * i);
    }
    b.go(100_us);
    ASSERT_EQ(b.page_requests().size(), 2u);
    EXPECT_EQ(b.dut->pages().outstanding(), 2u);
    b.respond(1, b.index_of(1));
    ASSERT_EQ(b.page_requests().size(), 3u);
    EXPECT_EQ(b.fields(b.page_requests()[2]).page, page + 8192);
    b.respond(1, b.index_of(0));
    b.respond(1, b.index_of(2));
    EXPECT_EQ(b.dut->pages().outstanding(), 0u);
    EXPECT_EQ(b.head(0), 3u);
}

TEST(PageRequest, P_072_a_group_takes_no_more_than_what_is_left_of_the_allocation) {
    page_bench b;
    b.begin(3);
    for (unsigned i = 0; i < 5; ++i) b.read(page + 4096 * i);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 3u);
    EXPECT_TRUE(b.fields(b.page_requests()[2]).last);
    b.allocate(4);
    ASSERT_EQ(b.page_requests().size(), 4u) << "a larger allocation lets more go";
    EXPECT_NE(b.index_of(3), b.index_of(0));
    b.respond(1, b.index_of(0));
    EXPECT_EQ(b.page_requests().size(), 5u);
}

TEST(PageRequest, P_072_an_allocation_below_what_is_outstanding_lets_nothing_more_go) {
    page_bench b;
    b.begin(8);
    for (unsigned i = 0; i < 3; ++i) b.read(page + 4096 * i);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 3u);
    b.allocate(2);
    b.read(page + 0x10000);
    b.go();
    EXPECT_EQ(b.page_requests().size(), 3u);
    b.respond(1, b.index_of(0));
    EXPECT_EQ(b.page_requests().size(), 4u);
}

TEST(PageRequest, P_081_requests_go_out_while_bus_master_enable_is_0) {
    page_bench b;
    b.begin(1);
    b.read(page);
    b.read(page + 4096);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.config_write(0x04, 0x0002, 3);
    b.map(page);
    const std::size_t before = b.other->seen.size();
    b.respond(0, b.index_of(0));
    ASSERT_EQ(b.page_requests().size(), 2u);
    for (std::size_t i = before; i < b.other->seen.size(); ++i)
        EXPECT_NE(b.other->seen[i].type, pcie::tlp_type::mrd) << "no memory request";
    b.map(page + 4096);
    b.respond(0, b.index_of(1));
    b.config_write(0x04, 0x0006, 3);
    b.run(20_us);
    EXPECT_EQ(b.head(0), 2u);
    EXPECT_EQ(b.failed(), 0u);
}

TEST(PageRequest, P_058_waiting_for_a_page_holds_no_invalidate_up) {
    page_bench b;
    b.begin();
    b.read(page);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.invalidate(4, page);
    ASSERT_EQ(b.completions().size(), 1u);
    EXPECT_EQ(b.head(0), 0u);
}

TEST(PageRequest, P_078_a_stopped_PASID_is_told_by_a_marker_that_needs_no_response) {
    page_bench b({}, true);
    b.begin(1, 7);
    b.read(page);
    b.go();
    ASSERT_EQ(b.page_requests().size(), 1u);
    b.write32(b.queue_register(0, dma::control), 0, 5_us);
    EXPECT_EQ(b.page_requests().size(), 1u) << "its last descriptor still waits for its page";
    b.map(page);
    b.respond(0, b.index_of(0), 7);
    b.run(20_us);
    ASSERT_EQ(b.page_requests().size(), 2u);
    const seen_tlp marker = b.page_requests()[1];
    EXPECT_EQ(marker.address, 4u) << "L alone";
    ASSERT_TRUE(marker.pasid);
    EXPECT_EQ(marker.pasid->pasid.value, 7u);
    EXPECT_EQ(b.dut->pages().outstanding(), 0u) << "no allocation";
    b.set_pri(false);
    EXPECT_TRUE(b.stopped());
}

TEST(PageRequest, P_078_a_PASID_that_another_queue_uses_has_not_stopped) {
    page_bench b;
    b.begin(4, 7);
    endpoint_bench::queue_setup s;
    s.ring = 0x18'0000;
    s.control |= dma::control_pasid_valid | 7u << dma::control_pasid_shift;
    b.setup(1, s);
    b.write32(b.queue_register(0, dma::control), 0, 5_us);
    EXPECT_TRUE(b.page_requests().empty());
    b.write32(b.queue_register(1, dma::control), 0, 5_us);
    EXPECT_EQ(b.page_requests().size(), 1u);
}

TEST(PageRequest, P_078_without_marker_mode_or_PASID_nothing_is_told) {
    endpoint_config c;
    c.pages.stop_markers = false;
    page_bench b(c);
    b.begin(4, 7);
    b.write32(b.queue_register(0, dma::control), 0, 5_us);
    EXPECT_TRUE(b.page_requests().empty());
    page_bench& same = b;
    same.setup(0, {});
    same.write32(same.queue_register(0, dma::control), 0, 5_us);
    EXPECT_TRUE(same.page_requests().empty());
}

TEST(PageRequest, waits_for_room_in_the_posted_queue) {
    endpoint_config c;
    c.posted_queue = 2;
    page_bench b(c);
    b.begin();
    b.other->hold_credits = true;
    for (unsigned i = 0; i < 20; ++i) b.read(page + 4096 * i);
    b.go(100_us);
    const std::size_t before = b.page_requests().size();
    EXPECT_LT(before, 20u);
    b.other->give_back_withheld();
    b.run(100_us);
    EXPECT_EQ(b.page_requests().size(), 20u);
    std::set<std::uint64_t> pages;
    for (const auto& t : b.page_requests()) pages.insert(b.fields(t).page);
    EXPECT_EQ(pages.size(), 20u);
    for (unsigned i = 0; i < 20; ++i) b.map(page + 4096 * i);
    std::set<unsigned> groups;
    for (std::size_t i = 0; i < 20; ++i) groups.insert(b.index_of(i));
    for (const unsigned g : groups) b.respond(0, g);
    b.run(50_us);
    EXPECT_EQ(b.head(0), 20u);
    EXPECT_EQ(b.failed(), 0u);
}

TEST(PageRequest, each_has_a_span_with_its_first_and_last_boundary) {
    page_bench b({}, false, true);
    b.begin();
    b.read(page);
    b.go();
    b.map(page);
    b.respond(0, b.index_of(0));
    const base::span_id span = b.page_requests()[0].span;
    ASSERT_NE(span, base::no_span);
    std::vector<std::uint64_t> boundaries;
    unsigned begun = 0, ended = 0;
    for (const base::event& e : b.log.seen) {
        if (e.span != span) continue;
        if (e.what == base::kind::stage) boundaries.push_back(e.a);
        if (e.what == base::kind::span_begin) {
            ++begun;
            EXPECT_EQ(e.a, static_cast<std::uint64_t>(base::span_class::page_request));
            EXPECT_EQ(e.d, page);
        }
        if (e.what == base::kind::span_end) {
            ++ended;
            EXPECT_EQ(e.a, 0u) << "success";
        }
    }
    EXPECT_EQ(boundaries, (std::vector<std::uint64_t>{55, 56, 60}));
    EXPECT_EQ(begun, 1u);
    EXPECT_EQ(ended, 1u);
}

}  // namespace
}  // namespace drydock::endpoint
