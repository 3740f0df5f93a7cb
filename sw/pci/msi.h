// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// Number of vectors of the function, 0 without MSI-X.
u32 pci_msix_vec_count(pci_dev&);
/// Programs and unmasks the vectors, masks the others, enables MSI-X. Memory decoding must be on.
/// @return 0; -EINVAL without MSI-X or with an entry beyond the table
int pci_enable_msix(pci_dev&, const std::vector<msi_desc>& vectors);
/// One message for everything, by MSI. @return 0; -EINVAL without the capability
int pci_enable_msi(pci_dev&, const msi_desc& message);
/// MSI-X, or MSI.
void pci_restore_msix_state(pci_dev&);

}  // namespace drydock::sw
