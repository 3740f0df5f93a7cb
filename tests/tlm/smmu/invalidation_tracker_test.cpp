// SPDX-License-Identifier: Apache-2.0
// The invalidation tracker behind its interface: what any block in its place has to do.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/tracker_under_test.h"

using namespace drydock;
using namespace drydock::smmu;
using namespace drydock::base::literals;

namespace {

struct bench : invalidation_tracker_client {
    base::context ctx;
    std::unique_ptr<invalidation_tracker_if> owned;
    invalidation_tracker_if& tracker;
    struct sent_request {
        invalidation_id id;
        unsigned tag;
        base::ps time;
    };
    std::vector<sent_request> sent;
    std::vector<std::pair<invalidation_id, bool>> finished_ids;
    std::vector<base::ps> finished_at;
    std::vector<std::pair<base::ps, std::uint32_t>> drains;  ///< when, ITags lost
    int readies = 0;
    bool accept = true;
    std::uint16_t full_port = UINT16_MAX;  ///< takes nothing

    explicit bench(base::ps timeout = 60_s, unsigned pool = 32)
        : owned(test::make_tracker("tracker", ctx, {timeout, 1_ns, pool}, *this)),
          tracker(*owned) {}

    bool try_send(invalidation_id id, base::itag tag, const invalidation& i) override {
        if (!accept || i.port == full_port) return false;
        sent.push_back({id, tag.value, ctx.now()});
        return true;
    }
    void finished(invalidation_id id, bool lost) override {
        finished_ids.emplace_back(id, lost);
        finished_at.push_back(ctx.now());
    }
    void drained(std::uint32_t lost) override { drains.emplace_back(ctx.now(), lost); }
    void ready() override { ++readies; }

    bool start(invalidation_id id, std::uint16_t rid = 0x100, std::uint16_t port = 0) {
        invalidation i;
        i.function = base::routing_id{rid};
        i.port = port;
        return tracker.try_invalidate(id, i);
    }
    /// Starts n of them, one clock edge after the other.
    unsigned start_many(unsigned n, std::uint16_t rid = 0x100) {
        unsigned taken = 0;
        for (unsigned i = 0; i < n && start(i, rid); ++i, ++taken) run(1_ns);
        return taken;
    }
    void complete(std::uint32_t vector, std::uint8_t cc = 1, std::uint16_t rid = 0x100) {
        tracker.completion({0, base::routing_id{rid}, vector, cc});
    }
    void run(base::ps d) { ctx.timeline.run(ctx.now() + d); }
};

}  // namespace

TEST(InvalidationTracker, P_052_the_33rd_waits_for_a_free_itag) {
    bench b;
    EXPECT_EQ(b.start_many(33), 32u);
    EXPECT_EQ(b.sent.size(), 32u);
    EXPECT_EQ(b.readies, 0);
    b.complete(1u << 7);
    b.run(2_ns);
    EXPECT_EQ(b.readies, 1);
    EXPECT_TRUE(b.start(32));
    b.run(2_ns);
    EXPECT_EQ(b.sent.back().tag, 7u);
}

TEST(InvalidationTracker, P_052_smaller_pool_gives_out_its_own_itags_only) {
    bench b(60_s, 5);
    std::uint32_t seen = 0;
    for (int round = 0; round < 4; ++round) {
        b.sent.clear();
        EXPECT_EQ(b.start_many(6), 5u);
        std::uint32_t out = 0;
        for (const auto& s : b.sent) out |= 1u << s.tag;
        EXPECT_EQ(out, 0b11111u) << "five ITags, each once";
        seen |= out;
        b.complete(1u << b.sent[2].tag);
        b.run(2_ns);
        EXPECT_EQ(b.readies, 2 * round + 1);
        EXPECT_TRUE(b.start(6));
        b.run(2_ns);
        EXPECT_EQ(b.sent.back().tag, b.sent[2].tag) << "the only free one";
        EXPECT_FALSE(b.start(7));
        b.complete(0b11111);
        b.run(2_ns);
        EXPECT_EQ(b.tracker.outstanding(), 0u);
    }
    EXPECT_EQ(seen, 0b11111u);
    b.complete(1u << 5);
    b.run(2_ns);
    EXPECT_EQ(b.tracker.count().unexpected, 1u) << "there is no ITag 5";
}

