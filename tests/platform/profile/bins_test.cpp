// SPDX-License-Identifier: Apache-2.0
#include "platform/profile/bins.h"

#include <gtest/gtest.h>

#include <numeric>

namespace drydock::profile {
namespace {

using base::ps;
using namespace base::literals;

TEST(Bins, a_bin_holds_what_lies_between_its_lowest_and_that_of_the_next) {
    constexpr scale s{7};
    for (std::int64_t v = 0; v < 4'000'000'000'000; v = v * 5 / 4 + 1) {
        const std::uint32_t bin = s.bin(ps{v});
        EXPECT_LE(s.lowest(bin).count, v);
        EXPECT_GT(s.lowest(bin + 1).count, v);
        EXPECT_LE((s.lowest(bin + 1) - s.lowest(bin)).count, std::max<std::int64_t>(1, v / 128));
    }
}

TEST(Bins, columns_fold_when_the_run_outgrows_them_and_lose_nothing) {
    columns<tally> c(8);
    for (int i = 0; i < 1000; ++i) c.at(1_us * i).add(i % 3);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < c.used(); ++i)
        for (const auto& [bin, n] : c[i].entries()) total += n;
    EXPECT_EQ(total, 1000u);
    EXPECT_GT(c.used(), 4u);
    EXPECT_LE(c.used(), 8u);
    EXPECT_GE((c.width() * 8).count, (1000_us).count);
    std::uint64_t first = 0;
    for (const auto& [bin, n] : c[0].entries()) first += n;
    EXPECT_EQ(first, static_cast<std::uint64_t>(c.width() / 1_us));
}

TEST(Bins, an_interval_is_spread_over_the_columns_that_it_covers) {
    columns<busy> c(4);
    add_interval(c, 0_us, 1_us);
    add_interval(c, ps{1'500'000}, ps{2'250'000});
    EXPECT_EQ(c[0].time, 1_us);
    EXPECT_EQ(c[1].time, 500_ns);
    EXPECT_EQ(c[2].time, 250_ns);
    add_interval(c, 3_us, 7_us);  // folds to columns of 2 us
    EXPECT_EQ(c.width(), 2_us);
    EXPECT_EQ(c[0].time, 1500_ns);
    EXPECT_EQ(c[1].time, 1250_ns);
    EXPECT_EQ(c[2].time, 2_us);
    EXPECT_EQ(c[3].time, 1_us);
}

}  // namespace
}  // namespace drydock::profile
