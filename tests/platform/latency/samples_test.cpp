// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tlm/base/rng.h"

namespace drydock::latency {
namespace {

using base::ps;

TEST(Samples, percentiles_are_by_nearest_rank) {
    samples s;
    for (int i = 100; i >= 1; --i) s.add(ps{i * 10});
    const distribution d = s.summary();
    EXPECT_EQ(d.count, 100u);
    EXPECT_EQ(d.total, ps{50500});
    EXPECT_EQ(d.p50, ps{500});
    EXPECT_EQ(d.p90, ps{900});
    EXPECT_EQ(d.p99, ps{990});
    EXPECT_EQ(d.p999, ps{1000});
    EXPECT_EQ(d.p9999, ps{1000});
    EXPECT_EQ(d.max, ps{1000});
}

TEST(Samples, one_sample_is_every_percentile_and_none_is_zero) {
    samples s;
    EXPECT_EQ(s.summary().max, ps{0});
    s.add(ps{7});
    EXPECT_EQ(s.summary().p50, ps{7});
    EXPECT_EQ(s.summary().p9999, ps{7});
}

TEST(Samples, long_and_short_ones_are_ranked_together_exactly) {
    base::rng random(3, "samples");
    samples s;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 20'000; ++i) {
        const auto v = static_cast<std::int64_t>(random.next() >> (20 + random.below(40)));
        all.push_back(v);
        s.add(ps{v});
    }
    std::sort(all.begin(), all.end());
    const distribution d = s.summary();
    EXPECT_EQ(d.p50.count, all[10'000 - 1]);
    EXPECT_EQ(d.p99.count, all[19'800 - 1]);
    EXPECT_EQ(d.p9999.count, all[19'998 - 1]);
    EXPECT_EQ(d.max.count, all.back());
    ASSERT_GT(all.back(), std::int64_t{UINT32_MAX});
    ASSERT_LT(all.front(), std::int64_t{UINT32_MAX});
}

}  // namespace
}  // namespace drydock::latency
