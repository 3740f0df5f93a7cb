// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

bool pci_ats_supported(const pci_dev&);
/// Sets Enable and the smallest translation unit (log2 of bytes, at least 12) with one write.
/// @return 0; -EINVAL without ATS or with a smaller unit; -EBUSY and a WARN if it is on already
int pci_enable_ats(pci_dev&, u8 page_shift);
/// Clears Enable. WARNs if ATS is off already.
void pci_disable_ats(pci_dev&);
void pci_restore_ats_state(pci_dev&);

/// @return number of PASIDs that the function can issue, -EINVAL without the capability
int pci_max_pasids(pci_dev&);
/// To be called before pci_enable_ats(): PASID controls may not change while ATS is on.
/// @return 0; -EINVAL without the capability, with features it lacks, with ATS on, or if a port
/// above does not take End-End TLP prefixes; -EBUSY and a WARN if it is on already
int pci_enable_pasid(pci_dev&, u16 features);
void pci_disable_pasid(pci_dev&);
void pci_restore_pasid_state(pci_dev&);
u16 pci_pasid_features(pci_dev&);

}  // namespace drydock::sw
