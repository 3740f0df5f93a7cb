// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/host.h"

#include <gtest/gtest.h>
#include <vector>

namespace drydock::rtl {
namespace {

using base::ps;

/// A block that answers each input after so many cycles; it tells when it was clocked.
struct countdown final : host::clocked {
    countdown(base::context& context, bool look_ahead)
        : ctx(context), clock("block", context, ps{1'000}, *this, look_ahead) {}

    void start(unsigned cycles) {
        left = cycles;
        clock.wake();
    }
    state edge() override {
        edges.push_back(clock.edge_time());
        if (left == 0) return state::idle;
        return --left == 0 ? state::results : state::busy;
    }
    bool hand_out() override {
        answers.push_back(ctx.now());
        return false;
    }

    base::context& ctx;
    host clock;
    unsigned left = 0;
    std::vector<ps> edges, answers;
};

/// Somebody else with a record of his own.
struct neighbour final : base::timeline_client {
    explicit neighbour(base::context& context) : id(context.timeline.join("neighbour", *this)) {}
    void on_time(std::uint64_t) override {
        if (then) then();
    }
    base::timeline::client_id id;
    std::function<void()> then;
};

class RtlHost : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(look_ahead, RtlHost, testing::Bool());

TEST_P(RtlHost, input_is_sampled_at_the_next_edge_and_answered_at_its_own) {
    base::context ctx;
    countdown block(ctx, GetParam());
    ctx.timeline.run(ps{2'300});
    block.start(4);
    ctx.timeline.run(ps{20'000});
    EXPECT_EQ(block.edges, (std::vector{ps{3'000}, ps{4'000}, ps{5'000}, ps{6'000}}));
    EXPECT_EQ(block.answers, (std::vector{ps{6'000}}));
}

TEST_P(RtlHost, input_at_the_instant_of_an_edge_waits_for_the_next) {
    base::context ctx;
    countdown block(ctx, GetParam());
    ctx.timeline.run(ps{3'000});
    block.start(1);
    ctx.timeline.run(ps{20'000});
    EXPECT_EQ(block.answers, (std::vector{ps{4'000}}));
}

TEST_P(RtlHost, sleeps_without_work_and_wakes_for_a_tick) {
    base::context ctx;
    countdown block(ctx, GetParam());
    ctx.timeline.run(ps{1});
    block.clock.wake_at(ps{60'000'000'000'500});
    ctx.timeline.run(ps{100'000'000'000'000});
    EXPECT_EQ(block.edges, (std::vector{ps{60'000'000'001'000}}));
    EXPECT_EQ(ctx.timeline.pending_records(), 0u);
}

TEST_P(RtlHost, edges_never_run_past_what_a_neighbour_may_hand_in) {
    base::context ctx;
    countdown block(ctx, GetParam());
    neighbour other(ctx);
    ctx.timeline.run(ps{1});
    block.start(10);
    other.then = [&] {
        ASSERT_LE(block.edges.back(), ctx.now());
        block.start(2);
    };
    ctx.timeline.at(ps{4'500}, base::phase::arrive, other.id);
    ctx.timeline.run(ps{20'000});
    EXPECT_EQ(block.answers, (std::vector{ps{6'000}}));
}

TEST(RtlHost, look_ahead_spares_the_timeline_records) {
    std::vector<std::uint64_t> records;
    for (const bool look_ahead : {false, true}) {
        base::context ctx;
        countdown block(ctx, look_ahead);
        ctx.timeline.run(ps{1});
        block.start(100);
        ctx.timeline.run(ps{200'000});
        EXPECT_EQ(block.answers, (std::vector{ps{100'000}}));
        records.push_back(ctx.timeline.records_run());
    }
    EXPECT_EQ(records, (std::vector<std::uint64_t>{100, 2}));
}

}  // namespace
}  // namespace drydock::rtl