TEST(InvalidationTracker, P_054_pool_of_one_is_free_again_after_a_timeout) {
    bench b(16_us, 1);
    EXPECT_EQ(b.start_many(2), 1u);
    b.run(18_us);
    EXPECT_EQ(b.tracker.count().timeouts, 1u);
    EXPECT_EQ(b.readies, 1);
    EXPECT_TRUE(b.start(1));
    b.run(1_ns);
    b.complete(1);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids.back(), (std::pair<invalidation_id, bool>{1, false}));
}

TEST(InvalidationTracker, owned_and_free_itags_told_to_the_probe_always_make_the_pool) {
    bench b;
    struct listener : base::observer {
        void on_event(const base::event& e) override {
            owned += e.what == base::kind::itag_taken ? 1 : -1;
            totals.push_back(static_cast<std::uint64_t>(owned) + e.c);
        }
        int owned = 0;
        std::vector<std::uint64_t> totals;
    } told;
    b.ctx.probe.subscribe(told, base::kind::itag_taken);
    b.ctx.probe.subscribe(told, base::kind::itag_retired);
    b.start_many(10);
    b.complete(0b11);
    ASSERT_TRUE(b.start(10));  // accepted for the edge at which two come back
    b.run(2_ns);
    EXPECT_EQ(told.totals, std::vector<std::uint64_t>(13, 32));
}

TEST(InvalidationTracker, accepted_input_is_sampled_at_the_next_edge) {
    bench b;
    ASSERT_TRUE(b.start(0));
    EXPECT_TRUE(b.sent.empty());
    EXPECT_FALSE(b.start(1)) << "one input per edge";
    b.run(1_ns);
    ASSERT_EQ(b.sent.size(), 1u);
    EXPECT_EQ(b.sent[0].time, 1_ns);
    EXPECT_EQ(b.readies, 1);
    b.complete(1);
    EXPECT_TRUE(b.finished_ids.empty());
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids.size(), 1u);
}

TEST(InvalidationTracker, queue_depth_limits_each_function_by_itself) {
    bench b;
    b.tracker.set_queue_depth(base::routing_id{0x100}, 2);
    EXPECT_EQ(b.start_many(3), 2u);
    EXPECT_TRUE(b.start(9, 0x200)) << "another function has its own depth";
    b.run(1_ns);
    EXPECT_FALSE(b.start(10));
    b.complete(1);
    b.run(1_ns);
    EXPECT_TRUE(b.start(10));
    b.tracker.set_queue_depth(base::routing_id{0x300}, 0);  // 0 means 32
    b.run(1_ns);
    b.complete(0xffff'ffff);
    b.complete(0xffff'ffff, 1, 0x200);
    b.run(2_ns);
    EXPECT_EQ(b.start_many(40, 0x300), 32u);
}

TEST(InvalidationTracker, P_053_two_completions_are_needed_for_cc_2) {
    bench b;
    b.start(0);
    b.run(1_ns);
    b.complete(1, 2);
    b.run(5_ns);
    EXPECT_TRUE(b.finished_ids.empty());
    b.complete(1, 2);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids, (std::vector<std::pair<invalidation_id, bool>>{{0, false}}));
}

TEST(InvalidationTracker, P_053_cc_0_means_8) {
    bench b;
    b.start(0);
    b.run(1_ns);
    for (int i = 0; i < 7; ++i) b.complete(1, 0);
    b.run(20_ns);
    EXPECT_TRUE(b.finished_ids.empty());
    b.complete(1, 0);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids.size(), 1u);
}

TEST(InvalidationTracker, P_053_copy_with_another_cc_is_unexpected) {
    bench b;
    b.start(0);
    b.run(1_ns);
    b.complete(1, 2);
    b.complete(1, 3);
    b.run(2_ns);
    EXPECT_TRUE(b.finished_ids.empty());
    EXPECT_EQ(b.tracker.count().unexpected, 1u);
    b.complete(1, 2);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids.size(), 1u);
}

TEST(InvalidationTracker, one_completion_closes_every_itag_of_its_vector) {
    bench b;
    b.start_many(4);
    b.complete(0b1011);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids.size(), 3u);
    EXPECT_EQ(b.tracker.outstanding(), 1u);
}

