// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
void begin(told& t, routing_id rid, std::string_view client = "net") {
    t.tell(kind::sw_op_begin, client, t.text("unmap"), rid.value);
}
void end(told& t, routing_id rid, std::string_view client = "net") {
    t.tell(kind::sw_op_end, client, t.text("unmap"), rid.value, 0, 0);
}
}  // namespace

TEST(InnocentHarmed, fires_for_an_operation_that_takes_longer_than_a_millisecond) {
    told t;
    t.at(1_ms);
    begin(t, told::nic);
    t.at(17_ms);
    end(t, told::nic);
    EXPECT_EQ(t.only().monitor, "innocent_harmed");
    EXPECT_EQ(t.only().device, "nic");
    EXPECT_EQ(t.only().time, 2_ms);
    EXPECT_NE(t.only().text.find("16.000 ms"), std::string::npos) << t.only().text;
}

TEST(InnocentHarmed, fires_for_an_operation_still_pending_at_the_end_of_the_run) {
    told t;
    begin(t, told::nic);
    t.at(5_ms);
    t.finish();
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
}

TEST(InnocentHarmed, is_silent_up_to_the_limit) {
    told t;
    begin(t, told::nic);
    t.at(1_ms);
    end(t, told::nic);
    begin(t, told::nic);
    t.finish();
    EXPECT_TRUE(t.silent());
}

TEST(InnocentHarmed, a_device_in_reset_during_the_operation_is_not_innocent) {
    told t;
    begin(t, told::ep0);
    t.at(1_ms);
    t.function(told::ep0, "flr");
    t.at(101_ms);
    t.function(told::ep0, "ready");
    t.at(110_ms);
    end(t, told::ep0);
    begin(t, told::ep0);
    t.at(120_ms);
    end(t, told::ep0);  // wholly after the reset
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
}

TEST(InnocentHarmed, a_device_that_owes_the_answer_to_an_ignored_invalidate_is_not_innocent) {
    told t;
    t.tell(kind::invalidate_ignored, "ep", told::ep0.value, t.text("flr"), 3);
    t.at(1_ms);
    begin(t, told::ep0);
    t.at(9_ms);
    end(t, told::ep0);
    EXPECT_TRUE(t.silent());
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    t.at(10_ms);
    begin(t, told::ep0);
    t.at(20_ms);
    end(t, told::ep0);
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
}

TEST(InnocentHarmed, a_device_under_reset_is_not_innocent) {
    told t;
    begin(t, told::ep0);
    t.point("r0", told::ep0);
    t.at(9_ms);
    t.point("r1", told::ep0);
    end(t, told::ep0);
    EXPECT_TRUE(t.silent());
}

TEST(InnocentHarmed, a_device_that_is_blocked_because_it_owed_an_answer_is_not_innocent) {
    told t;
    t.tell(kind::invalidate_ignored, "ep", told::ep0.value, t.text("dead"), 3);
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    t.at(10_ms);
    begin(t, told::ep0);
    t.at(20_ms);
    end(t, told::ep0);
    EXPECT_EQ(t.fired("innocent_harmed"), 0u);
}

TEST(InnocentHarmed, fires_for_a_healthy_device_that_is_held_blocked) {
    told t;
    t.tell(kind::sw_device_blocked, "iommu", told::ep0.value, 1);
    begin(t, told::ep0);
    t.at(9_ms);
    end(t, told::ep0);
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
}

TEST(InnocentHarmed, fires_when_dma_meets_nothing_but_errors_for_longer_than_the_limit) {
    told t;
    const auto dma = [&t](std::uint64_t result) {
        t.tell(kind::sw_op_begin, "net", t.text("dma"), told::nic.value);
        t.tell(kind::sw_op_end, "net", t.text("dma"), told::nic.value, result, 0);
    };
    dma(2);
    t.at(900_us);
    dma(0);
    t.at(1200_us);
    dma(2);
    EXPECT_TRUE(t.silent());
    t.at(2300_us);
    dma(2);
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
    EXPECT_NE(t.only().text.find("met errors alone for"), std::string::npos) << t.only().text;
}

