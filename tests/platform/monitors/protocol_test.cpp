// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
void taken(told& t, std::uint64_t itag, routing_id rid, std::uint64_t free) {
    t.tell(kind::itag_taken, "smmu", itag, rid.value, free);
}
void retired(told& t, std::uint64_t itag, routing_id rid, std::uint64_t free) {
    t.tell(kind::itag_retired, "smmu", itag, rid.value, free);
}
}  // namespace

TEST(ItagProtocol, is_silent_for_tags_taken_and_retired_in_any_order) {
    told t;
    taken(t, 0, told::ep0, 31), taken(t, 1, told::nic, 30);
    retired(t, 0, told::ep0, 31), taken(t, 0, told::ep0, 30);
    t.tell(kind::itag_timeout, "smmu", 1, told::nic.value);
    taken(t, 1, told::ep0, 30);  // free at once
    t.tell(kind::itag_timeout, "smmu", 1, told::ep0.value);
    retired(t, 1, told::ep0, 31);  // or free by a word of its own
    taken(t, 1, told::ep0, 30);
    EXPECT_TRUE(t.silent());
}

TEST(ItagProtocol, fires_for_a_tag_taken_twice) {
    told t;
    taken(t, 0, told::ep0, 31), taken(t, 0, told::ep0, 31);
    EXPECT_EQ(t.fired("itag_protocol"), 1u);
}

TEST(ItagProtocol, fires_for_a_tag_closed_by_another_function) {
    told t;
    taken(t, 0, told::ep0, 31), retired(t, 0, told::nic, 32);
    EXPECT_EQ(t.fired("itag_protocol"), 1u);
}

TEST(ItagProtocol, fires_for_a_tag_that_is_lost) {
    told t;
    taken(t, 0, told::ep0, 31), retired(t, 0, told::ep0, 31);
    EXPECT_NE(t.only().text.find("0 in use and 31 free of 32"), std::string::npos) << t.only().text;
}

TEST(ItagProtocol, fires_for_a_completion_that_nobody_waits_for) {
    told t;
    t.tell(kind::itag_unexpected, "smmu", 0x20, told::ep0.value, t.text("unknown ITag"));
    EXPECT_EQ(t.only().device, "ep0");
}

TEST(ItagProtocol, fires_for_a_tag_that_comes_free_without_an_owner) {
    told t;
    retired(t, 3, told::ep0, 32);
    EXPECT_EQ(t.only().text, "ITag 3 comes free without an owner");
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    EXPECT_EQ(t.only().count, 2u);
}

TEST(ItagProtocol, fires_for_a_number_that_is_no_itag) {
    told t;
    taken(t, 32, told::ep0, 31);
    taken(t, ~std::uint64_t{0}, told::ep0, 31);
    EXPECT_EQ(t.fired("itag_protocol"), 2u);
    EXPECT_EQ(t.only().text, "ITag 32");
}

TEST(ItagProtocol, tells_the_trackers_of_two_smmus_apart) {
    told t;
    t.tell(kind::itag_taken, "smmu0", 5, told::ep0.value, 31);
    t.tell(kind::itag_taken, "smmu1", 5, told::nic.value, 31);
    t.tell(kind::itag_retired, "smmu1", 5, told::nic.value, 32);
    t.tell(kind::itag_retired, "smmu0", 5, told::ep0.value, 32);
    EXPECT_TRUE(t.silent());
}

TEST(CreditConservation, is_silent_when_credits_stay_within_what_was_advertised) {
    told t;
    const std::string_view link = "rp0.link.down";
    t.tell(kind::credit_returned, link, 0, 2, 8);
    t.tell(kind::credit_consumed, link, 0, 1, 4), t.tell(kind::credit_consumed, link, 0, 1, 4);
    t.tell(kind::credit_returned, link, 0, 1, 4), t.tell(kind::credit_consumed, link, 0, 1, 4);
    EXPECT_TRUE(t.silent());
}

TEST(CreditConservation, fires_when_more_is_used_than_was_given) {
    told t;
    const std::string_view link = "rp0.link.down";
    t.tell(kind::credit_returned, link, 0, 2, 8);
    for (int i = 0; i < 3; ++i) t.tell(kind::credit_consumed, link, 0, 1, 1);
    EXPECT_EQ(t.only().monitor, "credit_conservation");
    EXPECT_EQ(t.only().device, link);
}

