// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drydock::explain {

/// What a run's events.jsonl and waits.jsonl say of one transaction and of the time around it.
struct event_log {
    std::vector<nlohmann::json> own;      ///< lines of that span
    std::vector<nlohmann::json> parts;    ///< lines of level life of what is inside of it
    std::vector<nlohmann::json> notes;    ///< what decides about others: resets, errors, violations
    std::vector<nlohmann::json> held_up;  ///< waits of others for it, or for a part of it
    std::vector<nlohmann::json> waits;    ///< its own, and those of its parts
    bool events = false, waiting = false;  ///< whether the file is there
};

/// @param span number of the transaction; 0: of none
/// @param operation the one that it is part of, 0: none; who waited for that waited for it too
event_log read_events(const std::filesystem::path& run_folder, std::uint64_t span,
                      std::uint64_t operation = 0);

/// The transaction of a span, in the form of profile.json, from its lines; null if it has none.
/// @param notes of the same log: expired ITags and acknowledged errors
/// @param devices names by routing ID
nlohmann::json transaction_of(const event_log& log, const nlohmann::json& devices);

}  // namespace drydock::explain
