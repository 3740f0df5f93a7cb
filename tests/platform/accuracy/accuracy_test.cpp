// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "platform/accuracy/bench_machine.h"
#include "platform/accuracy/report.h"
#include "tests/platform/accuracy/named.h"

namespace drydock::accuracy {
namespace {

using base::ps;

TEST(Accuracy, half_of_at_least_24_patterns_judge) {
    std::set<std::string> names;
    std::size_t judges = 0;
    for (const pattern& p : patterns()) {
        names.insert(p.name);
        judges += p.calibrates ? 0 : 1;
    }
    EXPECT_GE(names.size(), 24u);
    EXPECT_EQ(names.size(), patterns().size());
    EXPECT_EQ(judges * 2, names.size());
    EXPECT_GE(invalidations_per_pattern, 500u);
}

TEST(Accuracy, the_models_meet_the_targets_under_load) {
    std::vector<measurement> all;
    for (const char* name : {"loaded", "burst_8", "range_1g", "global", "backlog", "starved"}) {
        pattern judge = named(name);
        judge.calibrates = false;
        const measurement m = measure(judge, 128);
        EXPECT_EQ(missed_targets(std::vector{m}), std::vector<std::string>{});
        EXPECT_EQ(m.open.atc.result().count, 128u);
        EXPECT_GT(m.open.atc.result().mean_time, 2'000) << name << ": something was waited for";
    }
}

TEST(Accuracy, a_twin_that_is_late_or_differs_in_order_misses) {
    measurement m;
    m.of = &named("full");
    for (int n = 0; n < 100; ++n) m.open.atc.add(ps{1'020'000}, ps{1'000'000});
    EXPECT_EQ(missed_targets(std::vector{m}),
              (std::vector<std::string>{"full, ATC: mean absolute error 2.00 %, target 1 %"}));
    m.open.same_order = false;
    m.closed.rtl_p99 = 1'000'000;
    m.closed.twin_p99 = 1'021'000;
    m.open.by_stage[0].add(ps{5'000}, ps{0});
    EXPECT_EQ(missed_targets(std::vector{m}).size(), 4u);
    m.of = &named("loaded");
    EXPECT_TRUE(missed_targets(std::vector{m}).empty()) << "what calibrates does not judge";
}

TEST(Accuracy, errors_are_signed_differences) {
    error_samples s;
    s.add(ps{90}, ps{100});
    s.add(ps{130}, ps{100});
    const errors e = s.result();
    EXPECT_DOUBLE_EQ(e.mean, 10);
    EXPECT_DOUBLE_EQ(e.mean_absolute, 20);
    EXPECT_DOUBLE_EQ(e.per_cent(), 20);
    EXPECT_EQ(e.max, 30);
    EXPECT_EQ(percentile({5, 1, 4, 2, 3}, 50), 3);
    EXPECT_EQ(percentile({5, 1, 4, 2, 3}, 99), 5);
}

TEST(Accuracy, a_run_repeats_to_the_picosecond) {
    const auto json_of = [] {
        nlohmann::json j = as_json(results{{measure(named("burst_8"), 64)}, {}, {}});
        nlohmann::json& p = j["patterns"][0];
        EXPECT_GT(p["open_loop"]["seconds"]["rtl"], 0);
        j.erase("speed");  // of wall time
        p["open_loop"].erase("seconds");
        p["closed_loop"].erase("seconds");
        return j.dump();
    };
    EXPECT_EQ(json_of(), json_of());
}

}  // namespace
}  // namespace drydock::accuracy
