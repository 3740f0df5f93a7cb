// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace drydock::report {

/// A summary as JUnit XML: a test suite per scenario, a test case per run, a failure per
/// expectation that was not met. Times are simulated seconds.
std::string junit(const nlohmann::json& summary);

}  // namespace drydock::report
