// SPDX-License-Identifier: Apache-2.0
#include "platform/profile/recorder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/platform/scratch.h"

namespace drydock::profile {
namespace {

using base::kind;
using base::ps;
using base::span_class;
using base::span_id;
using nlohmann::json;
using namespace base::literals;

constexpr std::uint16_t ep0 = 0x0100, nic = 0x0200;

/// A run of two devices as the models would tell of it.
struct told {
    told() {
        names.add(base::routing_id{ep0}, "ep0");
        names.add(base::routing_id{nic}, "nic");
        record.emplace(ctx, collect, names, 2, folder.path(), json{{"run", "r"}});
    }
    void tell(ps t, kind k, std::string_view where, span_id s, std::uint64_t a = 0,
              std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0) {
        ctx.probe.emit(k, ctx.probe.place(where), t, s, a, b, c, d);
    }
    void begin(ps t, std::uint32_t s, span_class c, std::string_view where, std::uint16_t device,
               std::uint32_t parent = 0) {
        tell(t, kind::span_begin, where, span_id{s}, std::uint64_t(c), parent, device);
    }
    void stage(ps t, std::uint32_t s, unsigned boundary) {
        tell(t, kind::stage, "somebody", span_id{s}, boundary);
    }
    void end(ps t, std::uint32_t s) { tell(t, kind::span_end, "somebody", span_id{s}); }
    /// An unmap of `client` that clears the PTE and no more.
    void unmap(ps from, ps until, std::uint32_t s, std::string_view client, std::uint16_t device) {
        begin(from, s, span_class::unmap, client, device);
        stage(from, s, 32);
        stage(until, s, 33);
        end(until, s);
    }
    json profile(ps now = 1_ms) {
        collect.finish(now);
        record->close(0_us, now, json::array());
        return json::parse(tests::read(folder.path() / "profile.json"));
    }
    static json group(const json& profile, const std::string& of, const std::string& who) {
        for (const json& g : profile.at("groups"))
            if (g.at("class") == of && g.at("who") == who) return g;
        return json::object();
    }

