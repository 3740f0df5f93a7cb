// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace drydock::compare {

/// A run as it lies on disk: its entry of summary.json and its profile.json.
struct side {
    std::string name;
    const nlohmann::json* entry = nullptr;
    const nlohmann::json* profile = nullptr;
};

/// What changed from a to b:
/// {"a","b", "commands":{"a","b"}, "parameters":[{"name","a","b"}], "verdicts":{"a","b"},
///  "violations":[{"monitor","device","a","b"}],
///  "clients":[{"client","what","a","b"}],
///  "groups":[{"class","who","count":[a,b],"timed_out":[a,b],"open":[a,b],
///    "statistics":[{"name","a","b","by","low","high","clear"}],   low and high null: too little to
///    say "stages_mean":[{"stage","a","b","by"}], "stages_slowest":[..]}]}   largest change first,
///    ps
/// @throws nlohmann::json::exception if one is none
nlohmann::json changes(const side& a, const side& b);

/// The same for a terminal.
std::string render(const nlohmann::json& changes, bool coloured);

}  // namespace drydock::compare
