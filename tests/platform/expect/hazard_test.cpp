// SPDX-License-Identifier: Apache-2.0
// When a run of a hazard is a hit, clean, partial or unreachable.
#include "platform/expect/hazard.h"

#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

scenario::run hazard(const std::string& oracle, const std::string& expected) {
    const scratch s;
    return scenario::load(s.file("h.yaml",
                                 "machine:\n  ports:\n"
                                 "    rp0: {device: {name: A, like: generic_ats_endpoint}}\n"
                                 "    rp1: {device: {name: B, like: generic_ats_endpoint}}\n"
                                 "timeline: [{when: 1ms, task: R, reset: {device: A}}]\n"
                                 "end: {when: R returned}\noracle: " +
                                     oracle + "\nexpect: {" + expected + ": {none: any}}\n"),
                          {})
        .runs.front();
}

json violation(const char* monitor, const char* device, std::int64_t told = 5) {
    return {{"monitor", monitor}, {"device", device}, {"told_ps", told}, {"count", 1}};
}

/// @param since 0: the oracle's last point did not come
json judged(const scenario::run& r, std::vector<json> violations, std::int64_t since = 1,
            std::vector<std::string> never = {}, int result = 0) {
    json j{{"violations", violations},
           {"never_happened", never},
           {"tasks", {{"R", {{"result", result}}}}}};
    if (since != 0) j["oracle_since_ps"] = since;
    expect::judge_hazard(r, j);
    return j;
}
std::string result(const json& j) { return j.at("hazard").at("result"); }

const std::string both = "{after: R at d4, device: A, fire: [stuck, warn]}";

TEST(HazardJudge, a_hit_is_all_that_the_oracle_names) {
    const auto r = hazard(both, "hit");
    EXPECT_EQ(result(judged(r, {violation("stuck", "A"), violation("warn", "A")})), "hit");
    EXPECT_EQ(result(judged(r, {violation("stuck", "A")})), "partial");
    EXPECT_EQ(result(judged(r, {violation("stuck", "A"), violation("warn", "B")})), "partial");
    EXPECT_EQ(result(judged(r, {})), "clean");
    EXPECT_EQ(judged(r, {violation("stuck", "A"), violation("warn", "A")}).at("verdict"),
              "as_expected");
    EXPECT_EQ(judged(r, {violation("stuck", "A")}).at("verdict"), "unexpected");
    EXPECT_EQ(judged(r, {}).at("verdict"), "unexpected");
}

TEST(HazardJudge, what_came_before_the_last_point_does_not_count) {
    const auto r = hazard(both, "clean");
    EXPECT_EQ(result(judged(r, {violation("stuck", "A", 5), violation("warn", "A", 5)}, 6)),
              "clean");
    EXPECT_EQ(result(judged(r, {violation("stuck", "A", 6), violation("warn", "A", 7)}, 6)), "hit");
}

TEST(HazardJudge, a_run_that_was_not_steered_to_its_end_is_never_clean) {
    const auto r = hazard(both, "clean");
    EXPECT_EQ(result(judged(r, {}, 0)), "unreachable");
    EXPECT_EQ(result(judged(r, {}, 1, {"h.yaml:5:3"})), "unreachable");
    EXPECT_EQ(judged(r, {}, 1, {"h.yaml:5:3"}).at("verdict"), "unexpected");
}

TEST(HazardJudge, one_of_several_monitors_is_enough_where_any_says_so) {
    const auto r = hazard("{any: [stuck, warn]}", "hit");
    EXPECT_EQ(result(judged(r, {violation("warn", "B")})), "hit") << "of no device in particular";
    EXPECT_EQ(result(judged(r, {violation("stale_access", "B")})), "clean");
}

TEST(HazardJudge, a_monitor_that_must_be_silent_spoils_hit_and_clean) {
    const auto r = hazard("{device: A, fire: [stuck], silent: [{warn: B}]}", "hit");
    EXPECT_EQ(result(judged(r, {violation("stuck", "A")})), "hit");
    EXPECT_EQ(result(judged(r, {violation("stuck", "A"), violation("warn", "B")})), "partial");
    EXPECT_EQ(result(judged(r, {violation("warn", "B")})), "partial");
}

TEST(HazardJudge, what_is_told_of_locks_and_CPUs_is_nobodys_and_counts_for_each) {
    const auto r = hazard("{device: A, fire: [long_hold]}", "hit");
    EXPECT_EQ(result(judged(r, {violation("long_hold", "cpu1")})), "hit");
    EXPECT_EQ(result(judged(r, {violation("long_hold", "B")})), "clean");
}

TEST(HazardJudge, a_task_may_have_to_return_an_error) {
    const auto r = hazard("{result: {R: EBUSY}}", "hit");
    EXPECT_EQ(result(judged(r, {}, 1, {}, -EBUSY)), "hit");
    EXPECT_EQ(result(judged(r, {}, 1, {}, -EINVAL)), "clean");
}

TEST(HazardJudge, other_monitors_are_listed_beside) {
    const auto r = hazard("{device: A, fire: [stuck]}", "hit");
    const json j = judged(r, {violation("stuck", "A"), violation("warn", "B")});
    EXPECT_EQ(j.at("hazard").at("also"), json::array({"warn (B)"}));
}

}  // namespace
}  // namespace drydock::tests
