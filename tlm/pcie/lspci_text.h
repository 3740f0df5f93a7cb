// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "tlm/base/ids.h"
#include "tlm/pcie/config_space.h"

namespace drydock::pcie {

/// "01:00.0".
std::string slot_name(base::routing_id id);

/// A function as `lspci -xxxx` prints it: the line of its slot, its bytes in hexadecimal (what a
/// read returns, 16 to a line), an empty line. Reads without side effects.
/// @param slot  as it shall stand there, with a domain or without
/// @param bytes of the space: 64, 128, 256 or 4096
std::string lspci_text(const config_space& space, const std::string& slot,
                       std::size_t bytes = config_bytes);

}  // namespace drydock::pcie