TEST(CreditConservation, fires_when_more_comes_back_than_was_used) {
    told t;
    t.tell(kind::credit_consumed, "rp0.link.up", 2, 1, 1);
    t.tell(kind::credit_returned, "rp0.link.up", 2, 1, 2);
    EXPECT_EQ(t.fired("credit_conservation"), 1u);
}

TEST(CreditConservation, infinite_credits_are_never_exceeded_and_a_link_that_falls_starts_anew) {
    told t;
    t.tell(kind::credit_returned, "rp0.link.down", 2, UINT32_MAX, UINT32_MAX);
    for (int i = 0; i < 100; ++i) t.tell(kind::credit_consumed, "rp0.link.down", 2, 1, 64);
    t.tell(kind::credit_returned, "rp0.link.down", 0, 1, 4);
    t.tell(kind::credit_consumed, "rp0.link.down", 0, 1, 4);
    t.tell(kind::link_state, "rp0.link", t.text("down"));
    t.tell(kind::credit_returned, "rp0.link.down", 0, 1, 4);
    t.tell(kind::credit_consumed, "rp0.link.down", 0, 1, 4);
    EXPECT_TRUE(t.silent());
}

TEST(CreditConservation, fires_for_use_beyond_the_advertisement_of_a_link_that_came_up_again) {
    told t;
    const std::string_view link = "rp0.link.up";
    t.tell(kind::credit_returned, link, 1, 2, UINT32_MAX);  // data infinite
    t.tell(kind::credit_consumed, link, 1, 1, 9), t.tell(kind::credit_consumed, link, 1, 1, 9);
    t.tell(kind::link_state, "rp0.link", t.text("down"));
    t.tell(kind::link_state, "rp0.link", t.text("up"));
    t.tell(kind::credit_returned, link, 1, 2, UINT32_MAX);
    t.tell(kind::credit_consumed, link, 1, 1, 9), t.tell(kind::credit_consumed, link, 1, 1, 9);
    EXPECT_TRUE(t.silent());
    t.tell(kind::credit_consumed, link, 1, 1, 9);
    EXPECT_NE(t.only().text.find("3 in use of 2"), std::string::npos) << t.only().text;
}

TEST(CreditConservation, tells_headers_from_data_and_names_the_class) {
    told t;
    const std::string_view link = "rp0.link.down";
    t.tell(kind::credit_returned, link, 1, 8, 2);
    t.tell(kind::credit_consumed, link, 1, 1, 3);
    EXPECT_EQ(t.only().text, "non-posted data credits: 3 in use of 2");
}

TEST(CreditConservation, fires_for_a_class_that_does_not_exist) {
    told t;
    t.tell(kind::credit_consumed, "rp0.link.down", 3, 1, 1);
    EXPECT_EQ(t.only().text, "flow-control class 3");
}

TEST(CreditConservation, a_link_that_falls_leaves_the_others_accounts) {
    told t;
    t.tell(kind::credit_returned, "rp1.link.down", 0, 1, 1);
    t.tell(kind::credit_consumed, "rp1.link.down", 0, 1, 1);
    t.tell(kind::link_state, "rp0.link", t.text("down"));
    EXPECT_TRUE(t.silent());
    t.tell(kind::credit_consumed, "rp1.link.down", 0, 1, 1);
    EXPECT_EQ(t.fired("credit_conservation"), 2u);  // header and data
}

TEST(RuleCheck, H_66_pasid_enable_written_while_ats_is_on_is_a_known_gap) {
    told t;
    t.tell(kind::error_logged, "ep", told::ep0.value, t.text(rule_check::pasid_enable_text), 0);
    EXPECT_EQ(t.only().severity, violation_class::known_gap);
    EXPECT_FALSE(t.set.broken());
    EXPECT_EQ(t.set.gaps().size(), 1u);
    EXPECT_TRUE(t.set.violations().empty());
}

TEST(RuleCheck, H_66_is_silent_when_pasid_is_enabled_before_ats) {
    told t;
    t.set.rules().pasid_enable_changed(told::ep0, false, 1_us, {});
    EXPECT_TRUE(t.silent());
    t.set.rules().pasid_enable_changed(told::ep0, true, 2_us, {});
    EXPECT_EQ(t.fired("rule_check"), 1u);
}

