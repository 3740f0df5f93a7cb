// SPDX-License-Identifier: Apache-2.0
// Apart from the tests: Verilator's headers and SystemC's do not go together.
#include "tests/rtl/containment_mutant.h"

#include <Vdpc_containment_mutants.h>
#include <Vdpc_containment_mutants___024root.h>

#include "rtl/adapter/dpc_containment_verilated.h"

namespace drydock::test {
namespace {

struct mutant final : rtl::verilated_dpc_containment<Vdpc_containment_mutants, 2> {
    explicit mutant(unsigned which) : verilated_dpc_containment(true, false) {
        model_->mutant_i = static_cast<std::uint8_t>(which);
        reset();
    }
};

}  // namespace

std::unique_ptr<rtl::dpc_containment_pins> make_containment_mutant(unsigned which) {
    return std::make_unique<mutant>(which);
}

}  // namespace drydock::test
