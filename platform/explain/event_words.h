// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace drydock::explain {

/// A line of events.jsonl as a person would tell it: "ep0 ignores the Invalidate Request: function
/// in reset, ITag 4  [ep0]". @param devices names by routing ID
std::string event_in_words(const nlohmann::json& event, const nlohmann::json& devices);

}  // namespace drydock::explain
