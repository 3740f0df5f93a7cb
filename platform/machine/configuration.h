// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "platform/machine/hardware.h"

namespace drydock::machine {

/// The configuration spaces of all functions, bus by bus, as `lspci -xxxx` prints them. Read
/// without side effects.
std::string configuration_text(hardware& hw);

}  // namespace drydock::machine
