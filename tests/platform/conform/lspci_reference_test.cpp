// SPDX-License-Identifier: Apache-2.0
// Real devices against what we make of their dumps, where these are at hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/conform/lspci.h"
#include "platform/conform/lspci_process.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/lspci_text.h"

namespace drydock::conform {
namespace {

std::string contents(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

std::vector<std::filesystem::path> dumps() {
    std::vector<std::filesystem::path> all;
    for (const auto& f : std::filesystem::directory_iterator(DRYDOCK_REFERENCE_DATA "/lspci"))
        if (f.path().extension() == ".txt") all.push_back(f.path());
    std::sort(all.begin(), all.end());
    return all;
}

TEST(LspciReference, P_170_lspci_reads_every_dump_in_the_model_as_in_the_dump) {
    unsigned devices = 0;
    for (const auto& file : dumps()) {
        const auto v = compare_lspci(contents(file), file.string());
        EXPECT_TRUE(v.ok()) << file << "\n" << v.text;
        devices += v.passed;
    }
    EXPECT_GE(devices, 5u);
}

/// Lines that come of read-only registers alone.
device_lines preserved(const device_lines& all) {
    device_lines some;
    for (const std::string& line : all)
        for (const char* of : {"DevCap:", "LnkCap:", "SltCap:", "RootCap:", "LnkCap2:", "ATSCap:",
                               "PASIDCap:", "ACSCap:", "ARICap:", "Vector table:", "PBA:",
                               "Device Serial Number", "Vendor Specific", "Designated Vendor",
                               "Virtual Channel", "Subsystem:", "LaneErrStat:", "Express (v"})
            if (line.find(of) != std::string::npos) some.push_back(line);
    return some;
}

TEST(LspciReference, P_132_resets_leave_the_lines_of_read_only_registers) {
    for (const auto& file : dumps())
        for (const pcie::lspci_device& d :
             pcie::parse_lspci_devices(contents(file), file.string())) {
            pcie::config_space space(d.image);
            space.adopt(d.image);
            const auto before = lspci_decode(pcie::lspci_text(space, d.slot, d.bytes)).at(0);
            ASSERT_GE(preserved(before).size(), 4u) << file;
            for (const auto kind : {pcie::reset_kind::flr, pcie::reset_kind::conventional,
                                    pcie::reset_kind::fundamental}) {
                space.reset(kind);
                const auto after = lspci_decode(pcie::lspci_text(space, d.slot, d.bytes)).at(0);
                EXPECT_EQ(preserved(after), preserved(before)) << file;
                EXPECT_NE(after, before) << "a reset clears the command register";
            }
        }
}

}  // namespace
}  // namespace drydock::conform
