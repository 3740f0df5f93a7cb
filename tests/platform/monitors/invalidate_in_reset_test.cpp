// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
void request(told& t, span_id s, std::uint64_t itag, routing_id rid) {
    t.tell(kind::itag_taken, "smmu", itag, rid.value, 31 - itag, 0, s);
}
void arrives(told& t, span_id s, routing_id rid) {
    t.tell(kind::stage, "ep", 8, 0, rid.value, 0, s);
}
}  // namespace

TEST(InvalidateInReset, fires_once_for_a_request_that_arrives_and_is_ignored_in_reset) {
    told t;
    t.function(told::ep0, "flr");
    request(t, span_id{4}, 0, told::ep0);
    t.at(2_us);
    arrives(t, span_id{4}, told::ep0);
    t.tell(kind::invalidate_ignored, "ep", told::ep0.value, t.text("flr"), 0, 0, span_id{4});
    EXPECT_EQ(t.only().monitor, "invalidate_in_reset");
    EXPECT_EQ(t.only().device, "ep0");
    EXPECT_EQ(t.only().count, 1u);
}

TEST(InvalidateInReset, fires_for_a_request_that_lies_unprocessed_when_the_reset_begins) {
    told t;
    request(t, span_id{4}, 0, told::ep0);
    arrives(t, span_id{4}, told::ep0);
    t.function(told::ep0, "flr");
    EXPECT_EQ(t.fired("invalidate_in_reset"), 1u);
}

TEST(InvalidateInReset, is_silent_when_the_completion_left_before_the_reset_and_after_it_is_over) {
    told t;
    request(t, span_id{4}, 0, told::ep0);
    arrives(t, span_id{4}, told::ep0);
    t.tell(kind::stage, "link", 12, 0, 0, 0, span_id{4});
    t.function(told::ep0, "flr");
    t.function(told::ep0, "ready");
    request(t, span_id{5}, 1, told::ep0);
    arrives(t, span_id{5}, told::ep0);
    EXPECT_TRUE(t.silent());
}

TEST(InvalidateInReset, is_silent_for_a_function_that_is_dead) {
    told t;
    request(t, span_id{4}, 0, told::ep0);
    arrives(t, span_id{4}, told::ep0);
    t.function(told::ep0, "dead");
    request(t, span_id{5}, 1, told::ep0);
    t.tell(kind::invalidate_ignored, "ep", told::ep0.value, t.text("dead"), 1, 0, span_id{5});
    EXPECT_TRUE(t.silent());
}

TEST(InvalidateInReset, is_silent_for_another_function) {
    told t;
    t.function(told::ep0, "flr");
    request(t, span_id{5}, 0, told::nic);
    arrives(t, span_id{5}, told::nic);
    EXPECT_TRUE(t.silent());
}

TEST(InvalidateInReset, fires_for_a_request_dropped_by_a_link_that_is_down) {
    told t;
    request(t, span_id{4}, 0, told::ep0);
    t.tell(kind::tlp_dropped, "rp0.link.down", 11, t.text("link down"), 2, 0, span_id{4});
    EXPECT_EQ(t.fired("invalidate_in_reset"), 1u);
}

TEST(InvalidateInReset, is_silent_when_the_itag_was_retired_before_the_reset_began) {
    told t;
    request(t, span_id{4}, 0, told::ep0);
    arrives(t, span_id{4}, told::ep0);
    t.tell(kind::itag_retired, "smmu", 0, told::ep0.value, 32, 0, span_id{4});
    t.function(told::ep0, "flr");
    EXPECT_TRUE(t.silent());
}

TEST(InvalidateInReset, is_silent_for_a_request_ignored_outside_of_a_reset) {
    told t;
    t.function(told::ep0, "flr");
    t.function(told::ep0, "ready");
    t.tell(kind::invalidate_ignored, "ep", told::ep0.value, t.text("ATS off"), 0, 0, span_id{4});
    t.tell(kind::tlp_dropped, "rp0.link.down", 1, t.text("link down"), 2, 0, span_id{5});
    EXPECT_TRUE(t.silent());
}

TEST(InvalidateInReset, counts_every_request_without_a_span) {
    told t;
    t.function(told::ep0, "flr");
    arrives(t, {}, told::ep0);
    arrives(t, {}, told::ep0);
    EXPECT_EQ(t.fired("invalidate_in_reset"), 2u);
}

}  // namespace drydock::monitors::test
