// SPDX-License-Identifier: Apache-2.0
#include "waves/field_text.h"

#include <gtest/gtest.h>

#include <string>

namespace drydock::waves {
namespace {

std::string readable(char format, std::uint64_t value) {
    base::probe p;
    p.place("smmu");
    p.place("ep0");
    p.text("flr");
    device_names names;
    names.add(base::routing_id{0x0100}, "ep0");
    std::string s = "=";
    append_readable(s, p, names, format, value);
    return s;
}

TEST(FieldText, each_format_has_its_way_of_writing) {
    EXPECT_EQ(readable('x', 0x7f00), "=0x7f00");
    EXPECT_EQ(readable('x', 0), "=0x0");
    EXPECT_EQ(readable('x', ~std::uint64_t{0}), "=0xffffffffffffffff");
    EXPECT_EQ(readable('s', 1), "=flr");
    EXPECT_EQ(readable('w', 1), "=ep0");
    EXPECT_EQ(readable('r', 0x0100), "=ep0");
    EXPECT_EQ(readable('r', 0xfffe), "=ff:1f.6");
    EXPECT_EQ(readable('c', std::uint64_t(base::span_class::page_request)), "=page_request");
    EXPECT_EQ(readable('c', 200), "=unknown");
    EXPECT_EQ(readable('t', 1500), "=1500 ps");
    EXPECT_EQ(readable('d', std::uint64_t(-25)), "=-25");
}

}  // namespace
}  // namespace drydock::waves
