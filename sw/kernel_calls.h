// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "sw/kernel/named_thing.h"

namespace drydock::sw {

struct pci_dev;
class software;

/// Functions of the kernel that a task can be told to call for a device, by Linux's names.
std::span<const named_thing> kernel_calls();

/// From a task. @return what the function returns, 0 if it returns nothing
/// @throws std::invalid_argument for a name that is not there
int call_kernel(std::string_view function, software&, pci_dev&);

}  // namespace drydock::sw
