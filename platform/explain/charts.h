// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/explain/stage_words.h"

namespace drydock::explain {

/// A line of a sequence chart.
struct step {
    std::int64_t at_ps = 0;    ///< when it ends
    std::int64_t took_ps = 0;  ///< how long what comes before it took
    role from{}, to{};         ///< alike: something that goes on there
    std::string text;
    bool lost = false;  ///< a message without answer
};

/// The life of a transaction (in the form of profile.json) as a sequence: its parts take the place
/// of the stages that they are.
std::vector<step> sequence_of(const nlohmann::json& transaction);

/// Mermaid's sequenceDiagram.
std::string mermaid(const nlohmann::json& transaction);
/// The same as a drawing of its own.
std::string sequence_svg(const nlohmann::json& transaction);
/// WaveJSON for WaveDrom: who is at work when, one column per stage, not to scale.
nlohmann::json wavedrom(const nlohmann::json& transaction);

}  // namespace drydock::explain
