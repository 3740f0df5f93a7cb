// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/reset.h"

namespace drydock::sw {

// All: 0; -ENOTTY where the function, or what is above it, cannot; what prepare() returned.

/// By Advanced Features, as an FLR.
int pci_af_flr(pci_dev&, reset_iommu&, const pci_reset_config&);
/// D0, D3hot, D0. Also -EINVAL where it is not in D0.
int pci_pm_reset(pci_dev&, reset_iommu&, const pci_reset_config&);
/// Secondary bus reset, by the slot where there is one; only of a function alone on its bus.
int pci_reset_bus_function(pci_dev&, reset_iommu&, const pci_reset_config&);
/// The same below a CXL port, which lets no such reset through unless it is unmasked.
int cxl_reset_bus_function(pci_dev&, reset_iommu&, const pci_reset_config&);

}  // namespace drydock::sw
