// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/report/text_table.h"

namespace drydock::report {

struct style {
    bool coloured = false;
    std::string folder;              ///< where the outputs lie; empty: not said
    std::vector<std::string> files;  ///< relative to folder
};

/// The whole screen for a summary.json: verdicts, then what each client, CPU and device saw,
/// latency, stages, blame, monitors, outputs and commands; the runs stand side by side. Needs
/// nothing but the summary.
std::string render(const nlohmann::json& summary, const style& s);

// -- parts of it; `runs` are entries of summary.json --
using runs = std::vector<const nlohmann::json*>;
std::string verdict_in_words(const nlohmann::json& run);
colour verdict_colour(const nlohmann::json& run);
/// Clients, CPUs, devices, latency, one column per run.
std::string side_by_side(const runs& r, bool coloured);
/// Stages below a JSON pointer ("/latency/invalidation/stages"): median, p99 and share of the time,
/// per run;
/// "" if no run has any.
std::string stage_table(const runs& r, const std::string& at, bool coloured);
/// Who waited for whom.
std::string blame_table(const nlohmann::json& run, bool coloured);
/// Why transactions waited inside the SMMU, by reason; "" if none did.
std::string stall_table(const nlohmann::json& run, bool coloured);
/// Violations, known gaps, and expectations that were not met.
std::string monitor_table(const nlohmann::json& run, bool coloured);
/// One line per run, for matrices too wide to stand side by side.
std::string run_list(const runs& r, bool coloured);

}  // namespace drydock::report
