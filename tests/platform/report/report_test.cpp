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
    const auto text = report::render(
        sample(), {false, "out/flr_under_unmap", {"none/events.jsonl", "summary.json"}});
    const auto golden = read(project_file("tests/platform/report/golden.txt"));
    EXPECT_EQ(text, golden);
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

}  // namespace
}  // namespace drydock::tests
