// SPDX-License-Identifier: Apache-2.0
// Apart from the tests: Verilator's headers and SystemC's do not go together.
#include "tests/rtl/tracker_mutant.h"

#include <Vinvalidation_tracker_mutants.h>
#include <Vinvalidation_tracker_mutants___024root.h>

#include "rtl/adapter/invalidation_tracker_verilated.h"

namespace drydock::test {
namespace {

struct mutant final : rtl::verilated_invalidation_tracker<Vinvalidation_tracker_mutants, 8, 4, 2> {
    explicit mutant(unsigned which) : verilated_invalidation_tracker(7) {
        model_->mutant_i = static_cast<std::uint8_t>(which);
        reset();
    }
};

}  // namespace

std::unique_ptr<rtl::invalidation_tracker_pins> make_tracker_mutant(unsigned which) {
    return std::make_unique<mutant>(which);
}

}  // namespace drydock::test
