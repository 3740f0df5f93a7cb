// SPDX-License-Identifier: Apache-2.0
#include "platform/report/report.h"

#include "platform/report/format.h"
#include "platform/report/junit.h"
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

json sample() {
    return json::parse(read(project_file("tests/platform/report/sample_summary.json")));
}

/// Text of one row of the report, from its label to the end of the line.
std::string row(const std::string& text, const std::string& label) {
    const auto at = text.find("\n" + label);
    return at == std::string::npos ? "no row " + label
                                   : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(Report, the_table_of_the_sample_is_the_golden_one) {
    const auto text =
        report::render(sample(), {false,
                                  "out/flr_under_unmap",
                                  {"M2/events.jsonl", "M2/profile.json", "none/events.jsonl",
                                   "none/profile.json", "report.html", "summary.json"}});
    const auto golden = read(project_file("tests/platform/report/golden.txt"));
    EXPECT_EQ(text, golden);
}

TEST(Report, the_next_command_is_told_where_something_happened_and_there_is_what_it_reads) {
    auto s = sample();
    const std::vector<std::string> bare{"M2/events.jsonl", "summary.json"};
    std::vector<std::string> full = bare;
    full.insert(full.end(), {"M2/profile.json", "M2/waves.fst"});
    EXPECT_EQ(report::render(s, {false, "out/a", bare}).find("To see why"), std::string::npos);
    const auto text = report::render(s, {false, "out/a", full});
    EXPECT_NE(text.find("To see why\n  drydock explain out/a\n  drydock view out/a\n"),
              std::string::npos)
        << text;
    s["runs"].erase(0);  // what is left is green
    EXPECT_EQ(report::render(s, {false, "out/a", full}).find("To see why"), std::string::npos);
}

TEST(Report, what_did_not_happen_has_no_row) {
    auto s = sample();
    for (auto& run : s["runs"]) {
        run["latency"]["invalidation"] = {{"count", 0}, {"censored", 0}, {"p50_ps", 0}};
        run["clients"] = {{"dma0", {{"device", "ep0"}, {"dma", {{"done", 3}, {"due", 3}}}}}};
    }
    auto text = report::render(s, {});
    EXPECT_EQ(text.find("invalidation latency"), std::string::npos) << text;
    EXPECT_EQ(text.find("unmaps done"), std::string::npos) << text;
    EXPECT_NE(text.find("DMA done / due / missed\n  dma0 on ep0"), std::string::npos) << text;
    s["runs"][1]["latency"]["invalidation"] = {{"count", 1}, {"p50_ps", 2000}};
    text = row(report::render(s, {}), "  p50");
    EXPECT_EQ(std::count(text.begin(), text.end(), '-'), 1) << text;
    EXPECT_TRUE(text.ends_with(" 2.00 ns")) << text;
}

TEST(Report, variants_stand_side_by_side_with_their_verdicts) {
    const auto text = report::render(sample(), {});
    EXPECT_NE(row(text, "verdict").find("RED, as expected"), std::string::npos);
    EXPECT_NE(row(text, "verdict").find("GREEN"), std::string::npos);
    EXPECT_NE(row(text, "  net on nic  ").find("7,100 / 30,000 / 22,900"), std::string::npos);
    EXPECT_NE(row(text, "  net on nic  ").find("29,999 / 30,000 / 1"), std::string::npos);
}

TEST(Report, each_verdict_says_in_words_what_was_lost_and_who_stood_still) {
    const auto text = report::render(sample(), {});
    EXPECT_NE(text.find("  7 invalidations of ep0 timed out\n"
                        "  net on nic missed 76.3% of its unmaps, the longest took 33.0 ms (still "
                        "open)\nM2: GREEN\n  no invalidation timed out\n"),
              std::string::npos)
        << text;
}

TEST(Report, colour_changes_nothing_but_the_colour) {
    auto coloured = report::render(sample(), {true, "", {}});
    EXPECT_NE(coloured.find("\x1b["), std::string::npos);
    for (auto at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
        coloured.erase(at, coloured.find('m', at) - at + 1);
    EXPECT_EQ(coloured, report::render(sample(), {}));
}

TEST(Report, no_line_ends_with_a_space) {
    std::istringstream lines(report::render(sample(), {}));
    for (std::string line; std::getline(lines, line);)
        EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
}

TEST(Report, an_unmet_expectation_is_said_with_what_was_and_should_have_been) {
    auto s = sample();
    s["runs"][1]["verdict"] = "unexpected";
    s["runs"][1]["expectations"].push_back({{"name", "nic.missed"},
                                            {"expected", "< 1%"},
                                            {"actual", "900 of 30000 (3.00%)"},
                                            {"ok", false}});
    const auto text = report::render(s, {});
    EXPECT_NE(text.find("GREEN, but NOT as expected"), std::string::npos);
    EXPECT_NE(text.find("NOT as expected: nic.missed should be < 1%, is 900 of 30000 (3.00%)"),
              std::string::npos);
}

TEST(Report, many_runs_are_listed_one_per_line) {
    auto s = sample();
    for (int i = 0; i < 10; ++i) {
        s["runs"].push_back(s["runs"][1]);
        s["runs"].back()["name"] = "M2,seed=" + std::to_string(i);
    }
    const auto text = report::render(s, {});
    EXPECT_NE(row(text, "M2,seed=9").find("GREEN"), std::string::npos);
    EXPECT_EQ(text.find("Who waited"), std::string::npos);
}

TEST(Report, a_summary_that_lacks_parts_is_shown_without_them) {
    const json bare{{"drydock", {{"version", "0"}}},
                    {"runs", {{{"name", "x"}, {"outcome", "clean"}, {"verdict", "as_expected"}}}}};
    EXPECT_NE(report::render(bare, {}).find("GREEN"), std::string::npos);
}

TEST(Format, a_moment_is_told_to_the_nanosecond) {
    EXPECT_EQ(report::moment(20'024'934'567), "20.024934 ms");
    EXPECT_EQ(report::moment(0), "0.000000 ms");
    EXPECT_EQ(report::moment(2'120'000'001'999), "2120.000001 ms");
}

TEST(Format, times_have_three_digits_and_a_unit) {
    EXPECT_EQ(report::short_time(0), "0");
    EXPECT_EQ(report::short_time(999), "999 ps");
    EXPECT_EQ(report::short_time(1'520'000), "1.52 us");
    EXPECT_EQ(report::short_time(16'400'000'000), "16.4 ms");
    EXPECT_EQ(report::short_time(115'000'000'000), "115 ms");
    EXPECT_EQ(report::short_time(3'000'000'000'000), "3.00 s");
    EXPECT_EQ(report::grouped(-1234567), "-1,234,567");
    EXPECT_EQ(report::grouped(999), "999");
}

TEST(Format, a_time_that_rounds_to_a_thousand_is_one_of_the_next_unit) {
    EXPECT_EQ(report::short_time(999'400), "999 ns");
    EXPECT_EQ(report::short_time(999'600), "1.00 us");
    EXPECT_EQ(report::short_time(999'499'999'999), "999 ms");
    EXPECT_EQ(report::short_time(999'999'999'999), "1.00 s");
    EXPECT_EQ(report::short_time(9'996), "10.0 ns");
    EXPECT_EQ(report::short_time(99'960), "100 ns");
}

TEST(Format, what_is_not_there_is_a_dash) {
    const json j{{"a", {{"b", 5}, {"t", "text"}}}, {"u", {{"in_progress_ps", 7'000}}}};
    EXPECT_EQ(report::count_at(j, "/a/b"), "5");
    EXPECT_EQ(report::count_at(j, "/a/c"), "-");
    EXPECT_EQ(report::time_at(j, "/a/t"), "-");
    EXPECT_EQ(report::share(1, 0), "-");
    EXPECT_EQ(report::longest_at(j, "/a"), "-");
    EXPECT_EQ(report::longest_at(j, "/u"), "7.00 ns (still open)");
}

TEST(Report, notes_of_the_scenario_stand_in_its_header) {
    auto s = sample();
    s["drydock"]["notes"] = {"ep0: port type overridden"};
    EXPECT_NE(report::render(s, {}).find("note: ep0: port type overridden\n"), std::string::npos);
}

TEST(Report, more_runs_than_fit_side_by_side_stand_in_groups_of_four) {
    auto s = sample();
    for (int i = 0; i < 3; ++i) {
        s["runs"].push_back(s["runs"][1]);
        s["runs"].back()["name"] = "again" + std::to_string(i);
    }
    const auto text = report::render(s, {});
    std::size_t verdicts = 0;
    for (auto at = text.find("\nverdict "); at != std::string::npos;
         at = text.find("\nverdict ", at + 1))
        ++verdicts;
    EXPECT_EQ(verdicts, 2u);
    EXPECT_NE(text.find("again2: p50"), std::string::npos);
}

TEST(Report, of_many_waits_the_longest_ten_are_shown_and_the_others_counted) {
    auto s = sample();
    auto& blame = s["runs"][0]["blame"];
    blame = json::array();
    for (int i = 0; i < 13; ++i)
        blame.push_back({{"waiter", "w" + std::to_string(i)},
                         {"waited_for", "x"},
                         {"stage", "cmdq_wait"},
                         {"count", 1},
                         {"total_ps", 1000 * (i + 1)},
                         {"max_ps", 1000}});
    const auto text = report::render(s, {});
    EXPECT_LT(text.find("  w12 "), text.find("  w11 "));
    EXPECT_EQ(text.find("  w2 "), std::string::npos);
    EXPECT_NE(text.find("  and 3 more in summary.json\n"), std::string::npos);
}

TEST(Report, of_many_runs_the_unexpected_ones_show_their_monitors) {
    auto s = sample();
    for (int i = 0; i < 10; ++i) {
        s["runs"].push_back(s["runs"][1]);
        s["runs"].back()["name"] = "M2,seed=" + std::to_string(i);
    }
    auto& bad = s["runs"][5];
    bad["verdict"] = "unexpected";
    bad["outcome"] = "violations";
    bad["violations"] = {{{"monitor", "stale_access"},
                          {"time_ps", 5'000'000},
                          {"count", 3},
                          {"rule", "no access"},
                          {"text", "write to 0x4000"}}};
    const auto text = report::render(s, {});
    EXPECT_NE(text.find("RED, NOT as expected"), std::string::npos);
    EXPECT_NE(text.find("    no access: write to 0x4000\n"), std::string::npos);
    EXPECT_NE(text.find("x 3"), std::string::npos);
    EXPECT_NE(row(text, bad["name"].get<std::string>()).find("3"), std::string::npos);
}

TEST(Junit, a_run_is_a_test_case_and_an_unmet_expectation_a_failure) {
    auto s = sample();
    EXPECT_NE(report::junit(s).find("tests=\"2\" failures=\"0\""), std::string::npos);
    s["runs"][0]["verdict"] = "unexpected";
    s["runs"][0]["expectations"][0]["ok"] = false;
    const auto xml = report::junit(s);
    EXPECT_NE(xml.find("failures=\"1\""), std::string::npos);
    EXPECT_NE(
        xml.find("<failure message=\"ep0.timeouts: expected &gt;= 5, is 7 of 7012 (0.10%)\"/>"),
        std::string::npos);
}

TEST(Junit, names_and_texts_are_escaped) {
    auto s = sample();
    s["drydock"]["scenario"] = "a<b>&\"c\"\n";
    EXPECT_NE(report::junit(s).find("name=\"a&lt;b&gt;&amp;&quot;c&quot;?\""), std::string::npos)
        << report::junit(s);
}

}  // namespace
}  // namespace drydock::tests
