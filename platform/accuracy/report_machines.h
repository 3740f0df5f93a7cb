// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/accuracy/whole_machine.h"

namespace drydock::accuracy {

/// For a terminal: a line a device, then inversions, what differs first, the speed of both.
std::string as_text(const std::vector<machine_times>&);
/// The same; times in ns, differences also in block cycles. Seconds differ from run to run.
nlohmann::json as_json(const std::vector<machine_times>&);
/// Percentiles out of their targets, other outcomes; one line each.
std::vector<std::string> missed_targets(const std::vector<machine_times>&);

}  // namespace drydock::accuracy
