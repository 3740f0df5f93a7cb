// SPDX-License-Identifier: Apache-2.0
// What an operating system may do about ATS around resets, and what other IOMMU drivers do.
#include "tests/sw/iommu/quarantine_fixture.h"

namespace drydock::sw {
namespace {

using test::Quarantine;
using test::reset_setup;
using test::ResetLab;

/// What an unmap in the middle of a reset meets.
struct met {
    bool returned_in_reset = false, atc_inv_in_reset = false, atc_inv_at_all = false;
    bool operator==(const met&) const = default;
};

met unmap_during_reset(std::string_view policy, bool atomic = false) {
    ResetLab m(reset_setup{.policy = policy});
    iommu_domain& d = *m.a->dev.group->domain;
    m.in_task([&] { m.core->iommu_map(d, 0x9000, 0x4100'0000, 0x1000, IOMMU_READ); });
    const auto atc_invs = [&] {
        const auto all = m.host.opcodes();
        return std::count(all.begin(), all.end(), CMDQ_OP_ATC_INV);
    };
    met out;
    bool returned = false;
    m.start_reset(*m.a);
    m.host.fake.run(m.k.now() + 50ms);
    const auto before = atc_invs();
    m.k.run_task("U", 1, [&] {
        if (atomic) m.k.local_irq_save();
        m.core->iommu_unmap(d, 0x9000, 0x1000, 0x100);
        if (atomic) m.k.local_irq_restore();
        returned = true;
    });
    m.host.fake.run(m.k.now() + 10ms);
    EXPECT_EQ(m.reset_result(*m.a), -1) << "still in its reset";
    out.returned_in_reset = returned;
    out.atc_inv_in_reset = atc_invs() != before;
    m.host.fake.run(m.k.now() + 1s);
    EXPECT_EQ(m.reset_result(*m.a), 0);
    EXPECT_TRUE(returned);
    out.atc_inv_at_all = atc_invs() != before;
    return out;
}

TEST(Policies, row_39_ignored_timeouts_send_into_the_reset) {
    EXPECT_EQ(unmap_during_reset("ignore_timeouts"), (met{true, true, true}));
}

TEST(Policies, row_40_page_tables_that_may_not_change_keep_who_unmaps_waiting) {
    for (const bool atomic : {false, true})
        EXPECT_EQ(unmap_during_reset("block_page_table_mutation", atomic),
                  (met{false, false, true}));
}

TEST(Policies, row_41_a_blocked_device_is_not_asked) {
    const met m = unmap_during_reset("disable_and_block_ats");
    EXPECT_TRUE(m.returned_in_reset);
    EXPECT_FALSE(m.atc_inv_in_reset);
}

TEST(Policies, row_44_asynchronous_invalidation_returns_before_its_ATC_INV_is_sent) {
    ResetLab m(reset_setup{.policy = "async_invalidation"});
    iommu_domain& d = *m.a->dev.group->domain;
    unmap_class c{};
    m.in_task([&] {
        const auto sent = m.commands_of([&] {
            m.core->iommu_map(d, 0x9000, 0x4100'0000, 0x1000, IOMMU_READ);
            c = m.core->iommu_unmap(d, 0x9000, 0x1000, 0x100);
        });
        EXPECT_EQ(std::count(sent.begin(), sent.end(), CMDQ_OP_ATC_INV), 0);
    });
    EXPECT_EQ(c, unmap_class::tlbi_only);
    const auto all = m.host.opcodes();
    EXPECT_EQ(all[all.size() - 2], CMDQ_OP_ATC_INV) << "the worker, afterwards";
}

TEST(Policies, row_29_the_group_mutex_held_is_R1) {
    EXPECT_EQ(make_reset_policy("hold_group_mutex", "M2")->name(), "R1");
    EXPECT_EQ(make_reset_policy("disable_and_block_ats", "N4")->name(), "N4");
    EXPECT_EQ(reset_policies().size(), 5u);
    EXPECT_THROW(make_reset_policy("hope", "M2"), std::invalid_argument);
}

TEST(Policies, blocked_page_tables_open_for_nested_resets_when_the_outer_ends) {
    ResetLab m(reset_setup{.policy = "block_page_table_mutation"});
    bool passed = false;
    m.in_task([&] {
        EXPECT_EQ(m.core->prepare(*m.a), 0);
        EXPECT_EQ(m.core->prepare(*m.a), 0);
        m.core->done(*m.a, 0);
        m.k.run_task("U", 1, [&] {
            m.core->iommu_map(*m.a->dev.group->domain, 0x9000, 0x4100'0000, 0x1000, IOMMU_READ);
            passed = true;
        });
        m.k.sleep(1ms);
        EXPECT_FALSE(passed);
        m.core->done(*m.a, 0);
    });
    EXPECT_TRUE(passed);
    m.in_task([&] { m.core->done(*m.a, 0); });
    EXPECT_EQ(m.warnings(), std::vector<std::string>{"pci_dev_reset_iommu_done: not prepared"});
}

// -- what other IOMMU drivers do --

TEST(Policies, row_26_ATS_is_turned_off_at_a_blocked_device_or_stays_on) {
    for (const bool stays : {false, true}) {
        ResetLab m(reset_setup{.driver = {.leaves_ats_on = stays}});
        m.trace.clear();
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            EXPECT_EQ(m.ste_word(0x100), "abort");
            EXPECT_EQ(m.a->ats_enabled, stays);
            EXPECT_FALSE(m.sends_atc_inv(*m.a->dev.group->domain));
            m.core->done(*m.a, 0);
        });
        EXPECT_EQ(m.at("A ATS off") < m.trace.size(), !stays);
        EXPECT_EQ(m.at("A ATS on") < m.trace.size(), !stays);
        m.in_task(
            [&] { EXPECT_TRUE(m.sends_atc_inv(*m.a->dev.group->domain)) << "translated again"; });
        EXPECT_FALSE(m.warned());
    }
}

TEST(Policies, presence_is_looked_at_before_each_ATC_INV) {
    for (const auto path : {arm_smmu_invalidation::invs, arm_smmu_invalidation::masters})
        for (const bool check : {false, true}) {
            ResetLab m(reset_setup{.driver = {.invalidation = path, .presence_check = check}});
            iommu_domain& d = *m.a->dev.group->domain;
            m.in_task([&] {
                EXPECT_TRUE(m.sends_atc_inv(d));
                m.a->disconnected = true;  // its configuration space reads all ones
                EXPECT_EQ(m.sends_atc_inv(d), !check);
                const auto sent = m.unmap_commands(d);
                EXPECT_EQ(std::count(sent.begin(), sent.end(), CMDQ_OP_CMD_SYNC), check ? 1 : 2)
                    << "no SYNC for nobody";
            });
        }
}

TEST(Policies, row_43_no_ATC_INV_is_sent_into_containment_that_software_knows_of) {
    ResetLab m("M2");
    m.in_task([&] {
        EXPECT_TRUE(m.sends_atc_inv(*m.a->dev.group->domain));
        m.a->contained = true;
        EXPECT_FALSE(m.sends_atc_inv(*m.a->dev.group->domain));
    });
}

struct Scope : Quarantine {
    /// A is dead; B's SYNC waits behind A's.
    void two_at_once(std::string_view q, bool all_waiters) {
        start(reset_setup{.quarantine = q, .all_waiters_fail = all_waiters});
        dead.insert(0x100);
        for (pci_dev* d : {a, b})
            k.run_task("U" + d->dev.name, d == a ? 0 : 1, [this, d] {
                if (d == b) k.spend(100ns);
                map(*d);
                unmap(*d);
            });
        run_for(1s);
        EXPECT_TRUE(fenced(*a));
    }
};

TEST_F(Scope, a_failed_SYNC_concerns_its_issuer) {
    two_at_once("Q5", false);
    EXPECT_FALSE(fenced(*b));
    EXPECT_EQ(atc_invs["B"], 1u);
}

TEST_F(Scope, a_failed_SYNC_concerns_its_issuer_where_each_is_asked_alone) {
    two_at_once("Q3", false);
    EXPECT_FALSE(fenced(*b));
    EXPECT_EQ(atc_invs["B"], 1u);
}

TEST_F(Scope, of_all_who_wait_innocent_ones_are_fenced_though_they_answer) {
    two_at_once("Q3", true);  // B is asked alone while A is: the same happens again
    EXPECT_TRUE(fenced(*b));
    EXPECT_GE(atc_invs["B"], 2u);
}

TEST_F(Scope, of_all_who_wait_innocent_ones_are_fenced_where_nobody_asks) {
    two_at_once("Q5", true);
    EXPECT_TRUE(fenced(*b));
}

}  // namespace
}  // namespace drydock::sw
