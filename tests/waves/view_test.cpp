// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/waves/recording.h"
#include "waves/save_file.h"

namespace drydock::waves::test {
namespace {

using namespace base::literals;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string l; std::getline(in, l);) lines.push_back(l);
    return lines;
}
bool contains(const std::vector<std::string>& lines, const std::string& l) {
    return std::find(lines.begin(), lines.end(), l) != lines.end();
}

TEST(SaveFile, a_star_stands_for_each_signal_that_is_there_and_its_alias_names_it) {
    wave_index index{{"cpus.cpu0.irqs", "cpus.cpu1.irqs", "sw.a.unmap.unmap_0"}, {}, 1_us, {}, {}};
    const auto lines = lines_of(*save_file(
        "-CPUs\n@28\n[color] 2\n+{$1 irqs} cpus.*.irqs\n-none\n+{x} ep0.*\n-tasks\n@10000028\n"
        "^<1 colours.pl\n+{unmaps of $1} sw.*.unmap.unmap_*\n",
        index, "waves.fst", "v.gtkw"));
    const std::vector<std::string> wanted{"@200",
                                          "-CPUs",
                                          "@28",
                                          "[color] 2",
                                          "+{cpu0 irqs} cpus.cpu0.irqs",
                                          "@28",
                                          "[color] 2",
                                          "+{cpu1 irqs} cpus.cpu1.irqs",
                                          "@200",
                                          "-tasks",
                                          "@10000028",
                                          "^<1 colours.pl",
                                          "+{unmaps of a} sw.a.unmap.unmap_0"};
    const auto first = std::find(lines.begin(), lines.end(), "@200");
    ASSERT_GE(lines.end() - first, std::ptrdiff_t(wanted.size()));
    EXPECT_EQ(std::vector<std::string>(first, first + std::ptrdiff_t(wanted.size())), wanted);
    EXPECT_FALSE(contains(lines, "-none"));
    EXPECT_TRUE(contains(lines, "[dumpfile] \"waves.fst\""));
}

TEST(SaveFile, a_view_that_the_file_has_nothing_of_is_none) {
    EXPECT_EQ(save_file("@28\nrtl.*\n", {{"ep0.state"}, {}, 1_us, {}, {}}, "w", "s"), std::nullopt);
    const std::string of_rtl = "[if] *.atc.busy_o\n@28\n*.state\n";
    EXPECT_EQ(save_file(of_rtl, {{"ep0.state"}, {}, 1_us, {}, {}}, "w", "s"), std::nullopt);
    EXPECT_TRUE(save_file(of_rtl, {{"ep0.state", "ep0.atc.busy_o"}, {}, 1_us, {}, {}}, "w", "s"));
}

TEST(SaveFile, markers_stand_at_the_first_violation_and_the_faults_and_the_view_begins_there) {
    wave_index index{{"ep0.state"}, 0_ns, 100_ms, {{20_ms, "inject ep0 drop"}}, {{30_ms, "stale"}}};
    const auto lines = lines_of(*save_file("@28\nep0.state\n", index, "w", "s"));
    EXPECT_TRUE(contains(lines, "[timestart] 29960000000"));
    EXPECT_TRUE(contains(lines, "[markername] A violation"));
    EXPECT_TRUE(contains(lines, "[markername] B fault"));
    const auto at = std::find_if(lines.begin(), lines.end(),
                                 [](const std::string& l) { return l.starts_with("*-"); });
    ASSERT_NE(at, lines.end());
    EXPECT_NE(at->find(" 30000000000 30000000000 20000000000 -1 "), std::string::npos) << *at;
}

TEST(WaveIndex, knows_the_signals_in_natural_order_and_where_the_markers_are) {
    recording r({}, {.lanes = 16});
    for (std::uint32_t s = 1; s <= 11; ++s) r.begin(ps{s}, span_id{s});
    r.tell(2_us, kind::action, "scenario", {}, r.text("inject"), r.text("ep0 drop"));
    r.tell(3_us, kind::violation, "monitors", {}, r.text("stale_access"), 0x0100, r.text("rule"));
    r.out->close();
    const wave_index index = read_index(r.file);
    const auto at = [&](const char* name) {
        return std::find(index.signals.begin(), index.signals.end(), name);
    };
    EXPECT_EQ(at("clients.sva0.unmap_10") - at("clients.sva0.unmap_2"), 8);
    ASSERT_EQ(index.faults.size(), 1u);
    EXPECT_EQ(index.faults[0].time, 2_us);
    EXPECT_EQ(index.faults[0].text, "inject ep0 drop");
    ASSERT_EQ(index.violations.size(), 1u);
    EXPECT_EQ(index.violations[0].time, 3_us);
    EXPECT_EQ(index.end, 3_us);
    EXPECT_THROW(read_index("/nowhere/waves.fst"), std::runtime_error);
}

TEST(WaveIndex, a_fault_from_before_the_window_is_no_mark_in_it) {
    recording r({5_us, 10_us});
    r.tell(2_us, kind::action, "scenario", {}, r.text("inject"), r.text("ep0 drop"));
    r.tell(6_us, kind::action, "scenario", {}, r.text("inject"), r.text("ep0 delay"));
    r.out->close();
    const wave_index index = read_index(r.file);
    EXPECT_EQ(index.begin, 5_us);
    ASSERT_EQ(index.faults.size(), 1u);
    EXPECT_EQ(index.faults[0].time, 6_us);
}

TEST(View, each_of_the_project_is_a_template_that_expands) {
    const std::vector<std::string> signals{"cpus.cpu0.irqs",
                                           "cpus.cpu0.task",
                                           "ep0.atc.rtl.state",
                                           "ep0.log",
                                           "ep0.state",
                                           "markers.first_violation",
                                           "markers.timeline",
                                           "monitors.log",
                                           "rp0_link.down.tlp_0",
                                           "rp0_link.link",
                                           "smmu.gerror",
                                           "smmu.invalidation_tracker.invalidation_0",
                                           "smmu.invalidation_tracker.request_valid_i",
                                           "rc.rp0.dpc.containment.gate.state",
                                           "ep0.atc.lookup_valid_i",
                                           "sw.R.call_0",
                                           "sw.R.reset_0",
                                           "sw.sva0.unmap.unmap_0"};
    unsigned views = 0;
    for (const auto& f : std::filesystem::directory_iterator(DRYDOCK_VIEWS)) {
        const auto text =
            save_file(content(f.path()), {signals, {}, 1_us, {}, {}}, "waves.fst", "v.gtkw");
        ASSERT_TRUE(text) << f.path();
        EXPECT_EQ(text->find('*', text->find("[size]")), std::string::npos) << f.path() << *text;
        EXPECT_GT(lines_of(*text).size(), 12u) << f.path();
        ++views;
    }
    EXPECT_EQ(views, 8u);
}

}  // namespace
}  // namespace drydock::waves::test