TEST(InvalidationTracker, P_054_P_201_timeout_is_never_early_and_at_most_a_sixteenth_late) {
    for (const base::ps offset : {0_ps, 1_ps, 1_ms, 3_s, 3749_ms}) {
        bench b;
        b.run(offset);
        b.start(0);
        b.run(1_ns);
        const base::ps started = b.sent.at(0).time;
        b.run(59_s);
        EXPECT_TRUE(b.finished_ids.empty());
        b.run(31_s);
        ASSERT_EQ(b.finished_ids, (std::vector<std::pair<invalidation_id, bool>>{{0, true}}));
        const base::ps age = b.finished_at[0] - started;
        EXPECT_GE(age, 60_s);
        EXPECT_LE(age, 60_s + 60_s / 16);
        EXPECT_EQ(b.tracker.count().timeouts, 1u);
    }
}

TEST(InvalidationTracker, P_054_each_itag_has_its_own_timeout) {
    bench b(16_us);
    b.start(0);
    b.run(8_us);
    b.start(1);
    b.run(9_us);
    EXPECT_EQ(b.finished_ids.size(), 1u);
    b.run(8_us);
    EXPECT_EQ(b.finished_ids.size(), 2u);
}

TEST(InvalidationTracker, late_completion_is_unexpected_and_discarded) {
    bench b(16_us);
    b.start(0);
    b.run(20_us);
    ASSERT_EQ(b.finished_ids.size(), 1u);
    b.start(1);  // round robin: gets another ITag
    b.run(1_ns);
    b.complete(1);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids.size(), 1u);
    EXPECT_EQ(b.tracker.count().unexpected, 1u);
}

TEST(InvalidationTracker, completion_of_another_function_is_unexpected_and_discarded) {
    bench b;
    b.start(0);
    b.run(1_ns);
    b.complete(1, 1, 0x108);
    b.complete(1u << 20);
    b.run(2_ns);
    EXPECT_TRUE(b.finished_ids.empty());
    EXPECT_EQ(b.tracker.count().unexpected, 2u);
    b.complete(1);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids.size(), 1u);
}

TEST(InvalidationTracker, P_202_completion_after_software_gave_up_at_1_s_is_no_error) {
    bench b;
    b.start(0);
    b.run(1_s + 50_ms);
    EXPECT_EQ(b.tracker.outstanding(), 1u);
    b.complete(1);
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids, (std::vector<std::pair<invalidation_id, bool>>{{0, false}}));
    EXPECT_EQ(b.tracker.count().unexpected, 0u);
}

