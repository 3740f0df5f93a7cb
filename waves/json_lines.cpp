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

void append_quoted(std::string& to, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    to += '"';
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (to += '\\') += c;
        else if (u >= 0x20)
            to += c;
        else
            ((to += "\\u00") += digits[u >> 4]) += digits[u & 15];
    }
    to += '"';
}

}  // namespace drydock::waves
