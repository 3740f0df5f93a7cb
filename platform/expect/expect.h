// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "platform/scenario/scenario.h"

namespace drydock::expect {

/// Refuses an expectation that no result could be held against. @throws scenario::bad_input
void check(const scenario::expectation& e, const scenario::run& r);

/// Completes a run's entry of summary.json: `expectations` [{name, expected, actual, ok}] and
/// `verdict` (as_expected | unexpected). If no expectation asks for or allows a violation, none may
/// have happened.
void judge(const scenario::run& r, nlohmann::json& result);

}  // namespace drydock::expect
