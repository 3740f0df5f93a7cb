// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtl/adapter/atc_pins.h"

namespace drydock::rtl {

/// Shows the ports of an ATC block, named as in rtl/atc.sv.
void show_ports(const atc_shape&, const atc_inputs&, const atc_outputs&, signal_sink&);

}  // namespace drydock::rtl