TEST(InvalidationTracker, nothing_is_pending_when_idle_and_one_record_when_not) {
    bench b;
    b.start_many(32);
    EXPECT_EQ(b.ctx.timeline.pending_records(), 1u);
    b.complete(0xffff'ffff);
    b.run(1_ns);
    EXPECT_EQ(b.ctx.timeline.pending_records(), 0u);
}

TEST(InvalidationTracker, request_that_its_port_cannot_take_is_sent_after_resume) {
    bench b;
    b.accept = false;
    b.start_many(2);
    b.run(5_ns);
    EXPECT_TRUE(b.sent.empty());
    b.accept = true;
    b.tracker.resume();
    b.run(2_ns);
    ASSERT_EQ(b.sent.size(), 2u);
    EXPECT_LT(b.sent[0].tag, b.sent[1].tag);
    EXPECT_EQ(b.sent[1].time - b.sent[0].time, 1_ns) << "one leaves per edge";
}

TEST(InvalidationTracker, port_without_room_holds_no_other_port_back) {
    bench b;
    b.full_port = 1;
    ASSERT_TRUE(b.start(0, 0x200, 1));
    b.run(1_ns);
    ASSERT_TRUE(b.start(1, 0x200, 1));
    b.run(1_ns);
    ASSERT_TRUE(b.start(2, 0x100, 0));
    b.run(1_ns);
    ASSERT_EQ(b.sent.size(), 1u);
    EXPECT_EQ(b.sent[0].id, 2u);
    b.full_port = UINT16_MAX;
    b.tracker.resume();
    b.run(2_ns);
    ASSERT_EQ(b.sent.size(), 3u);
    EXPECT_EQ(b.sent[1].id, 0u) << "each port in the order of the commands";
    EXPECT_EQ(b.sent[2].id, 1u);
}

TEST(InvalidationTracker, P_054_request_that_never_finds_room_is_lost_in_its_time) {
    bench b(16_us);
    b.accept = false;
    b.start(0);
    b.run(15_us);
    EXPECT_TRUE(b.finished_ids.empty());
    b.run(3_us);
    EXPECT_EQ(b.finished_ids, (std::vector<std::pair<invalidation_id, bool>>{{0, true}}));
    b.accept = true;
    b.tracker.resume();
    b.run(1_us);
    EXPECT_TRUE(b.sent.empty()) << "what is lost is not sent any more";
}

TEST(InvalidationTracker, given_up_itag_is_done_without_timeout) {
    bench b;
    b.start(0);
    b.run(1_ns);
    b.tracker.give_up(base::itag{0});
    b.run(1_ns);
    EXPECT_EQ(b.finished_ids, (std::vector<std::pair<invalidation_id, bool>>{{0, false}}));
    EXPECT_EQ(b.ctx.timeline.pending_records(), 0u);
}

TEST(InvalidationTracker, one_completion_is_sampled_per_edge) {
    bench b;
    b.start_many(3);
    for (unsigned tag = 0; tag < 3; ++tag) b.complete(1u << tag);
    b.run(10_ns);
    ASSERT_EQ(b.finished_at.size(), 3u);
    EXPECT_EQ(b.finished_at[1] - b.finished_at[0], 1_ns);
    EXPECT_EQ(b.finished_at[2] - b.finished_at[1], 1_ns);
}

TEST(InvalidationTracker, drain_waits_for_what_was_taken_before_it_and_for_nothing_else) {
    bench b;
    b.start_many(3);
    b.tracker.drain();
    b.run(1_ns);
    b.start(3);
    b.run(1_ns);
    b.complete(0b011);
    b.run(5_ns);
    EXPECT_TRUE(b.drains.empty()) << "ITag 2 is out";
    b.complete(0b100);
    b.run(5_ns);
    ASSERT_EQ(b.drains.size(), 1u);
    EXPECT_EQ(b.drains[0], (std::pair<base::ps, std::uint32_t>{b.finished_at.back(), 0}));
    EXPECT_EQ(b.tracker.outstanding(), 1u) << "ITag 3 came after";
}

TEST(InvalidationTracker, drain_covers_the_invalidation_accepted_at_the_same_edge) {
    bench b;
    b.start(0);
    b.tracker.drain();
    b.run(5_ns);
    EXPECT_TRUE(b.drains.empty());
    b.complete(1);
    b.run(1_ns);
    EXPECT_EQ(b.drains.size(), 1u);
}

TEST(InvalidationTracker, drain_with_nothing_out_is_told_at_the_next_edge) {
    bench b;
    b.tracker.drain();
    EXPECT_TRUE(b.drains.empty());
    b.run(5_ns);
    ASSERT_EQ(b.drains.size(), 1u);
    EXPECT_EQ(b.drains[0].first, 1_ns);
}

TEST(InvalidationTracker, drain_names_the_itags_that_it_lost) {
    bench b(16_us);
    b.start_many(4);
    b.tracker.drain();
    b.run(1_us);
    b.start(4);
    b.complete(0b0101);
    b.run(20_us);
    ASSERT_EQ(b.drains.size(), 1u);
    EXPECT_EQ(b.drains[0].second, 0b1010u);
    b.tracker.drain();
    b.run(1_us);
    EXPECT_EQ(b.drains.at(1).second, 0u) << "what was lost is told once";
}

TEST(InvalidationTracker, P_054_completion_in_the_cycle_of_the_expiry_is_in_time) {
    bench b(16_us);  // a tick each 1,000 cycles
    b.run(999_ns);
    b.start(0);
    b.run(16'000_ns);
    b.complete(1);
    b.run(2_us);
    EXPECT_EQ(b.finished_ids, (std::vector<std::pair<invalidation_id, bool>>{{0, false}}));
    EXPECT_EQ(b.finished_at[0], 17'000_ns);
    EXPECT_EQ(b.tracker.count().timeouts, 0u);
}

TEST(InvalidationTracker, P_054_a_tick_at_the_start_counts) {
    bench b(16_us);
    b.run(999_ns);
    b.start(0);  // taken at 1,000 ns, a tick
    b.run(20_us);
    ASSERT_EQ(b.finished_at.size(), 1u);
    EXPECT_EQ(b.finished_at[0], 17'000_ns);
}

TEST(InvalidationTracker, P_054_tick_is_a_whole_number_of_cycles) {
    bench b(1'601_ns);  // a sixteenth is 100.06 ns: a tick each 101 ns
    b.start(0);         // taken at 1 ns, first tick at 101 ns
    b.run(5_us);
    ASSERT_EQ(b.finished_at.size(), 1u);
    EXPECT_EQ(b.finished_at[0], base::ps{17 * 101'000});
}
