// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

/// AtomicOp Requester Enable, if the whole way to the root complex routes AtomicOps and the root
/// port completes operands of these sizes. @param sizes  PCI_EXP_DEVCAP2_ATOMIC_COMP32, 64, 128
/// @return -EINVAL: it does not
int pci_enable_atomic_ops_to_root(pci_dev&, u32 sizes);

}  // namespace drydock::sw
