// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/accuracy/measure.h"

namespace drydock::accuracy {

/// For a terminal: one line a pattern for each loop, totals, what is missed, the speed of both.
std::string as_text(const std::vector<measurement>&);
/// Everything but the speed, which differs from run to run. Times in ns, errors also in cycles.
nlohmann::json as_json(const std::vector<measurement>&);

}  // namespace drydock::accuracy
