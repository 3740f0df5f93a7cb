// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "waves/text_file.h"

namespace drydock::waves {

/// A string with JSON's quotes and escapes.
void append_quoted(std::string& to, std::string_view text);

/// Writes lines of JSON through one buffer.
class json_lines {
public:
    /// @throws std::runtime_error if the file cannot be made
    explicit json_lines(const std::filesystem::path& file);
    ~json_lines();
    json_lines(const json_lines&) = delete;
    json_lines& operator=(const json_lines&) = delete;

    /// The line under way; append to it, then end_line().
    std::string& line() { return buffer_; }
    void end_line() {
        buffer_ += '\n';
        flush_if_full();
    }
    void flush_if_full() {
        if (buffer_.size() >= flush_at) flush();
    }
    void quoted(std::string_view text) { append_quoted(buffer_, text); }
    /// @throws std::runtime_error with the file's name if anything could not be written
    void close();
    bool is_open() const { return file_.is_open(); }

private:
    static constexpr std::size_t flush_at = 1u << 16;
    void flush();

    text_file file_;
    std::string buffer_;
};

}  // namespace drydock::waves