TEST(InnocentHarmed, H_46_a_device_that_has_answered_all_is_fenced) {
    for (const char* fence : {"arm_smmu_disable_eats", "arm_smmu_disable_ats_of_broken",
                              "arm_smmu_reset_broken_device"}) {
        told t;
        t.tell(kind::itag_timeout, "smmu", 3, told::nic.value);
        t.tell(kind::sw_call, "U", t.text(fence), told::ep0.value);
        EXPECT_EQ(t.fired("innocent_harmed"), 1u) << fence;
        EXPECT_EQ(t.set.all().back().device, "ep0");
    }
}

TEST(InnocentHarmed, H_46_a_device_that_owes_an_answer_may_be_fenced_until_it_was_reset) {
    told t;
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    t.tell(kind::sw_call, "U", t.text("arm_smmu_disable_eats"), told::ep0.value);
    t.tell(kind::sw_call, "W", t.text("arm_smmu_reset_broken_device"), told::ep0.value);
    EXPECT_EQ(t.fired("innocent_harmed"), 0u);
    t.function(told::ep0, "flr");
    t.function(told::ep0, "ready");
    t.tell(kind::sw_call, "U", t.text("arm_smmu_disable_eats"), told::ep0.value);
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
}

TEST(InnocentHarmed, H_51_a_broken_device_is_reset_in_the_middle_of_its_drivers_work) {
    told t;
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    begin(t, told::ep0);
    t.tell(kind::sw_call, "W", t.text("arm_smmu_reset_broken_device"), told::ep0.value);
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
}

TEST(InnocentHarmed, H_55_a_fenced_devices_flood_costs_another_its_event) {
    told t;
    t.tell(kind::itag_timeout, "smmu", 3, told::ep0.value);
    t.tell(kind::event_lost, "smmu", 0x10, told::nic.value);
    EXPECT_EQ(t.fired("innocent_harmed"), 0u) << "nobody is fenced";
    t.tell(kind::sw_call, "U", t.text("arm_smmu_disable_eats"), told::ep0.value);
    t.tell(kind::event_lost, "smmu", 0x07, told::ep0.value);
    EXPECT_EQ(t.fired("innocent_harmed"), 0u) << "its own";
    t.tell(kind::event_lost, "smmu", 0x10, told::nic.value);
    EXPECT_EQ(t.set.all().back().device, "nic");
}

// As IORT maps them: 0x8000 at smmu1 is the nic's stream, at smmu0 nobody's.
struct mapped_streams final : hardware_view {
    std::optional<ste_view> ste(base::stream_id) override { return std::nullopt; }
    std::optional<cd_view> cd(base::stream_id, base::substream_id) override { return std::nullopt; }
    std::optional<bool> ats_enabled(routing_id) override { return std::nullopt; }
    std::optional<routing_id> function_of(std::string_view smmu, base::stream_id sid) override {
        if (smmu == "smmu1" && sid.value == 0x8000) return told::nic;
        return std::nullopt;
    }
};

TEST(InnocentHarmed, a_lost_event_is_of_the_function_that_the_stream_is_mapped_from) {
    told t;
    mapped_streams streams;
    t.set.connect(streams);
    t.tell(kind::itag_timeout, "smmu1", 3, told::ep0.value);
    t.tell(kind::sw_call, "U", t.text("arm_smmu_disable_eats"), told::ep0.value);
    t.tell(kind::event_lost, "smmu0", 0x10, 0x8000);
    EXPECT_EQ(t.fired("innocent_harmed"), 0u) << "nobody's stream there";
    t.tell(kind::event_lost, "smmu1", 0x10, 0x8000);
    EXPECT_EQ(t.fired("innocent_harmed"), 1u);
    EXPECT_EQ(t.set.all().back().device, "nic");
}

}  // namespace drydock::monitors::test
