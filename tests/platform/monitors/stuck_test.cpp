// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
struct one_retry final : retry {
    bool attach(routing_id) override {
        ++tries;
        return good;
    }
    bool command_queue(std::string_view) override {
        ++tries;
        return good;
    }
    bool good = false;
    int tries = 0;
};
}  // namespace

TEST(Stuck, fires_for_a_device_left_blocked_when_the_retry_fails_too) {
    told t;
    one_retry r;
    t.set.connect(r);
    t.at(4_ms);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.at(9_ms);
    t.finish();
    EXPECT_EQ(r.tries, 1);
    EXPECT_EQ(t.only().monitor, "stuck");
    EXPECT_EQ(t.only().device, "ep0");
    EXPECT_EQ(t.only().time, 4_ms);
}

TEST(Stuck, is_silent_when_the_retry_heals_it) {
    told t;
    one_retry r;
    r.good = true;
    t.set.connect(r);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.tell(kind::cerror, "smmu.cmdq", 3, 17);
    t.finish();
    EXPECT_EQ(r.tries, 2);
    EXPECT_TRUE(t.silent());
}

TEST(Stuck, fires_for_a_device_that_hardware_blocks_and_the_core_has_forgotten) {
    told t;
    one_retry r;
    r.good = true;  // the core sees nothing to change
    t.set.connect(r);
    t.attach(told::ep0, 3);
    t.hardware_attach(told::ep0, 2, "blocked");
    t.finish();
    EXPECT_EQ(r.tries, 1);
    EXPECT_EQ(t.only().monitor, "stuck");
}

TEST(Stuck, is_silent_for_a_device_that_is_in_the_blocked_domain_by_choice) {
    told t;
    t.attach(told::ep0, 2, "blocked");
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST(Stuck, is_silent_while_a_reset_call_is_open_that_could_lift_it) {
    told t;
    t.tell(kind::span_begin, "R", std::uint64_t(span_class::reset), 0, told::ep0.value, 0,
           span_id{3});
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST(Stuck, fires_for_a_refused_attach_that_nobody_repeated) {
    told t;
    t.tell(kind::sw_return, "T", t.text("iommu_attach_group"), told::nic.value, std::uint64_t(-16));
    t.finish();
    EXPECT_NE(t.only().text.find("-16"), std::string::npos) << t.only().text;
}

TEST(Stuck, is_silent_after_a_later_attach_succeeded) {
    told t;
    t.tell(kind::sw_return, "T", t.text("iommu_attach_group"), told::nic.value, std::uint64_t(-16));
    t.tell(kind::sw_return, "T", t.text("iommu_attach_group"), told::nic.value, 0);
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST(Stuck, is_silent_for_a_refused_call_that_attaches_nothing) {
    told t;
    for (const char* call : {"iommu_detach_group", "pci_reset_function"})
        t.tell(kind::sw_return, "T", t.text(call), told::nic.value, std::uint64_t(-16));
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST(Stuck, fires_for_a_device_still_blocked_after_its_reset_call_has_returned) {
    told t;
    t.tell(kind::span_begin, "R", std::uint64_t(span_class::reset), 0, told::ep0.value, 0,
           span_id{3});
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.tell(kind::span_end, "R", 0, 0, 0, 0, span_id{3});
    t.finish();
    EXPECT_EQ(t.only().device, "ep0");
}

TEST(Stuck, fires_for_a_command_queue_that_stays_stopped_by_an_error) {
    told t;
    t.tell(kind::cerror, "smmu.cmdq", 3, 17);
    t.finish();
    EXPECT_EQ(t.only().device, "smmu.cmdq");
}

TEST(Stuck, is_silent_when_the_queue_went_on) {
    told t;
    t.tell(kind::cerror, "smmu.cmdq", 3, 17);
    t.tell(kind::sync_done, "smmu.cmdq", 17);
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST(Stuck, H_40_fires_for_a_device_reported_as_broken_of_which_nothing_came) {
    told t;
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    t.tell(kind::sw_call, "U", t.text("iommu_report_device_broken"), told::ep0.value);
    t.finish();
    EXPECT_EQ(t.fired("stuck"), 1u);
    EXPECT_EQ(t.set.all().back().device, "ep0");
}

TEST(Stuck, H_40_is_silent_for_a_quarantined_device_that_waits_for_its_reset) {
    told t;
    one_retry r;
    t.set.connect(r);
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    t.tell(kind::sw_call, "U", t.text("iommu_report_device_broken"), told::ep0.value);
    t.tell(kind::sw_return, "W", t.text("iommu_quarantine_device"), told::ep0.value, 0);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.finish();
    EXPECT_EQ(t.fired("stuck"), 0u);
}

TEST(Stuck, H_21_fires_for_a_quarantined_device_that_has_been_reset) {
    told t;
    one_retry r;
    t.set.connect(r);
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    t.function(told::ep0, "flr");
    t.function(told::ep0, "ready");
    t.tell(kind::sw_return, "W", t.text("iommu_quarantine_device"), told::ep0.value, 0);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.finish();
    EXPECT_EQ(t.fired("stuck"), 1u);
}

TEST(Stuck, H_53_fires_for_a_fence_that_outlives_a_reset_and_not_for_one_that_was_lifted) {
    for (const bool lifted : {false, true}) {
        told t;
        t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
        t.tell(kind::sw_call, "U", t.text("arm_smmu_disable_eats"), told::ep0.value);
        t.function(told::ep0, "flr");
        t.function(told::ep0, "ready");
        if (lifted)
            t.tell(kind::sw_call, "R", t.text("arm_smmu_reset_device_done"), told::ep0.value);
        t.finish();
        EXPECT_EQ(t.fired("stuck"), lifted ? 0u : 1u);
    }
}

}  // namespace drydock::monitors::test