TEST(RuleCheck, H_67_an_invalidate_between_d4_and_s_is_a_known_gap) {
    told t;
    const auto arrives = [&](span_id s) { t.tell(kind::stage, "ep", 8, 0, told::ep0.value, 0, s); };
    arrives(span_id{1});
    t.point("d4", told::ep0);
    arrives(span_id{2});
    t.point("s", told::ep0);
    arrives(span_id{3});
    EXPECT_EQ(t.only().severity, violation_class::known_gap);
    EXPECT_EQ(t.only().spans, std::vector<span_id>{span_id{2}});
}

// -- tlp_ordering: rows and columns of the table of PCIe 2.4.1 --

namespace {

constexpr std::uint64_t relaxed = 1, id_based = 2, data = 0x80;
constexpr std::uint64_t of_class(unsigned c) { return std::uint64_t{c} << 2; }
constexpr std::uint64_t write = of_class(0) | data, read = of_class(1),
                        np_data = of_class(1) | data, read_completion = of_class(2) | data,
                        write_completion = of_class(2);
constexpr std::uint64_t of_pasid(unsigned p) { return 0x100 | std::uint64_t{p} << 12; }
constexpr std::uint64_t of_completer(unsigned c) { return std::uint64_t{c} << 32; }

struct ordering_case {
    std::uint64_t later, earlier;
    bool allowed;
    unsigned later_requester = 1, earlier_requester = 1;
};

/// The second of two TLPs leaves first.
bool fires(const ordering_case& c) {
    told t;
    const std::uint64_t first = std::uint64_t{c.earlier_requester} << 16,
                        second = std::uint64_t{c.later_requester} << 16;
    t.tell(kind::tlp_queued, "rp0.link.up", 1, 0x1000, c.earlier, first);
    t.tell(kind::tlp_queued, "rp0.link.up", 0, 0x2000, c.later, second);
    t.tell(kind::tlp_sent, "rp0.link.up", 0, 0x2000, 64, second);
    t.tell(kind::tlp_sent, "rp0.link.up", 1, 0x1000, 64, first);
    return t.fired("tlp_ordering") != 0;
}

}  // namespace

TEST(TlpOrdering, P_030_nothing_passes_a_write_without_an_attribute_that_allows_it) {
    for (const std::uint64_t later : {write, read, np_data, read_completion})
        EXPECT_TRUE(fires({later, write, false})) << later;
    EXPECT_FALSE(fires({write_completion, write, true}));
    EXPECT_FALSE(fires({write | relaxed, write, true}));
    EXPECT_TRUE(fires({read | relaxed, write, false}));
    EXPECT_FALSE(fires({np_data | relaxed, write, true}));
    EXPECT_FALSE(fires({read_completion | relaxed, write, true}));
}

TEST(TlpOrdering, id_based_ordering_lets_other_requesters_and_pasids_pass) {
    EXPECT_TRUE(fires({write | id_based, write, false}));
    EXPECT_FALSE(fires({write | id_based, write, true, 2, 1}));
    EXPECT_FALSE(fires({write | id_based | of_pasid(1), write | of_pasid(2), true}));
    EXPECT_TRUE(fires({read | id_based | of_pasid(1), write | of_pasid(2), false}));
    EXPECT_FALSE(fires({read | id_based, write, true, 2, 1}));
    EXPECT_TRUE(fires({read_completion | id_based | of_completer(1), write, false, 2, 1}));
    EXPECT_FALSE(fires({read_completion | id_based | of_completer(2), write, true, 2, 1}));
}

TEST(TlpOrdering, what_may_pass_and_other_channels_are_nobodys_business) {
    for (const std::uint64_t later : {write, read, np_data, read_completion})
        EXPECT_FALSE(fires({later, read, true})) << later;
    EXPECT_FALSE(fires({write, read_completion, true}));
    EXPECT_TRUE(fires({read_completion, read_completion, false}));
    EXPECT_FALSE(fires({read_completion, read_completion, true, 2, 1}));
    EXPECT_FALSE(fires({read, write | 1 << 4, true}));
}

TEST(TlpOrdering, what_was_dropped_is_passed_by_nobody) {
    told t;
    t.tell(kind::tlp_queued, "rp0.link.up", 1, 0x1000, write, 1 << 16);
    t.tell(kind::tlp_dropped, "rp0.link.up", 1, t.text("link down"), 64, 1 << 16);
    t.tell(kind::tlp_queued, "rp0.link.up", 0, 0x2000, read, 1 << 16);
    t.tell(kind::tlp_sent, "rp0.link.up", 0, 0x2000, 64, 1 << 16);
    EXPECT_TRUE(t.silent());
}

}  // namespace drydock::monitors::test
