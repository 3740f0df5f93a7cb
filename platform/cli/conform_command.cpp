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

namespace drydock::cli {
namespace {

std::string contents_of(const std::string& file, const char* expected) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    if (!in || std::filesystem::is_directory(file) || !(text << in.rdbuf()))
        throw scenario::bad_input(
            {file, 0, 0, true}, fmt::format("cannot be read ({}); expected {}",
                                            std::strerror(errno != 0 ? errno : EISDIR), expected));
    return text.str();
}

}  // namespace

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

}  // namespace drydock::cli
