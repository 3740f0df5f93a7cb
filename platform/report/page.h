// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drydock::report {

/// Runs that a page shows in full; of the others it shows the numbers.
inline constexpr std::size_t most_full_runs = 8;

/// The report as one HTML file that needs no other and no network.
/// @param summary the whole summary.json
/// @param profiles a profile.json per run, null where there is none
/// @param settings per run what its scenario sets: [{"path","value","origin"}..]
/// @throws nlohmann::json::exception if one is none
std::string page(const nlohmann::json& summary, const std::vector<nlohmann::json>& profiles,
                 const std::vector<nlohmann::json>& settings);

/// What the page shows, as JSON; in the page itself as the element #data.
nlohmann::json page_data(const nlohmann::json& summary, const std::vector<nlohmann::json>& profiles,
                         const std::vector<nlohmann::json>& settings);

}  // namespace drydock::report
