// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// What is turned on of the Access Control Services that a port supports.
enum class acs_policy : u8 {
    standard,  ///< as Linux: Source Validation, Request and Completion Redirect, Upstream
               ///< Forwarding
    all        ///< everything, as for ports to untrusted devices and beyond it
};

/// Nothing for a function without the capability.
void pci_enable_acs(pci_dev&, acs_policy);

}  // namespace drydock::sw