    tests::scratch folder;
    base::context ctx;
    waves::device_names names;
    latency::collector collect{ctx, names};
    std::optional<recorder> record;
};

TEST(Recorder, unmaps_are_grouped_by_client_and_device_and_counted_exactly) {
    told t;
    for (std::uint32_t i = 0; i < 100; ++i)
        t.unmap(1_us * i, 1_us * i + 100_ns, i + 1, "sw.a.unmap", ep0);
    t.unmap(200_us, 203_us, 200, "sw.b.unmap", nic);
    const json p = t.profile();
    const json a = told::group(p, "unmap", "a@ep0"), b = told::group(p, "unmap", "b@nic");
    EXPECT_EQ(a.at("count"), 100);
    EXPECT_EQ(a.at("total_ps"), 100 * 100'000);
    EXPECT_EQ(b.at("max_ps"), 3'000'000);
    std::uint64_t in_blocks = 0, in_dots = 0;
    for (const json& block : a.at("blocks").at("of"))
        for (const json& entry : block) in_blocks += entry.at(1).get<std::uint64_t>();
    for (const json& dot : a.at("dots").at("of")) in_dots += dot.at(2).get<std::uint64_t>();
    EXPECT_EQ(in_blocks, 100u);
    EXPECT_EQ(in_dots, 100u);
}

TEST(Recorder, the_slowest_are_kept_in_full_the_longest_first) {
    told t;
    for (std::uint32_t i = 1; i <= 500; ++i)
        t.unmap(1_us * i, 1_us * i + 1_ns * ((i * 37) % 500 + 1), i, "sw.a.unmap", ep0);
    const json slowest = told::group(t.profile(), "unmap", "a@ep0").at("slowest");
    ASSERT_EQ(slowest.size(), gallery::slowest);
    for (std::size_t i = 0; i < slowest.size(); ++i)
        EXPECT_EQ(slowest[i].at("took_ps"), 500'000 - 1000 * static_cast<std::int64_t>(i));
    std::int64_t sum = 0;
    for (const json& p : slowest[0].at("pieces")) sum += p.at(1).get<std::int64_t>();
    EXPECT_EQ(sum, slowest[0].at("took_ps"));
}

TEST(Recorder, the_typical_one_has_about_the_median_duration) {
    told t;
    for (std::uint32_t i = 1; i <= 99; ++i)
        t.unmap(1_us * i, 1_us * i + 1_ns * i, i, "sw.a.unmap", ep0);
    const json typical = told::group(t.profile(), "unmap", "a@ep0").at("typical");
    EXPECT_NEAR(typical.at("took_ps").get<double>(), 50'000, 500);
}

/// UNMAP 1 of a holds the queue with its SYNC 2; UNMAP 3 of b waits with its TLBI 4.
void one_waits_for_the_other(told& t) {
    t.begin(1_us, 1, span_class::unmap, "sw.a.unmap", ep0);
    t.begin(1_us, 2, span_class::sync, "sw.a.unmap", ep0, 1);
    t.begin(2_us, 3, span_class::unmap, "sw.b.unmap", nic);
    t.begin(2_us, 4, span_class::tlbi, "sw.b.unmap", nic, 3);
    t.tell(2_us, kind::command_fetched, "smmu", span_id{2});
    t.tell(9_us, kind::command_done, "smmu", span_id{2});
    t.tell(9_us, kind::command_fetched, "smmu", span_id{4});
    t.tell(10_us, kind::command_done, "smmu", span_id{4});
    for (const std::uint32_t s : {2u, 4u}) t.end(10_us, s);
    for (const std::uint32_t s : {1u, 3u}) {
        t.stage(11_us, s, 33);
        t.end(11_us, s);
    }
}

TEST(Recorder, a_wait_names_both_sides_and_their_operations) {
    told t;
    one_waits_for_the_other(t);
    const json p = t.profile();
    const json kept = told::group(p, "unmap", "b@nic").at("slowest").at(0);
    ASSERT_EQ(kept.at("waits").size(), 1u);
    const json& w = kept.at("waits").at(0);
    EXPECT_EQ(w.at("id"), "TLBI 4");
    EXPECT_EQ(w.at("for"), "SYNC 2");
    EXPECT_EQ(w.at("for_who"), "a@ep0");
    EXPECT_EQ(w.at("for_operation"), "UNMAP 1");
    EXPECT_EQ(w.at("took_ps"), 7'000'000);
    std::istringstream lines(tests::read(t.folder.path() / "waits.jsonl"));
    std::string header, line, more;
    std::getline(lines, header);
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(json::parse(line), w);
    EXPECT_FALSE(std::getline(lines, more));
}

TEST(Recorder, the_queue_s_lane_shows_who_held_it_and_how_long) {
    told t;
    one_waits_for_the_other(t);
    const json queue = t.profile().at("lanes").at("queues").at(0);
    EXPECT_EQ(queue.at("name"), "smmu");
    ASSERT_EQ(queue.at("bars").size(), 1u);  // the second was too short for a bar
    EXPECT_EQ(queue.at("bars").at(0),
              json({2'000'000, 7'000'000, "held by a command", "SYNC 2", "a@ep0"}));
    std::int64_t busy = 0;
    for (const json& b : queue.at("activity").at("busy")) busy += b.get<std::int64_t>();
    EXPECT_EQ(busy, 8'000'000);
}

TEST(Recorder, a_command_that_is_fetched_again_after_an_error_has_held_the_queue_since_the_first) {
    told t;
    t.begin(1_us, 2, span_class::sync, "sw.a.unmap", ep0);
    t.tell(2_us, kind::command_fetched, "smmu", span_id{2});
    t.tell(50_us, kind::command_fetched, "smmu", span_id{2});
    t.tell(52_us, kind::command_done, "smmu", span_id{2});
    const json bars = t.profile().at("lanes").at("queues").at(0).at("bars");
    ASSERT_EQ(bars.size(), 1u);
    EXPECT_EQ(bars.at(0).at(1), 50'000'000);
}

TEST(Recorder, what_is_still_going_on_at_the_end_reaches_to_the_end) {
    told t;
    t.tell(100_us, kind::sw_irqs_off, "cpu1", {}, 1);
    t.tell(200_us, kind::function_state, "ep0", {}, ep0, t.ctx.probe.text("flr"));
    t.begin(300_us, 1, span_class::unmap, "sw.a.unmap", nic);
    const json p = t.profile(1_ms);
    EXPECT_EQ(p.at("lanes").at("cpus").at(1).at("bars").at(0).at(1), 900'000'000);
    const json device = p.at("lanes").at("devices").at(0);
    EXPECT_EQ(device.at("name"), "ep0");
    EXPECT_EQ(device.at("bars").at(0), json({200'000'000, 800'000'000, "flr", ""}));
    const json a = told::group(p, "unmap", "a@nic");
    EXPECT_EQ(a.at("open"), 1);
    EXPECT_EQ(a.at("slowest").at(0).at("took_ps"), 700'000'000);
    EXPECT_EQ(a.at("slowest").at(0).at("ended"), "open");
}

TEST(Recorder, an_invalidation_that_times_out_is_kept_with_what_came_of_it) {
    told t;
    t.begin(0_us, 1, span_class::atc_inv, "sw.a.unmap", ep0);
    for (unsigned b = 0; b <= 8; ++b) t.stage(1_us * b, 1, b);
    t.tell(100_us, kind::itag_timeout, "tracker", span_id{1}, 4, ep0, 92'000'000);
    t.tell(101_us, kind::gerror, "smmu", {}, 1, 1);
    t.stage(102_us, 1, 15);
    t.stage(150_us, 1, 16);
    const json p = t.profile();
    const json lost = told::group(p, "atc_inv", "ep0").at("lost").at(0);
    EXPECT_EQ(lost.at("ended"), "timed_out");
    const json& pieces = lost.at("pieces");
    const std::size_t n = pieces.size();
    EXPECT_EQ(pieces.at(n - 4), json({"lost", 92'000'000}));
    EXPECT_EQ(pieces.at(n - 3), json({"error_restart", 1'000'000}));
    EXPECT_EQ(pieces.at(n - 2), json({"sync", 1'000'000}));
    EXPECT_EQ(pieces.at(n - 1), json({"sw_observe", 48'000'000}));
    const json& marks = p.at("lanes").at("marks");
    EXPECT_TRUE(std::any_of(marks.begin(), marks.end(), [](const json& m) {
        return m.at("kind") == "timeout" && m.at("device") == "ep0";
    }));
}

/// Columns of time are half used to fully used, so up to twice the size, however long the run is.
TEST(Recorder, ten_times_the_transactions_leave_a_profile_of_the_same_order) {
    const auto size = [](std::uint32_t n) {
        told t;
        for (std::uint32_t i = 1; i <= n; ++i)
            t.unmap(1_us * i, 1_us * i + 1_ns * ((i * 7919) % 300 + 100), i, "sw.a.unmap", ep0);
        return t.profile(1_us * (n + 1)).dump().size();
    };
    const std::size_t small = size(40'000);
    EXPECT_LT(small, 600'000u);
    EXPECT_LT(size(400'000), small * 2);
}

}  // namespace
}  // namespace drydock::profile
