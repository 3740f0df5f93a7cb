// SPDX-License-Identifier: Apache-2.0
// `drydock hazards` and what it refuses: place, cause, hint, and exit code 2.
#include "tests/platform/cli/program.h"
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

const std::string library = project_file("platform/hazards");

/// No cell of it is run.
result hazards(const std::string& folder, const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments{"hazards", folder};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run_program(arguments,
                       {[](const scenario::run&, const run_files&, progress&) -> nlohmann::json {
                            throw std::logic_error("a cell was run");
                        },
                        [](const scenario::run&) { return nlohmann::json::array(); }});
}

void expect_refusal(const result& r, const std::string& says) {
    EXPECT_EQ(r.code, 2) << r.err;
    EXPECT_EQ(r.out, "");
    EXPECT_NE(r.err.find(says), std::string::npos) << r.err;
}

std::string hazard_text(const std::string& oracle = "oracle: {fire: [warn]}\n") {
    return "title: H-90 of this test\n"
           "machine: {ports: {rp0: {device: {name: A, like: generic_endpoint}}}}\n"
           "matrix: {software.reset.variant: [none, M2]}\nend: {when: 1ms}\n" +
           oracle;
}

TEST(HazardsCommand, an_unknown_hazard_is_refused_with_the_nearest) {
    expect_refusal(hazards(library, {"--id", "H-1O"}),
                   "--id H-1O: no such one; expected one of H-01, ");
    expect_refusal(hazards(library, {"--id", "H-01,H-2Oa"}), "did you mean 'H-20a'?");
    expect_refusal(hazards(library, {"--id", "H-01,"}), "--id : no such one");
    expect_refusal(hazards(library, {"--id", ""}), "--id: no value");
}

TEST(HazardsCommand, an_unknown_variant_is_refused_with_what_the_files_have) {
    expect_refusal(hazards(library, {"--id", "H-12", "--variant", "M5"}),
                   "--variant M5: no such one; expected one of M2, M3, N1, N2, N3, N4, N6");
    expect_refusal(hazards(library, {"--variant", "m2"}), "did you mean 'M2'?");
    expect_refusal(hazards(library, {"--variant", ""}), "--variant: no value");
}

TEST(HazardsCommand, a_number_of_jobs_that_cannot_be_is_refused) {
    for (const char* jobs : {"0", "-1", "1025", "two", "1.5"})
        expect_refusal(hazards(library, {"--jobs", jobs}), "--jobs");
}

TEST(HazardsCommand, a_folder_without_hazards_is_refused) {
    const scratch s;
    expect_refusal(hazards(s.path().string()), s.path().string() + ": no hazards are here");
    expect_refusal(hazards(s.path().string() + "/none"), "/none: no hazards are here");
    expect_refusal(hazards(s.file("H-90.yaml", hazard_text())), "no hazards are here");
}

TEST(HazardsCommand, a_file_that_cannot_be_used_is_refused_where_it_is_wrong) {
    const scratch s;
    s.file("H-91.yaml", hazard_text());
    const auto refused = [&](const std::string& text) {
        s.file("H-90.yaml", text);
        return hazards(s.path().string());
    };
    const std::string file = (s.path() / "H-90.yaml").string();
    expect_refusal(refused(hazard_text("")), file + ": this is no hazard: it has no oracle:");
    expect_refusal(refused(hazard_text("oracle: {fire: [wran]}\n")),
                   file + ":5:17: no monitor 'wran'");
    expect_refusal(refused(hazard_text("oracle: {fire: [warn]\n")), file + ":");
    expect_refusal(refused(hazard_text() + "expect: {hit: {M3: any}}\n"),
                   file + ":6:16: no variant 'M3'; expected one of M2, none");
    expect_refusal(refused(hazard_text() + "orcale: {}\n"), "did you mean 'oracle'?");
}

TEST(HazardsCommand, list_names_the_hazards_of_the_library) {
    const auto here = std::filesystem::current_path();
    std::filesystem::current_path(DRYDOCK_SOURCE_DIR);
    const result there = run_program({"list"}, {});
    const scratch s;
    std::filesystem::current_path(s.path());
    const result elsewhere = run_program({"list"}, {});
    std::filesystem::current_path(here);
    EXPECT_EQ(there.code, 0) << there.err;
    EXPECT_NE(there.out.find("hazards (drydock hazards --id), in platform/hazards\n  H-01 "),
              std::string::npos)
        << there.out;
    EXPECT_NE(there.out.find("\n  H-72 mmio_enabled()"), std::string::npos);
    EXPECT_NE(there.out.find("bus, cxl_bus, d3cold"), std::string::npos);
    EXPECT_NE(elsewhere.out.find("hazards: none in platform/hazards; `drydock hazards FOLDER`"),
              std::string::npos)
        << elsewhere.out;
}

}  // namespace
}  // namespace drydock::tests
