// SPDX-License-Identifier: Apache-2.0
// `drydock conform smmu`: every recorded vector, and what becomes of one that does not hold.
#include "platform/conform/smmu_vectors.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/conform/smmu_vector.h"
#include "tests/platform/cli/program.h"
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

const std::filesystem::path folder =
    std::filesystem::path(DRYDOCK_SOURCE_DIR) / "tests/data/smmu_vectors";

std::string contents(const std::filesystem::path& file) {
    std::ostringstream text;
    std::ifstream in(file);
    if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
    return text.str();
}

TEST(SmmuConform, S_060_S_072_S_140_every_recorded_vector_passes) {
    unsigned passed = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".jsonl") continue;
        const auto v =
            conform::compare_smmu(contents(file.path()), file.path().filename().string());
        EXPECT_EQ(v.failed, 0u) << v.text;
        passed += v.passed;
    }
    EXPECT_EQ(passed, 501u);
}

// Bypass by SMMUEN=0: the shortest vector there is.
std::string vector_with(const std::string& steps) {
    return R"({"id":"own","qemu":"10.0.2","steps":[)" + steps + "]}\n";
}
const std::string pattern = R"({"op":"pattern","pa":"0x50000000","len":4096},)";
std::string read_at(const std::string& iova, const std::string& expected,
                    const std::string& more = "") {
    return R"({"op":"dma","sid":8,"rw":"r","iova":")" + iova + R"(","len":8,"arch":)" + expected +
           more + "}";
}

TEST(SmmuConform, S_007_an_access_passes_a_disabled_SMMU) {
    const auto v = conform::compare_smmu(
        vector_with(pattern + read_at("0x50000010", R"({"result":"ok","pa":"0x50000010"})",
                                      R"(,"agree":true,"result":"ok","pa":"0x50000010",)"
                                      R"("data":"100000500000005a","events":[])")),
        "own");
    EXPECT_EQ(v.passed, 1u) << v.text;
}

TEST(SmmuConform, what_does_not_hold_is_told_with_step_and_both_values) {
    const struct {
        std::string steps, expected;
    } cases[] = {
        {read_at("0x50000010", R"({"result":"ok","pa":"0x50001010"})"),
         "own:1: own, step 1: read of 8 bytes at 0x50000010 by stream 8: address 0x50000010, "
         "expected 0x50001010 (architecture)"},
        {read_at("0x50000010", R"({"result":"abort","event":null})"), "result ok, expected abort"},
        {read_at("0x300000000", R"({"result":"ok","pa":"0x300000000"})"),
         "result abort, expected ok"},
        {pattern + read_at("0x50000010", R"({"result":"ok","pa":"0x50000010"})",
                           R"(,"agree":true,"result":"ok","data":"ff","events":[])"),
         "data 100000500000005a, expected ff (recorded)"},
        {R"({"op":"r32","reg":"AIDR","off":"0x1c","val":"0x3","arch":"0x3"})",
         "AIDR reads 0x2, expected 0x3 (architecture)"},
    };
    for (const auto& c : cases) {
        const auto v = conform::compare_smmu(vector_with(c.steps), "own");
        EXPECT_EQ(v.failed, 1u);
        EXPECT_NE(v.text.find(c.expected), std::string::npos) << v.text;
        EXPECT_NE(v.text.find("own: 0 passed, 1 failed\n"), std::string::npos) << v.text;
    }
}

TEST(SmmuConform, what_is_masked_is_not_compared) {
    const auto v = conform::compare_smmu(
        vector_with(
            R"({"op":"r32","reg":"AIDR","off":"0x1c","val":"0x3","arch":"0x3","mask":"0xfe"})"),
        "own");
    EXPECT_EQ(v.passed, 1u) << v.text;
}

TEST(SmmuConform, bad_vectors_are_refused_with_their_line) {
    const std::pair<std::string, std::string> cases[] = {
        {R"({"op":"dmm"})",
         "step 1 has op 'dmm'; expected one of mem, pattern, w32, w64, r32, dma; "
         "did you mean 'dma'?"},
        {R"({"op":"mem","pa":"0x0","hex":"00"})", "step 1 writes 1 bytes at 0x0; expected RAM"},
        {R"({"op":"mem","pa":"0x23fffffff","hex":"0000"})", "expected RAM"},
        {R"({"op":"mem","pa":"0x50000000","hex":"0"})", "odd number of hex digits"},
        {R"({"op":"mem","pa":"0x50000000","hex":"zz"})", "hex that is none"},
        {R"({"op":"mem","hex":"00"})", "step 1 has no 'pa'"},
        {R"({"op":"w32","off":"0x20","val":"0x100000000"})", "has val = '0x100000000'"},
        {R"({"op":"w32","off":"0x20000","val":"0x0"})", "has off = '0x20000'"},
        {R"({"op":"dma","sid":8,"rw":"r","iova":"0xffc","len":8})", "crosses a page"},
        {R"({"op":"dma","sid":8,"rw":"x","iova":"0xffc","len":4})", "has rw 'x'"},
        {R"({"op":"dma","sid":-1,"rw":"r","iova":"0xffc","len":4})", "has sid = -1"},
        {R"(7)", "step 1 is no object"},
    };
    for (const auto& [steps, expected] : cases) {
        try {
            conform::compare_smmu("\n" + vector_with(steps), "own");
            ADD_FAILURE() << steps;
        } catch (const scenario::bad_input& e) {
            EXPECT_EQ(std::string(e.what()).rfind("own:2:1: ", 0), 0u) << e.what();
            EXPECT_NE(std::string(e.what()).find(expected), std::string::npos) << e.what();
        }
    }
}

TEST(SmmuConform, the_command_ends_with_0_1_or_2) {
    const scratch s;
    const std::string good = s.file(
        "good.jsonl", vector_with(read_at("0x50000010", R"({"result":"ok","pa":"0x50000010"})")));
    const std::string wrong = s.file(
        "wrong.jsonl", vector_with(read_at("0x50000010", R"({"result":"abort","event":null})")));
    const std::string empty = s.file("empty.jsonl", "");
    const auto drydock = [](const std::vector<std::string>& files) {
        std::vector<std::string> words{"conform", "smmu"};
        words.insert(words.end(), files.begin(), files.end());
        return run_program(words, cli::tools{{}, {}});
    };
    const auto all = drydock({good, wrong, empty});
    EXPECT_EQ(all.code, 1) << all.err;
    EXPECT_NE(all.out.find("empty.jsonl: 0 passed, 0 failed\n1 passed, 1 failed\n"),
              std::string::npos)
        << all.out;
    EXPECT_EQ(drydock({good, empty}).code, 0);
    const auto garbage = drydock({good, s.file("bad.jsonl", "{\n")});
    EXPECT_EQ(garbage.code, 2);
    EXPECT_NE(garbage.err.find("bad.jsonl:1:"), std::string::npos) << garbage.err;
    EXPECT_EQ(drydock({}).code, 2);
    EXPECT_EQ(drydock({(s.path() / "none").string()}).code, 2);
    const auto deviations = drydock({"--list-deviations"});
    EXPECT_EQ(deviations.code, 0);
    EXPECT_NE(deviations.out.find("L1STD.Span"), std::string::npos);
}

}  // namespace
}  // namespace drydock::tests
