// SPDX-License-Identifier: Apache-2.0
#include <Vdpc_containment_large.h>
#include <Vdpc_containment_large___024root.h>
#include <Vdpc_containment_small.h>
#include <Vdpc_containment_small___024root.h>
#include "rtl/adapter/dpc_containment_verilated.h"

namespace drydock::rtl {
std::unique_ptr<dpc_containment_pins> make_dpc_containment(containment_set set, bool rp_extensions,
                                                           bool rp_busy_stuck) {
    if (set == containment_set::small)
        return std::make_unique<verilated_dpc_containment<Vdpc_containment_small, 1>>(
            rp_extensions, rp_busy_stuck);
    return std::make_unique<verilated_dpc_containment<Vdpc_containment_large, 8>>(rp_extensions,
                                                                                  rp_busy_stuck);
}

}  // namespace drydock::rtl
