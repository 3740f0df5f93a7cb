// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drydock::report {

/// Runs that a page shows in full, and those of which it says what happened: the first ones of the
/// matrix, besides. The others are counted.
inline constexpr std::size_t most_full_runs = 8, most_told_runs = 24;

/// Which runs a page tells of; it needs their profiles and settings alone.
/// @param entries summary.json's runs
std::vector<bool> told_runs(const nlohmann::json& entries);

/// The report as one HTML file that needs no other and no network.
/// @param summary the whole summary.json
/// @param profiles a profile.json per run, null where there is none or the run is not told of
/// @param settings per run what its scenario sets: [{"path","value","origin"}..]
/// @throws nlohmann::json::exception if one is none
std::string page(const nlohmann::json& summary, const std::vector<nlohmann::json>& profiles,
                 const std::vector<nlohmann::json>& settings);

/// What the page shows, as JSON; in the page itself as the element #data.
nlohmann::json page_data(const nlohmann::json& summary, const std::vector<nlohmann::json>& profiles,
                         const std::vector<nlohmann::json>& settings);

}  // namespace drydock::report
