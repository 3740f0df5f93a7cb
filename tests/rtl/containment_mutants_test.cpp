// SPDX-License-Identifier: Apache-2.0
// Each assertion of rtl/dpc_containment.sv fires in a block that breaks its rule, and none in the
// block as it is. Driven at its pins.
#include <dpc_containment_mutants.h>
#include <gtest/gtest.h>

#include "tests/rtl/containment_mutant.h"
#include "tests/rtl/mutants.h"

namespace drydock::test {
namespace {

void cycle(rtl::dpc_containment_pins& m, steps& s) {
    auto& in = m.in;
    in.tick = s.one_in(2);
    in.control_valid = s.one_in(8);
    in.control_enable = static_cast<std::uint8_t>(s.below(4));
    in.control_complete_ur = s.one_in(2);
    in.trigger_valid = s.one_in(8);
    in.trigger_cause = static_cast<std::uint8_t>(s.below(5));
    in.trigger_fatal = s.one_in(2);
    in.trigger_source = static_cast<std::uint16_t>(s.below(0x10000));
    in.release = s.one_in(8);
    for (unsigned l = 0; l < 2; ++l) {
        const auto what = static_cast<std::uint8_t>(s.below(3));
        const auto message =
            static_cast<std::uint8_t>(what == 0 && s.one_in(4) ? 1 + s.below(2) : 0);
        in.up[l] = {s.one_in(2), what, message, static_cast<std::uint16_t>(s.below(0x10000))};
        in.down[l] = {s.one_in(2), static_cast<std::uint8_t>(s.below(3)), 0, 0};
    }
    m.clock();
}

}  // namespace

TEST(ContainmentAssertions, each_fires_in_a_block_that_breaks_its_rule_and_in_no_other) {
    expect_each_fires(dpc_containment_mutants, make_containment_mutant, cycle);
}

}  // namespace drydock::test
