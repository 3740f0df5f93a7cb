// SPDX-License-Identifier: Apache-2.0
// Each assertion of rtl/atc.sv and its parts fires in a block that breaks its rule, and none in the
// block as it is, used by one function or by several.
#include <atc_mutants.h>
#include <gtest/gtest.h>

#include "tests/rtl/atc_mutant.h"
#include "tests/rtl/atc_world.h"
#include "tests/rtl/mutants.h"

namespace drydock::test {
namespace {

struct atc_alone : atc_world {
    atc_alone(unsigned which, unsigned n) : atc_world(n), side(ctx, "block") {
        const rtl::atc_unit& unit = atc_mutant(which);
        side.dut = std::make_unique<rtl::atc>("b", ctx, unit, config_of(unit, functions > 1), side);
        sides = {&side};
        begin(12);
    }
    atc_side side;
};

/// Used by one function in half of the runs, by three in the others.
auto make(unsigned which) {
    static unsigned runs = 0;
    return std::make_unique<atc_alone>(which, ++runs % 2 == 0 ? 1 : 3);
}

void step(atc_alone& a, steps& s) {
    using kind = atc_operation::kind;
    constexpr kind kinds[] = {kind::lookup,     kind::lookup,  kind::lookup,     kind::lookup,
                              kind::invalidate, kind::control, kind::invalidate, kind::unblock,
                              kind::block,      kind::unblock};
    a.play({kinds[s.below(std::size(kinds))], s.below(UINT32_MAX),
            s.one_in(4) ? s.below(50'000) : s.below(1'000)});
}

}  // namespace

TEST(AtcAssertions, each_fires_in_a_block_that_breaks_its_rule_and_in_no_other) {
    expect_each_fires(atc_mutants, make, step);
}

}  // namespace drydock::test
