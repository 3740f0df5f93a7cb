// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "platform/scenario/scenario.h"
#include "tlm/base/probe.h"

namespace drydock::machine {

/// Whether the instances that a waveform shall show exist. @pre the machine is built
/// @throws scenario::bad_input for one that has no place and is no client, device or part of them
void check_instances(const std::vector<std::string>& names, const base::probe& p,
                     const scenario::run& r);

}  // namespace drydock::machine
