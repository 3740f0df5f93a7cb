// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw {
namespace {

using test::Reset;
using test::reset_setup;

// Functions that lack something: what is left of a reset with M2.

TEST_F(Reset, LinuxFlow_1_M2_without_ats_the_reset_runs_and_the_iommu_is_left_alone) {
    build(reset_setup{.a = {.ats = false}});
    iommu_domain& d = *a->dev.group->domain;
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2");
    in_task([&] { core->iommu_map(d, 0x1000, 0x4100'0000, 0x1000, IOMMU_READ); });
    std::vector<u8> sent;
    during_reset(*a, [&] {
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2");
        EXPECT_EQ(core->iommu_attach_group(*a->dev.group->domain, *a->dev.group), 0)
            << "no fence: nothing was prepared";
        sent = commands_of([&] {
            EXPECT_EQ(core->iommu_unmap(d, 0x1000, 0x1000, 0x100), unmap_class::tlbi_only);
        });
    });
    EXPECT_EQ(sent, (std::vector<u8>{CMDQ_OP_TLBI_NH_VA, CMDQ_OP_CMD_SYNC}));
    EXPECT_EQ(reset_result(*a), 0);
    EXPECT_EQ(host.functions[0x100]->flrs, 1u);
    const auto all = points();
    EXPECT_EQ(std::count(all.begin(), all.end(), "p0"), 0);
}

TEST_F(Reset, LinuxFlow_1_M2_without_pasid_the_rid_alone_is_blocked_and_restored) {
    build(reset_setup{.a = {.pasid = false}});
    in_task([&] {
        EXPECT_EQ(core->iommu_attach_device_pasid(core->sva_domain_alloc("S"), a->dev, 1), -EINVAL);
    });
    during_reset(*a, [&] { EXPECT_EQ(ste_word(0x100), "abort"); });
    EXPECT_EQ(reset_result(*a), 0);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
    EXPECT_EQ(at("A PASID on"), trace.size()) << "nothing to restore";
    EXPECT_FALSE(warned());
}

TEST_F(Reset, LinuxFlow_4_1_without_flr_the_walk_ends_with_ENOTTY_and_touches_nothing) {
    build(reset_setup{.a = {.flr = false}});
    trace.clear();
    in_task([&] { EXPECT_EQ(pci_reset_function(*a, *core, {}), -ENOTTY); });
    EXPECT_TRUE(trace.empty());
    EXPECT_TRUE(points().empty());
    EXPECT_FALSE(a->dev.lock.held());
}

TEST_F(Reset, LinuxFlow_6_a_device_without_iommu_is_reset_without_it) {
    build("M2");
    pci_dev bare(k, test::model_host::ecam, 1, 0, "bare");
    bare.ats_cap = test::ep_ats;
    in_task([&] {
        EXPECT_EQ(core->prepare(bare), 0);
        core->done(bare);
        EXPECT_EQ(core->iommu_deferred_attach(bare.dev, core->identity_domain()), 0);
        EXPECT_EQ(core->iommu_attach_device_pasid(core->identity_domain(), bare.dev, 1), -ENODEV);
    });
    EXPECT_TRUE(points().empty());
    EXPECT_FALSE(warned());
}

TEST_F(Reset, LinuxFlow_1_M2_a_device_that_is_in_no_group_is_refused_with_ENODEV) {
    build("M2");
    auto members = std::move(a->dev.group->devices);
    a->dev.group->devices.clear();
    in_task([&] { EXPECT_EQ(core->prepare(*a), -ENODEV); });
    EXPECT_EQ(warnings().size(), 1u);
    a->dev.group->devices = std::move(members);
    EXPECT_EQ(a->dev.group->recovery_cnt, 0u);
}

TEST_F(Reset, LinuxFlow_4_2_a_function_that_is_ready_at_once_is_not_waited_for) {
    build("M2");
    a->imm_ready = true;
    host.functions[0x100]->flr_time = 0ns;
    const auto begun = k.now();
    hal::time_point ended{};
    in_task([&] {
        EXPECT_EQ(pci_reset_function(*a, *core, {}), 0);
        ended = k.now();
    });
    EXPECT_LT(ended - begun, 1ms);
    const auto all = points();
    EXPECT_EQ(std::count(all.begin(), all.end(), "r1"), 1);
}

}  // namespace
}  // namespace drydock::sw
