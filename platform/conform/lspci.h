// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "tlm/pcie/lspci_dump.h"

namespace drydock::conform {

/// What comes of holding the model against a dump.
struct lspci_verdict {
    std::string text;  ///< a line per device, the lines that differ, then the sums
    unsigned passed = 0, failed = 0;
    bool ok() const { return failed == 0; }
};

/// Makes a configuration space of every device of a dump (`lspci -vvvxxxx`, or -x, -xxx, -xxxx),
/// takes up the state that the dump shows, by the accesses that software and hardware have, reads
/// the space back and lets the real lspci decode both: what it says must be the same, line by line.
/// @throws scenario::bad_input with the line where it is no such dump
/// @throws std::runtime_error if there is no lspci
lspci_verdict compare_lspci(const std::string& dump, const std::string& file);

}  // namespace drydock::conform
