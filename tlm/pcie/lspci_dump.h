// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

/// A device of a dump, as much of it as was captured.
struct lspci_device {
    std::string slot;       ///< "6a:01.0" or with its domain; empty for hex lines alone
    unsigned line = 0;      ///< where it begins, 1-based
    std::size_t bytes = 0;  ///< of its space: 64, 128, 256 or 4096
    config_image image;
    std::vector<std::string> assumed;  ///< registers whose size was taken from their address
};

/// Every device of the output of lspci with -x, -xxx or -xxxx, with or without the decoded text.
/// @throws config_error with the line where it is no such dump
std::vector<lspci_device> parse_lspci_devices(std::string_view text, const std::string& file_name);

}  // namespace drydock::pcie
