// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::scenario {

/// Number of insertions, deletions, replacements and swaps of neighbours that turn a into b.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The name that was probably meant: least distance, at most a third of its length (at least 1),
/// case ignored.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

/// "; did you mean 'X'?", or "" if nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

/// "a, b, c", or "none".
std::string list_of(const std::vector<std::string>& names);

}  // namespace drydock::scenario
