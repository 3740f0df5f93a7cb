// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// Which traffic classes a link has in which virtual channel.
struct vc_map {
    u16 port = 0;             ///< Routing ID of the port above the link
    std::array<u8, 8> tcs{};  ///< TCs of VC1 to VC7, a bit each; VC0 has the rest
};

/// Programs both ends of the link above function 0 of a device: as many virtual channels as both
/// have; what is mapped to others stays in VC0. Before there is traffic.
/// @return -ENODEV if an end has no VC capability, -ETIMEDOUT if a channel does not come up: the
/// link is left with VC0 alone
int pci_enable_vcs(pci_dev& port, pci_dev& function_0, const vc_map&);

void pci_save_vc_state(pci_dev&);
/// Enables the channels again, if a reset has taken them.
void pci_restore_vc_state(pci_dev&);

}  // namespace drydock::sw
