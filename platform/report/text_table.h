// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drydock::report {

enum class colour : std::uint8_t { plain, bold, red, green, yellow, dim };

/// Text for one place of a table; its colour takes no room.
struct cell {
    std::string text;
    report::colour colour = colour::plain;
};

/// Columns as wide as their widest cell, two spaces apart; the first to the left, the others to the
/// right. A row of one cell is a heading and spans the table.
class text_table {
public:
    explicit text_table(bool coloured, std::size_t left_columns = 1)
        : coloured_(coloured), left_(left_columns) {}
    void row(std::vector<cell> cells) { rows_.push_back(std::move(cells)); }
    /// Every line ends with a newline; no line ends with spaces.
    std::string text() const;

private:
    bool coloured_;
    std::size_t left_;
    std::vector<std::vector<cell>> rows_;
};

/// Wraps in an escape sequence if `on`.
std::string painted(const std::string& text, colour c, bool on);

}  // namespace drydock::report
