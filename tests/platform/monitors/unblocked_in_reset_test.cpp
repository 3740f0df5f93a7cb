// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
void prepare(told& t) { t.point("p4", told::ep0); }
void done(told& t) {
    t.tell(kind::sw_call, "R", t.text("pci_dev_reset_iommu_done"), told::ep0.value);
}
}  // namespace

TEST(UnblockedInReset, is_silent_for_a_reset_that_is_over_when_done_attaches) {
    told t;
    prepare(t);
    t.point("r0", told::ep0);
    t.point("r1", told::ep0);
    done(t);
    t.hardware_attach(told::ep0, 1);
    t.access(told::ep0, 0x1000, 0x40000000);
    EXPECT_TRUE(t.silent());
}

TEST(UnblockedInReset, fires_when_an_inner_done_attaches_before_the_outer_one) {
    told t;
    prepare(t);
    prepare(t);
    t.point("r0", told::ep0);
    t.point("r1", told::ep0);
    done(t);
    t.at(4_us);
    t.hardware_attach(told::ep0, 1);
    EXPECT_EQ(t.only().monitor, "unblocked_in_reset");
    EXPECT_EQ(t.only().device, "ep0");
    EXPECT_EQ(t.only().time, 4_us);
}

TEST(UnblockedInReset, fires_when_done_attaches_a_function_that_never_came_back) {
    told t;
    prepare(t);
    t.point("r0", told::ep0);
    done(t);
    t.hardware_attach(told::ep0, 1);
    EXPECT_EQ(t.fired("unblocked_in_reset"), 1u);
}

TEST(UnblockedInReset, fires_while_a_device_specific_reset_is_at_work) {
    told t;
    t.tell(kind::sw_call, "R", t.text("device_specific_reset"), told::ep0.value);
    prepare(t);
    t.point("r0", told::ep0);
    t.point("r1", told::ep0);
    done(t);
    t.hardware_attach(told::ep0, 1);
    EXPECT_EQ(t.fired("unblocked_in_reset"), 1u);
    t.tell(kind::sw_return, "R", t.text("device_specific_reset"), told::ep0.value, 0);
    t.hardware_attach(told::ep0, 1);
    EXPECT_EQ(t.fired("unblocked_in_reset"), 1u);
}

TEST(UnblockedInReset, fires_for_an_access_between_prepare_and_done) {
    told t;
    t.point("p1", told::ep0);
    t.access(told::ep0, 0x1000, 0x40000000, told::translated, {}, 1);
    EXPECT_TRUE(t.silent());
    prepare(t);
    t.access(told::nic, 0x1000, 0x40000000, told::translated, {}, 1);
    EXPECT_TRUE(t.silent());
    t.access(told::ep0, 0x1000, 0x40000000, told::translated, {}, 1);
    EXPECT_EQ(t.fired("unblocked_in_reset"), 1u);
}

TEST(UnblockedInReset, a_domain_of_empty_tables_that_blocks_is_no_translation) {
    told t;
    prepare(t);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1, 7);
    t.hardware_attach(told::ep0, 7);
    EXPECT_TRUE(t.silent());
}

}  // namespace drydock::monitors::test
