// SPDX-License-Identifier: Apache-2.0
#include "platform/compare/compare.h"

#include <gtest/gtest.h>

#include <map>

#include "platform/compare/bootstrap.h"
#include "tlm/base/rng.h"

namespace drydock::compare {
namespace {

using nlohmann::json;

/// A group as profile.json has it, of durations in blocks of time; all of them in one stage unless
/// a second gets what is above a limit.
json group(const std::vector<std::vector<std::int64_t>>& blocks, std::int64_t limit = INT64_MAX) {
    std::map<std::int64_t, std::int64_t> all;
    for (const auto& b : blocks)
        for (const std::int64_t v : b) ++all[v];
    json bins = json::array(), octaves = json::array(), of = json::array();
    std::map<std::int64_t, std::size_t> place;
    std::int64_t count = 0;
    for (const auto& [v, n] : all) {
        place[v] = bins.size();
        bins.push_back({v, n, v * n, v});
        json stages{{"sync", std::min(v, limit) * n}};
        if (v > limit) stages["cmdq_wait"] = (v - limit) * n;
        octaves.push_back({v, n, stages});
        count += n;
    }
    for (const auto& b : blocks) {
        std::map<std::size_t, std::int64_t> in;
        for (const std::int64_t v : b) ++in[place[v]];
        json entries = json::array();
        for (const auto& [at, n] : in) entries.push_back({at, n});
        of.push_back(entries);
    }
    return {{"class", "unmap"},   {"who", "net@nic"},
            {"count", count},     {"timed_out", 0},
            {"open", 0},          {"bins", bins},
            {"octaves", octaves}, {"blocks", {{"width_ps", 1'000'000}, {"of", of}}}};
}

/// 40 blocks of 50 durations around a mean, from a stream of its own.
std::vector<std::vector<std::int64_t>> around(std::int64_t mean, std::string_view stream) {
    base::rng r(7, stream);
    std::vector<std::vector<std::int64_t>> blocks(40);
    for (auto& b : blocks)
        for (int i = 0; i < 50; ++i)
            b.push_back(mean + static_cast<std::int64_t>(r.below(200'000)) - 100'000);
    return blocks;
}

const difference& of(const std::vector<difference>& all, std::string_view name) {
    for (const difference& d : all)
        if (d.statistic == name) return d;
    throw std::logic_error("no such statistic");
}

std::vector<difference> between(const json& a, const json& b) {
    return differences(distribution_of(a), distribution_of(b));
}

TEST(Compare, a_shift_is_found_and_its_interval_holds_the_truth) {
    const auto all = between(group(around(1'000'000, "a")), group(around(1'050'000, "b")));
    for (const char* name : {"mean", "p50"}) {
        const difference& d = of(all, name);
        ASSERT_TRUE(d.interval) << name;
        EXPECT_TRUE(d.clear()) << name;
        EXPECT_LT(d.interval->low, 50'000) << name;
        EXPECT_GT(d.interval->high, 50'000) << name;
    }
}

TEST(Compare, two_samples_of_the_same_are_not_told_apart) {
    const auto all = between(group(around(1'000'000, "a")), group(around(1'000'000, "c")));
    EXPECT_FALSE(of(all, "mean").clear());
    EXPECT_FALSE(of(all, "p50").clear());
}

TEST(Compare, the_same_inputs_give_the_same_interval) {
    const json a = group(around(1'000'000, "a")), b = group(around(1'050'000, "b"));
    const auto one = between(a, b), two = between(a, b);
    for (std::size_t i = 0; i < one.size(); ++i) {
        ASSERT_EQ(one[i].interval.has_value(), two[i].interval.has_value());
        if (!one[i].interval) continue;
        EXPECT_EQ(one[i].interval->low, two[i].interval->low);
        EXPECT_EQ(one[i].interval->high, two[i].interval->high);
    }
}

TEST(Compare, delays_that_come_together_make_the_interval_wider_than_the_same_delays_apart) {
    std::vector<std::vector<std::int64_t>> together(40, std::vector<std::int64_t>(50, 1'000'000)),
        apart = together;
    for (int i = 0; i < 40; ++i) {
        apart[static_cast<std::size_t>(i)][0] = 9'000'000;
        together[7][static_cast<std::size_t>(i)] = 9'000'000;
    }
    const json quiet = group(std::vector(40, std::vector<std::int64_t>(50, 1'000'000)));
    const auto width = [&](const json& g) {
        const auto all = between(quiet, g);
        return of(all, "mean").interval->high - of(all, "mean").interval->low;
    };
    EXPECT_GT(width(group(together)), 10'000);
    EXPECT_LT(width(group(apart)), 1'000);
}

TEST(Compare, too_little_time_gives_no_interval_and_neither_does_the_longest) {
    const auto few = between(group({{1, 2, 3}, {4}}), group({{5, 6}}));
    for (const difference& d : few) EXPECT_FALSE(d.interval) << d.statistic;
    const auto all = between(group(around(1'000'000, "a")), group(around(1'050'000, "b")));
    EXPECT_FALSE(of(all, "max").interval);
}

TEST(Compare, quantiles_are_by_nearest_rank) {
    const std::vector<double> value{10, 20, 30, 40};
    const std::vector<std::uint64_t> count{50, 40, 9, 1};
    const auto at = [&](double q) { return evaluate({"", q}, value, count); };
    EXPECT_EQ(at(0.5), 10);
    EXPECT_EQ(at(0.9), 20);
    EXPECT_EQ(at(0.99), 30);
    EXPECT_EQ(at(0.999), 40);
    EXPECT_EQ(at(1), 40);
    EXPECT_DOUBLE_EQ(at(0), (500 + 800 + 270 + 40) / 100.0);
}

/// Runs around groups.
struct runs {
    json entry_a{{"command", "drydock run x"}, {"verdict", "as_expected"}, {"outcome", "clean"}},
        entry_b{{"command", "drydock run y"},
                {"verdict", "as_expected"},
                {"outcome", "violations"},
                {"violations", {{{"monitor", "long_hold"}, {"device", "cpu0"}, {"count", 3}}}}};
    json a{{"parameters", {{{"name", "smmu.itags"}, {"value", 32}}}}},
        b{{"parameters", {{{"name", "smmu.itags"}, {"value", 1}}}}};

    json changes(const json& of_a, const json& of_b) {
        a["groups"] = {of_a};
        b["groups"] = {of_b};
        return compare::changes({"A", &entry_a, &a}, {"B", &entry_b, &b});
    }
};

TEST(Compare, the_stage_that_the_change_came_from_is_named_first) {
    runs r;
    std::vector<std::vector<std::int64_t>> slow = around(1'000'000, "a");
    for (auto& block : slow) block[0] += 30'000'000;
    const json c = r.changes(group(around(1'000'000, "a"), 1'200'000), group(slow, 1'200'000));
    const json& g = c.at("groups").at(0);
    EXPECT_EQ(g.at("stages_mean").at(0).at("stage"), "cmdq_wait");
    EXPECT_NEAR(g.at("stages_mean").at(0).at("by").get<double>(), 30'000'000 / 50.0, 8'000);
    EXPECT_EQ(g.at("stages_slowest").at(0).at("stage"), "cmdq_wait");
    EXPECT_NE(render(c, false).find("in cmdq_wait"), std::string::npos);
}

TEST(Compare, parameters_verdicts_and_violations_that_differ_are_listed) {
    runs r;
    const json c = r.changes(group({{1}}), group({{2}}));
    EXPECT_EQ(c.at("parameters").at(0), json({{"name", "smmu.itags"}, {"a", 32}, {"b", 1}}));
    EXPECT_EQ(c.at("violations").at(0),
              json({{"monitor", "long_hold"}, {"device", "cpu0"}, {"a", 0}, {"b", 3}}));
    const std::string text = render(c, false);
    EXPECT_NE(text.find("A -> B: GREEN -> RED, as expected"), std::string::npos) << text;
    EXPECT_NE(text.find("drydock run y"), std::string::npos);
}

}  // namespace
}  // namespace drydock::compare
