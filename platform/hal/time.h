// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/hal/types.h"
#include "tlm/base/time.h"

namespace drydock::hal_systemc {

// Both sides count whole picoseconds from the start of the simulation.
constexpr base::ps to_base(sw::hal::duration d) { return base::ps{d.count()}; }
constexpr sw::hal::duration to_sw(base::ps t) { return sw::hal::duration{t.count}; }

}  // namespace drydock::hal_systemc
