// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "tlm/base/delay_line.h"
#include "tlm/base/timeline.h"

namespace drydock::base {
namespace {

using namespace literals;

/// Notes the operations it is called for; operation 99 stops the timeline.
struct listener : timeline_client {
    explicit listener(timeline& tl) : t(tl), id(tl.join("listener", *this)) {}
    void on_time(std::uint64_t op) override {
        seen.push_back(op);
        if (op == 99) t.stop();
    }
    timeline& t;
    timeline::client_id id;
    std::vector<std::uint64_t> seen;
};

struct counter final : timeline::ticker {
    void tick(std::uint64_t records_run) override { seen.push_back(records_run); }
    std::vector<std::uint64_t> seen;
};

TEST(Timeline, nobody_joins_after_the_seal) {
    timeline t;
    listener first(t);
    t.seal();
    t.seal();  // again changes nothing
    EXPECT_THROW(listener late(t), std::logic_error);
}

TEST(Timeline, a_ticker_hears_every_so_many_records_until_it_is_taken_away) {
    timeline t;
    listener l(t);
    counter c;
    t.set_ticker(&c, 10);
    for (int i = 0; i < 35; ++i) t.at(ps{i}, phase::serve, l.id);
    t.run(29_ps);
    EXPECT_EQ(c.seen, (std::vector<std::uint64_t>{10, 20, 30}));
    t.set_ticker(nullptr);
    t.run(never);
    EXPECT_EQ(l.seen.size(), 35u);
    EXPECT_EQ(c.seen.size(), 3u);
}

TEST(Timeline, runs_up_to_and_including_its_limit_and_no_further) {
    timeline t;
    listener l(t);
    t.at(5_ns, phase::serve, l.id, 1);
    t.at(5001_ps, phase::serve, l.id, 2);
    t.run(5_ns);
    EXPECT_EQ(l.seen, (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(t.now(), 5_ns);
    EXPECT_EQ(t.next(), 5001_ps);
    t.run(7_ns);
    EXPECT_EQ(t.now(), 7_ns);
    EXPECT_EQ(t.next(), never);
}

TEST(Timeline, a_stop_leaves_what_is_pending_for_whoever_goes_on) {
    timeline t;
    listener l(t);
    t.at(1_ns, phase::serve, l.id, 99);
    t.at(1_ns, phase::serve, l.id, 2);
    t.run(9_ns);
    EXPECT_TRUE(t.stopped());
    EXPECT_EQ(t.now(), 1_ns);
    EXPECT_EQ(t.pending_records(), 1u);
    t.run(9_ns);
    EXPECT_EQ(l.seen, (std::vector<std::uint64_t>{99}));
    t.go_on();
    t.run(9_ns);
    EXPECT_EQ(l.seen, (std::vector<std::uint64_t>{99, 2}));
}

TEST(Timeline, a_handle_that_names_nothing_is_neither_pending_nor_cancelled) {
    timeline t;
    timeline::handle none;
    EXPECT_FALSE(none);
    EXPECT_FALSE(t.pending(none));
    EXPECT_FALSE(t.cancel(none));
}

TEST(Timeline, holds_more_records_than_it_was_made_for) {
    timeline t;
    listener l(t);
    for (std::uint64_t i = 0; i < 5000; ++i)
        t.at(ps{static_cast<std::int64_t>(5000 - i)}, phase::serve, l.id, 1000 + i);
    EXPECT_EQ(t.pending_records(), 5000u);
    EXPECT_EQ(t.records_pushed(), 5000u);
    t.run(never);
    ASSERT_EQ(l.seen.size(), 5000u);
    for (std::uint64_t i = 0; i < 5000; ++i) ASSERT_EQ(l.seen[i], 5999 - i);
}

/// What leaves a line may put something in again or empty it.
struct feeding_sink {
    timeline* t;
    std::vector<int>* seen;
    delay_line<int, feeding_sink>** line;
    void operator()(int v) const {
        seen->push_back(v);
        if (v == 1) (*line)->push(t->now() + 5_ns, 7);
        if (v == 2) (*line)->clear([this](int dropped) { seen->push_back(-dropped); });
    }
};

TEST(DelayLine, its_sink_may_push_and_clear) {
    timeline t;
    std::vector<int> seen;
    delay_line<int, feeding_sink>* self = nullptr;
    delay_line<int, feeding_sink> line(t, "line", {&t, &seen, &self});
    self = &line;
    line.push(1_ns, 1);
    line.push(2_ns, 2);
    line.push(3_ns, 3);
    t.run(never);
    EXPECT_EQ(seen, (std::vector<int>{1, 2, -3, -7}));
    EXPECT_EQ(line.size(), 0u);
    EXPECT_EQ(t.pending_records(), 0u);
    line.push(t.now() + 1_ns, 4);
    t.run(never);
    EXPECT_EQ(seen.back(), 4);
}

}  // namespace
}  // namespace drydock::base
