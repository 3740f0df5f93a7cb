// SPDX-License-Identifier: Apache-2.0
// Locks held too long, devices that go while they are reset. The lists name the variants that are
// hit.
#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw::test {
namespace {

TEST(VariantsLife, H_32_who_holds_the_group_mutex_during_the_reset) {
    for (const auto v : all_variants("none")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        bool held = false;
        m.during_reset(*m.a, [&] { held = m.a->dev.group->lock.held(); });
        EXPECT_EQ(held, v == "R1");
        m.host.fake.run(m.k.now() + 1s);
        EXPECT_FALSE(m.a->dev.group->lock.held());
    }
}

TEST(VariantsLife, H_33_a_prepare_that_fails_late) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.fail("attach_dev", 0x100, -ENOMEM);
        m.in_task(
            [&] { EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), v == "R1" ? 0 : -ENOMEM); });
        EXPECT_EQ(m.a->dev.group->lock.held(), v == "R1") << "for ever";
        EXPECT_EQ(m.host.functions[0x100]->flrs, v == "R1" ? 1u : 0u);
    }
}

TEST(VariantsLife, H_34_a_group_that_goes_between_the_look_up_and_the_mutex) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.host.fake.on_hold = [](std::string_view task, std::string_view point, u16) {
            return task == "W" && point == "p0";
        };
        m.k.run_task("W", 1, [&] { m.core->prepare(*m.a); });
        m.host.fake.run(m.k.now() + 1ms);
        EXPECT_TRUE(m.used_after_free().empty());
        m.in_task([&] { m.core->iommu_release_device(m.a->dev); });
        EXPECT_TRUE(m.k.release("W"));
        m.host.fake.run(m.k.now() + 1s);
        const auto used = m.used_after_free();
        ASSERT_FALSE(used.empty());
        EXPECT_EQ(used.front(), "iommu_group(A)");
    }
}

TEST(VariantsLife, H_34_a_group_that_went_before_is_not_used) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] {
            m.core->iommu_release_device(m.a->dev);
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            m.core->done(*m.a);
        });
        EXPECT_TRUE(m.used_after_free().empty());
        EXPECT_FALSE(m.warned());
    }
}

TEST(VariantsLife, H_35_a_member_that_goes_while_it_is_reset_leaves_its_siblings_refused) {
    for (const auto v : all_variants("R2")) {
        SCOPED_TRACE(v);
        ResetLab m(v, true);
        iommu_group& g = *m.b->dev.group;
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            m.core->iommu_release_device(m.a->dev);
            m.core->done(*m.a);
            const bool hit = !is_one_of(v, {"R2", "R3", "R4", "R5"});
            EXPECT_EQ(m.core->iommu_attach_group(m.core->paging_domain_alloc("D2"), g),
                      hit ? -EBUSY : 0);
        });
        EXPECT_EQ(g.devices.size(), 1u);
    }
}

TEST(VariantsLife, a_device_that_comes_back_gets_a_new_group_and_no_old_state) {
    for (const auto v : all_variants("R2")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            m.core->iommu_release_device(m.a->dev);
            EXPECT_EQ(m.core->iommu_probe_device(m.a->dev, "A", false), 0);
            EXPECT_FALSE(m.core->attach_refused(*m.a->dev.group));
            EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0);
        });
        EXPECT_EQ(m.ste_word(0x100), "cdtable s1dss2 eats");
    }
}

}  // namespace
}  // namespace drydock::sw::test
