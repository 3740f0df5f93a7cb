// SPDX-License-Identifier: Apache-2.0
#include "platform/report/text_table.h"

#include <algorithm>

namespace drydock::report {
namespace {

const char* escape(colour c) {
    switch (c) {
        case colour::bold:
            return "\x1b[1m";
        case colour::red:
            return "\x1b[1;31m";
        case colour::green:
            return "\x1b[1;32m";
        case colour::yellow:
            return "\x1b[33m";
        case colour::dim:
            return "\x1b[2m";
        case colour::plain:
            break;
    }
    return "";
}

}  // namespace

std::string painted(const std::string& text, colour c, bool on) {
    if (!on || c == colour::plain || text.empty()) return text;
    return escape(c) + text + "\x1b[0m";
}

std::string text_table::text() const {
    std::vector<std::size_t> widths;
    for (const auto& cells : rows_) {
        if (cells.size() < 2) continue;
        if (widths.size() < cells.size()) widths.resize(cells.size());
        for (std::size_t i = 0; i < cells.size(); ++i)
            widths[i] = std::max(widths[i], cells[i].text.size());
    }
    std::string all;
    for (const auto& cells : rows_) {
        std::string line;
        std::size_t pending = 0;  // spaces that are written only if something follows
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string& t = cells[i].text;
            const std::size_t fill = cells.size() < 2 ? 0 : widths[i] - t.size();
            pending += (i > 0 ? 2 : 0) + (i < left_ ? 0 : fill);
            if (!t.empty()) {
                line += std::string(pending, ' ') + painted(t, cells[i].colour, coloured_);
                pending = 0;
            }
            pending += i < left_ ? fill : 0;
        }
        all += line + '\n';
    }
    return all;
}

}  // namespace drydock::report
