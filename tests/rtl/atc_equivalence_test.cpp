// SPDX-License-Identifier: Apache-2.0
// Random operations go to the Verilated ATC and to its twin; what they answer, when and in which
// order must be the same.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/rtl/atc_world.h"
#include "tlm/endpoint/atc.h"

namespace drydock::test {
namespace {

using base::ps;
using rtl::atc_unit;

struct shape {
    const char* unit;
    unsigned functions;
    unsigned stu;
};

endpoint::atc_config twin_config(const atc_unit& u, bool shared) {
    endpoint::atc_config c;
    c.entries = u.shape.sets * u.shape.ways;
    c.ways = u.shape.ways;
    c.uses = u.shape.uses;
    c.request_slots = u.shape.slots;
    c.invalidate_queue = u.shape.queue;
    c.shared = shared;
    return c;
}

const atc_unit& unit_of(std::string_view name) {
    for (const atc_unit& u : rtl::atc_units())
        if (name == u.name) return u;
    throw std::logic_error("no such unit");
}

/// Both, side by side on one timeline.
struct pair_of_atcs : atc_world {
    explicit pair_of_atcs(const shape& s)
        : atc_world(s.functions), twin(ctx, "twin"), block(ctx, "block") {
        const atc_unit& u = unit_of(s.unit);
        const bool shared = s.functions > 1;
        twin.dut = std::make_unique<endpoint::atc>("a", ctx, twin_config(u, shared), twin);
        block.dut = std::make_unique<rtl::atc>("b", ctx, u, config_of(u, shared), block);
        sides = {&twin, &block};
        begin(s.stu);
    }

    /// Lookups of a function that is disabled fault at one instant, in any order.
    static void sort_dropped(std::vector<std::string>& log) {
        const auto dropped = [](const std::string& line) {
            return line.find(" fault ") != std::string::npos && line.ends_with(" 4");
        };
        for (auto at = log.begin(); at != log.end();) {
            const auto end = std::find_if_not(at, log.end(), dropped);
            std::sort(at, end);
            at = end == log.end() ? end : end + 1;
        }
    }
    /// Some lines before the n-th.
    std::string last(std::size_t n) const {
        std::string text;
        for (std::size_t k = n < 20 ? 0 : n - 20; k < n; ++k) text += "    " + twin.log[k] + "\n";
        return text;
    }
    /// The first line in which they differ.
    std::string difference() {
        sort_dropped(twin.log);
        sort_dropped(block.log);
        for (std::size_t n = 0; n < std::min(twin.log.size(), block.log.size()); ++n)
            if (twin.log[n] != block.log[n])
                return fmt::format("line {}: twin '{}', block '{}'; before that:\n{}", n,
                                   twin.log[n], block.log[n], last(n));
        if (twin.log.size() == block.log.size()) return "";
        const atc_side& more = twin.log.size() > block.log.size() ? twin : block;
        return fmt::format("only {}: '{}'", &more == &twin ? "the twin" : "the block",
                           more.log[std::min(twin.log.size(), block.log.size())]);
    }

    atc_side twin, block;
};

void PrintTo(const shape& s, std::ostream* o) {
    *o << s.unit << ", " << s.functions << " functions, STU 2^" << s.stu;
}

class AtcEquivalence : public testing::TestWithParam<shape> {};

INSTANTIATE_TEST_SUITE_P(Shapes, AtcEquivalence,
                         testing::Values(shape{"small", 1, 12}, shape{"small", 3, 12},
                                         shape{"small", 1, 14}, shape{"standard", 1, 12},
                                         shape{"standard", 4, 12}),
                         [](const auto& i) {
                             return fmt::format("{}_{}_{}", i.param.unit, i.param.functions,
                                                i.param.stu);
                         });

TEST_P(AtcEquivalence, block_and_twin_answer_alike) {
    constexpr std::size_t operations = 400, cases = 60;  // 24,000 of each shape
    const auto random_operation = rc::gen::build<atc_operation>(
        rc::gen::set(&atc_operation::what, rc::gen::weightedElement<atc_operation::kind>(
                                               {{60, atc_operation::kind::lookup},
                                                {25, atc_operation::kind::invalidate},
                                                {4, atc_operation::kind::control},
                                                {2, atc_operation::kind::block},
                                                {4, atc_operation::kind::unblock},
                                                {1, atc_operation::kind::wait}})),
        rc::gen::set(&atc_operation::value, rc::gen::arbitrary<std::uint32_t>()),
        rc::gen::set(&atc_operation::gap, rc::gen::weightedOneOf<std::uint32_t>(
                                              {{6, rc::gen::inRange<std::uint32_t>(0, 1'000)},
                                               {3, rc::gen::inRange<std::uint32_t>(0, 10'000)},
                                               {1, rc::gen::inRange<std::uint32_t>(0, 100'000)}})));
    const rc::detail::TestParams params = [] {
        auto p = rc::detail::configuration().testParams;
        p.maxSuccess = static_cast<int>(cases);
        p.disableShrinking = true;  // the first difference says more than a shorter way to it
        return p;
    }();
    std::cout << "seed " << params.seed << ", " << cases << " cases of " << operations << "\n";
    const auto result = rc::detail::checkTestable(
        [&] {
            const auto script = *rc::gen::resize(
                1000, rc::gen::container<std::vector<atc_operation>>(operations, random_operation));
            pair_of_atcs both(GetParam());
            for (const atc_operation& p : script) both.play(p);
            both.play({atc_operation::kind::unblock, 0, 0});
            both.ctx.timeline.run(both.ctx.now() + ps{2'000'000});
            const std::string difference = both.difference();
            RC_ASSERT(difference == std::string());
        },
        rc::detail::TestMetadata{}, params);
    EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << [&] {
        std::ostringstream o;
        rc::detail::printResultMessage(result, o);
        return o.str();
    }();
}

}  // namespace
}  // namespace drydock::test
