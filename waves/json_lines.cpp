// SPDX-License-Identifier: Apache-2.0
#include "waves/json_lines.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace drydock::waves {

json_lines::json_lines(const std::filesystem::path& file)
    : name_(file.string()), file_(std::fopen(name_.c_str(), "wb")) {
    if (file_ == nullptr)
        throw std::runtime_error(name_ + ": cannot be made: " + std::strerror(errno));
    buffer_.reserve(flush_at + 4096);
}

json_lines::~json_lines() {
    if (file_ == nullptr) return;
    flush();
    std::fclose(file_);
}

void json_lines::flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size() && error_ == 0)
        error_ = errno;
    buffer_.clear();
}

void json_lines::close() {
    if (file_ == nullptr) return;
    flush();
    if (std::fclose(file_) != 0 && error_ == 0) error_ = errno;
    file_ = nullptr;
    if (error_ != 0)
        throw std::runtime_error(name_ + ": cannot be written: " + std::strerror(error_));
}

void json_lines::quoted(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    buffer_ += '"';
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (buffer_ += '\\') += c;
        else if (u >= 0x20)
            buffer_ += c;
        else
            ((buffer_ += "\\u00") += digits[u >> 4]) += digits[u & 15];
    }
    buffer_ += '"';
}

}  // namespace drydock::waves
