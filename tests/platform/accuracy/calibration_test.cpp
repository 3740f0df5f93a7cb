// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/calibration.h"

#include <gtest/gtest.h>

#include "tests/platform/accuracy/named.h"

namespace drydock::accuracy {
namespace {

/// What two patterns tell of a block's times.
std::vector<estimate> measured(fidelity f, const model_times& of_the_models,
                               const model_times& compared) {
    pattern p = named("range_64k");
    dpc_pattern d = dpc_named("dpc_own_error");
    p.times = d.times = of_the_models;
    calibration_samples s = observe(p, f, 128);
    s.add(observe(d, f, 32));
    return estimates(s, compared);
}

std::vector<std::string> that_differ(const std::vector<estimate>& all) {
    std::vector<std::string> names;
    for (const estimate& e : all)
        if (!e.agrees()) names.emplace_back(e.name);
    return names;
}

TEST(Calibration, the_defaults_of_the_models_are_the_times_of_the_rtl) {
    const auto all = measured(fidelity::rtl, {}, {});
    EXPECT_EQ(all.size(), 10u);
    EXPECT_EQ(that_differ(all), std::vector<std::string>{}) << as_text(all);
}

TEST(Calibration, a_time_that_is_not_the_rtls_is_named) {
    model_times wrong;
    wrong.probe = 2;
    wrong.match = 1;
    const auto all = measured(fidelity::rtl, {}, wrong);
    EXPECT_EQ(that_differ(all),
              (std::vector<std::string>{"atc.probe_cycles", "tracker.match_cycles"}));
    EXPECT_NE(as_text(all).find("2 of 10 times of the models differ"), std::string::npos);
    EXPECT_EQ(as_json(all)["calibration"][3]["measured_cycles"].get<double>(), 1);
}

TEST(Calibration, every_time_of_the_models_acts_and_is_measured) {
    model_times slow;
    slow.lookup = 5;
    slow.fill = 3;
    slow.invalidate = 7;
    slow.probe = 2;
    slow.completion = 4;
    slow.issue = 6;
    slow.match = 3;
    slow.trigger = 2;
    slow.release = 5;
    slow.verdict = 3;
    const auto all = measured(fidelity::tlm, slow, slow);
    EXPECT_EQ(that_differ(all), std::vector<std::string>{}) << as_text(all);
}

TEST(Calibration, a_line_through_points_of_one_place_is_none) {
    line l;
    l.add(4, 9);
    l.add(4, 10);
    EXPECT_FALSE(l.result());
    l.add(6, 13.5);
    ASSERT_TRUE(l.result());
    EXPECT_NEAR(l.result()->slope, 2, 1e-9);
    EXPECT_NEAR(l.result()->intercept, 1.5, 1e-9);
    EXPECT_GT(l.result()->residual, 0.3);
}

TEST(Calibration, samples_reach_the_parent_whole) {
    const calibration_samples s = observe(dpc_named("dpc_fatal"), fidelity::tlm, 8);
    EXPECT_EQ(packed(samples_of(packed(s))), packed(s));
}

}  // namespace
}  // namespace drydock::accuracy
