// SPDX-License-Identifier: Apache-2.0
#include "platform/expect/expect.h"

#include <regex>
#include <set>
#include <string>
#include "platform/expect/metrics.h"
#include "platform/expect/relation.h"

#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;
using expect::measure;

json sample_run(int i) {
    return json::parse(read(project_file("tests/platform/report/sample_summary.json")))
        .at("runs")
        .at(i);
}

/// Judges the sample's run by one expectation; @return its line
json judged(int i, const std::string& name, const std::string& relation) {
    scenario::run r;
    r.expect.push_back({name, relation, {}});
    json result = sample_run(i);
    expect::judge(r, result);
    return result.at("expectations").at(0);
}

TEST(Relation, compares_counts_times_and_shares) {
    EXPECT_TRUE(expect::parse_relation(">= 5")->holds(5));
    EXPECT_FALSE(expect::parse_relation("> 5")->holds(5));
    EXPECT_TRUE(expect::parse_relation("0")->holds(0));
    EXPECT_TRUE(expect::parse_relation("!= 3")->holds(4));
    EXPECT_EQ(expect::parse_relation("< 50us")->unit, expect::unit::time);
    EXPECT_TRUE(expect::parse_relation("< 50us")->holds(49'999'999));
    EXPECT_FALSE(expect::parse_relation("< 50us")->holds(50'000'000));
    EXPECT_TRUE(expect::parse_relation("< 1%")->holds_share(299, 30000));
    EXPECT_FALSE(expect::parse_relation("< 1%")->holds_share(300, 30000));
    EXPECT_TRUE(expect::parse_relation("<= 0.5%")->holds_share(1, 200));
    EXPECT_TRUE(expect::parse_relation("< 1%")->holds_share(0, 0));
    for (const char* bad : {"", "lots", "< ", "5 %%", "< 1.0001%", "1.5", "101%"})
        EXPECT_FALSE(expect::parse_relation(bad)) << bad;
}

TEST(Metrics, read_what_each_name_means) {
    const auto none = sample_run(0);
    EXPECT_EQ(measure(none, "timeouts")->value, 7);
    EXPECT_EQ(measure(none, "ep0.timeouts")->value, 7);
    EXPECT_EQ(measure(none, "nic.timeouts")->value, 0);
    EXPECT_EQ(measure(none, "nic.unmap_missed")->value, 22900);
    EXPECT_EQ(measure(none, "net.unmap_missed")->value, 22900);
    EXPECT_EQ(measure(none, "sva0.missed")->value, 23988);
    EXPECT_EQ(measure(none, "sva0.missed")->whole, 45000);
    EXPECT_EQ(measure(none, "R.result")->value, 0);
    EXPECT_EQ(measure(none, "R.duration")->value, 100'200'000'000);
    EXPECT_EQ(measure(none, "cpu1.irqs_off_longest")->value, 33'000'000'000);
    EXPECT_EQ(measure(none, "invalidation.p99")->value, 2'900'000);
    EXPECT_EQ(measure(none, "counters.polls")->value, 12345);
    EXPECT_EQ(measure(none, "violations")->value, 8);
    EXPECT_EQ(measure(none, "invalidate_in_reset")->value, 7);
    EXPECT_FALSE(measure(none, "Q.result"));
    EXPECT_FALSE(measure(none, "unmap.p50"));
}

TEST(Metrics, the_longest_unmap_may_be_one_that_is_still_open) {
    EXPECT_EQ(measure(sample_run(0), "net.longest_unmap")->value, 33'000'000'000);
    EXPECT_EQ(measure(sample_run(1), "net.longest_unmap")->value, 9'900'000);
}

TEST(Expect, a_required_violation_that_fires_is_as_expected) {
    EXPECT_TRUE(judged(0, "invalidate_in_reset", "fires").at("ok"));
    EXPECT_TRUE(judged(0, "innocent_harmed", "fires: nic").at("ok"));
}

TEST(Expect, a_required_violation_that_does_not_fire_is_unexpected) {
    EXPECT_EQ(judged(1, "invalidate_in_reset", "fires").at("actual"), "did not fire");
    EXPECT_FALSE(judged(1, "invalidate_in_reset", "fires").at("ok"));
    EXPECT_EQ(judged(0, "innocent_harmed", "fires: ep0").at("actual"),
              "fired once, but for another device");
}

TEST(Expect, a_known_gap_counts_only_where_it_is_required) {
    EXPECT_TRUE(judged(1, "warn", "fires").at("ok"));
    EXPECT_TRUE(judged(1, "warn", "0").at("ok"));
    EXPECT_TRUE(judged(1, "violations", "0").at("ok"));
}

TEST(Expect, the_actual_value_is_said_in_its_unit) {
    EXPECT_EQ(judged(1, "nic.missed", "< 1%").at("actual"), "1 of 33000 (0.00%)");
    EXPECT_EQ(judged(1, "sva0.longest_unmap", "< 50us").at("actual"), "10200ns");
    EXPECT_EQ(judged(1, "Q.result", "0").at("actual"), "not measured");
    EXPECT_FALSE(judged(1, "Q.result", "0").at("ok"));
}

std::string verdict(int i, const std::vector<scenario::expectation>& e) {
    scenario::run r;
    r.expect = e;
    json result = sample_run(i);
    expect::judge(r, result);
    return result.at("verdict");
}

TEST(Expect, without_a_word_about_violations_none_may_happen) {
    EXPECT_EQ(verdict(0, {}), "unexpected");
    EXPECT_EQ(verdict(1, {}), "as_expected");
    EXPECT_EQ(verdict(0, {{"stale_access", "0", {}}, {"R.result", "0", {}}}), "unexpected");
}

TEST(Expect, a_run_that_must_violate_one_rule_may_violate_others) {
    EXPECT_EQ(verdict(0, {{"invalidate_in_reset", "fires", {}}}), "as_expected");
    EXPECT_EQ(verdict(0, {{"invalidate_in_reset", ">= 1", {}}}), "as_expected");
    EXPECT_EQ(verdict(0, {{"violations", "< 9", {}}}), "as_expected");
    EXPECT_EQ(verdict(1, {{"invalidate_in_reset", "fires", {}}}), "unexpected");
}

TEST(Expect, every_name_of_a_scenario_can_be_looked_up) {
    const auto l = scenario::load(project_file("platform/scenarios/flr_under_unmap.yaml"), {});
    const auto names = expect::names_of(l.runs[0]);
    EXPECT_GT(names.size(), 100u);
    for (const auto& name : names) EXPECT_TRUE(expect::lookup(l.runs[0], name)) << name;
}

TEST(Expect, a_missed_violation_is_said_in_words) {
    EXPECT_EQ(judged(0, "innocent_harmed", "fires: ep0").at("expected"), "fires for ep0");
    EXPECT_EQ(judged(0, "innocent_harmed", "fires: nic").at("actual"), "fired once");
}

TEST(Expect, every_monitor_there_is_may_be_expected) {
    const std::regex named("monitor\\(\\s*\"(\\w+)\"");
    std::set<std::string> found;
    for (const auto& file :
         std::filesystem::directory_iterator(project_file("platform/monitors"))) {
        if (file.path().extension() != ".cpp") continue;
        const std::string text = read(file.path());
        for (std::sregex_iterator m(text.begin(), text.end(), named), end; m != end; ++m)
            found.insert((*m)[1]);
    }
    const auto& known = expect::monitors();
    EXPECT_EQ(found, std::set<std::string>(known.begin(), known.end()));
}

}  // namespace
}  // namespace drydock::tests
