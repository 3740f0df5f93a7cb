// SPDX-License-Identifier: Apache-2.0
#include "platform/lockstep/containment.h"
#include "platform/lockstep/invalidation_tracker.h"

#include <gtest/gtest.h>

namespace drydock::lockstep {
namespace {

using namespace base::literals;
using namespace smmu;
using namespace root_complex;

struct tracker_user final : invalidation_tracker_client {
    bool try_send(invalidation_id, base::itag t, const invalidation&) override {
        sent.push_back(t.value);
        return true;
    }
    void finished(invalidation_id id, bool) override { ended.push_back(id); }
    void drained(std::uint32_t) override {}
    void ready() override {}
    std::vector<unsigned> sent, ended;
};

/// Invalidations 0, 1, 2, a completion of ITag 1 and then 3 us without one, through a block made by
/// `maker`.
findings run_trackers(const invalidation_tracker_maker& maker) {
    base::context ctx;
    tracker_user user;
    findings f;
    invalidation_tracker both("t", ctx, {16_us, 1_ns, 32}, user, maker, f);
    for (invalidation_id id = 0; id < 3; ++id) {
        EXPECT_TRUE(both.try_invalidate(id, {}));
        ctx.timeline.run(ctx.now() + 1_ns);
    }
    both.completion({0, {}, 0b010, 1});
    ctx.timeline.run(30_us);
    both.settle();
    EXPECT_EQ(user.ended.size(), 3u) << "the block drives the machine";
    return f;
}

std::unique_ptr<invalidation_tracker_if> as_it_is(std::string_view name, base::context& ctx,
                                                  const invalidation_tracker_config& c,
                                                  invalidation_tracker_client& client) {
    return std::make_unique<smmu::invalidation_tracker>(name, ctx, c, client);
}

TEST(Lockstep, blocks_that_do_the_same_have_no_difference) {
    const findings f = run_trackers(as_it_is);
    EXPECT_EQ(f.block, "t");
    EXPECT_EQ(f.compared, 9u) << "three acceptances, requests and ends";
    EXPECT_EQ(f.differences, 0u) << f.first;
    EXPECT_EQ(f.most_apart, 0_ps);
}

TEST(Lockstep, a_block_that_is_slower_differs_in_time_only) {
    const findings f =
        run_trackers([](std::string_view name, base::context& ctx,
                        const invalidation_tracker_config& c, invalidation_tracker_client& client) {
            invalidation_tracker_config slow = c;
            slow.timeout = c.timeout + 1_us;
            return as_it_is(name, ctx, slow, client);
        });
    EXPECT_EQ(f.differences, 0u) << f.first;
    EXPECT_GT(f.most_apart, 1_us);
    EXPECT_LT(f.most_apart, 2_us);
}

TEST(Lockstep, a_block_that_does_something_else_is_found_and_named) {
    struct forgetful final : invalidation_tracker_if {
        explicit forgetful(std::unique_ptr<invalidation_tracker_if> t) : real(std::move(t)) {}
        void set_queue_depth(base::routing_id r, unsigned d) override {
            real->set_queue_depth(r, d);
        }
        bool try_invalidate(invalidation_id id, const invalidation& i) override {
            return real->try_invalidate(id, i);
        }
        void completion(const invalidate_completion&) override {}  // loses it
        void give_up(base::itag t) override { real->give_up(t); }
        void resume() override { real->resume(); }
        void drain() override { real->drain(); }
        unsigned outstanding() const override { return real->outstanding(); }
        const invalidation_tracker_counters& count() const override { return real->count(); }
        std::unique_ptr<invalidation_tracker_if> real;
    };
    const findings f =
        run_trackers([](std::string_view name, base::context& ctx,
                        const invalidation_tracker_config& c, invalidation_tracker_client& client) {
            return std::make_unique<forgetful>(as_it_is(name, ctx, c, client));
        });
    EXPECT_GE(f.differences, 1u);
    EXPECT_EQ(f.first,
              "end of an invalidation [id, lost] at 17000000 ps: the block says [0, 1, 0, 0], its "
              "twin [1, 0, 0, 0]");
}

TEST(Lockstep, an_answer_that_only_one_gives_is_a_difference) {
    struct port final : containment_client {
        void contained(const containment_trigger&) override {}
        void released() override {}
        void release_too_early() override {}
        void rp_idle() override {}
        void answered(containment_answer) override {}
        void judged(containment_way, containment_verdict v) override { verdicts.push_back(v); }
        void ready(containment_channel) override {}
        std::vector<containment_verdict> verdicts;
    };
    struct mute final : containment_if {
        void control(const containment_control&) override {}
        bool try_trigger(const containment_trigger&) override { return true; }
        bool try_tlp(containment_way, const containment_tlp&) override { return true; }
        void release() override {}
    };
    base::context ctx;
    port user;
    findings f;
    containment both(
        "c", ctx, {}, user,
        [](std::string_view, base::context&, const containment_config&, containment_client&) {
            return std::make_unique<mute>();
        },
        f);
    both.try_tlp(containment_way::up, {});
    ctx.timeline.run(2_us);
    both.settle();
    EXPECT_EQ(f.differences, 1u);
    EXPECT_NE(f.first.find("verdict upward"), std::string::npos) << f.first;
    EXPECT_TRUE(user.verdicts.empty()) << "the twin drives nothing";
}

}  // namespace
}  // namespace drydock::lockstep
