// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/accuracy/dpc_measure.h"
#include "platform/accuracy/measure.h"
#include "platform/accuracy/whole_machine.h"

namespace drydock::accuracy {

/// All that was measured at once.
struct results {
    std::vector<measurement> patterns;
    std::vector<dpc_measurement> containments;
    std::vector<machine_times> machines;
};

/// For a terminal: one line a pattern for each loop, totals, machines, what is missed, the speed.
std::string as_text(const results&);
/// Times in ns, errors also in cycles. Seconds of wall time differ from run to run.
nlohmann::json as_json(const results&);
/// What is not as it should be (docs/accuracy.md), one line each; empty: all targets are met. Of
/// the patterns only those that do not calibrate are judged.
std::vector<std::string> missed_targets(const results&);

}  // namespace drydock::accuracy
