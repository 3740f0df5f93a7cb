// SPDX-License-Identifier: Apache-2.0
// Each published quarantine alone: whom it takes for guilty, when its fence stands, what lifts it.
#include "tests/sw/iommu/quarantine_fixture.h"

namespace drydock::sw::test {
namespace {

TEST_P(EachQuarantine, LinuxFlow_2_an_answering_device_is_left_alone) {
    start(q());
    unmap_one(*a);
    EXPECT_FALSE(fenced(*a));
    EXPECT_EQ(atc_invs["A"], 1u);
    EXPECT_FALSE(blocked(*a));
    EXPECT_FALSE(warned());
}

TEST_P(Lenient, H_58_off_and_Q1_let_the_flush_return_before_any_fence_stands) {
    start_dead(q());
    unmap_and([&] {
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
        EXPECT_FALSE(to_master(a->dev).ats_broken);
    });
}

TEST_P(Fencing, H_58_Q2_to_Q5_fence_before_the_flush_returns) {
    start_dead(q());
    unmap_and([&] {
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2");
        EXPECT_TRUE(to_master(a->dev).ats_broken);
        EXPECT_EQ(a->ats_enabled, q() != "Q5");
    });
    EXPECT_EQ(ste_word(0x200), "cdtable s1dss2 eats");
    EXPECT_EQ(quarantine->count().fenced, 1u);
    EXPECT_FALSE(warned());
}

TEST_F(Quarantine, H_54_off_asks_a_dead_device_with_every_unmap) {
    start("off");
    dead = {0x100};
    for (int i = 0; i < 3; ++i) EXPECT_GE(unmap_one(*a), 1ms);
    EXPECT_EQ(atc_invs["A"], 3u);
}

TEST_P(Fencing, H_54_Q2_to_Q5_ask_no_more_once_it_is_fenced) {
    start_dead(q());
    unmap_one(*a);
    atc_invs.clear();
    for (int i = 0; i < 3; ++i) EXPECT_LT(unmap_one(*a), 100us);
    EXPECT_EQ(atc_invs["A"], 0u);
}

TEST_P(ByEats, H_50_Q2_to_Q4_wait_for_the_dead_device_twice) {
    start_dead(q());
    EXPECT_GE(unmap_one(*a), 2ms);
    EXPECT_EQ(atc_invs["A"], 2u);
}

TEST_F(Quarantine, H_50_Q5_waits_for_the_dead_device_once) {
    start_dead("Q5");
    EXPECT_LT(unmap_one(*a), 2ms);
    EXPECT_EQ(atc_invs["A"], 1u);
}

// -- who is guilty --

TEST_F(Quarantine, H_45_Q1_resets_the_last_device_of_the_batch) {
    start("Q1", true);
    dead = {0x100};
    unmap_one(*a);
    EXPECT_EQ(flrs(*a), 0u) << "the guilty one";
    EXPECT_EQ(flrs(*b), 1u);
}

TEST_F(Quarantine, H_45_Q1_alone_in_its_batch_the_guilty_one_is_reset) {
    start("Q1");
    dead = {0x100};
    unmap_and([&] { dead.clear(); });
    EXPECT_EQ(flrs(*a), 1u);
    EXPECT_EQ(flrs(*b), 0u);
    EXPECT_EQ(quarantine->count().reset, 1u);
}

TEST_F(Quarantine, H_46_Q5_fences_every_device_of_the_batch) {
    start("Q5", true);
    dead = {0x100};
    unmap_one(*a);
    EXPECT_TRUE(fenced(*a));
    EXPECT_TRUE(fenced(*b));
}

TEST_P(Fencing, H_46_asked_alone_the_innocent_stays) {
    start(q(), true, {.per_sid_retry = true}, "none");
    dead = {0x100};
    unmap_one(*a);
    EXPECT_TRUE(fenced(*a));
    EXPECT_FALSE(fenced(*b));
}

// -- the fence and attaching --

TEST_P(Fencing, H_43_an_attach_leaves_a_fenced_device_without_ats) {
    start_dead(q());
    unmap_one(*a);
    attach_elsewhere();
    EXPECT_TRUE(fenced(*a));
}

TEST_P(Fencing, H_43_switched_an_attach_turns_ats_on_until_its_own_invalidate_times_out) {
    start_dead(q(), {.attach_ignores_ats_broken = true});
    unmap_one(*a);
    trace.clear();
    attach_elsewhere();
    EXPECT_LT(at("A CFGI_STE cdtable s1dss2 eats"), trace.size());
    EXPECT_TRUE(fenced(*a)) << "fenced again";
}

TEST_P(ByEats, H_44_Q2_to_Q4_an_attach_asks_the_fenced_device_and_reports_it_again) {
    start_dead(q());
    unmap_one(*a);
    atc_invs.clear();
    attach_elsewhere();
    EXPECT_EQ(atc_invs["A"], 2u);
    EXPECT_EQ(quarantine->count().dropped, 1u);
}

TEST_F(Quarantine, H_44_Q5_an_attach_does_not_ask_the_fenced_device) {
    start_dead("Q5");
    unmap_one(*a);
    atc_invs.clear();
    attach_elsewhere();
    EXPECT_EQ(atc_invs["A"], 0u);
    EXPECT_FALSE(warned());
}

TEST_P(Fencing, H_53_a_reset_lifts_the_fence) {
    start(q());
    dead = {0x100};
    unmap_one(*a);
    EXPECT_TRUE(to_master(a->dev).ats_broken);
    dead.clear();
    in_task([&] {
        core->done(*a);  // what the worker has begun, if there is one
        EXPECT_EQ(pci_reset_function(*a, *core, {}), 0);
    });
    EXPECT_FALSE(to_master(a->dev).ats_broken);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
    atc_invs.clear();
    unmap_one(*a);
    EXPECT_EQ(atc_invs["A"], 1u) << "asked again";
}

TEST_P(Fencing, H_53_no_unfence_nothing_brings_ats_back) {
    start(q(), false, {.no_unfence = true});
    dead = {0x100};
    unmap_one(*a);
    dead.clear();
    in_task([&] {
        core->done(*a);
        EXPECT_EQ(pci_reset_function(*a, *core, {}), 0);
    });
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2");
}

// -- report and worker --

TEST_P(ByEats, LinuxFlow_2_Q2_to_Q4_report_and_a_worker_blocks_the_device) {
    start(q());
    dead = {0x100};
    unmap_one(*a);
    EXPECT_TRUE(blocked(*a));
    EXPECT_EQ(ste_word(0x100), "abort");
    EXPECT_EQ(quarantine->count().blocked, 1u);
    EXPECT_EQ(a->dev.group->refs.count(), 1u) << "the work's reference is back";
}

TEST_F(Quarantine, LinuxFlow_2_Q5_tells_the_core_nothing) {
    start("Q5");
    dead = {0x100};
    unmap_one(*a);
    EXPECT_FALSE(blocked(*a));
    EXPECT_EQ(reached("q0"), 0u);
}

TEST_F(Quarantine, H_40_Q2_a_group_of_two_is_not_blocked_and_the_next_report_dropped) {
    start("Q2", true);
    dead = {0x100};
    unmap_one(*a);
    EXPECT_FALSE(blocked(*a));
    EXPECT_TRUE(a->dev.group->requires_reset);
    in_task([&] { report(); });
    EXPECT_EQ(quarantine->count().dropped, 1u);
    EXPECT_EQ(a->dev.group->refs.count(), 1u);
}

TEST_F(Quarantine, H_42_Q2_the_second_device_of_the_group_is_never_blocked) {
    start("Q2", true);
    dead = {0x100, 0x200};
    unmap_one(*a);
    EXPECT_FALSE(blocked(*b));
    EXPECT_EQ(quarantine->count().dropped, 1u);
}

TEST_P(ByDevice, H_42_Q3_and_Q4_block_every_device_that_is_reported) {
    start(q(), true);
    dead = {0x100, 0x200};
    unmap_one(*a);
    EXPECT_TRUE(blocked(*a));
    EXPECT_TRUE(blocked(*b));
}

TEST_F(Quarantine, H_41_Q2_an_unwrapped_cure_leaves_the_flag_and_the_next_report_is_dropped) {
    start("Q2", true);
    dead = {0x100};
    unmap_one(*a);
    dead.clear();  // cured, and nobody called done()
    in_task([&] { to_master(a->dev).unfence(); });
    in_task([&] {
        iommu_domain& d = core->paging_domain_alloc("D2");
        EXPECT_EQ(core->iommu_attach_group(d, *a->dev.group), 0);
    });
    dead = {0x100};
    unmap_one(*a);
    EXPECT_TRUE(fenced(*a)) << "the issuer's fence holds";
    EXPECT_EQ(quarantine->count().dropped, 1u);
}

TEST_F(Quarantine, H_52_Q1_without_memory_in_the_interrupt_the_device_is_never_reset) {
    start("Q1");
    dead = {0x100};
    k.make_fail("gfp_atomic", 0x100, -ENOMEM, 1);
    unmap_and([&] { dead.clear(); });
    EXPECT_EQ(flrs(*a), 0u);
    EXPECT_EQ(quarantine->count().reported, 0u);
}

TEST_F(Quarantine, LinuxFlow_2_Q1_drops_what_is_in_its_list_until_the_worker_is_done) {
    start("Q1");
    in_task([&] {
        report();
        report();
    });
    EXPECT_EQ(quarantine->count().dropped, 1u);
    EXPECT_EQ(flrs(*a), 1u);
    in_task([&] { report(); });
    EXPECT_EQ(flrs(*a), 2u) << "forgotten since";
}

TEST_P(EachQuarantine, LinuxFlow_2_a_report_of_a_device_that_the_iommu_does_not_know) {
    start(q());
    in_task([&] {
        core->iommu_release_device(a->dev);
        report();
        report();
    });
    run_for(1s);
    EXPECT_EQ(flrs(*a), q() == "Q1" ? 1u : 0u) << "Q1 asks no group: it resets what it is told of";
    EXPECT_EQ(reached("p0"), 0u) << "there is nothing to block";
    EXPECT_FALSE(warned());
    EXPECT_FALSE(used_after_free());
}

TEST_F(Quarantine, LinuxFlow_2_unknown_variant_is_refused_by_name) {
    start("off");
    try {
        make_quarantine("Q6", {k, *core, *driver});
        FAIL();
    } catch (const std::invalid_argument& e) {
        EXPECT_NE(std::string(e.what()).find("Q5"), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Variants, EachQuarantine, each_quarantine, variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, Lenient, ::testing::Values("off", "Q1"), variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, Fencing, fencing, variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, ByEats, by_eats, variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, ByDevice, by_device, variant_name);

}  // namespace
}  // namespace drydock::sw::test
