// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "sw/pci/probe.h"

namespace drydock::sw {

/// Where in a recovery the link is reset. Before: at once after error_detected, only when frozen.
/// After: behind mmio_enabled, and for a non-fatal error too if a driver asks for it.
enum class pci_recovery_order : u8 { before_2025_08, after_2025_08 };

/// Resets what is below a port. @return recovered or disconnect
using reset_subordinates = std::function<pci_ers_result(pci_dev& port)>;

/// Two votes into one (Linux: merge_result).
pci_ers_result pci_merge_result(pci_ers_result so_far, pci_ers_result vote);

/// Tells the drivers below the port nearest to `who`, or that of an integrated endpoint, of an
/// error, resets the link where that is due, and tells them of the outcome. @return recovered;
/// anything else: the functions below are in perm_failure
pci_ers_result pcie_do_recovery(const pci_host&, pci_dev& who, pci_channel_state,
                                const reset_subordinates&,
                                pci_recovery_order = pci_recovery_order::after_2025_08);

}  // namespace drydock::sw
