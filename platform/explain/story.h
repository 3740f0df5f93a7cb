// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "platform/explain/event_log.h"
#include "platform/report/run_folder.h"

namespace drydock::explain {

/// One run, opened to tell of its transactions.
struct run_view {
    std::filesystem::path folder;
    std::string name;
    nlohmann::json entry;    ///< of summary.json
    nlohmann::json profile;  ///< profile.json
};

run_view open_run(const report::output_folder& o, std::size_t run);

/// All that is told of one transaction.
struct story {
    nlohmann::json of;  ///< in the form of profile.json
    event_log log;
};

/// Which transaction is meant.
struct wanted {
    std::string word;          ///< "INV", "" if only the number was given
    std::uint64_t number = 0;  ///< its span
};
/// @throws scenario::bad_input for what is no id
wanted parse_wanted(const std::string& text);

/// Nothing if the run does not know it (or does not tell: events off, or too low a level).
std::optional<story> find_story(const run_view& run, const wanted& w);
/// The same of one that profile.json has in full.
story story_of(const run_view& run, const nlohmann::json& transaction);

/// The slowest unmaps (if there are none, invalidations, translations, page requests), longest
/// first.
std::vector<nlohmann::json> slowest(const run_view& run, std::size_t n);
/// The latest invalidation of a device that timed out at or before `time_ps`; null if none is kept.
nlohmann::json lost_before(const run_view& run, const std::string& device, std::int64_t time_ps);

/// Why it took as long as it did, a sentence each, from the nearest cause to the farthest.
std::vector<std::string> causes(const run_view& run, const story& s);

/// The whole life in words, for a terminal.
std::string in_words(const run_view& run, const story& s, bool coloured);
/// What happened between two moments, a line each; at most `most`.
std::string meanwhile(const event_log& log, const nlohmann::json& devices, std::int64_t from_ps,
                      std::int64_t until_ps, std::size_t most);

}  // namespace drydock::explain
