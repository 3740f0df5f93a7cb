// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// End-to-end CRC (Linux: pci=ecrc=).
enum class ecrc_policy : u8 {
    standard,  ///< as firmware left it (Linux: bios)
    off,       ///< neither generated nor checked
    on         ///< both, wherever a function is capable
};

/// At enumeration. Nothing for a function without AER.
void pcie_set_ecrc_checking(pci_dev&, ecrc_policy);
/// Of a function whose ECRC was turned on: a fundamental reset takes that away.
void pcie_restore_ecrc(pci_dev&);

}  // namespace drydock::sw
