// SPDX-License-Identifier: Apache-2.0
// What is promised to the ATC block, broken at its pins: each promise is an assumption of the block
// that says so.
#include <atc_mutants.h>
#include <gtest/gtest.h>
#include <functional>
#include <iterator>
#include <string>

#include "rtl/adapter/atc_units.h"
#include "rtl/adapter/verilated_runtime.h"

namespace drydock::rtl {
namespace {

/// The small block, enabled, driven edge by edge.
struct pins {
    pins() {
        in.control_valid = 1;
        edge();
        in.control_valid = 0;
    }
    ~pins() { unit.unmake(block); }
    pins(const pins&) = delete;
    pins& operator=(const pins&) = delete;

    void edge() { unit.edge(block, &in, &out); }
    void look(std::uint16_t tag) {
        in.lookup_valid = 1;
        in.lookup_tag = tag;
        edge();
        in.lookup_valid = 0;
    }
    void invalidate(std::uint8_t slot, std::uint64_t first, std::uint64_t last) {
        in.invalidate_valid = 1;
        in.invalidate_slot = slot;
        in.invalidate_first = first;
        in.invalidate_last = last;
        edge();
        in.invalidate_valid = 0;
    }

    const atc_unit& unit = atc_units().front();
    void* block = unit.make();
    atc_inputs in{};
    atc_outputs out{};
};

/// The assumption that says something of a block driven like that; empty: none does.
std::string said(const std::function<void(pins&)>& drive) {
    pins p;
    try {
        drive(p);
        p.edge();
    } catch (const assertion_failed& e) {
        const std::string text = e.what();
        for (const char* assumption : atc_assumptions)
            if (text.find(std::string(assumption) + ":") != std::string::npos) return assumption;
        return text;
    }
    return "";
}

struct broken_promise {
    const char* assumption;
    void (*drive)(pins&);
};

constexpr broken_promise broken[] = {
    {"a_lookup_number_is_free",
     [](pins& p) {
         p.look(3);
         p.look(3);
     }},
    {"a_release_of_a_use",
     [](pins& p) {
         p.in.release_valid = 1;
         p.in.release[0] = 0x20;
         p.edge();
     }},
    {"a_invalidate_place_is_free",
     [](pins& p) {
         p.invalidate(2, 0, UINT64_MAX >> 12);
         p.invalidate(2, 0, 0);
     }},
    {"a_range_is_no_less_than_a_page", [](pins& p) { p.invalidate(0, 2, 1); }},
    {"a_functions_have_room",
     [](pins& p) {
         p.in.shared = 1;
         p.in.control_valid = 1;
         for (std::uint16_t f = 0; f < 6; ++f) {
             p.in.control_rid = f;
             p.edge();
         }
     }},
};

TEST(AtcAssumptions, say_nothing_of_a_block_that_is_used_as_promised) {
    EXPECT_EQ(said([](pins& p) {
                  p.look(3);
                  p.look(4);
                  p.invalidate(0, 16, 31);
                  for (int i = 0; i < 40; ++i) p.edge();
              }),
              "");
}

TEST(AtcAssumptions, each_names_the_promise_that_is_broken) {
    ASSERT_EQ(std::size(broken), atc_assumptions.size());
    for (std::size_t n = 0; n < atc_assumptions.size(); ++n) {
        EXPECT_STREQ(broken[n].assumption, atc_assumptions[n]);
        EXPECT_EQ(said(broken[n].drive), broken[n].assumption);
    }
}

}  // namespace
}  // namespace drydock::rtl
