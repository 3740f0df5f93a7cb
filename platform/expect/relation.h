// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drydock::expect {

enum class unit : std::uint8_t { count, time, percent };

/// The right side of an expectation: ">= 5", "0", "< 1%", "< 50us".
struct relation {
    enum class op : std::uint8_t { less, at_most, equal, not_equal, at_least, greater };

    op compare = op::equal;
    std::int64_t number = 0;  ///< count, ps, or 1/1000 of a percent
    expect::unit unit = unit::count;

    /// number has this relation's unit
    bool holds(std::int64_t actual) const;
    /// Whether part of whole, as a share, fulfils a relation in percent; exact. An empty whole is 0
    /// %.
    bool holds_share(std::int64_t part, std::int64_t whole) const;
};

/// Nothing if the text is no relation.
std::optional<relation> parse_relation(std::string_view);

inline constexpr std::string_view expected_relation =
    "a number with its unit and perhaps < <= == != >= > before it, such as 0, \">= 5\", \"< 1%\" "
    "or \"< 50us\"";

}  // namespace drydock::expect
