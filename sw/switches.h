// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "sw/kernel/named_thing.h"

namespace drydock::sw {

struct software_config;

/// Behaviour that a published variant does not have, by name (software_config::switches): a
/// mechanism left out, or done otherwise, to show what it is for. Whoever owns the mechanism has a
/// bool for it in its own configuration.
std::span<const named_thing> switches();

/// The same with those bools set by the names in config.switches.
/// @throws std::invalid_argument for a name that there is not
software_config with_switches(software_config config);

}  // namespace drydock::sw
