// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/cli/commands.h"
#include "platform/conform/lspci.h"
#include "platform/conform/pcie_bw.h"
#include "platform/conform/smmu_vectors.h"

namespace drydock::cli {

std::string contents_of(const std::string& file, const char* expected) {
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    const bool readable = in && !std::filesystem::is_directory(file);
    std::ostringstream text;
    if (readable && in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
    if (!readable || !text || in.bad())
        throw scenario::bad_input(
            {file, 0, 0, true}, fmt::format("cannot be read ({}); expected {}",
                                            std::strerror(errno != 0 ? errno : EISDIR), expected));
    return text.str();
}

int conform_pcie_bw_command(const std::string& file, const tools& t) {
    const conform::bandwidth_verdict v = conform::compare_bandwidth(
        conform::parse_bandwidth_table(contents_of(file, "a table in CSV"), file));
    print(t.out, v.text);
    return v.ok() ? as_expected : unexpected;
}

int conform_lspci_command(const std::string& file, const tools& t) {
    const conform::lspci_verdict v =
        conform::compare_lspci(contents_of(file, "the output of lspci -vvvxxxx"), file);
    print(t.out, v.text);
    return v.ok() ? as_expected : unexpected;
}

int conform_smmu_command(const std::vector<std::string>& files, const tools& t) {
    std::vector<std::string> texts;  // all are read before any is replayed
    texts.reserve(files.size());
    for (const std::string& file : files)
        texts.push_back(contents_of(file, "vectors, JSON, one a line"));
    unsigned passed = 0, failed = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const conform::smmu_verdict v = conform::compare_smmu(texts[i], files[i]);
        print(t.out, v.text);
        passed += v.passed;
        failed += v.failed;
    }
    print(t.out, fmt::format("{} passed, {} failed\n", passed, failed));
    return failed == 0 ? as_expected : unexpected;
}

int conform_smmu_deviations_command(const tools& t) {
    print(t.out, conform::smmu_deviations());
    return as_expected;
}

}  // namespace drydock::cli
