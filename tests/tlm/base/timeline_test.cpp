// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "tlm/base/rng.h"
#include "tlm/base/timeline_kernel.h"

namespace drydock::base {
namespace {

using namespace literals;

struct scribe : timeline_client {
    scribe(timeline& t, const std::string& name, std::vector<std::string>& log)
        : name_(name), log_(log), id(t.join(name, *this)) {}
    void on_time(std::uint64_t op) override { log_.push_back(name_ + std::to_string(op)); }
    std::string name_;
    std::vector<std::string>& log_;
    timeline::client_id id;
};

TEST(Timeline, equal_times_are_ordered_by_phase_then_name_then_push) {
    timeline t;
    std::vector<std::string> log;
    scribe z(t, "z", log), a(t, "a", log);  // made against the alphabet
    t.at(5_ns, phase::software, a.id, 1);
    t.at(5_ns, phase::arrive, z.id, 2);
    t.at(5_ns, phase::arrive, z.id, 3);
    t.at(5_ns, phase::arrive, a.id, 4);
    t.at(5_ns, phase::serve, a.id, 5);
    t.at(1_ns, phase::software, z.id, 6);
    t.run(never);
    EXPECT_EQ(log, (std::vector<std::string>{"z6", "a4", "z2", "z3", "a5", "a1"}));
}

TEST(Timeline, idle_neighbours_do_not_change_the_order) {
    const auto order_with = [](int neighbours) {
        timeline t;
        std::vector<std::string> log, unused;
        std::vector<std::unique_ptr<scribe>> idle;
        for (int i = 0; i < neighbours / 2; ++i)
            idle.push_back(std::make_unique<scribe>(t, "idle" + std::to_string(i), unused));
        scribe b(t, "b", log), x(t, "x", log), a(t, "a", log);
        for (int i = neighbours / 2; i < neighbours; ++i)
            idle.push_back(std::make_unique<scribe>(t, "w" + std::to_string(i), unused));
        for (std::uint64_t n = 0; n < 50; ++n)
            for (const auto* s : {&x, &b, &a})
                t.at(ps{static_cast<std::int64_t>(n % 7)}, phase::serve, s->id, n);
        t.run(never);
        return log;
    };
    EXPECT_EQ(order_with(0), order_with(100));
}

TEST(Timeline, a_cancelled_record_leaves_the_heap_at_once_and_never_runs) {
    timeline t;
    std::vector<std::string> log;
    scribe a(t, "a", log);
    auto h = t.at(60_s, phase::serve, a.id, 1);
    const auto ran = t.at(1_ns, phase::serve, a.id, 2);
    EXPECT_TRUE(t.cancel(h));
    EXPECT_EQ(t.pending_records(), 1u);
    EXPECT_FALSE(t.cancel(h));
    t.run(never);
    EXPECT_EQ(log, std::vector<std::string>{"a2"});
    EXPECT_FALSE(t.pending(ran));
}

TEST(Timeline, a_stale_handle_does_not_cancel_the_record_that_reuses_its_slot) {
    timeline t;
    std::vector<std::string> log;
    scribe a(t, "a", log);
    auto old = t.at(1_ns, phase::serve, a.id, 1);
    auto copy = old;
    t.cancel(old);
    t.at(2_ns, phase::serve, a.id, 2);
    EXPECT_FALSE(t.cancel(copy));
    t.run(never);
    EXPECT_EQ(log, std::vector<std::string>{"a2"});
}

TEST(Timeline, random_pushes_and_cancels_run_as_a_sorted_list_would) {
    timeline t;
    std::vector<std::string> log;
    scribe a(t, "a", log);
    rng r(7, "test");
    std::multimap<std::pair<std::int64_t, std::uint64_t>, std::string> expected;
    std::vector<std::pair<timeline::handle, decltype(expected)::iterator>> live;
    for (std::uint64_t n = 0; n < 5000; ++n) {
        const auto when = static_cast<std::int64_t>(r.below(1000));
        const auto h = t.at(ps{when}, phase::serve, a.id, n);
        live.emplace_back(h, expected.emplace(std::make_pair(when, n), "a" + std::to_string(n)));
        if (r.chance(1, 3)) {
            const auto victim = r.below(live.size());
            EXPECT_TRUE(t.cancel(live[victim].first));
            expected.erase(live[victim].second);
            live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
        }
    }
    t.run(never);
    std::vector<std::string> want;
    for (const auto& [key, name] : expected) want.push_back(name);
    EXPECT_EQ(log, want);
}

/// What runs pushes none, one or more records, some for the same instant, and cancels others.
TEST(Timeline, records_pushed_and_cancelled_by_records_run_as_a_sorted_list_would) {
    struct player : timeline_client {
        player(timeline& tl, const std::string& name) : t(tl), id(tl.join(name, *this)) {}
        void push() {
            const ps when = t.now() + ps{static_cast<std::int64_t>(r.below(40))};
            const auto p = static_cast<phase>(r.below(4));
            const auto h = t.at(when, p, id, n);
            live.emplace(std::make_tuple(when, p, n), h);
            ++n;
        }
        void on_time(std::uint64_t op) override {
            ASSERT_FALSE(live.empty());
            EXPECT_EQ(std::get<2>(live.begin()->first), op);
            EXPECT_EQ(std::get<0>(live.begin()->first), t.now());
            live.erase(live.begin());
            EXPECT_EQ(t.pending_records(), live.size());
            EXPECT_EQ(t.next(), live.empty() ? never : std::get<0>(live.begin()->first));
            for (auto left = n < 20'000 ? r.below(4) : 0; left > 0; --left) push();
            if (live.size() > 200 || (!live.empty() && r.chance(1, 4))) {
                const auto victim =
                    std::next(live.begin(), static_cast<std::ptrdiff_t>(r.below(live.size())));
                EXPECT_TRUE(t.cancel(victim->second));
                live.erase(victim);
            }
            EXPECT_EQ(t.next(), live.empty() ? never : std::get<0>(live.begin()->first));
        }
        timeline& t;
        timeline::client_id id;
        rng r{7, "player"};
        std::uint64_t n = 0;
        std::map<std::tuple<ps, phase, std::uint64_t>, timeline::handle> live;
    };
    timeline t;
    player p(t, "p");
    for (int i = 0; i < 100; ++i) p.push();
    t.run(never);
    EXPECT_TRUE(p.live.empty());
    EXPECT_GT(t.records_run(), 5'000u);
}

TEST(Timeline, records_pushed_before_the_seal_take_their_final_rank) {
    timeline t;
    std::vector<std::string> log;
    scribe z(t, "z", log);
    t.at(1_ns, phase::serve, z.id, 1);
    scribe a(t, "a", log);
    t.at(1_ns, phase::serve, a.id, 2);
    t.run(never);
    EXPECT_EQ(log, (std::vector<std::string>{"a2", "z1"}));
}

TEST(Timeline, a_name_used_twice_is_refused) {
    timeline t;
    std::vector<std::string> log;
    scribe a(t, "same", log), b(t, "same", log);
    EXPECT_THROW(t.seal(), std::logic_error);
}

TEST(Timeline, steady_state_does_not_allocate_slots) {
    timeline t;
    struct chain : timeline_client {
        explicit chain(timeline& tl) : t(tl), id(tl.join("chain", *this)) {}
        void on_time(std::uint64_t left) override {
            if (left > 0) t.after(1_ns, phase::serve, id, left - 1);
        }
        timeline& t;
        timeline::client_id id;
    } c(t);
    t.at(0_ns, phase::serve, c.id, 10000);
    t.run(never);
    EXPECT_EQ(t.records_run(), 10001u);
    EXPECT_EQ(t.now(), 10000_ns);
}

TEST(TimelineKernel,
     runs_records_at_their_time_under_the_kernel_and_a_third_party_event_between_them) {
    timeline t;
    timeline_kernel kernel("kernel", t);
    struct probe_client : timeline_client {
        explicit probe_client(timeline& tl) : id(tl.join("p", *this)) {}
        void on_time(std::uint64_t) override { seen.push_back(from_sc(sc_core::sc_time_stamp())); }
        timeline::client_id id;
        std::vector<ps> seen;
    } p(t);
    t.at(10_ns, phase::serve, p.id);
    t.at(3_us, phase::serve, p.id);
    sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
    kernel.sync();
    t.after(5_ns, phase::serve, p.id);  // earlier than what the kernel is armed for
    sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_US));
    EXPECT_EQ(p.seen, (std::vector<ps>{10_ns, 1005_ns, 3_us}));
}

TEST(TimelineKernel, alone_it_leaves_systemc_standing_until_an_event_is_pending_there) {
    timeline t;
    timeline_kernel kernel("kernel", t);
    struct probe_client : timeline_client {
        explicit probe_client(timeline& tl) : t(tl), id(tl.join("p", *this)) {}
        void on_time(std::uint64_t notifies) override {
            seen.emplace_back(t.now(), from_sc(sc_core::sc_time_stamp()));
            if (notifies != 0) event.notify(sc_core::SC_ZERO_TIME);
        }
        timeline& t;
        timeline::client_id id;
        sc_core::sc_event event;
        std::vector<std::pair<ps, ps>> seen;
    } p(t);
    t.at(10_ns, phase::serve, p.id);
    t.at(20_ns, phase::serve, p.id, 1);
    t.at(30_ns, phase::serve, p.id);
    kernel.run_alone(1_us);
    EXPECT_EQ(p.seen,
              (std::vector<std::pair<ps, ps>>{{10_ns, 10_ns}, {20_ns, 10_ns}, {30_ns, 30_ns}}));
    EXPECT_EQ(t.now(), 1_us);
    EXPECT_EQ(from_sc(sc_core::sc_time_stamp()), 1_us);
}

TEST(TimelineKernel, a_stopped_run_goes_on_where_it_was_and_time_passes_without_records) {
    timeline t;
    timeline_kernel kernel("kernel", t);
    struct stopper : timeline_client {
        explicit stopper(timeline& tl) : t(tl), id(tl.join("p", *this)) {}
        void on_time(std::uint64_t op) override {
            order.push_back(op);
            if (op == 1) t.stop();
        }
        timeline& t;
        timeline::client_id id;
        std::vector<std::uint64_t> order;
    } p(t);
    t.at(1_us, phase::serve, p.id, 1);
    t.at(2_us, phase::serve, p.id, 2);
    kernel.run();
    EXPECT_EQ(p.order, std::vector<std::uint64_t>{1});
    kernel.run(5_us);
    EXPECT_EQ(p.order, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(t.now(), 6_us);
    kernel.run(1_us);
    EXPECT_EQ(t.now(), 7_us);
}

TEST(TimelineKernel, a_pause_holds_back_what_is_due_until_resume) {
    timeline t;
    timeline_kernel kernel("kernel", t);
    struct pauser : timeline_client {
        pauser(timeline& tl, timeline_kernel& k) : t(tl), kernel(k), id(tl.join("p", *this)) {}
        void on_time(std::uint64_t op) override {
            order.push_back(op);
            if (op == 1) t.pause();
        }
        timeline& t;
        timeline_kernel& kernel;
        timeline::client_id id;
        std::vector<std::uint64_t> order;
    } p(t, kernel);
    t.at(1_ns, phase::serve, p.id, 1);
    t.at(1_ns, phase::serve, p.id, 2);
    sc_core::sc_start(sc_core::sc_time(5, sc_core::SC_NS));
    EXPECT_EQ(p.order, std::vector<std::uint64_t>{1});
    kernel.resume();
    sc_core::sc_start(sc_core::sc_time(5, sc_core::SC_NS));
    EXPECT_EQ(p.order, (std::vector<std::uint64_t>{1, 2}));
}

}  // namespace
}  // namespace drydock::base
