// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace drydock::report {

/// How many cells came out how.
struct hazard_summary {
    std::size_t hazards = 0, cells = 0;
    std::size_t hit = 0, clean = 0, partial = 0, unreachable = 0;
    std::size_t unexpected = 0;     ///< not as the hazard's file expects it
    std::size_t not_the_sheet = 0;  ///< as expected, but not as its source says; explained
};

/// @param result  what `drydock hazards --json` prints, without `summary`
hazard_summary sum_up(const nlohmann::json& result);
nlohmann::json to_json(const hazard_summary&);

/// Tables hazard x variant, one for each axis that variants are on; then what is not as expected,
/// what differs from its source and why, and the command that replays each hit.
std::string hazard_table(const nlohmann::json& result, const hazard_summary&, bool coloured);

}  // namespace drydock::report
