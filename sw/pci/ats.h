// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

bool pci_ats_supported(const pci_dev&);
/// Sets Enable and the smallest translation unit (log2 of bytes, at least 12) with one write.
/// @return 0; -EINVAL without ATS, with a smaller unit, or of a virtual function
/// whose PF has another one; -EBUSY and a WARN if it is on already
int pci_enable_ats(pci_dev&, u8 page_shift);
/// Sets the smallest translation unit of a function whose virtual functions will use it, with ATS
/// off: it is theirs, too.
void pci_prepare_ats(pci_dev&, u8 page_shift);
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

// -- Page Requests (pri.cpp) --

bool pci_pri_supported(const pci_dev&);
/// Learns what the capability says of responses; to be called once, before the other functions.
void pci_pri_init(pci_dev&);
/// Sets the allocation, at most the function's capacity, and Enable.
/// @param reqs Page Requests that may be outstanding, at least 1
/// @return 0; -EINVAL without the capability or for no request at all; -EBUSY and a WARN if it is
/// on already; -EBUSY while requests of before are unanswered (Stopped=0)
int pci_enable_pri(pci_dev&, u32 reqs);
/// Clears Enable. WARNs if PRI is off already. Requests that are out are still to be answered.
void pci_disable_pri(pci_dev&);
/// Forgets every outstanding request of the function. @return 0; -EINVAL without the capability;
/// -EBUSY and a WARN while PRI is on
int pci_reset_pri(pci_dev&);
/// The function has no request outstanding any more. @pre PRI is off
bool pci_pri_stopped(pci_dev&);
void pci_restore_pri_state(pci_dev&);
/// Responses to requests with PASID must carry it.
bool pci_prg_resp_pasid_required(const pci_dev&);

}  // namespace drydock::sw
