// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "rtl/adapter/atc_pins.h"

namespace drydock::rtl {

/// rtl/atc.sv with each of its named parameter sets: small, standard, large.
std::span<const atc_unit> atc_units();

}  // namespace drydock::rtl
