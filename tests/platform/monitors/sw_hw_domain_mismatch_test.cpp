// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {

struct machine final : hardware_view {
    std::optional<ste_view> ste(base::stream_id) override { return entry; }
    std::optional<cd_view> cd(base::stream_id, base::substream_id s) override {
        return s.value == 0 ? rid_table : pasid_table;
    }
    std::optional<bool> ats_enabled(routing_id) override { return e; }
    ste_view entry{true, 5, 1};
    cd_view rid_table{true, 0x1000}, pasid_table{true, 0x2000};
    bool e = true;
};

void group_mutex(told& t) {
    t.tell(kind::sw_lock, "R", t.text("iommu_group 0 mutex"), t.place("R"), 0);
    t.tell(kind::sw_unlock, "R", t.text("iommu_group 0 mutex"), t.place("R"), 0);
}

struct mismatch : testing::Test {
    mismatch() { t.set.connect(hw); }
    told t;
    machine hw;
};
using SwHwDomainMismatch = mismatch;

}  // namespace

TEST_F(SwHwDomainMismatch, is_silent_while_tables_and_view_agree) {
    t.attach(told::ep0, 1);
    t.attach(told::ep0, 2, "paging", 1);
    group_mutex(t);
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST_F(SwHwDomainMismatch, fires_when_the_core_holds_a_device_blocked_and_the_ste_translates) {
    t.attach(told::ep0, 1);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    hw.e = false;
    hw.entry.eats = 0;
    t.point("p4", told::ep0);
    EXPECT_EQ(t.only().monitor, "sw_hw_domain_mismatch");
    EXPECT_EQ(t.only().device, "ep0");
}

TEST_F(SwHwDomainMismatch, is_silent_at_p4_with_an_aborting_ste_and_ats_off) {
    t.attach(told::ep0, 1);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    hw.entry = {true, 0, 0};
    hw.e = false;
    t.point("p4", told::ep0);
    EXPECT_TRUE(t.silent());
}

TEST_F(SwHwDomainMismatch, fires_at_p4_when_ats_enable_is_still_set) {
    t.attach(told::ep0, 1);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    hw.entry = {true, 0, 0};
    t.point("p4", told::ep0);
    EXPECT_EQ(t.fired("sw_hw_domain_mismatch"), 1u);
}

TEST_F(SwHwDomainMismatch, fires_when_an_attached_pasid_has_no_valid_cd) {
    t.attach(told::ep0, 1);
    t.attach(told::ep0, 2, "paging", 1);
    hw.pasid_table.valid = false;
    t.point("d4", told::ep0);
    EXPECT_NE(t.only().text.find("CD 1 is not valid"), std::string::npos) << t.only().text;
}

TEST_F(SwHwDomainMismatch, fires_when_a_cd_points_at_another_domains_table) {
    t.attach(told::ep0, 1);
    group_mutex(t);
    hw.rid_table.ttb0 = 0x9000;
    t.finish();
    EXPECT_EQ(t.fired("sw_hw_domain_mismatch"), 1u);
}

TEST_F(SwHwDomainMismatch, does_not_look_while_an_attach_holds_the_group_mutex) {
    t.attach(told::ep0, 1);
    t.tell(kind::sw_lock, "T", t.text("iommu_group 0 mutex"), t.place("T"), 0);
    hw.entry.valid = false;
    t.point("s", told::ep0);
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST_F(SwHwDomainMismatch, ignores_ats_enable_between_r0_and_s_and_judges_it_at_s) {
    t.attach(told::ep0, 1);
    t.point("r0", told::ep0);
    hw.e = false;  // cleared by the reset, STE.EATS stays
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    t.point("s", told::ep0);
    EXPECT_EQ(t.fired("sw_hw_domain_mismatch"), 1u);
}

TEST_F(SwHwDomainMismatch, an_identity_domain_wants_a_bypassing_ste) {
    t.attach(told::ep0, 1, "identity");
    hw.entry = {true, 4, 0};
    hw.e = false;
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    hw.entry.config = 0;
    group_mutex(t);
    EXPECT_EQ(t.fired("sw_hw_domain_mismatch"), 1u);
}

}  // namespace drydock::monitors::test
