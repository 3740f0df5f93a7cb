// SPDX-License-Identifier: Apache-2.0
#include "platform/explain/charts.h"

#include <gtest/gtest.h>

namespace drydock::explain {
namespace {

using nlohmann::json;

json invalidation() {
    return {{"id", "INV 5"},
            {"class", "atc_inv"},
            {"who", "sva0@ep0"},
            {"client", "sva0"},
            {"device", "ep0"},
            {"begin_ps", 1'000'000},
            {"took_ps", 800'000},
            {"ended", "completed"},
            {"pieces", json::array({{"sw_issue", 100'000},
                                    {"cmdq_wait", 0},
                                    {"request_flight", 200'000},
                                    {"atc_process", 100'000},
                                    {"completion_flight", 300'000},
                                    {"sw_observe", 100'000}})}};
}

/// An unmap around it.
json unmap() {
    json t = invalidation();
    t["id"] = "UNMAP 4";
    t["class"] = "unmap";
    t["begin_ps"] = 500'000;
    t["took_ps"] = 1'400'000;
    t["pieces"] = json::array({{"pte", 500'000}, {"atc_inv", 100'000}, {"atc_sync", 800'000}});
    t["parts"] = json::array({invalidation()});
    return t;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}

TEST(Sequence, steps_come_in_order_of_time_and_end_where_the_transaction_does) {
    const auto steps = sequence_of(unmap());
    ASSERT_GE(steps.size(), 5u);
    for (std::size_t i = 1; i < steps.size(); ++i) EXPECT_LE(steps[i - 1].at_ps, steps[i].at_ps);
    EXPECT_EQ(steps.back().at_ps, 1'900'000);
}

TEST(Sequence, the_request_goes_down_and_the_completion_comes_back) {
    const std::string chart = mermaid(invalidation());
    EXPECT_EQ(chart.rfind("sequenceDiagram\n", 0), 0u);
    const auto down = chart.find("SMMU->>device: Invalidate Request"),
               up = chart.find("device->>SMMU: Invalidate Completion");
    ASSERT_NE(down, std::string::npos) << chart;
    ASSERT_NE(up, std::string::npos) << chart;
    EXPECT_LT(down, up);
    EXPECT_NE(chart.find("participant device as ep0"), std::string::npos);
    EXPECT_EQ(chart.find(';'), std::string::npos) << "would end a statement";
}

TEST(Sequence, one_without_an_answer_shows_that_none_came) {
    json t = invalidation();
    t["ended"] = "timed_out";
    t["pieces"] =
        json::array({{"request_flight", 100'000}, {"lost", 600'000}, {"sw_observe", 100'000}});
    const std::string chart = mermaid(t);
    EXPECT_NE(chart.find("device--xSMMU: no answer"), std::string::npos) << chart;
    EXPECT_EQ(chart.find("Invalidate Completion"), std::string::npos);
}

TEST(Sequence, the_drawing_has_a_line_of_text_for_every_step) {
    const json t = unmap();
    const std::string svg = sequence_svg(t);
    // title, three names, and a moment and a text for each step
    EXPECT_EQ(count(svg, "<text "), 4 + 2 * sequence_of(t).size());
    EXPECT_EQ(count(svg, "<svg "), 1u);
    EXPECT_EQ(count(svg, "</svg>"), 1u);
}

TEST(Sequence, names_of_a_scenario_cannot_break_the_drawing) {
    json t = invalidation();
    t["client"] = "a<b>&c";
    const std::string svg = sequence_svg(t);
    EXPECT_NE(svg.find("a&lt;b&gt;&amp;c"), std::string::npos);
    EXPECT_EQ(svg.find("a<b>"), std::string::npos);
}

/// Bricks of a wave that take a text of "data" each.
std::size_t labelled(const std::string& wave) {
    std::size_t n = 0;
    for (const char c : wave) n += (c >= '2' && c <= '9') ? 1 : 0;
    return n;
}

TEST(WaveDrom, all_lanes_are_equally_long_and_every_brick_has_its_text) {
    for (const json& t : {invalidation(), unmap()}) {
        const json w = wavedrom(t);
        const std::size_t length = w.at("signal").at(0).at("wave").get<std::string>().size();
        ASSERT_GT(length, 0u);
        for (const json& lane : w.at("signal")) {
            const std::string wave = lane.at("wave");
            EXPECT_EQ(wave.size(), length) << lane;
            EXPECT_EQ(labelled(wave), lane.at("data").size()) << lane;
            EXPECT_NE(wave.front(), '.') << "continues nothing: " << lane;
        }
    }
}

TEST(WaveDrom, stages_lie_in_the_lane_of_whoever_works) {
    const json w = wavedrom(invalidation());
    const auto lane = [&](const std::string& name) {
        for (const json& s : w.at("signal"))
            if (s.at("name") == name) return s.at("data").dump();
        return std::string("none");
    };
    EXPECT_EQ(lane("ep0"), "[\"atc_process 100 ns\"]");
    EXPECT_EQ(lane("link"), "[\"request_flight 200 ns\",\"completion_flight 300 ns\"]");
    EXPECT_EQ(lane("sva0"), "[\"sw_issue 100 ns\",\"sw_observe 100 ns\"]");
}

}  // namespace
}  // namespace drydock::explain
