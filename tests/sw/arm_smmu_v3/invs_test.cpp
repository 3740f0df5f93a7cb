// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/invs.h"

#include <gtest/gtest.h>

#include "tests/sw/model/model_host.h"

namespace drydock::sw {
namespace {

using type = arm_smmu_inv_type;

struct Invs : testing::Test {
    test::model_host host;
    kernel k{host.doors(), 2};
    static arm_smmu_inv asid(u32 id) { return {nullptr, type::s1_asid, id, 0, 1}; }
    static arm_smmu_inv ats(u32 sid, u32 ssid = 0) { return {nullptr, type::ats, sid, ssid, 1}; }
    /// unref() takes a lock: it needs a task.
    std::vector<arm_smmu_inv> unref(arm_smmu_invs& a, std::vector<arm_smmu_inv> r) {
        std::vector<arm_smmu_inv> gone;
        k.run_task("unref", 0, [&] { gone = a.unref(r); });
        host.fake.run(k.now() + 1ms);
        return gone;
    }
};

TEST_F(Invs, LinuxFlow_3_3_merge_keeps_command_order_and_counts_users) {
    arm_smmu_invs none(k);
    const auto a = none.merge({ats(0x200), asid(1), ats(0x100)});
    const auto b = a->merge({asid(1), ats(0x100, 1)});
    ASSERT_EQ(b->entries().size(), 4u);
    EXPECT_EQ(b->entries()[0].type, type::s1_asid);
    EXPECT_EQ(b->entries()[0].users, 2u);
    EXPECT_EQ(b->entries()[1].id, 0x100u);
    EXPECT_EQ(b->entries()[2].ssid, 1u);
    EXPECT_EQ(b->entries()[3].id, 0x200u);
    EXPECT_TRUE(b->has_ats());
    EXPECT_EQ(a->entries().size(), 3u) << "readers of the old array keep it";
}

TEST_F(Invs, LinuxFlow_3_3_an_entry_without_users_is_trash_and_purge_removes_it) {
    const auto a = arm_smmu_invs(k).merge({asid(1), ats(0x100), ats(0x200)});
    const auto gone = unref(*a, {ats(0x100)});
    ASSERT_EQ(gone.size(), 1u);
    EXPECT_EQ(gone[0].id, 0x100u);
    EXPECT_EQ(a->trash(), 1u);
    EXPECT_EQ(a->entries().size(), 3u);
    const auto p = a->purge();
    ASSERT_TRUE(p);
    EXPECT_EQ(p->entries().size(), 2u);
    EXPECT_EQ(p->purge(), nullptr);
}

TEST_F(Invs, trash_at_the_end_is_cut_off_at_once) {
    const auto a = arm_smmu_invs(k).merge({asid(1), ats(0x100), ats(0x200)});
    unref(*a, {ats(0x100), ats(0x200)});
    EXPECT_EQ(a->entries().size(), 1u);
    EXPECT_EQ(a->trash(), 0u);
}

TEST_F(Invs, LinuxFlow_3_1_who_removes_entries_waits_for_readers) {
    const auto a = arm_smmu_invs(k).merge({asid(1), ats(0x100)});
    hal::time_point removed{};
    k.run_task("unmap", 0, [&] {
        a->lock().read_lock_irqsave();
        k.spend(50us);  // polls for its SYNC
        a->lock().read_unlock_irqrestore();
    });
    k.run_task("detach", 1, [&] {
        k.spend(5us);
        a->unref({ats(0x100)});
        removed = k.now();
    });
    host.fake.run(1ms);
    EXPECT_GE(removed, 50us);
}

TEST_F(Invs, removing_what_is_not_there_warns) {
    const auto a = arm_smmu_invs(k).merge({asid(1)});
    EXPECT_TRUE(unref(*a, {ats(0x300)}).empty());
    EXPECT_EQ(host.fake.of(hal::note::warn).size(), 1u);
}

TEST_F(Invs, LinuxFlow_3_3_a_batch_ends_between_tlbi_and_atc_inv) {
    EXPECT_TRUE(arm_smmu_invs_end_batch(asid(1), ats(1)));
    EXPECT_FALSE(arm_smmu_invs_end_batch(ats(1), ats(2)));
    EXPECT_FALSE(arm_smmu_invs_end_batch(asid(1), asid(2)));
    EXPECT_TRUE(arm_smmu_invs_end_batch(asid(1), {nullptr, type::s2_vmid_s1_clear, 1, 0, 1}));
}

}  // namespace
}  // namespace drydock::sw
