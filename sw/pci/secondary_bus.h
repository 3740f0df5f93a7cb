// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sw/pci/probe.h"
#include "sw/pci/reset.h"

namespace drydock::sw {

/// Data Link Layer Link Active of a downstream port; false if it cannot be read.
bool pcie_link_active(pci_dev& port);
/// Waits until the link below a port is up or down. @return false after 1 s
bool pcie_wait_for_link(pci_dev& port, bool active);
/// After a reset of the link below: waits for the link and for the first function there. @return 0
/// or -ENOTTY
int pci_bridge_wait_for_secondary_bus(const pci_host&, pci_dev& bridge,
                                      std::string_view reset_type);
/// Secondary bus reset, held for 2 ms. @return as above
int pci_bridge_secondary_bus_reset(const pci_host&, pci_dev& bridge);

}  // namespace drydock::sw
