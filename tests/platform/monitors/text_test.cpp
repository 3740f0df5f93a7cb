// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "platform/monitors/monitor.h"

namespace drydock::monitors {
namespace {

using namespace base::literals;

TEST(MonitorText, times_have_three_decimals_in_the_largest_unit_that_fits) {
    EXPECT_EQ(readable(0_ps), "0 ps");
    EXPECT_EQ(readable(999_ps), "999 ps");
    EXPECT_EQ(readable(1_ns), "1.000 ns");
    EXPECT_EQ(readable(1999999_ps), "1.999 us");
    EXPECT_EQ(readable(16_ms + 400_us), "16.400 ms");
    EXPECT_EQ(readable(60_s), "60.000 s");
}

TEST(MonitorText, addresses_are_hexadecimal) { EXPECT_EQ(hex(0x7f0000001000), "0x7f0000001000"); }

}  // namespace
}  // namespace drydock::monitors
