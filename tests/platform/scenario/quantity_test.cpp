// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/quantity.h"

#include <gtest/gtest.h>

#include "platform/scenario/nearest.h"
#include "platform/scenario/sha256.h"

namespace drydock::scenario {
namespace {

TEST(Quantity, times_are_exact_whole_picoseconds) {
    EXPECT_EQ(parse_time("10ms"), 10_ms);
    EXPECT_EQ(parse_time("1.5 us"), 1500_ns);
    EXPECT_EQ(parse_time("60s"), 60_s);
    EXPECT_EQ(parse_time("0.001ns"), 1_ps);
    EXPECT_EQ(parse_time("2.50000000000000ms"), 2500_us);
    for (const char* bad :
         {"10", "10 m", "ms", "1..5us", "-1ms", "0.0001ns", "1.ms", "99999999999999s", "1e3ms", ""})
        EXPECT_FALSE(parse_time(bad)) << bad;
}

TEST(Quantity, sizes_and_shares_have_units) {
    EXPECT_EQ(parse_bytes("4KiB"), 4096u);
    EXPECT_EQ(parse_bytes("1 GiB"), 1u << 30);
    EXPECT_FALSE(parse_bytes("4KB"));
    EXPECT_FALSE(parse_bytes("99999999999999GiB"));
    EXPECT_EQ(parse_percent("50%"), 50u);
    EXPECT_FALSE(parse_percent("101%"));
    EXPECT_FALSE(parse_percent("50"));
}

TEST(Quantity, links_are_those_that_exist) {
    EXPECT_EQ(parse_link("gen4 x8")->gen, 4u);
    EXPECT_EQ(parse_link("gen6  x32")->width, 32u);
    for (const char* bad : {"gen7 x8", "gen4 x3", "gen4x8", "4 x8", "gen0 x1"})
        EXPECT_FALSE(parse_link(bad)) << bad;
}

TEST(Quantity, bursts_are_a_count_times_a_size) {
    EXPECT_EQ(parse_burst("64 x 256B")->count, 64u);
    EXPECT_EQ(parse_burst("1x4KiB")->bytes, 4096u);
    for (const char* bad : {"0 x 256B", "64 x 0B", "64 x 5000B", "64", "5000 x 1B"})
        EXPECT_FALSE(parse_burst(bad)) << bad;
}

TEST(Quantity, windows_have_a_beginning_or_an_end) {
    EXPECT_EQ(parse_window("19ms..25ms")->to, 25_ms);
    EXPECT_EQ(parse_window("19ms..")->to, base::never);
    EXPECT_EQ(parse_window("..25ms")->from, 0_ps);
    const auto around = parse_window("violation-20us..+5us");
    ASSERT_TRUE(around && around->at_violation);
    EXPECT_EQ(around->from, 0_ps - 20_us);
    EXPECT_EQ(around->to, 5_us);
    EXPECT_EQ(parse_window("violation..+5us")->from, 0_ps);
    EXPECT_EQ(parse_window("violation-1us..")->to, 0_ps);
    for (const char* bad :
         {"..", "25ms..19ms", "19ms", "a..b", "violation..", "violation20us..+5us",
          "violation-20us..5us", "violation+1us..+5us", "19ms..violation"})
        EXPECT_FALSE(parse_window(bad)) << bad;
}

TEST(Quantity, text_reads_back_as_the_same_value) {
    for (const auto t : {0_ps, 1_ps, 1500_ns, 10_ms, 3_s}) EXPECT_EQ(parse_time(to_text(t)), t);
    EXPECT_EQ(bytes_to_text(4u << 20), "4MiB");
    EXPECT_EQ(to_text(link{4, 8}), "gen4 x8");
}

TEST(Nearest, one_slip_is_forgiven_and_a_stranger_is_not) {
    EXPECT_EQ(nearest("flr_tme", {"name", "flr_time", "like"}), "flr_time");
    EXPECT_EQ(nearest("m2", {"none", "M2"}), "M2");
    EXPECT_EQ(nearest("frequency", {"name", "flr_time", "like"}), std::nullopt);
    EXPECT_EQ(edit_distance("timeuot", "timeout"), 1u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
}

TEST(Sha256, agrees_with_the_published_examples) {  // FIPS 180-4 examples
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace drydock::scenario
