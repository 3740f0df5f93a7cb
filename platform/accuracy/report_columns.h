// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "platform/accuracy/errors.h"

namespace drydock::accuracy {

/// Names of the columns of error_row().
std::string error_heading(const std::string& last);
/// A line of a table: ns, the mean absolute error also in cycles and per cent.
/// @param cycle ps
std::string error_row(const std::string& name, char set, const errors& e, double cycle,
                      const std::string& note);
nlohmann::json error_json(const errors& e, double cycle);

/// The same of the closed loop, ns.
std::string closed_heading(const std::string& last);
std::string closed_row(const std::string& name, char set, const closed_percentiles& c,
                       const std::string& note);
nlohmann::json closed_json(const closed_percentiles& c);

}  // namespace drydock::accuracy
