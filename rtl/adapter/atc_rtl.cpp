// SPDX-License-Identifier: Apache-2.0
// The ATC's named parameter sets (rtl/atc.cmake).
#include <Vatc_large.h>
#include <Vatc_small.h>
#include <Vatc_standard.h>

#include "rtl/adapter/atc_units.h"
#include "rtl/adapter/verilated_atc.h"

namespace drydock::rtl {

std::span<const atc_unit> atc_units() {
    static constexpr atc_unit units[] = {
        verilated_atc<Vatc_small>::unit("small", {8, 2, 16, 4, 8, 4}),
        verilated_atc<Vatc_standard>::unit("standard", {128, 4, 256, 32, 32, 64}),
        verilated_atc<Vatc_large>::unit("large", {1024, 8, 256, 32, 32, 64})};
    return units;
}

}  // namespace drydock::rtl
