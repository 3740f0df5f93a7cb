// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/waves/recording.h"

namespace drydock::waves::test {
namespace {

using namespace base::literals;

/// Devices of a run whose first violation comes at 100 ns, a known gap before it.
void a_run_with_a_violation(recording& r, base::signal_recorder* to = nullptr, unsigned own = 0) {
    for (std::uint32_t t = 1; t <= 20; ++t) {
        if (to != nullptr && to->recording(ps{t * 10'000})) to->set(own, ps{t * 10'000}, t);
        r.tell(ps{t * 10'000}, kind::function_state, "ep0", {}, 0x0100,
               r.text("state " + std::to_string(t)));
        if (t == 5)
            r.tell(ps{50'000}, kind::violation, "monitors", {}, r.text("rule_check"), 0x0100,
                   r.text("known"), 1);
        if (t == 10 || t == 15)
            r.tell(ps{t * 10'000}, kind::violation, "monitors", {}, r.text("stale_access"), 0x0100,
                   r.text("the rule"), 0);
    }
}

TEST(FstWindow, around_the_first_violation_shows_what_came_before_it_and_after) {
    recording r({ps{-25'000}, 15_ns, true});
    a_run_with_a_violation(r);
    waves_read w = r.read();
    EXPECT_EQ(w.of("ep0.state"), (std::vector<change>{{75'000, "state 7"},
                                                      {80'000, "state 8"},
                                                      {90'000, "state 9"},
                                                      {100'000, "state 10"},
                                                      {110'000, "state 11"}}));
    EXPECT_EQ(w.of("markers.first_violation"),
              (std::vector<change>{{100'000, "stale_access ep0: the rule"}}));
    EXPECT_EQ(w.end, 115'000u);
}

TEST(FstWindow, around_the_first_violation_reaches_back_to_the_beginning_at_most) {
    recording r({ps{-1'000'000}, base::never, true});
    a_run_with_a_violation(r);
    waves_read w = r.read();
    EXPECT_EQ(w.of("ep0.state").size(), 20u);
}

TEST(FstWindow, without_a_violation_says_so) {
    recording r({ps{-25'000}, 15_ns, true});
    r.tell(1_ns, kind::function_state, "ep0", {}, 0x0100, r.text("flr"));
    r.tell(2_us, kind::function_state, "ep0", {}, 0x0100, r.text("ready"));
    waves_read w = r.read();
    EXPECT_FALSE(w.has("ep0.state"));
    EXPECT_EQ(w.of("markers.log").back().value, "no violation happened");
}

TEST(FstWindow, holds_only_the_instances_asked_for_and_the_markers) {
    recording r({}, {.instances = {"ep0", "sva0", "rp0_link.up"}});
    for (const char* where : {"ep0", "ep0.atc", "ep01", "rp0_link.up", "rp0_link.down", "smmu"})
        r.tell(1_ns, kind::function_state, where, {}, 0x0100, r.text("flr"));
    r.tell(2_ns, kind::span_begin, "sw.sva0.unmap", span_id{1}, std::uint64_t(span_class::unmap));
    r.tell(3_ns, kind::action, "scenario", {}, r.text("inject"), r.text("ep0 drop"));
    waves_read w = r.read();
    for (const char* there : {"ep0.state", "ep0.atc.state", "rp0_link.up.state",
                              "sw.sva0.unmap.unmap_0", "markers.fault"})
        EXPECT_TRUE(w.has(there)) << there;
    for (const char* left_out : {"ep01.state", "rp0_link.down.state", "smmu.state"})
        EXPECT_FALSE(w.has(left_out)) << left_out;
}

TEST(FstWindow, markers_stand_where_faults_were_injected) {
    recording r;
    r.tell(1_ns, kind::action, "scenario", {}, r.text("reset"), r.text("ep0"));
    r.tell(2_ns, kind::action, "scenario", {}, r.text("inject"), r.text("ep0 lose_completions"));
    r.tell(2_ns, kind::action, "scenario", {}, r.text("fail"), r.text("alloc"));
    waves_read w = r.read();
    EXPECT_EQ(w.of("markers.fault"),
              (std::vector<change>{{2000, "inject ep0 lose_completions"},
                                   {2000, "inject ep0 lose_completions; fail alloc"}}));
    EXPECT_EQ(w.of("markers.timeline").front(), (change{1000, "reset ep0"}));
}

TEST(FstLanes, transactions_of_one_instant_are_all_seen) {
    recording r;
    r.begin(1_ns, span_id{1});  // no time at all
    r.end(1_ns, span_id{1});
    r.begin(1_ns, span_id{2});
    r.tell(1_ns, kind::itag_taken, "smmu", span_id{3}, 4, 0x0100);
    r.tell(5_ns, kind::itag_timeout, "smmu", span_id{3}, 4, 0x0100);
    r.tell(5_ns, kind::itag_taken, "smmu", span_id{5}, 4, 0x0100);
    waves_read w = r.read();
    EXPECT_EQ(w.of("clients.sva0.unmap_0"), (std::vector<change>{{1000, "UNMAP 1 ep0 0x7f000"}}));
    EXPECT_EQ(w.of("clients.sva0.unmap_1"), (std::vector<change>{{1000, "UNMAP 2 ep0 0x7f000"}}));
    EXPECT_EQ(w.of("smmu.invalidation_0").back(), (change{5000, "TIMEOUT INV 3 ep0 itag 4"}));
    EXPECT_EQ(w.of("smmu.invalidation_1").back(), (change{5000, "INV 5 ep0 itag 4"}));
}

TEST(FstLanes, with_every_other_lane_busy_the_words_of_an_instant_stand_together) {
    recording r({}, {.lanes = 1});
    r.tell(1_ns, kind::itag_taken, "smmu", span_id{3}, 4, 0x0100);
    r.tell(5_ns, kind::itag_timeout, "smmu", span_id{3}, 4, 0x0100);
    r.tell(5_ns, kind::itag_taken, "smmu", span_id{5}, 4, 0x0100);
    waves_read w = r.read();
    EXPECT_EQ(w.of("smmu.invalidation_0").back(),
              (change{5000, "TIMEOUT INV 3 ep0 itag 4; INV 5 ep0 itag 4"}));
}

TEST(FstLanes, calls_translations_and_tlps_carry_their_ids) {
    recording r;
    r.tell(1_ns, kind::sw_call, "sw.R", {}, r.text("pci_reset_function"), 0x0100);
    r.tell(2_ns, kind::sw_call, "sw.R", {}, r.text("pcie_flr"), 0x0100);
    r.tell(3_ns, kind::sw_return, "sw.R", {}, r.text("pcie_flr"), 0x0100, std::uint64_t(-25));
    r.tell(4_ns, kind::sw_return, "sw.R", {}, r.text("pci_reset_function"), 0x0100);
    r.tell(5_ns, kind::span_begin, "ep0", span_id{9}, std::uint64_t(span_class::translation), 0,
           0x0100, 0x1000);
    r.tell(5_ns, kind::tlp_sent, "rp0_link.up", span_id{9}, 0, 0x1000, 0, 0x01000007);
    r.tell(9_ns, kind::span_end, "ep0", span_id{9}, 2);
    waves_read w = r.read();
    EXPECT_EQ(w.of("sw.R.call_0"),
              (std::vector<change>{{1000, "CALL 1 pci_reset_function ep0"}, {4000, ""}}));
    EXPECT_EQ(w.of("sw.R.call_1"), (std::vector<change>{{2000, "CALL 2 pcie_flr ep0"},
                                                        {3000, "pcie_flr returned -25"}}));
    EXPECT_EQ(w.of("ep0.translation_0"),
              (std::vector<change>{{5000, "TRANS 9 ep0 0x1000"}, {9000, "TRANS 9 result 2"}}));
    EXPECT_EQ(w.of("rp0_link.up.tlp_0"),
              (std::vector<change>{{5000, "TLP 1 MRd 0x1000 0B ep0 tag 7 TRANS 9"}}));
}

TEST(FstSignals, of_a_block_show_as_bits_and_words_below_its_scope) {
    recording r;
    base::signal_recorder* to = r.out->signals();
    ASSERT_NE(to, nullptr);
    constexpr std::array<std::string_view, 3> words{"idle", "walk", "drain"};
    const auto state = to->add("ep0.atc.rtl", "state", 2, words);
    const auto wide = to->add("ep0.atc.rtl", "entry", 40);
    const auto one = to->add("ep0.atc.rtl", "ready", 1);
    const std::array<std::uint32_t, 2> value{0x80000001u, 0x82u};
    to->set(state, 1_ns, 0);
    to->set(state, 2_ns, 2);
    to->set(state, 3_ns, 3);
    to->set(wide, 2_ns, value);
    to->set(wide, 3_ns, value);
    to->set(one, 4_ns, 1);
    waves_read w = r.read();
    EXPECT_EQ(w.of("ep0.atc.rtl.state"),
              (std::vector<change>{{1000, "idle"}, {2000, "drain"}, {3000, "3"}}));
    EXPECT_EQ(w.of("ep0.atc.rtl.entry [39:0]"),
              (std::vector<change>{{2000, std::to_string(0x8280000001ull)}}));
    EXPECT_EQ(w.of("ep0.atc.rtl.ready"), (std::vector<change>{{4000, "1"}}));
}

TEST(FstSignals, of_a_block_come_with_the_window_around_a_violation) {
    recording r({ps{-25'000}, 15_ns, true});
    base::signal_recorder* to = r.out->signals();
    const auto s = to->add("rtl", "count", 8);
    EXPECT_TRUE(to->recording(1_ns));
    a_run_with_a_violation(r, to, s);
    EXPECT_FALSE(to->recording(200_ns));
    waves_read w = r.read();
    EXPECT_EQ(w.of("rtl.count [7:0]"),
              (std::vector<change>{
                  {75'000, "7"}, {80'000, "8"}, {90'000, "9"}, {100'000, "10"}, {110'000, "11"}}));
}

}  // namespace
}  // namespace drydock::waves::test
