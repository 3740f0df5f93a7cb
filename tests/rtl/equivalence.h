// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/rtl/steps.h"
#include "tlm/base/context.h"

namespace drydock::test {

/// What a block said, and when; one line each.
struct log_of_a_block {
    base::context ctx;
    std::vector<std::string> lines;

    template <class... Number>
    void say(const char* what, Number... numbers) {
        std::string line = std::to_string(ctx.now().count) + " " + what;
        ((line += " " + std::to_string(static_cast<std::uint64_t>(numbers))), ...);
        lines.push_back(std::move(line));
    }
};

/// Both logs up to now are the same, line by line.
inline void expect_same(const std::vector<std::string>& twin, const std::vector<std::string>& rtl,
                        const char* where) {
    for (std::size_t i = 0; i < twin.size() || i < rtl.size(); ++i) {
        const std::string a = i < twin.size() ? twin[i] : "nothing";
        const std::string b = i < rtl.size() ? rtl[i] : "nothing";
        if (a == b) continue;
        std::string before;
        for (std::size_t k = i < 6 ? 0 : i - 6; k < i; ++k) before += "\n    " + rtl[k];
        RC_FAIL(std::string(where) + ", line " + std::to_string(i) + ": the twin says '" + a +
                "', the block in SystemVerilog '" + b + "'; before that:" + before);
    }
}

/// Runs `property(seed)` for `cases` seeds that rapidcheck draws, and prints how many operations
/// that were; rapidcheck prints its own seed. RC_PARAMS="seed=..." repeats a run.
template <class Property>
void check_sequences(const char* name, unsigned cases, unsigned operations, Property property) {
    std::uint64_t done = 0;
    rc::detail::TestMetadata metadata;
    metadata.id = name;
    metadata.description = name;
    rc::detail::TestParams params = rc::detail::configuration().testParams;
    params.maxSuccess = static_cast<int>(cases);
    params.disableShrinking = true;  // a smaller seed is no smaller sequence
    std::printf("%s: rapidcheck seed %llu\n", name, static_cast<unsigned long long>(params.seed));
    const auto result = rc::detail::checkTestable(
        [&] {
            const auto seed = *rc::gen::resize(100, rc::gen::arbitrary<std::uint64_t>());
            property(seed);
            done += operations;
        },
        metadata, params);
    std::printf("%s: %llu operations\n", name, static_cast<unsigned long long>(done));
    if (!result.template is<rc::detail::SuccessResult>()) {
        std::ostringstream text;
        rc::detail::printResultMessage(result, text);
        ADD_FAILURE() << text.str();
    }
}

}  // namespace drydock::test
