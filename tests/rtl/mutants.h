// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include "rtl/adapter/verilated_runtime.h"
#include "tests/rtl/steps.h"

namespace drydock::test {

/// One of the texts names the assertion.
inline bool names(const std::set<std::string>& fired, const std::string& assertion) {
    for (const std::string& text : fired)
        if (text.find(assertion + ":") != std::string::npos) return true;
    return false;
}

/// The assertions that fire while `cycle(block, steps)` drives a new block made by `make()`, over
/// many short random runs, until `wanted` has; each run ends with the first.
template <class Make, class Cycle>
std::set<std::string> assertions_fired(Make make, Cycle cycle, const std::string& wanted) {
    constexpr unsigned runs = 60, cycles = 400;
    std::set<std::string> fired;
    for (std::uint64_t seed = 1; seed <= runs && !names(fired, wanted); ++seed) {
        steps s(seed);
        auto block = make();
        try {
            for (unsigned i = 0; i < cycles; ++i) cycle(*block, s);
        } catch (const rtl::assertion_failed& e) {
            fired.insert(e.what());
        }
    }
    return fired;
}

/// No assertion fires in the block as it is, `make(0)`, and each one in `make(n)`, the block with
/// the mistake for it.
template <class Mutants, class Make, class Cycle>
void expect_each_fires(const Mutants& assertions, Make make, Cycle cycle) {
    EXPECT_EQ(assertions_fired([&] { return make(0); }, cycle, "none"), std::set<std::string>{});
    unsigned which = 0;
    for (const char* assertion : assertions) {
        ++which;
        const auto fired = assertions_fired([&] { return make(which); }, cycle, assertion);
        EXPECT_TRUE(names(fired, assertion))
            << assertion << " of " << testing::PrintToString(fired);
    }
}

}  // namespace drydock::test
