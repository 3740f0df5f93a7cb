// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "rtl/adapter/verilated_runtime.h"
#include "tests/rtl/steps.h"

namespace drydock::test {

/// The assertions that fire while `cycle(steps)` drives a new block made by `make()`, over many
/// short random runs; each run ends with the first.
template <class Make, class Cycle>
std::set<std::string> assertions_fired(Make make, Cycle cycle) {
    constexpr unsigned runs = 60, cycles = 400;
    std::set<std::string> fired;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
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

/// One of the texts names the assertion.
inline bool names(const std::set<std::string>& fired, const std::string& assertion) {
    for (const std::string& text : fired)
        if (text.find(assertion + ":") != std::string::npos) return true;
    return false;
}

}  // namespace drydock::test
