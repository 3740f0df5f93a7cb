// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace drydock::conform {

/// Runs `work` in a forked child, so that it may elaborate SystemC anew, and hands on what it
/// returns. No SystemC object may exist yet.
/// @throws std::runtime_error with its words if work throws, or if the child is lost
std::string in_child(const std::function<std::string()>& work);

}  // namespace drydock::conform
