// SPDX-License-Identifier: Apache-2.0
// The simulated link against the published model of pcie-bench, where its table is at hand.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "platform/conform/pcie_bw.h"

namespace drydock::conform {
namespace {

TEST(BandwidthReference, P_154_every_row_of_the_published_table) {
    const std::string file = DRYDOCK_REFERENCE_DATA "/pcie_bw/pcie_bench_model.csv";
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    const auto v = compare_bandwidth(parse_bandwidth_table(text.str(), file));
    EXPECT_TRUE(v.ok()) << v.text;
}

}  // namespace
}  // namespace drydock::conform
