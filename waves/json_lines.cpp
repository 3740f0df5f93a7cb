// SPDX-License-Identifier: Apache-2.0
#include "waves/json_lines.h"

namespace drydock::waves {

json_lines::json_lines(const std::filesystem::path& file) : file_(file) {
    buffer_.reserve(flush_at + 4096);
}

json_lines::~json_lines() {
    if (file_.is_open()) flush();
}

void json_lines::flush() {
    file_.write(buffer_);
    buffer_.clear();
}

void json_lines::close() {
    if (!file_.is_open()) return;
    flush();
    file_.close();
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
