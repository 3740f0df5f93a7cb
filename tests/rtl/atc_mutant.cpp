// SPDX-License-Identifier: Apache-2.0
// Apart from the tests: Verilator's headers and SystemC's do not go together.
#include "tests/rtl/atc_mutant.h"

#include <Vatc_mutants.h>

#include "rtl/adapter/verilated_atc.h"

namespace drydock::test {
namespace {

std::uint8_t chosen = 0;

struct mutant : rtl::verilated_atc<Vatc_mutants> {
    mutant() { block_->mutant_i = chosen; }
    static void* make() { return new mutant; }
    static void unmake(void* unit) { delete static_cast<mutant*>(unit); }
};

}  // namespace

const rtl::atc_unit& atc_mutant(unsigned which) {
    static const rtl::atc_unit unit = [] {
        rtl::atc_unit u = mutant::unit("small", {8, 2, 16, 4, 8, 4});
        u.make = mutant::make;
        u.unmake = mutant::unmake;
        return u;
    }();
    chosen = static_cast<std::uint8_t>(which);
    return unit;
}

}  // namespace drydock::test
