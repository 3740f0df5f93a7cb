// SPDX-License-Identifier: Apache-2.0
// Calls that should not be: done() without prepare(), one too many, resets of who is gone. The
// lists name the variants that WARN.
#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw::test {
namespace {

const variants by_depth{"N3", "N4", "N6", "M2", "M3"};

/// What done() alone changes: nothing, whoever warns.
void expect_untouched(ResetLab& m) {
    EXPECT_EQ(m.ste_word(0x100), translated);
    EXPECT_FALSE(m.core->attach_refused(*m.a->dev.group));
    EXPECT_EQ(m.a->dev.group->refs.count(), 1u);
    EXPECT_FALSE(m.a->dev.group->lock.held());
    m.in_task([&] {
        EXPECT_EQ(m.core->iommu_attach_group(m.core->paging_domain_alloc("D2"), *m.a->dev.group),
                  0);
        EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0) << "the next pair is a good one";
    });
    EXPECT_EQ(m.ste_word(0x100), translated);
}

TEST(Unbalanced, LinuxFlow_1_a_done_without_prepare) {
    for (const auto v : all_variants("none")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] { m.core->done(*m.a); });
        EXPECT_EQ(m.warned(), is_one_of(v, {"R1", "R2", "R3"}) || is_one_of(v, by_depth));
        expect_untouched(m);
    }
}

TEST(Unbalanced, LinuxFlow_1_a_done_too_many) {
    for (const auto v : all_variants("none")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            m.core->done(*m.a);
            EXPECT_FALSE(m.warned());
            m.core->done(*m.a);
        });
        EXPECT_EQ(m.warned(), is_one_of(v, {"R1", "R2", "R3"}) || is_one_of(v, by_depth));
        expect_untouched(m);
    }
}

TEST(Unbalanced, LinuxFlow_1_a_prepare_that_no_done_follows_leaves_the_device_blocked) {
    for (const auto v : all_variants("R2")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] { EXPECT_EQ(m.core->prepare(*m.a), 0); });
        EXPECT_EQ(m.ste_word(0x100), "abort");
        EXPECT_EQ(m.core->attach_refused(*m.a->dev.group), !is_one_of(v, {"R2", "R3"}))
            << "R2 and R3 promise what done() does not do";
    }
}

TEST(Unbalanced, LinuxFlow_1_a_reset_of_a_function_that_the_iommu_has_released) {
    for (const auto v : all_variants("none")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] { m.core->iommu_release_device(m.a->dev); });
        m.trace.clear();
        m.in_task([&] { EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0); });
        EXPECT_EQ(m.trace, (std::vector<std::string>{"A FLR", "A PASID on"}))
            << "its configuration space is restored, the SMMU gets no command";
        EXPECT_FALSE(m.warned());
        EXPECT_TRUE(m.used_after_free().empty());
    }
}

}  // namespace
}  // namespace drydock::sw::test
