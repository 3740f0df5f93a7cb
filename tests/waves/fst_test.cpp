// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/waves/recording.h"
#include "tlm/pcie/tlp.h"
#include "waves/tlp_words.h"

namespace drydock::waves::test {
namespace {

using namespace base::literals;

TEST(FstFile, states_are_words_under_the_scopes_of_their_place) {
    recording r;
    r.tell(1_ns, kind::function_state, "rp0.ep0", {}, 0x0100, r.text("operational"));
    r.tell(5_ns, kind::function_state, "rp0.ep0", {}, 0x0100, r.text("flr"));
    r.tell(9_ns, kind::function_state, "rp0.ep0", {}, 0x0100, r.text("ready"));
    r.tell(9_ns, kind::sw_device_blocked, "iommu", {}, 0x0100, 1);
    r.tell(10_ns, kind::gerror, "smmu", {}, 1, 0);
    r.tell(11_ns, kind::gerror, "smmu", {}, 1, 1);
    waves_read w = r.read();
    EXPECT_EQ(w.of("rp0.ep0.state"),
              (std::vector<change>{{1000, "operational"}, {5000, "flr"}, {9000, "ready"}}));
    EXPECT_EQ(w.of("devices.ep0.software"), (std::vector<change>{{9000, "blocked"}}));
    EXPECT_EQ(w.of("smmu.gerror"), (std::vector<change>{{10'000, "CMDQ_ERR"}, {11'000, ""}}));
    EXPECT_EQ(w.timescale, -12);
}

TEST(FstFile, an_invalidation_has_a_lane_from_its_itag_to_its_completion_or_timeout) {
    recording r;
    r.tell(1_ns, kind::itag_taken, "smmu", span_id{17}, 4, 0x0100, 31);
    r.tell(2_ns, kind::itag_taken, "smmu", span_id{18}, 5, 0x0100, 30);
    r.tell(3_ns, kind::itag_retired, "smmu", span_id{17}, 4, 0x0100, 31);
    r.tell(9_ns, kind::itag_timeout, "smmu", span_id{18}, 5, 0x0100);
    r.tell(9_ns, kind::itag_retired, "smmu", span_id{18}, 5, 0x0100, 32);
    waves_read w = r.read();
    EXPECT_EQ(w.of("smmu.invalidation_0"),
              (std::vector<change>{{1000, "INV 17 ep0 itag 4"}, {3000, ""}}));
    EXPECT_EQ(
        w.of("smmu.invalidation_1"),
        (std::vector<change>{{2000, "INV 18 ep0 itag 5"}, {9000, "TIMEOUT INV 18 ep0 itag 5"}}));
    EXPECT_EQ(w.of("smmu.itags_in_use"),
              (std::vector<change>{{1000, "1"}, {2000, "2"}, {3000, "1"}, {9000, "0"}}));
}

TEST(FstFile, overlapping_transactions_take_the_lowest_free_lane) {
    recording r;
    r.begin(1_ns, span_id{1});
    r.begin(2_ns, span_id{2});
    r.end(3_ns, span_id{1});
    r.begin(4_ns, span_id{3});
    r.end(5_ns, span_id{2});
    r.end(6_ns, span_id{3});
    waves_read w = r.read();
    EXPECT_EQ(
        w.of("clients.sva0.unmap_0"),
        (std::vector<change>{
            {1000, "UNMAP 1 ep0 0x7f000"}, {3000, ""}, {4000, "UNMAP 3 ep0 0x7f000"}, {6000, ""}}));
    EXPECT_EQ(w.of("clients.sva0.unmap_1"),
              (std::vector<change>{{2000, "UNMAP 2 ep0 0x7f000"}, {5000, ""}}));
}

TEST(FstFile, what_finds_every_lane_busy_is_counted) {
    recording r({}, {.lanes = 2});
    for (std::uint32_t s = 1; s <= 5; ++s) r.begin(ps{s}, span_id{s});
    for (std::uint32_t s = 1; s <= 5; ++s) r.end(ps{10 + s}, span_id{s});
    EXPECT_EQ(r.out->overflowed(), 3u);
    waves_read w = r.read();
    EXPECT_FALSE(w.has("clients.sva0.unmap_2"));
    EXPECT_EQ(w.of("clients.sva0.unmap_more").back(), (change{5, "UNMAP 5 ep0 0x7f000"}));
    EXPECT_EQ(w.of("clients.sva0.unmap_1").back(), (change{12, ""}));
}

TEST(FstFile, a_tlp_has_a_lane_from_its_first_byte_to_its_arrival) {
    recording r;
    r.tell(1_ns, kind::tlp_sent, "rp0.link.up", {}, std::uint64_t(pcie::tlp_type::mwr), 0x4000, 256,
           0x01000003);
    r.tell(2_ns, kind::tlp_sent, "rp0.link.up", {}, std::uint64_t(pcie::tlp_type::mrd), 0x5000, 0,
           0x01000004);
    r.tell(3_ns, kind::tlp_arrived, "rp0.link.up", {}, std::uint64_t(pcie::tlp_type::mwr), 0x4000,
           256, 0x01000003);
    r.tell(4_ns, kind::tlp_dropped, "rp0.link.up", {}, std::uint64_t(pcie::tlp_type::mrd),
           r.text("link down"), 0, 0x01000004);
    waves_read w = r.read();
    EXPECT_EQ(w.of("rp0.link.up.tlp_0"),
              (std::vector<change>{{1000, "TLP 1 MWr 0x4000 256B ep0 tag 3"}, {3000, ""}}));
    ASSERT_FALSE(w.of("rp0.link.up.tlp_1").empty());
    EXPECT_EQ(w.of("rp0.link.up.log").back().value.substr(0, 11), "tlp_dropped");
}

TEST(FstFile, several_values_within_one_instant_are_all_there) {
    recording r;
    r.tell(1_ns, kind::function_state, "ep0", {}, 0x0100, r.text("flr"));
    r.tell(1_ns, kind::function_state, "ep0", {}, 0x0100, r.text("ready"));
    r.tell(1_ns, kind::sw_point, "R", {}, r.text("p0"), 0x0100);
    r.tell(1_ns, kind::sw_point, "R", {}, r.text("p1"), 0x0100);
    waves_read w = r.read();
    EXPECT_EQ(w.of("ep0.state"),
              (std::vector<change>{{1000, "flr"}, {1000, "flr > ready"}, {1001, "ready"}}));
    EXPECT_EQ(w.of("R.point").back(), (change{1000, "p0 ep0; p1 ep0"}));
}

TEST(FstFile, a_cpu_shows_its_interrupts_its_task_and_its_handler) {
    recording r;
    r.tell(1_ns, kind::sw_task, "tasks.sva0", {}, 2, r.text("runs"));
    r.tell(2_ns, kind::sw_irqs_off, "tasks.sva0", {}, 2);
    r.tell(3_ns, kind::sw_irqs_on, "tasks.sva0", {}, 2, 1000);
    r.tell(4_ns, kind::sw_interrupt, "cpu2", {}, 2, r.text("gerror"), 1);
    r.tell(5_ns, kind::sw_interrupt, "cpu2", {}, 2, r.text("gerror"), 0);
    r.tell(6_ns, kind::sw_task, "tasks.other", {}, 2, r.text("waits"));
    r.tell(7_ns, kind::sw_task, "tasks.sva0", {}, 2, r.text("sleeps"));
    waves_read w = r.read();
    EXPECT_EQ(w.of("cpus.cpu2.task"), (std::vector<change>{{1000, "tasks.sva0"}, {7000, ""}}));
    EXPECT_EQ(w.of("cpus.cpu2.irqs"), (std::vector<change>{{2000, "off"}, {3000, "on"}}));
    EXPECT_EQ(w.of("cpus.cpu2.interrupt"), (std::vector<change>{{4000, "gerror"}, {5000, ""}}));
}

TEST(FstFile, a_window_begins_with_what_is_so_and_ends_where_it_says) {
    recording r({10_ns, 20_ns});
    r.tell(1_ns, kind::function_state, "ep0", {}, 0x0100, r.text("flr"));
    r.tell(2_ns, kind::function_state, "nic", {}, 0x0200, r.text("operational"));
    r.begin(3_ns, span_id{1});
    r.tell(15_ns, kind::function_state, "ep0", {}, 0x0100, r.text("ready"));
    r.end(21_ns, span_id{1});
    waves_read w = r.read();
    EXPECT_EQ(w.of("ep0.state"), (std::vector<change>{{10'000, "flr"}, {15'000, "ready"}}));
    EXPECT_EQ(w.of("nic.state"), (std::vector<change>{{10'000, "operational"}}));
    EXPECT_EQ(w.of("clients.sva0.unmap_0"), (std::vector<change>{{10'000, "UNMAP 1 ep0 0x7f000"}}));
    EXPECT_LE(w.end, 20'000u);
}

TEST(FstFile, is_byte_identical_for_the_same_events) {
    std::vector<std::string> bytes;
    for (const char* name : {"first.fst", "second.fst"}) {
        recording r({}, {}, name);
        for (std::uint32_t s = 1; s <= 2000; ++s) {
            r.begin(ps{s * 100}, span_id{s});
            r.end(ps{s * 100 + 250}, span_id{s});
        }
        r.out->close();
        bytes.push_back(content(r.file));
    }
    EXPECT_FALSE(bytes[0].empty());
    EXPECT_EQ(bytes[0], bytes[1]);
    waves_read w(scratch("first.fst"));
    EXPECT_EQ(w.date, "simulated");
    EXPECT_EQ(w.version, "drydock 0.1.0");
}

TEST(FstFile, is_valid_after_it_was_dropped_early) {
    recording r;
    r.begin(1_ns, span_id{1});
    r.tell(2_ns, kind::function_state, "ep0", {}, 0x0100, r.text("flr"));
    r.out.reset();
    waves_read w(r.file);
    EXPECT_EQ(w.of("ep0.state"), (std::vector<change>{{2000, "flr"}}));
    EXPECT_FALSE(r.ctx.probe.wants(kind::function_state));
}

TEST(FstFile, a_violation_is_seen_on_the_monitors_log) {
    recording r;
    r.tell(1_us, kind::violation, "monitors", span_id{9}, r.text("stale_access"), 0x0100,
           r.text("the rule"), 0);
    waves_read w = r.read();
    EXPECT_EQ(w.of("monitors.log"),
              (std::vector<change>{
                  {1'000'000, "violation monitor=stale_access device=ep0 rule=the rule gap=0"}}));
}

TEST(FstFile, options_out_of_range_and_a_missing_folder_are_refused) {
    base::context ctx;
    EXPECT_THROW(open_fst(ctx, scratch("a.fst"), {}, {}, {.lanes = 0}), std::invalid_argument);
    EXPECT_THROW(open_fst(ctx, scratch("a.fst"), {2_ns, 1_ns}, {}), std::invalid_argument);
    EXPECT_THROW(open_fst(ctx, "/nowhere/at/all/a.fst", {}, {}), std::runtime_error);
}

TEST(FstFile, a_link_shows_its_state_and_which_class_waits_for_credits) {
    recording r;
    r.tell(1_ns, kind::link_state, "rp0.link", {}, r.text("up"));
    r.tell(2_ns, kind::credit_stall, "rp0.link.down", {}, 0, 1);
    r.tell(3_ns, kind::credit_stall, "rp0.link.down", {}, 2, 1);
    r.tell(4_ns, kind::credit_stall, "rp0.link.down", {}, 0, 0);
    r.tell(5_ns, kind::credit_stall, "rp0.link.down", {}, 7, 1);  // no class
    r.tell(6_ns, kind::link_state, "rp0.link", {}, r.text("down"));
    waves_read w = r.read();
    EXPECT_EQ(w.of("rp0.link.link"), (std::vector<change>{{1000, "up"}, {6000, "down"}}));
    EXPECT_EQ(w.of("rp0.link.down.stall_posted"),
              (std::vector<change>{{2000, "no credits"}, {4000, ""}}));
    EXPECT_EQ(w.of("rp0.link.down.stall_completion"), (std::vector<change>{{3000, "no credits"}}));
    EXPECT_FALSE(w.has("rp0.link.down.stall_non_posted"));
}

TEST(FstFile, without_tlps_their_lanes_cost_nothing) {
    recording r({}, {.tlps = false});
    EXPECT_FALSE(r.ctx.probe.wants(kind::tlp_sent));
    r.tell(1_ns, kind::link_state, "rp0.link", {}, r.text("up"));
    r.tell(2_ns, kind::tlp_sent, "rp0.link.up", {}, 1, 0x4000, 256, 3);
    waves_read w = r.read();
    EXPECT_TRUE(w.has("rp0.link.link"));
    EXPECT_FALSE(w.has("rp0.link.up.tlp_0"));
}

TEST(FstFile, a_dropped_tlp_leaves_its_lane_with_that_word) {
    recording r;
    const auto type = std::uint64_t(pcie::tlp_type::mwr);
    r.tell(1_ns, kind::tlp_sent, "rp0.link.up", {}, type, 0x4000, 256, 0x01000003);
    r.tell(2_ns, kind::tlp_dropped, "rp0.link.up", {}, type, r.text("link down"), 256, 0x01000003);
    r.tell(3_ns, kind::tlp_sent, "rp0.link.up", {}, 77, 0x5000, 4, 0x01000004);
    waves_read w = r.read();
    EXPECT_EQ(w.of("rp0.link.up.tlp_0"),
              (std::vector<change>{
                  {1000, "TLP 1 MWr 0x4000 256B ep0 tag 3"},
                  {2000, "DROPPED tlp_dropped type=1 reason=link down length=256 ids=0x1000003"},
                  {3000, "TLP 2 TLP? 0x5000 4B ep0 tag 4"}}));
}

TEST(FstFile, a_window_that_opens_after_the_last_event_holds_nothing_and_one_before_it_all) {
    recording late({50_ns, 60_ns}, {}, "late.fst");
    late.tell(1_ns, kind::function_state, "ep0", {}, 0x0100, late.text("flr"));
    waves_read nothing = late.read();
    EXPECT_FALSE(nothing.has("ep0.state"));
    EXPECT_EQ(nothing.of("markers.log").front().value, "nothing happened in the window");
    recording silent({}, {}, "silent.fst");
    EXPECT_TRUE(silent.read().has("markers.log"));
    recording quiet({5_ns, 60_ns}, {}, "quiet.fst");
    quiet.tell(1_ns, kind::function_state, "ep0", {}, 0x0100, quiet.text("flr"));
    quiet.tell(9_ns, kind::itag_retired, "smmu", {}, 0, 0x0100, 32);
    quiet.tell(70_ns, kind::function_state, "ep0", {}, 0x0100, quiet.text("ready"));
    waves_read w = quiet.read();
    EXPECT_EQ(w.of("ep0.state"), (std::vector<change>{{5000, "flr"}}));
    EXPECT_EQ(w.of("smmu.itags_in_use"), (std::vector<change>{{9000, "0"}}));
}

TEST(FstFile, logs_say_values_in_words_and_units) {
    recording r;
    r.tell(1_ns, kind::itag_timeout, "smmu", span_id{3}, 4, 0x0100, 10'000);
    r.tell(2_ns, kind::cerror, "smmu", {}, 3, 17);
    r.tell(3_ns, kind::sw_attach, "iommu", {}, 0x0100, 0, 7, r.text("paging"));
    r.tell(4_ns, kind::sw_warn, "R", {}, r.text("depth is 0"), 0x0208);
    waves_read w = r.read();
    EXPECT_EQ(w.of("smmu.log").front().value.rfind("cerror ", 0), 0u);
    EXPECT_NE(w.of("iommu.log").front().value.find("=paging"), std::string::npos);
    EXPECT_NE(w.of("R.log").front().value.find("=02:01.0"), std::string::npos)
        << w.of("R.log").front().value;
}

TEST(TlpWords, stand_in_the_order_of_tlp_type) {
    using pcie::tlp_type;
    EXPECT_EQ(tlp_word(std::uint64_t(tlp_type::mrd)), "MRd");
    EXPECT_EQ(tlp_word(std::uint64_t(tlp_type::mwr)), "MWr");
    EXPECT_EQ(tlp_word(std::uint64_t(tlp_type::cfg_wr1)), "CfgWr1");
    EXPECT_EQ(tlp_word(std::uint64_t(tlp_type::cpl_d)), "CplD");
    EXPECT_EQ(tlp_word(std::uint64_t(tlp_type::msg_d)), "MsgD");
    EXPECT_EQ(tlp_word(std::uint64_t(tlp_type::cas)), "CAS");
    EXPECT_EQ(tlp_word(std::uint64_t(tlp_type::cpl_d_locked)), "CplDLk");
    EXPECT_EQ(std::size_t(tlp_type::cpl_d_locked) + 1, tlp_words.size());
}

}  // namespace
}  // namespace drydock::waves::test
