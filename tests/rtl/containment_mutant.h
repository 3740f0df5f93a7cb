// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rtl/adapter/dpc_containment_pins.h"

namespace drydock::test {

/// rtl/dpc_containment.sv as it is (0), or broken for the n-th of dpc_containment_mutants.
std::unique_ptr<rtl::dpc_containment_pins> make_containment_mutant(unsigned which);

}  // namespace drydock::test
