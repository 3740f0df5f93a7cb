// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drydock::report {

/// Outputs as a user names them: the folder of a `drydock run`, or one run's folder inside of it.
struct output_folder {
    std::filesystem::path folder;   ///< where summary.json lies
    nlohmann::json summary;         ///< the whole of it
    std::vector<std::size_t> runs;  ///< indices of summary["runs"]; the one that was named, or all

    const nlohmann::json& entry(std::size_t run) const { return summary.at("runs").at(run); }
    std::string name(std::size_t run) const { return entry(run).value("name", "?"); }
    std::filesystem::path run_folder(std::size_t run) const { return folder / name(run); }
};

/// @throws scenario::bad_input if `named` is no folder that `drydock run` wrote
output_folder open_outputs(const std::string& named);

/// A run's profile.json.
/// @throws scenario::bad_input if there is none, or it is damaged; with what to do
nlohmann::json read_profile(const std::filesystem::path& run_folder);

}  // namespace drydock::report
