// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/reset.h"

namespace drydock::sw {

/// Driver's reset_prepare(), D0, save, INTx off; and its reverse. The function is locked.
void pci_reset_save_and_disable(pci_dev&);
void pci_reset_restore(pci_dev&);
bool pci_dev_trylock(pci_dev&);

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

/// One way to reset a function: holds prepare() and done() itself.
/// @return 0; -ENOTTY where the function, or what is above it, cannot; what prepare() returned
int pci_reset_by(pci_dev&, pci_reset_method, reset_iommu&, const pci_reset_config&);
/// Whether it could, by what configuration space says; nothing is asked of the IOMMU.
bool pci_reset_possible(const pci_dev&, pci_reset_method);
/// The method's own answer to "could you" (Linux: PCI_RESET_PROBE), which may block the device for
/// the moment. @return 0 or an error
int pci_reset_probe(pci_dev&, pci_reset_method, reset_iommu&, const pci_reset_config&);

/// Function level reset (Linux: pcie_flr); for quirks and the recovery of integrated endpoints too.
bool pcie_has_flr(const pci_dev&);
int pcie_flr(pci_dev&, reset_iommu&, const pci_reset_config&);
/// By Advanced Features, as an FLR.
int pci_af_flr(pci_dev&, reset_iommu&, const pci_reset_config&);
/// D0, D3hot, D0. Also -EINVAL where it is not in D0.
int pci_pm_reset(pci_dev&, reset_iommu&, const pci_reset_config&);
/// Secondary bus reset, by the slot where there is one; only of a function alone on its bus.
int pci_reset_bus_function(pci_dev&, reset_iommu&, const pci_reset_config&);
/// The same below a CXL port, which lets no such reset through unless it is unmasked.
int cxl_reset_bus_function(pci_dev&, reset_iommu&, const pci_reset_config&);
/// By its firmware's _RST, which takes as long as it takes; nobody waits for the function after it.
int pci_dev_acpi_reset(pci_dev&, reset_iommu&, const pci_reset_config&);

/// By taking its power away and giving it again; only of a function alone below its port, by
/// firmware that can. Not below a slot, whose power is hot-plug's (choice).
int pci_d3cold_reset(pci_dev&, reset_iommu&, const pci_reset_config&);

/// Which quirk resets the function: by its IDs, or as it was told. (quirks.cpp)
pci_quirk pci_quirk_of(const pci_dev&);
int pci_dev_specific_reset(pci_dev&, reset_iommu&, const pci_reset_config&);

}  // namespace drydock::sw
