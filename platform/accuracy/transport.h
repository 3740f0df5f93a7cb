// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "platform/accuracy/measure.h"

namespace drydock::accuracy {

/// A measurement on its way from the child that made it; nothing is lost.
nlohmann::json packed(const measurement&);
nlohmann::json packed(const error_samples&);
/// @param of  the pattern, the parent's own
/// @throws nlohmann::json::exception if it is none
measurement unpacked(const nlohmann::json&, const pattern& of);
error_samples unpacked(const nlohmann::json&);

}  // namespace drydock::accuracy
