// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {

struct machine final : hardware_view {
    std::optional<ste_view> ste(base::stream_id) override {
        if (outside) return std::nullopt;
        return entry;
    }
    std::optional<cd_view> cd(base::stream_id, base::substream_id s) override {
        return s.value == 0 ? rid_table : pasid_table;
    }
    std::optional<bool> ats_enabled(routing_id) override { return e; }
    std::optional<bool> ats_believed(routing_id) override { return believed; }
    std::optional<routing_id> function_of(std::string_view, base::stream_id) override {
        return std::nullopt;
    }
    ste_view entry{true, 5, 1};
    cd_view rid_table{true, 0x1000}, pasid_table{true, 0x2000};
    std::optional<bool> e = true, believed;
    bool outside = false;
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

TEST_F(SwHwDomainMismatch, fires_when_the_stream_lies_outside_of_the_stream_table) {
    t.attach(told::ep0, 1);
    hw.outside = true;
    group_mutex(t);
    EXPECT_EQ(t.only().text, "the stream lies outside of the stream table");
}

TEST_F(SwHwDomainMismatch, a_detached_stream_or_pasid_is_nobodys_to_compare) {
    t.attach(told::ep0, 1);
    t.attach(told::ep0, 2, "paging", 1);
    t.view(told::ep0, 0, "none", 1);
    hw.pasid_table.valid = false;
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    t.view(told::ep0, 0, "none");
    hw.entry.valid = false;
    group_mutex(t);
    EXPECT_TRUE(t.silent());
}

TEST_F(SwHwDomainMismatch, fires_when_an_attach_changed_the_cores_view_only) {
    t.attach(told::ep0, 1);
    t.view(told::ep0, 2);
    group_mutex(t);
    EXPECT_NE(t.only().text.find("domain 2 was never attached"), std::string::npos)
        << t.only().text;
}

TEST_F(SwHwDomainMismatch, fires_when_hardware_was_left_with_the_former_of_two_known_domains) {
    t.attach(told::ep0, 1);
    hw.rid_table.ttb0 = 0x9000;
    t.attach(told::ep0, 2);
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    t.view(told::ep0, 1);
    group_mutex(t);
    EXPECT_EQ(t.fired("sw_hw_domain_mismatch"), 1u);
}

TEST_F(SwHwDomainMismatch, fires_when_identity_is_attached_and_s1dss_terminates) {
    t.attach(told::ep0, 1, "identity");
    t.attach(told::ep0, 2, "paging", 1);
    hw.entry.substreams = true;
    hw.entry.s1dss = 1;
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    hw.entry.s1dss = 0;
    group_mutex(t);
    EXPECT_NE(t.only().text.find("STE.S1DSS is 0"), std::string::npos) << t.only().text;
}

TEST_F(SwHwDomainMismatch, a_domain_that_blocks_by_empty_tables_may_leave_ats_on) {
    t.attach(told::ep0, 1);
    hw.rid_table.ttb0 = 0x5000;
    t.hardware_attach(told::ep0, 7);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1, 7);
    t.point("p4", told::ep0);
    EXPECT_TRUE(t.silent());
    hw.rid_table.ttb0 = 0x1000;
    t.point("p4", told::ep0);
    EXPECT_EQ(t.fired("sw_hw_domain_mismatch"), 1u);
}

TEST_F(SwHwDomainMismatch, fires_at_p4_when_the_ste_still_serves_ats) {
    t.attach(told::ep0, 1);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    hw.e = false;  // STE as for stage 1 with ATS
    t.point("p4", told::ep0);
    EXPECT_EQ(t.fired("sw_hw_domain_mismatch"), 2u);  // STE.Config and STE.EATS
    EXPECT_EQ(t.set.all().back().text, "the core holds it blocked, STE.EATS is 1");
}

TEST_F(SwHwDomainMismatch, what_the_driver_believes_of_ats_stands_before_what_the_ste_says) {
    t.attach(told::ep0, 1);
    hw.entry.eats = 0;
    hw.believed = true;
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    hw.believed = false;
    group_mutex(t);
    EXPECT_EQ(t.only().text, "ATS Enable is 1, the driver takes it for 0");
}

TEST_F(SwHwDomainMismatch, a_function_without_ats_is_compared_by_its_tables_alone) {
    t.attach(told::nic, 1);
    hw.e.reset();
    hw.entry.eats = 1;
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    hw.rid_table.valid = false;
    group_mutex(t);
    EXPECT_EQ(t.only().text, "domain 1 is attached, CD 0 is not valid");
}

TEST_F(SwHwDomainMismatch, a_stream_with_pasids_needs_the_cd_table_whatever_its_own_domain_is) {
    t.attach(told::ep0, 1, "blocked");
    t.attach(told::ep0, 2, "paging", 1);
    group_mutex(t);
    EXPECT_TRUE(t.silent());
    hw.entry = {true, 0, 0};
    hw.e = false;
    group_mutex(t);
    EXPECT_EQ(t.only().text, "domain 1 is attached, STE.V is 1, STE.Config is 0");
}

}  // namespace drydock::monitors::test
