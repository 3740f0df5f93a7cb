// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

TEST(BlockedDma, fires_when_a_blocked_function_reaches_memory) {
    told t;
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.at(5_us);
    t.access(told::ep0, 0x1000, 0x40000000);
    EXPECT_EQ(t.only().monitor, "blocked_dma");
    EXPECT_EQ(t.only().time, 5_us);
}

TEST(BlockedDma, is_silent_while_prepare_removes_the_pasids_and_fires_from_p4_on) {
    told t;
    t.point("p1", told::ep0);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.access(told::ep0, 0x1000, 0x40000000, told::translated, {}, 1);
    EXPECT_TRUE(t.silent());
    t.point("p4", told::ep0);
    t.access(told::ep0, 0x1000, 0x40000000, told::translated, {}, 1);
    EXPECT_EQ(t.fired("blocked_dma"), 1u);
}

TEST(BlockedDma, is_silent_for_others_and_after_the_block_is_lifted) {
    told t;
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.access(told::nic, 0x1000, 0x40000000);
    t.point("d1", told::ep0);
    t.access(told::ep0, 0x1000, 0x40000000);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 0);
    t.point("d4", told::ep0);
    t.access(told::ep0, 0x1000, 0x40000000);
    EXPECT_TRUE(t.silent());
}

}  // namespace drydock::monitors::test
