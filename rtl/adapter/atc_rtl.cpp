// SPDX-License-Identifier: Apache-2.0
// The ATC's named parameter sets (rtl/atc.cmake).
#include <Vatc_large.h>
#include <Vatc_large___024root.h>
#include <Vatc_small.h>
#include <Vatc_small___024root.h>
#include <Vatc_standard.h>
#include <Vatc_standard___024root.h>

#include "rtl/adapter/atc_state.h"
#include "rtl/adapter/atc_units.h"
#include "rtl/adapter/verilated_atc.h"

namespace drydock::rtl {
namespace {

template <class Block>
constexpr atc_unit unit_of(const char* name, const atc_shape& shape) {
    return verilated_atc<Block>::unit(name, shape, show_atc_state<Block>);
}

}  // namespace

std::span<const atc_unit> atc_units() {
    static constexpr atc_unit units[] = {
        unit_of<Vatc_small>("small", {8, 2, 16, 4, 8, 4}),
        unit_of<Vatc_standard>("standard", {128, 4, 256, 32, 32, 64}),
        unit_of<Vatc_large>("large", {1024, 8, 256, 32, 32, 64})};
    return units;
}

}  // namespace drydock::rtl
