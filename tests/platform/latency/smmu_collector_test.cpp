// SPDX-License-Identifier: Apache-2.0
// Distributions of table walks and of what transactions waited for.
#include "platform/latency/smmu_collector.h"

#include <gtest/gtest.h>

namespace drydock::latency {
namespace {

struct smmu_times : testing::Test {
    base::context ctx{1};
    base::place_id smmu = ctx.probe.place("smmu");
    smmu_collector c{ctx};

    void walk(std::uint64_t ps) {
        ctx.probe.emit(base::kind::walk_done, smmu, base::ps{0}, base::no_span, 1, 0x1000, ps, 4);
    }
    void stall(const char* reason, bool begins, std::uint64_t ps) {
        ctx.probe.emit(base::kind::smmu_stall, smmu, base::ps{0}, base::no_span,
                       ctx.probe.text(reason), 1, begins, ps);
    }
};

TEST_F(smmu_times, walks_are_a_distribution) {
    for (const std::uint64_t t : {300u, 100u, 200u}) walk(t);
    EXPECT_EQ(c.walks().at("count"), 3);
    EXPECT_EQ(c.walks().at("p50_ps"), 200);
    EXPECT_EQ(c.walks().at("max_ps"), 300);
}

TEST_F(smmu_times, each_reason_has_a_distribution_of_the_waits_that_ended) {
    stall("no_walk_slot", true, 0);
    stall("no_walk_slot", false, 70);
    stall("older_writes", true, 0);
    stall("older_writes", false, 5);
    stall("older_writes", true, 0);  // still waiting
    const auto all = c.stalls();
    EXPECT_EQ(all.size(), 2u);
    EXPECT_EQ(all.at("no_walk_slot").at("p50_ps"), 70);
    EXPECT_EQ(all.at("older_writes").at("count"), 1);
}

TEST_F(smmu_times, nothing_waited_for_is_no_reason) { EXPECT_TRUE(c.stalls().empty()); }

}  // namespace
}  // namespace drydock::latency
