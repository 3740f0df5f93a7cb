// SPDX-License-Identifier: Apache-2.0
#include "platform/report/page.h"

#include <gtest/gtest.h>

#include "platform/report/sentence.h"

namespace drydock::tests {
namespace {

using nlohmann::json;

/// A run of a function that is reset from 20 to 120 ms and of an innocent device.
struct some_run {
    some_run() {
        entry["name"] = "none";
        entry["verdict"] = "as_expected";
        entry["outcome"] = "clean";
        entry["devices"]["ep0"]["invalidations"]["timeouts"] = 0;
        entry["devices"]["nic"]["invalidations"]["timeouts"] = 0;
        profile["began_ps"] = 0;
        profile["ended_ps"] = 150'000'000'000;
        profile["parameters"] = json::array();
        profile["lanes"]["marks"] = json::array();
        for (const char* lane : {"cpus", "queues", "errors", "devices"})
            profile["lanes"][lane] = json::array();
        for (const char* device : {"ep0", "nic"})
            profile["lanes"]["devices"].push_back({{"name", device}, {"bars", json::array()}});
        profile["groups"] = json::array();
    }
    void flr() {
        profile["lanes"]["devices"][0]["bars"].push_back(
            json::array({20'000'000'000, 100'000'000'000, "flr", ""}));
    }
    json& group(const std::string& of, const std::string& device) {
        json g{{"class", of}, {"device", device}, {"who", device}, {"client", ""}};
        for (const char* n : {"count", "timed_out", "abandoned", "open", "total_ps", "max_ps"})
            g[n] = 0;
        for (const char* list : {"bins", "slowest", "lost"}) g[list] = json::array();
        g["octaves"] = g["blocks"]["of"] = g["dots"]["of"] = json::array();
        profile["groups"].push_back(g);
        return profile["groups"].back();
    }
    void lose(std::int64_t n, std::int64_t at_ps) {
        entry["devices"]["ep0"]["invalidations"]["timeouts"] = n;
        json& g = group("atc_inv", "ep0");
        for (std::int64_t i = 0; i < n; ++i) g["lost"].push_back({{"begin_ps", at_ps + i}});
    }
    std::string said() const { return report::sentence(entry, profile); }

    json entry, profile;
};

TEST(Sentence, nothing_happened) {
    EXPECT_EQ(some_run().said(), "no invalidation was lost; no stale access");
}

TEST(Sentence, a_reset_that_lost_some_and_an_innocent_that_stood_still) {
    some_run r;
    r.flr();
    r.lose(7, 21'000'000'000);
    // lowest, count, total, longest: what took no more than 1 ms is no standstill
    r.group("unmap", "nic")["bins"] = json::array(
        {{1000, 5, 7'000'000, 2'000'000}, {16'000'000'000, 7, 114'800'000'000, 16'400'000'000}});
    EXPECT_EQ(r.said(), "FLR of ep0 lost 7 invalidations; nic stood still 115 ms; no stale access");
}

TEST(Sentence, one_that_was_open_at_the_end_stood_still_too) {
    some_run r;
    r.flr();
    r.group("unmap", "nic")["slowest"].push_back({{"ended", "open"}, {"took_ps", 9'000'000'000}});
    EXPECT_EQ(r.said(),
              "FLR of ep0 lost no invalidation; nic stood still 9.00 ms; no stale access");
}

TEST(Sentence, what_was_lost_outside_of_the_reset_is_not_the_reset_s_doing) {
    some_run r;
    r.flr();
    r.lose(1, 3'000'000'000);
    EXPECT_EQ(
        r.said(),
        "ep0 left 1 invalidation unanswered; FLR of ep0 lost no invalidation; no stale access");
}

TEST(Sentence, an_access_after_the_unmap_is_said_of_its_device) {
    some_run r;
    r.entry["violations"].push_back({{"monitor", "stale_access"}, {"device", "ep0"}});
    EXPECT_EQ(r.said(),
              "no invalidation was lost; ep0 reached memory after its unmap had returned");
}

TEST(Sentence, what_else_made_it_red_is_said_once_unless_the_rest_explains_it) {
    some_run r;
    r.flr();
    const auto fires = [&](const char* monitor, const char* device) {
        r.entry["violations"].push_back({{"monitor", monitor}, {"device", device}});
    };
    fires("sleep_in_atomic", "sw.R");
    fires("invalidate_in_reset", "ep0");
    fires("sw_hw_domain_mismatch", "ep0");
    fires("sw_hw_domain_mismatch", "ep0");
    EXPECT_EQ(r.said(),
              "FLR of ep0 lost no invalidation; sw.R may sleep in atomic context; an Invalidate "
              "Request reached ep0 in its reset; software and hardware disagree on the domain of "
              "ep0; no stale access");
    r.lose(1, 21'000'000'000);
    EXPECT_EQ(r.said(),
              "FLR of ep0 lost 1 invalidation; sw.R may sleep in atomic context; software and "
              "hardware disagree on the domain of ep0; no stale access");
}

json summary_of(std::size_t runs) {
    json s{{"drydock", {{"scenario", "a.yaml"}, {"version", "1"}, {"seed", 1}}},
           {"runs", json::array()}};
    for (std::size_t i = 0; i < runs; ++i) {
        json entry = some_run().entry;
        entry["name"] = "r" + std::to_string(i);
        s["runs"].push_back(entry);
    }
    return s;
}

TEST(Page, text_of_a_scenario_cannot_end_the_script_that_holds_it) {
    json s = summary_of(1);
    s["drydock"]["scenario"] = "</script><script>alert(1)";
    const std::string page = report::page(s, {some_run().profile}, {json::array()});
    EXPECT_EQ(page.find("</script><script>alert"), std::string::npos);
    EXPECT_EQ(page.find("/*data*/"), std::string::npos);
    EXPECT_EQ(page.find("http"), page.find("https://github.com/leeoniya/uPlot"))
        << "the library's own banner is the only address";
}

TEST(Page, of_many_runs_those_that_went_wrong_are_shown_in_full) {
    json s = summary_of(30);
    s["runs"][20]["verdict"] = "unexpected";
    s["runs"][25]["outcome"] = "violations";
    const json data = report::page_data(s, std::vector<json>(30, some_run().profile),
                                        std::vector<json>(30, json::array()));
    std::vector<std::string> full;
    for (const json& r : data.at("runs"))
        if (r.contains("profile")) full.push_back(r.at("name"));
    EXPECT_EQ(full, (std::vector<std::string>{"r0", "r1", "r2", "r3", "r4", "r5", "r20", "r25"}));
    EXPECT_EQ(data.at("runs").size(), 25u);  // the first 24, and the one that has a violation
    EXPECT_EQ(data.at("more"), 5);
    EXPECT_EQ(data.at("more_unexpected"), 0);
}

TEST(Page, what_a_run_sets_otherwise_stands_beside_the_first_one_s_value) {
    const json first = json::array({{{"path", "x"}, {"value", "1"}, {"origin", "a:1"}}}),
               second = json::array({{{"path", "x"}, {"value", "2"}, {"origin", "matrix"}}});
    const json data = report::page_data(summary_of(2), {json(), json()}, {first, second});
    EXPECT_EQ(data.at("settings").at(0).at("others"), json({{"r1", "2"}}));
}

}  // namespace
}  // namespace drydock::tests
