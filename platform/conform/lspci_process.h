// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace drydock::conform {

/// The lines of one device as lspci prints them.
using device_lines = std::vector<std::string>;

/// What the real `lspci -F DUMP -vvv` (Debian's pciutils) reads in a dump, a device each, in its
/// order. Runs a child process; the dump goes through a file of its own that is gone afterwards.
/// @throws std::runtime_error if lspci isn't there or refuses the dump, with what it said
std::vector<device_lines> lspci_decode(const std::string& dump);

}  // namespace drydock::conform
