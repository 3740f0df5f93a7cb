// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/reset.h"

namespace drydock::sw {

int pci_reset_prepare_iommu(pci_dev&, reset_iommu&);
/// done(), or not: after a reset that failed the device may have to stay blocked.
void pci_reset_done_iommu(pci_dev&, reset_iommu&, const pci_reset_config&, int result);

/// How a reset method holds prepare() and done() around what it does, if the variant says so.
/// @return what `body` returned; what prepare() returned, where that keeps the reset from happening
template <class Body>
int pci_reset_wrapped(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config,
                      pci_reset_method method, Body&& body) {
    if (!iommu.wraps(method)) return body();
    const int prepared = pci_reset_prepare_iommu(d, iommu);
    if (prepared != 0 && iommu.prepare_failure_aborts()) return prepared;
    const int rc = body();
    if (prepared == 0) pci_reset_done_iommu(d, iommu, config, rc);
    return rc;
}

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
