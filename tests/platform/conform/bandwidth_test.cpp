// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "platform/conform/pcie_bw.h"
#include "platform/scenario/place.h"

namespace drydock::conform {
namespace {

using pcie::dllp_accounting;

constexpr unsigned write_overhead = 24, completion_overhead = 20;  // gen1-5, 64-bit address

/// Gb/s that the line code and SKP ordered sets leave of gen3 x8.
constexpr double gen3_x8 = 8.0 * 8 * 128 / 130 * (1 - 4.0 / 1538);

TEST(Bandwidth, writes_lose_one_header_for_each_payload) {
    transfer t;
    t.bytes = 1024;  // four TLPs of 256
    t.accounting = dllp_accounting::none;
    const auto got = measure({t});
    const double line = 8.0 * 8 * 128 / 130;
    EXPECT_NEAR(got[0].write_gbps, line * 256 / (256 + write_overhead), 0.05);
    EXPECT_NEAR(got[0].read_gbps, line * 256 / (256 + completion_overhead), 0.05);
}

TEST(Bandwidth, small_reads_are_bound_by_their_requests) {
    transfer t;
    t.bytes = 2;  // a request of 24 B fetches a completion of 24 B: its 4 B hold 2
    t.accounting = dllp_accounting::none;
    const double line = 8.0 * 8 * 128 / 130;
    EXPECT_NEAR(measure({t})[0].read_gbps, line * 2 / 24, 0.05);
}

TEST(Bandwidth, an_operation_that_ends_within_a_payload_costs_a_header_more) {
    transfer t;
    t.bytes = 260;
    t.accounting = dllp_accounting::none;
    const double line = 8.0 * 8 * 128 / 130;
    EXPECT_NEAR(measure({t})[0].write_gbps, line * 260 / (260 + 2 * write_overhead), 0.05);
}

TEST(Bandwidth, P_154_every_stream_has_a_link_of_its_own) {
    transfer small, large;
    small.bytes = 64;
    large.bytes = 256;
    small.accounting = large.accounting = dllp_accounting::pcie_bench;
    const auto both = measure({small, large});
    EXPECT_NEAR(both[0].write_gbps, 42.10, 0.42);
    EXPECT_NEAR(both[1].write_gbps, 52.92, 0.53);
}

TEST(Bandwidth, mechanistic_writes_lose_only_skip_ordered_sets) {
    transfer t;
    t.bytes = 256;
    EXPECT_NEAR(measure({t})[0].write_gbps, gen3_x8 * 256 / (256 + write_overhead), 0.1);
}

constexpr const char* head =
    "gen,lanes,mps_bytes,mrrs_bytes,rcb_bytes,payload_bytes,write_gbps,read_gbps\n";

TEST(BandwidthTable, columns_may_stand_in_any_order_and_others_are_ignored) {
    const auto rows = parse_bandwidth_table(
        "read_gbps, note ,lanes,gen,mps_bytes,mrrs_bytes,rcb_bytes,payload_bytes,write_gbps\r\n"
        "2.5,hello,x4,gen2,128,512,64,300,1.5\r\n\r\n",
        "t.csv");
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].what.gen, 2u);
    EXPECT_EQ(rows[0].what.lanes, 4u);
    EXPECT_EQ(rows[0].what.bytes, 300u);
    EXPECT_EQ(rows[0].write_gbps, 1.5);
    EXPECT_EQ(rows[0].read_gbps, 2.5);
}

void expect_refused(const std::string& text, const std::string& message) {
    try {
        parse_bandwidth_table(text, "t.csv");
        ADD_FAILURE() << text << " was taken";
    } catch (const scenario::bad_input& e) {
        EXPECT_NE(std::string(e.what()).find(message), std::string::npos) << e.what();
    }
}

TEST(BandwidthTable, what_is_wrong_is_told_with_its_place) {
    expect_refused("", "t.csv:1:1");
    expect_refused("gen,lanes\n", "t.csv:1:1: no column 'mps_bytes'");
    expect_refused(head, "t.csv:1:1: no rows");
    const std::string h = head;
    expect_refused(h + "gen7,x8,256,512,64,64,1,1\n", "t.csv:2:1: 'gen7'; expected gen1..gen6");
    expect_refused(h + "gen3,x7,256,512,64,64,1,1\n", "t.csv:2:6: 'x7'");
    expect_refused(h + "gen3,x8,255,512,64,64,1,1\n", "t.csv:2:9: '255'");
    expect_refused(h + "gen3,x8,256,512,64,0,1,1\n", "t.csv:2:20: '0'");
    expect_refused(h + "gen3,x8,256,512,64,64,fast,1\n", "t.csv:2:23: 'fast'");
    expect_refused(h + "gen3,x8,256,512,64,64,nan,1\n", "t.csv:2:23: 'nan'");
    expect_refused(h + "gen3,x8,256\n", "t.csv:2:12: the line ends before column");
}

TEST(BandwidthTable, a_row_that_differs_by_more_than_the_limit_fails) {
    bandwidth_row right, wrong;
    right.what.bytes = wrong.what.bytes = 64;
    right.write_gbps = wrong.write_gbps = 42.098;
    right.read_gbps = 44.1027;
    wrong.read_gbps = 44.1027 * 1.02;
    const auto v = compare_bandwidth({right, wrong});
    EXPECT_EQ(v.passed, 1u);
    EXPECT_EQ(v.failed, 1u);
    EXPECT_FALSE(v.ok());
    EXPECT_NE(v.text.find("FAILED"), std::string::npos);
}

}  // namespace
}  // namespace drydock::conform
