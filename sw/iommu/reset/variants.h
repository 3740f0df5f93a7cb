// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/iommu/reset_ops.h"

namespace drydock::sw {

std::unique_ptr<reset_ops> make_reset_none();
std::unique_ptr<reset_ops> make_reset_r1();
std::unique_ptr<reset_ops> make_reset_r2();
std::unique_ptr<reset_ops> make_reset_r3();
std::unique_ptr<reset_ops> make_reset_r4();
std::unique_ptr<reset_ops> make_reset_r5();
std::unique_ptr<reset_ops> make_reset_m1();
std::unique_ptr<reset_ops> make_reset_n1();
std::unique_ptr<reset_ops> make_reset_n2();
std::unique_ptr<reset_ops> make_reset_n3();
std::unique_ptr<reset_ops> make_reset_n4();
std::unique_ptr<reset_ops> make_reset_n6();
std::unique_ptr<reset_ops> make_reset_m2();
std::unique_ptr<reset_ops> make_reset_m3();

/// No published variant: what was proposed instead of blocking (reset_policies()).
std::unique_ptr<reset_ops> make_reset_block_mutation();

/// Which methods the RFCs after the first one wrapped: all but the bus reset.
inline bool all_but_bus(pci_reset_method m) { return m != pci_reset_method::bus; }

}  // namespace drydock::sw
