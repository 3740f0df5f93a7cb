// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/accuracy/dpc_measure.h"

namespace drydock::accuracy {

/// For a terminal: a line a stage of each pattern, totals, closed loop, the speed of both.
std::string as_text(const std::vector<dpc_measurement>&);
/// Times in ns, errors also in cycles.
nlohmann::json as_json(const std::vector<dpc_measurement>&);

}  // namespace drydock::accuracy
