// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/accuracy/whole_machine.h"
#include "platform/runner/runner.h"

namespace drydock::cli {

/// What the program is made of; tests put their own in.
struct tools {
    runner::simulate_function simulate;
    std::function<nlohmann::json(const scenario::run&)> parameters;
    std::FILE* out = stdout;
    std::FILE* err = stderr;
    /// As configuration_of() of platform/simulate.h.
    std::function<nlohmann::json(const scenario::run&)> configuration = {};
    /// As simulate_told() there.
    accuracy::simulate_told_function simulate_told = {};
};

/// Exit codes of every command.
enum exit_code : int {
    as_expected = 0,
    unexpected = 1,  ///< a run's outcome is not as its scenario expects
    bad_input = 2,   ///< nothing was run, nothing was written
    internal_fault = 3,
};

/// The whole program: `drydock run | check | list | points | params | lspci | import |
/// show | conform`.
/// @param arguments without the program's name
int program(const std::vector<std::string>& arguments, const tools& t);

}  // namespace drydock::cli
