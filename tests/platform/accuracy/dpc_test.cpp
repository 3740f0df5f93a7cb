// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "platform/accuracy/dpc_measure.h"
#include "platform/accuracy/report.h"
#include "tests/platform/accuracy/named.h"

namespace drydock::accuracy {
namespace {

const errors of(const dpc_measurement& m, dpc_stage s) {
    return m.by_stage[static_cast<std::size_t>(s)].result();
}

TEST(DpcAccuracy, half_of_the_patterns_judge_and_all_verdicts_are_there) {
    std::size_t judges = 0;
    std::set<root_complex::containment_cause> causes;
    for (const dpc_pattern& p : dpc_patterns()) {
        judges += p.calibrates ? 0 : 1;
        causes.insert(p.cause);
    }
    EXPECT_EQ(judges * 2, dpc_patterns().size());
    EXPECT_EQ(causes.size(), 5u);
    EXPECT_GE(containments_per_pattern, 500u);
}

TEST(DpcAccuracy, the_model_answers_as_the_rtl_at_the_same_edges) {
    for (const dpc_pattern& p : dpc_patterns()) {
        const dpc_measurement m = measure(p, 64);
        EXPECT_TRUE(m.same_order) << p.name;
        EXPECT_EQ(of(m, dpc_stage::trigger).count, 64u) << p.name;
        EXPECT_GE(of(m, dpc_stage::release).count, 64u) << p.name;
        EXPECT_EQ(of(m, dpc_stage::rp_busy).count, p.root_port_extensions ? 64u : 0u) << p.name;
        EXPECT_GT(of(m, p.complete_with_ur ? dpc_stage::complete_ur : dpc_stage::complete_ca).count,
                  64u)
            << p.name;
        for (std::size_t s = 0; s < dpc_stages; ++s)
            EXPECT_EQ(m.by_stage[s].result().max, 0) << p.name << " " << dpc_stage_names[s];
        EXPECT_EQ(m.rtl_p99, m.twin_p99) << p.name;
        EXPECT_EQ(missed_targets(std::vector{m}), std::vector<std::string>{}) << p.name;
    }
}

TEST(DpcAccuracy, a_gate_that_closes_late_is_missed) {
    dpc_pattern p = dpc_named("dpc_software");
    p.times.trigger = 6;
    const dpc_measurement m = measure(p, 64);
    EXPECT_EQ(of(m, dpc_stage::trigger).mean, 6 * 500);
    EXPECT_FALSE(m.same_order) << "TLPs pass that the rtl discards";
    const auto missed = missed_targets(std::vector{m});
    EXPECT_EQ(missed, (std::vector<std::string>{
                          "dpc_software: other answers, or in another order",
                          "dpc_software, trigger: mean absolute error 6.0 cycles, target 4"}));
}

TEST(DpcAccuracy, a_measurement_reaches_the_parent_whole) {
    const dpc_measurement m = measure(dpc_named("dpc_busy"), 16);
    EXPECT_EQ(packed(unpacked(packed(m), *m.of)), packed(m));
    const nlohmann::json told = as_json(results{{}, {m}, {}})["containments"]["patterns"][0];
    EXPECT_EQ(told["open_loop"]["stages"]["rp_busy"]["count"], 16);
    EXPECT_EQ(told["open_loop"]["stages"]["trigger"]["mean_absolute_cycles"], 0);
}

}  // namespace
}  // namespace drydock::accuracy
