// SPDX-License-Identifier: Apache-2.0
// `drydock conform lspci` and `drydock lspci` as commands: what they print and how they end.
#include "tests/platform/cli/program.h"
#include "tests/platform/support.h"
#include "tlm/pcie/config_image_builder.h"
#include "tlm/pcie/lspci_text.h"

namespace drydock::tests {
namespace {

using nlohmann::json;

result drydock(const std::vector<std::string>& arguments,
               const std::function<json(const scenario::run&)>& configuration = {}) {
    cli::tools t{{}, {}};
    t.configuration = configuration;
    return run_program(arguments, std::move(t));
}

std::string good_dump() {
    const pcie::config_space space(
        pcie::config_image_builder({0x1234, 0x5678, 0, 0x020000, 0, 0, 0})
            .express({})
            .pri({})
            .build());
    return pcie::lspci_text(space, "01:00.0");
}

TEST(LspciCommands, conform_ends_with_0_where_all_is_the_same) {
    const scratch s;
    const auto r = drydock({"conform", "lspci", s.file("d.txt", good_dump())});
    EXPECT_EQ(r.code, 0) << r.err << r.out;
    EXPECT_NE(r.out.find("\n1 passed, 0 failed\n"), std::string::npos) << r.out;
    EXPECT_EQ(r.err, "");
}

TEST(LspciCommands, conform_ends_with_1_and_the_lines_where_something_differs) {
    const scratch s;
    std::string dump = good_dump();
    dump.replace(dump.find("\n100: ") + 6 + 3 * 15, 2, "7f");  // Page Request Allocation [31:24]
    const auto r = drydock({"conform", "lspci", s.file("d.txt", dump)});
    EXPECT_EQ(r.code, 1) << r.err << r.out;
    EXPECT_NE(r.out.find("Page Request Allocation: 7f000000"), std::string::npos) << r.out;
    EXPECT_NE(r.out.find("\n0 passed, 1 failed\n"), std::string::npos) << r.out;
}

TEST(LspciCommands, conform_ends_with_2_for_garbage_a_folder_and_a_missing_file) {
    const scratch s;
    const std::string file = s.file("d.txt", "garbage\n");
    const auto garbage = drydock({"conform", "lspci", file});
    EXPECT_EQ(garbage.code, 2);
    EXPECT_NE(garbage.err.find(file + ":1:1: no device"), std::string::npos) << garbage.err;
    EXPECT_EQ(garbage.out, "");
    const auto folder = drydock({"conform", "lspci", s.path().string()});
    EXPECT_EQ(folder.code, 2);
    EXPECT_NE(folder.err.find("expected the output of lspci"), std::string::npos) << folder.err;
    EXPECT_EQ(drydock({"conform", "lspci", (s.path() / "none.txt").string()}).code, 2);
    EXPECT_EQ(drydock({"conform", "lspci"}).code, 2);
}

TEST(LspciCommands, lspci_prints_what_the_first_runs_machine_has) {
    const scratch s;
    const auto file = s.file("s.yaml", small_scenario());
    const auto r = drydock({"lspci", file, "--seed", "7"}, [](const scenario::run& run) -> json {
        return "seed " + std::to_string(run.seed) + "\n";
    });
    EXPECT_EQ(r.code, 0) << r.err;
    EXPECT_EQ(r.out, "seed 7\n");
}

TEST(LspciCommands, lspci_tells_what_only_a_machine_can_refuse) {
    const scratch s;
    const auto r =
        drydock({"lspci", s.file("s.yaml", small_scenario())}, [](const scenario::run&) -> json {
            throw scenario::bad_input({"s.yaml", 4, 2, false}, "no such parameter");
        });
    EXPECT_EQ(r.code, 2);
    EXPECT_EQ(r.out, "");
    EXPECT_NE(r.err.find("drydock: s.yaml:4:2: no such parameter"), std::string::npos) << r.err;
    EXPECT_EQ(drydock({"lspci", (s.path() / "none.yaml").string()}).code, 2);
}

}  // namespace
}  // namespace drydock::tests
