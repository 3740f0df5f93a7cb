// SPDX-License-Identifier: Apache-2.0
// What is promised to the ATC block, broken at its pins: each promise has an assertion that says
// so.
#include <gtest/gtest.h>
#include <functional>
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

/// What the assertion says that ends it; empty: none does.
std::string said(const std::function<void(pins&)>& drive) {
    pins p;
    try {
        drive(p);
        p.edge();
    } catch (const assertion_failed& e) {
        return e.what();
    }
    return "";
}

TEST(AtcAssertions, say_nothing_of_a_block_that_is_used_as_promised) {
    EXPECT_EQ(said([](pins& p) {
                  p.look(3);
                  p.look(4);
                  p.invalidate(0, 16, 31);
                  for (int i = 0; i < 40; ++i) p.edge();
              }),
              "");
}

TEST(AtcAssertions, a_lookup_with_the_number_of_another) {
    EXPECT_NE(
        said([](pins& p) {
            p.look(3);
            p.look(3);
        }).find("a_lookup_number_is_free: a lookup has the number of one that is in progress"),
        std::string::npos);
}

TEST(AtcAssertions, a_release_of_what_is_not_in_use) {
    EXPECT_NE(said([](pins& p) {
                  p.in.release_valid = 1;
                  p.in.release[0] = 0x20;
                  p.edge();
              }).find("a_release_of_a_use: what is released is not in use"),
              std::string::npos);
}

TEST(AtcAssertions, an_invalidate_in_the_place_of_another) {
    EXPECT_NE(said([](pins& p) {
                  p.invalidate(2, 0, UINT64_MAX >> 12);
                  p.invalidate(2, 0, 0);
              }).find("a_invalidate_place_is_free"),
              std::string::npos);
}

TEST(AtcAssertions, a_range_that_ends_before_it_begins) {
    EXPECT_NE(said([](pins& p) { p.invalidate(0, 2, 1); }).find("a_range_is_no_less_than_a_page"),
              std::string::npos);
}

TEST(AtcAssertions, more_functions_than_the_block_has_rows_for) {
    EXPECT_NE(said([](pins& p) {
                  p.in.shared = 1;
                  p.in.control_valid = 1;
                  for (std::uint16_t f = 0; f < 6; ++f) {
                      p.in.control_rid = f;
                      p.edge();
                  }
              }).find("a_functions_have_room"),
              std::string::npos);
}

}  // namespace
}  // namespace drydock::rtl
