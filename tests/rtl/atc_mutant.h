// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtl/adapter/atc_pins.h"

namespace drydock::test {

/// rtl/atc.sv, of the set small, as it is (0), or broken for the n-th of atc_mutants; what the unit
/// makes until the next call is that.
const rtl::atc_unit& atc_mutant(unsigned which);

}  // namespace drydock::test
