// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// The wired interrupt that a function's INTx becomes: its pin, swizzled at each bridge up to the
/// root port (Linux: pci_common_swizzle()); INTA..D of the root port in slot s are lines 4(s-1) to
/// 4(s-1)+3, as an interrupt-map says. None: the function has no pin.
std::optional<u32> pci_intx_line(pci_dev&);

}  // namespace drydock::sw
