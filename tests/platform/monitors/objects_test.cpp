// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/monitors/fixture.h"

namespace drydock::monitors::test {

namespace {
constexpr std::uint64_t released = 0, used = 1;
void object(told& t, std::string_view name, std::uint64_t state) {
    t.tell(kind::sw_object, "sw.W", t.text(name), state);
}
void references(told& t, std::string_view name, std::uint64_t count) {
    t.tell(kind::sw_refcount, "sw.R", t.text(name), count, 1);
}
}  // namespace

TEST(UseAfterFree, fires_for_a_use_after_the_release_and_counts_repeats) {
    told t;
    object(t, "domain D1", released);
    t.at(3_us);
    object(t, "domain D1", used);
    object(t, "domain D1", used);
    EXPECT_EQ(t.only().monitor, "use_after_free");
    EXPECT_EQ(t.only().time, 3_us);
    EXPECT_EQ(t.only().count, 2u);
    EXPECT_EQ(t.only().text, "domain D1 was used by sw.W after its release");
}

TEST(UseAfterFree, is_silent_for_a_release) {
    told t;
    object(t, "domain D1", released);
    EXPECT_TRUE(t.silent());
}

TEST(RefcountBalance, fires_for_a_reference_that_is_left_at_the_end) {
    told t;
    references(t, "iommu_group(G)", 1);
    t.at(2_us);
    references(t, "iommu_group(G)", 2);
    t.at(9_us);
    references(t, "iommu_group(G)", 3);
    references(t, "iommu_group(G)", 2);
    t.finish();
    EXPECT_EQ(t.only().monitor, "refcount_balance");
    EXPECT_EQ(t.only().time, 2_us);
    EXPECT_EQ(t.only().text, "iommu_group(G) has 2 references, 1 at rest; taken by sw.R");
}

TEST(RefcountBalance, is_silent_when_all_were_given_back_or_the_object_is_gone) {
    told t;
    references(t, "iommu_group(G)", 2);
    references(t, "iommu_group(G)", 1);
    references(t, "work", 2);
    references(t, "work", 0);
    t.finish();
    EXPECT_TRUE(t.silent());
}

}  // namespace drydock::monitors::test
