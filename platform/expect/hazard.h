// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "platform/scenario/scenario.h"

namespace drydock::expect {

/// Completes the entry of a hazard's run: `hazard` {result, expected, order, variant, also, why},
/// and `expectations` and `verdict` as judge() does. result: `hit`, what the oracle asks for came
/// true after its last point; `clean`, nothing of it did; `partial`, some of it did, or a monitor
/// that has to be silent fired; `unreachable`, the timeline was not played to its end.
/// @pre r.hazard
void judge_hazard(const scenario::run& r, nlohmann::json& result);

}  // namespace drydock::expect
