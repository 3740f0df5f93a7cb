// SPDX-License-Identifier: Apache-2.0
// Each assertion of rtl/invalidation_tracker.sv fires in a block that breaks its rule, and none in
// the block as it is. Driven at its pins, by two requesters.
#include <gtest/gtest.h>
#include <invalidation_tracker_mutants.h>

#include "tests/rtl/mutants.h"
#include "tests/rtl/tracker_mutant.h"

namespace drydock::test {
namespace {

void cycle(rtl::invalidation_tracker_pins& m, steps& s) {
    auto& in = m.in;
    for (unsigned r = 0; r < 2; ++r) {
        if ((in.request_valid >> r & 1) != 0 || s.one_in(3)) continue;  // stays until it is taken
        in.request_valid |= static_cast<std::uint8_t>(1u << r);
        in.requests[r] = {static_cast<std::uint16_t>(s.below(3)),
                          static_cast<std::uint8_t>(s.below(4)),
                          static_cast<std::uint8_t>(1 + s.below(6))};
    }
    if (s.one_in(6)) in.port_room = s.bits(4, 2);
    in.tick = s.one_in(4);
    in.completion_valid = s.one_in(3);
    in.completion_function = static_cast<std::uint16_t>(s.below(3));
    in.completion_port = static_cast<std::uint8_t>(s.below(4));
    in.completion_itags = s.bits(8, 2);
    in.completion_cc = static_cast<std::uint8_t>(s.one_in(2) ? 1 : s.below(4));
    in.give_up = s.one_in(8) ? s.bits(8, 4) : 0;
    in.drain_valid = s.one_in(12);
    in.send_ready = false;
    m.settle();
    in.send_ready = m.out.send_valid && s.one_in(2);
    const auto taken = static_cast<std::uint8_t>(in.request_valid & m.out.request_ready);
    m.clock();
    in.request_valid &= static_cast<std::uint8_t>(~taken);
}

}  // namespace

TEST(TrackerAssertions, each_fires_in_a_block_that_breaks_its_rule_and_in_no_other) {
    expect_each_fires(invalidation_tracker_mutants, make_tracker_mutant, cycle);
}

}  // namespace drydock::test
