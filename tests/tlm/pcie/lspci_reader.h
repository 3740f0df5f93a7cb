// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace drydock::pcie {

/// What lspci (pciutils) reads in a dump, a line each.
inline std::vector<std::string> lspci(const std::string& dump) {
    char name[] = "/tmp/drydock_lspci_XXXXXX";
    const int fd = mkstemp(name);
    EXPECT_GE(fd, 0);
    std::ofstream(name) << dump;
    const std::string command = std::string("lspci -n -vvv -F ") + name + " 2>&1";
    struct closer {
        void operator()(FILE* f) const { pclose(f); }
    };
    const std::unique_ptr<FILE, closer> out(popen(command.c_str(), "r"));
    std::vector<std::string> lines;
    std::array<char, 1024> line;
    while (out && std::fgets(line.data(), line.size(), out.get()) != nullptr) {
        lines.emplace_back(line.data());
        lines.back().erase(lines.back().find_last_not_of("\n") + 1);
    }
    ::close(fd);
    std::remove(name);
    return lines;
}

/// Whether some line has all of the words, in their order.
inline bool says(const std::vector<std::string>& lines, std::initializer_list<const char*> words) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
        std::size_t at = 0;
        return std::all_of(words.begin(), words.end(), [&](const char* w) {
            at = line.find(w, at);
            return at != std::string::npos;
        });
    });
}

}  // namespace drydock::pcie
