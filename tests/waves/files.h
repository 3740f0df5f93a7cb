// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

namespace drydock::waves::test {

/// A path in the test's own folder.
inline std::filesystem::path scratch(const std::string& name) {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    const auto folder = std::filesystem::path(testing::TempDir()) /
                        (std::string("drydock_") + info->test_suite_name() + "_" + info->name());
    std::filesystem::create_directories(folder);
    return folder / name;
}

inline std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

/// The text of a file compressed by gzip; throws unless it is complete.
inline std::string unzipped(const std::filesystem::path& file) {
    const std::unique_ptr<gzFile_s, decltype(&gzclose)> in(gzopen(file.c_str(), "rb"), gzclose);
    if (in == nullptr || gzdirect(in.get()) != 0) throw std::runtime_error("not a gzip file");
    std::string text, part(1 << 16, '\0');
    int count = 0;
    while ((count = gzread(in.get(), part.data(), static_cast<unsigned>(part.size()))) > 0)
        text.append(part, 0, static_cast<std::size_t>(count));
    int error = 0;
    gzerror(in.get(), &error);
    if (count < 0 || error != Z_OK) throw std::runtime_error("the gzip file is cut off");
    return text;
}

}  // namespace drydock::waves::test
