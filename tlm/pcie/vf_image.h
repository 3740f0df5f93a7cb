// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/pcie/config_image.h"

namespace drydock::pcie {

/// Configuration space of a virtual function of `pf` (PCIe, SR-IOV): Vendor and Device ID read
/// 0xffff; PCI Express with FLR; MSI-X where a VF BAR holds its table; ATS and ARI where the PF has
/// them. PRI, PASID and AER are the PF's alone (choice for AER), Power Management is left out.
config_image vf_image(const config_image& pf);

/// Adds the only extended capability of `from`, and what belongs to it, behind the chain of `to`,
/// in free bytes as high as possible. @return its offset
/// @throws config_error if there is no room
std::uint16_t graft_extended(config_image& to, const config_image& from);

/// Sets the next function number of the ARI capability if there is one.
void set_next_function(config_image& image, unsigned next);

}  // namespace drydock::pcie
