// SPDX-License-Identifier: Apache-2.0
// What happens between the steps of a quarantine.
#include "tests/sw/iommu/quarantine_fixture.h"

namespace drydock::sw::test {
namespace {

TEST_F(Quarantine, H_21_Q2_the_worker_blocks_a_device_that_a_reset_has_healed_meanwhile) {
    start("Q2");
    report_during_reset();
    EXPECT_FALSE(a->dev.group->requires_reset) << "done() has cleared it";
    EXPECT_TRUE(blocked(*a)) << "and nobody calls done() again";
}

TEST_P(ByEats, H_21_tested_again_under_the_device_lock_the_healed_device_stays_free) {
    start(q(), false, {.retest_under_device_lock = true});
    report_during_reset();
    EXPECT_GT(reached("q2"), 0u);
    EXPECT_FALSE(blocked(*a));
}

TEST_P(ByEats, LinuxFlow_2_recovered_before_the_worker_came) {
    start(q());
    in_task([&] {
        report();
        core->reset_finished(*a->dev.group, *a, 0);
    });
    EXPECT_FALSE(blocked(*a));
    EXPECT_EQ(reached("q2"), 0u);
    EXPECT_EQ(a->dev.group->refs.count(), 1u);
}

TEST_F(Quarantine, H_36_Q2_the_group_goes_while_a_report_is_about_to_take_it) {
    start("Q2");
    hold_at("report", "q0");
    k.run_task("report", 1, [&] { report(); });
    run_for(1ms);
    in_task([&] { core->iommu_release_device(a->dev); });
    ASSERT_TRUE(k.release("report"));
    run_for(10ms);
    EXPECT_TRUE(used_after_free());
}

TEST_P(ByDevice, H_36_Q3_and_Q4_the_group_is_freed_when_its_readers_are_gone) {
    start(q());
    hold_at("report", "q0");
    k.run_task("report", 1, [&] { report(); });
    run_for(1ms);
    bool released = false;
    k.run_task("H", 2, [&] {
        core->iommu_release_device(a->dev);
        released = true;
    });
    run_for(10ms);
    ASSERT_TRUE(k.release("report"));
    run_for(10ms);
    EXPECT_TRUE(released);
    EXPECT_FALSE(used_after_free());
    EXPECT_FALSE(warned());
}

TEST_P(EachQuarantine, H_38_a_stream_id_named_twice_is_taken_back_twice) {
    build(reset_setup{.aliases = {0x100}, .quarantine = q()});
    in_task([&] { core->iommu_release_device(a->dev); });
    EXPECT_EQ(used_after_free(), q() != "Q5");
}

TEST_F(Quarantine, H_38_stream_ids_that_differ_are_taken_back_once_each) {
    build(reset_setup{.aliases = {0x101}});
    EXPECT_NE(smmu->find_master(0x101), nullptr);
    in_task([&] { core->iommu_release_device(a->dev); });
    EXPECT_FALSE(used_after_free());
    EXPECT_EQ(smmu->find_master(0x101), nullptr);
    EXPECT_EQ(smmu->find_master(0x100), nullptr);
}

TEST_P(ByEats, H_48_Q2_to_Q4_the_bit_comes_after_the_sync_has_passed) {
    start_dead(q());
    hold_at("cpu3", "i5");
    start_unmap();
    run_for(20ms);
    EXPECT_TRUE(returned);
    EXPECT_FALSE(broken_at_return) << "O2";
    ASSERT_TRUE(k.release("cpu3.irq"));
    run_for(1ms);
}

TEST_P(Fencing, H_48_set_before_the_acknowledge_the_issuer_finds_it) {
    start_dead(q(), {.bit_before_ack = true});
    hold_at("cpu3", "i5");
    start_unmap();
    run_for(20ms);
    ASSERT_TRUE(k.release("cpu3.irq"));
    run_for(20ms);
    EXPECT_TRUE(returned);
    EXPECT_TRUE(to_master(a->dev).ats_broken);
}

TEST_P(Fencing, H_49_two_cpus_find_the_same_death_and_nobody_warns) {
    start(q(), false, {}, "none");
    iommu_domain& sva = core->sva_domain_alloc("sva");
    in_task([&] { EXPECT_EQ(core->iommu_attach_device_pasid(sva, a->dev, 1), 0); });
    dead = {0x100};
    int flushed = 0;
    for (unsigned cpu : {0u, 1u})
        k.run_task("U" + std::to_string(cpu), cpu, [&, cpu] {
            iommu_domain& d = cpu == 0 ? *a->dev.group->domain : sva;
            map(*a, d);
            core->iommu_unmap(d, page, 4096, 0x100);
            ++flushed;
        });
    run_for(100ms);
    EXPECT_EQ(flushed, 2);
    EXPECT_TRUE(fenced(*a));
    EXPECT_FALSE(warned());
}

TEST_P(Fencing, H_57_Q2_takes_a_wait_that_was_too_long_for_a_lost_invalidate_Q3_to_Q5_do_not) {
    start_dead(q());
    atc_timeout = 10s;
    unmap_and([&] { EXPECT_EQ(to_master(a->dev).ats_broken, q() == "Q2"); });
}

TEST_P(TellingErrors, H_57_switched_a_wait_that_was_too_long_fences) {
    start_dead(q(), {.fence_on_poll_timeout = true});
    atc_timeout = 10s;
    unmap_and([&] { EXPECT_TRUE(to_master(a->dev).ats_broken); });
}

TEST_P(EachQuarantine, H_59_all_but_Q5_go_on_with_a_queue_that_they_have_disabled) {
    start(q());
    host.set_reg(0x9c, host.reg(0x9c) | 3u << 24);
    host.raise_gerror(1u | 1u << 8);
    run_for(1ms);
    EXPECT_EQ(host.reg(0x20), 0u);
    EXPECT_EQ(warned(), q() != "Q5");
}

// -- attach and flush, H-70 --

/// U waits for its SYNC, which is held back; R blocks A.
struct AttachUnderFlush : Quarantine {
    bool blocked_ = false;
    bool held_ = true;
    void play(const arm_smmu_options& o) {
        start("off", false, {}, "none", o);
        host.on_command = [this](const taken_command& c) {
            if (c.opcode() == CMDQ_OP_ATC_INV && held_ && !after_) after_ = true;
            return !(after_ && held_ && c.opcode() == CMDQ_OP_CMD_SYNC);
        };
        k.run_task("U", 0, [&] {
            map(*a);
            unmap(*a);
        });
        run_for(1ms);
    }
    /// R takes A out of what the domain tells of its unmaps.
    void detach(bool serialise) {
        const auto& domain = static_cast<arm_smmu_domain&>(*a->dev.group->domain);
        auto& gone = const_cast<arm_smmu_invs&>(domain.invs());
        k.run_task("R", 1, [&, mine = to_master(a->dev).build_invs(domain, true, IOMMU_NO_PASID)] {
            gone.unref(mine, serialise);
            blocked_ = true;
        });
        run_for(10ms);
    }
    bool after_ = false;
};

TEST_F(AttachUnderFlush, H_70_who_detaches_waits_for_the_flush) {
    play({});
    detach(true);
    EXPECT_FALSE(blocked_);
    held_ = false;
    host.run_commands();
    run_for(10ms);
    EXPECT_TRUE(blocked_);
}

TEST_F(AttachUnderFlush, H_70_no_serialise_it_passes_the_flush) {
    play({.no_serialise = true});
    detach(false);
    EXPECT_TRUE(blocked_);
}

INSTANTIATE_TEST_SUITE_P(Variants, EachQuarantine, each_quarantine, variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, Fencing, fencing, variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, ByEats, by_eats, variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, ByDevice, by_device, variant_name);
INSTANTIATE_TEST_SUITE_P(Variants, TellingErrors, ::testing::Values("Q3", "Q4", "Q5"),
                         variant_name);

}  // namespace
}  // namespace drydock::sw::test
