// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace drydock::waves {

/// A file of text, compressed by gzip if its name ends in ".gz". Errors are remembered and told by
/// close(). The same text gives the same bytes.
class text_file {
public:
    /// @throws std::runtime_error if the file cannot be made
    explicit text_file(const std::filesystem::path& file);
    ~text_file();
    text_file(const text_file&) = delete;
    text_file& operator=(const text_file&) = delete;

    void write(std::string_view text);
    /// @throws std::runtime_error with the file's name if anything could not be written
    void close();
    bool is_open() const { return file_ != nullptr; }

private:
    /// Compressing costs a third of writing the trace; higher levels win 10 % of the size for
    /// twice the time.
    static constexpr int level = 4;
    void put(const void* bytes, std::size_t count);
    void compress(std::string_view text, int flush);
    void finish();

    std::string name_;
    std::FILE* file_;
    std::unique_ptr<z_stream> zip_;  // null: not compressed
    int error_ = 0;
};

}  // namespace drydock::waves
