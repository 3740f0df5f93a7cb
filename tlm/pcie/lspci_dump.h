// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "tlm/pcie/config_image.h"

namespace drydock::pcie {

/// Reads the configuration space of a real device from the output of `lspci -vvvxxxx` (run as
/// root): hex lines "OFFSET: BB BB ..." and, for the sizes of the BARs, lines "Region N: ...
/// [size=64K]".
/// @param file_name  for error messages
/// @param slot       which device ("6a:01.0") if the text holds several; empty: the only one
/// @throws config_error with the line: no hex lines, a dump cut short, a cyclic capability chain, a
/// byte that is
///         none, a BAR whose size is not told, several devices and none chosen
config_image parse_lspci_dump(std::string_view text, const std::string& file_name,
                              std::string_view slot = {});

}  // namespace drydock::pcie
