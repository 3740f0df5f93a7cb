// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw {
namespace {

using test::Reset;
using test::reset_setup;

// -- what else happens to the device while it is being reset --

TEST_F(Reset, LinuxFlow_1_M2_prepare_waits_at_p0_for_who_holds_the_group_mutex) {
    build("M2");
    hal::time_point freed{}, blocked{};
    k.run_task("T", 1, [&] {
        guard hold(a->dev.group->lock);
        k.sleep(5ms);
        EXPECT_EQ(points(), (std::vector<std::string>{"p0"}));
        EXPECT_EQ(host.functions[0x100]->flrs, 0u);
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
        freed = k.now();
    });
    host.on_config_write = [&](u16 rid, unsigned at, u32) {
        if (rid == 0x100 && at == test::ep_ats + PCI_ATS_CTRL && blocked == 0s) blocked = k.now();
    };
    start_reset(*a);
    host.fake.run(k.now() + 1s);
    EXPECT_GE(blocked, freed);
    EXPECT_EQ(reset_result(*a), 0);
}

TEST_F(Reset, H_32_M2_the_group_mutex_is_free_while_the_function_is_in_reset) {
    build("M2");
    during_reset(*a, [&] {
        EXPECT_FALSE(a->dev.group->lock.held());
        EXPECT_TRUE(a->dev.lock.held());
        EXPECT_TRUE(a->bridge->dev.lock.held());
    });
    EXPECT_FALSE(a->dev.lock.held());
    EXPECT_FALSE(a->bridge->dev.lock.held());
}

TEST_F(Reset, H_16_M2_every_pasid_attach_is_refused_and_succeeds_after_the_reset) {
    build("M2");
    iommu_domain& sva = attach_pasid(*a, 1);
    iommu_domain& other = core->sva_domain_alloc("other");
    during_reset(*a, [&] {
        EXPECT_EQ(core->iommu_attach_device_pasid(other, a->dev, 2), -EBUSY);
        EXPECT_EQ(core->iommu_replace_device_pasid(other, a->dev, 1), -EBUSY);
    });
    EXPECT_EQ(a->dev.group->pasid_array.at(1), &sva);
    in_task([&] {
        EXPECT_EQ(core->iommu_attach_device_pasid(other, a->dev, 2), 0);
        EXPECT_EQ(core->iommu_replace_device_pasid(other, a->dev, 1), 0);
    });
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_16_none_refuses_nothing) {
    build("none");
    attach_pasid(*a, 1);
    iommu_domain& d2 = core->paging_domain_alloc("D2");
    during_reset(*a, [&] {
        EXPECT_EQ(core->iommu_attach_group(d2, *a->dev.group), 0);
        EXPECT_EQ(core->iommu_attach_device_pasid(core->sva_domain_alloc("S"), a->dev, 2), 0);
        EXPECT_EQ(core->iommu_driver_get_domain_for_dev(a->dev), &d2);
    });
}

TEST_F(Reset, H_28_none_detaching_a_pasid_during_the_reset_sends_its_invalidate) {
    build("none");
    attach_pasid(*a, 1);
    std::vector<u8> sent;
    during_reset(*a,
                 [&] { sent = commands_of([&] { core->iommu_detach_device_pasid(a->dev, 1); }); });
    EXPECT_EQ(std::count(sent.begin(), sent.end(), CMDQ_OP_ATC_INV), 1);
}

TEST_F(Reset, H_28_M2_a_pasid_detached_during_the_reset_does_not_come_back) {
    build("M2");
    attach_pasid(*a, 1);
    attach_pasid(*a, 2);
    during_reset(*a, [&] { core->iommu_detach_device_pasid(a->dev, 1); });
    EXPECT_EQ(host.word(to_master(a->dev).cds->cd(1)) >> 31 & 1, 0u);
    EXPECT_EQ(host.word(to_master(a->dev).cds->cd(2)) >> 31 & 1, 1u);
    EXPECT_FALSE(warned());
}

TEST_F(Reset, LinuxFlow_1_M2_a_second_reset_of_the_same_device_waits_for_the_first) {
    build("M2");
    attach_pasid(*a, 1);
    std::vector<hal::time_point> ended;
    for (unsigned cpu : {2u, 3u})
        k.run_task("R" + std::to_string(cpu), cpu, [&] {
            EXPECT_EQ(pci_reset_function(*a, *core, {}), 0);
            ended.push_back(k.now());
        });
    host.fake.run(k.now() + 1s);
    ASSERT_EQ(ended.size(), 2u);
    EXPECT_GE(ended[1] - ended[0], 100ms);
    EXPECT_EQ(host.functions[0x100]->flrs, 2u);
    const auto all = points();
    EXPECT_LT(std::find(all.begin(), all.end(), "s") - all.begin(), 13);
    EXPECT_EQ(std::count(all.begin(), all.end(), "d4"), 2);
    EXPECT_EQ(a->dev.group->recovery_cnt, 0u);
    EXPECT_EQ(core->dev_to_gdev(a->dev)->reset_depth, 0u);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_29_M2_a_deferred_attach_of_the_blocked_device_is_refused_and_done_realises_it) {
    build(reset_setup{.attach_deferred = true});
    iommu_domain& d = *a->dev.group->domain;
    int during = 0;
    during_reset(*a, [&] { during = core->iommu_deferred_attach(a->dev, d); });
    EXPECT_EQ(during, -EBUSY);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
    const auto& users = static_cast<arm_smmu_domain&>(d).invs().entries();
    in_task([&] { EXPECT_EQ(core->iommu_deferred_attach(a->dev, d), 0); });
    for (const auto& i : users) EXPECT_EQ(i.users, 1u) << "attached once";
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_29_M2_the_deferred_attach_of_a_sibling_passes) {
    build(reset_setup{.one_group = true, .attach_deferred = true});
    EXPECT_EQ(ste_word(0x100), "abort");
    during_reset(*b, [&] {
        EXPECT_EQ(core->iommu_deferred_attach(a->dev, *a->dev.group->domain), 0);
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
        EXPECT_EQ(ste_word(0x200), "abort");
    });
}

TEST_F(Reset, H_30_M2_who_waited_for_a_deferred_attach_does_not_attach_again) {
    build(reset_setup{.attach_deferred = true});
    iommu_domain& d = *a->dev.group->domain;
    for (unsigned cpu : {0u, 1u})
        k.run_task("T" + std::to_string(cpu), cpu,
                   [&] { EXPECT_EQ(core->iommu_deferred_attach(a->dev, d), 0); });
    host.fake.run(k.now() + 10ms);
    for (const auto& i : static_cast<arm_smmu_domain&>(d).invs().entries()) EXPECT_EQ(i.users, 1u);
}

TEST_F(Reset, H_30_none_the_deferred_attach_takes_no_group_mutex) {
    build(reset_setup{.variant = "none", .attach_deferred = true});
    in_task([&] {
        guard hold(a->dev.group->lock);
        EXPECT_EQ(core->iommu_deferred_attach(a->dev, *a->dev.group->domain), 0);
    });
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
}

TEST_F(Reset, an_attach_elsewhere_ends_the_deferral) {
    build(reset_setup{.attach_deferred = true});
    iommu_domain& d2 = core->paging_domain_alloc("D2");
    in_task([&] {
        EXPECT_EQ(core->iommu_attach_group(d2, *a->dev.group), 0);
        EXPECT_EQ(core->iommu_deferred_attach(a->dev, *a->dev.group->default_domain), 0);
    });
    EXPECT_EQ(host.word(to_master(a->dev).cds->cd(0)) >> 48,
              static_cast<arm_smmu_domain&>(d2).asid());
    EXPECT_FALSE(warned());
}

// -- groups --

TEST_F(Reset, H_11_H_14_M2_each_member_of_a_group_is_blocked_by_its_own_reset) {
    build("M2", true);
    iommu_domain& d = *a->dev.group->domain;
    in_task([&] {
        core->iommu_map(d, 0x1000, 0x4100'0000, 0x1000, IOMMU_READ);
        EXPECT_EQ(core->prepare(*a), 0);
        EXPECT_EQ(core->prepare(*b), 0);
        EXPECT_EQ(ste_word(0x200), "abort");
        EXPECT_EQ(a->dev.group->recovery_cnt, 2u);
        EXPECT_EQ(core->iommu_unmap(d, 0x1000, 0x1000, 0x200), unmap_class::none);
        core->done(*a);
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
        EXPECT_EQ(ste_word(0x200), "abort");
        EXPECT_EQ(core->iommu_attach_group(core->paging_domain_alloc("D2"), *a->dev.group), -EBUSY);
        core->done(*b);
    });
    EXPECT_EQ(ste_word(0x200), "cdtable s1dss2 eats");
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_13_M2_a_sibling_keeps_bypass_when_the_groups_pasid_goes) {
    build(reset_setup{.one_group = true, .identity = true});
    attach_pasid(*a, 1);
    EXPECT_EQ(ste_word(0x200), "cdtable s1dss1 eats");
    during_reset(*a, [&] {
        core->iommu_detach_device_pasid(a->dev, 1);
        EXPECT_EQ(ste_word(0x200), "bypass");
        EXPECT_EQ(ste_word(0x100), "abort");
    });
    EXPECT_EQ(ste_word(0x100), "bypass");
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_15_M2_done_sets_the_pasids_of_its_own_device_only) {
    build("M2", true);
    auto& sva = static_cast<arm_smmu_domain&>(attach_pasid(*a, 1));
    in_task([&] { EXPECT_EQ(pci_reset_function(*a, *core, {}), 0); });
    std::vector<u32> users;
    for (const auto& i : sva.invs().entries()) users.push_back(i.users);
    EXPECT_EQ(users, (std::vector<u32>{2, 1, 1})) << "ASID by two devices, each ATC once";
    in_task([&] { core->iommu_detach_device_pasid(a->dev, 1); });
    EXPECT_TRUE(sva.invs().entries().empty());
    EXPECT_FALSE(warned());
}

TEST_F(Reset, LinuxFlow_1_M2_a_sibling_without_pasids_is_skipped) {
    build(reset_setup{.one_group = true, .b = {.pasid = false}});
    attach_pasid(*a, 1);
    in_task([&] {
        EXPECT_EQ(core->iommu_attach_device_pasid(core->sva_domain_alloc("S"), b->dev, 2), -EINVAL);
        EXPECT_EQ(pci_reset_function(*b, *core, {}), 0);
        EXPECT_EQ(pci_reset_function(*a, *core, {}), 0);
    });
    EXPECT_EQ(host.word(to_master(a->dev).cds->cd(1)) >> 31 & 1, 1u);
    EXPECT_FALSE(warned());
}

// -- what the driver asks the core --

TEST_F(Reset, H_08_M2_identity_with_a_pasid_ends_in_abort_at_p4) {
    build(reset_setup{.identity = true});
    attach_pasid(*a, 1);
    in_task([&] {
        core->prepare(*a);
        EXPECT_EQ(ste_word(0x100), "abort");
        EXPECT_FALSE(a->ats_enabled);
        core->done(*a);
    });
}

TEST_F(Reset, H_10_M2_identity_with_a_pasid_is_bypassed_again_after_done) {
    build(reset_setup{.identity = true});
    attach_pasid(*a, 1);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss1 eats");
    in_task([&] { EXPECT_EQ(pci_reset_function(*a, *core, {}), 0); });
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss1 eats");
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_04_M2_a_live_pasid_of_a_blocked_rid_is_removed) {
    build("M2");
    in_task([&] { core->iommu_attach_group(*driver->blocked_domain(), *a->dev.group); });
    attach_pasid(*a, 1);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss0 eats");
    in_task([&] {
        core->prepare(*a);
        EXPECT_EQ(ste_word(0x100), "abort");
        EXPECT_FALSE(a->ats_enabled);
        core->done(*a);
    });
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss0 eats");
}

TEST_F(Reset, H_18_a_device_known_by_several_stream_ids_is_blocked_at_all_of_them) {
    build(reset_setup{.aliases = {0x101, 0x1ff}});
    iommu_domain& d = *a->dev.group->domain;
    in_task([&] {
        core->iommu_map(d, 0x1000, 0x4100'0000, 0x1000, IOMMU_READ);
        const auto sent = commands_of([&] { core->iommu_unmap(d, 0x1000, 0x1000, 0x100); });
        EXPECT_EQ(sent, (std::vector<u8>{0x12, 0x46, 0x40, 0x40, 0x40, 0x46}))
            << "one SYNC for all ATCs";
        core->prepare(*a);
        for (const u32 sid : {0x100u, 0x101u, 0x1ffu}) EXPECT_EQ(ste_word(sid), "abort");
        core->done(*a);
        for (const u32 sid : {0x100u, 0x101u, 0x1ffu})
            EXPECT_EQ(ste_word(sid), "cdtable s1dss2 eats");
    });
}

// -- gaps that every variant has --

TEST_F(Reset, H_66_M2_pasid_enable_is_written_while_ats_is_on) {
    build("M2");
    attach_pasid(*a, 1);
    bool ats = false, seen = false;
    host.on_config_write = [&](u16, unsigned at, u32 v) {
        if (at == test::ep_ats + PCI_ATS_CTRL) ats = v & 0x8000;
        if (at == test::ep_pasid + PCI_PASID_CTRL) seen = ats;
    };
    in_task([&] { EXPECT_EQ(pci_reset_function(*a, *core, {}), 0); });
    EXPECT_TRUE(seen);
}

TEST_F(Reset, H_67_M2_invalidates_go_out_after_d4_while_bus_master_is_still_off) {
    build("M2");
    iommu_domain& d = *a->dev.group->domain;
    in_task([&] {
        pci_enable_device(*a);
        pci_set_master(*a);
        core->iommu_map(d, 0x1000, 0x4100'0000, 0x1000, IOMMU_READ);
    });
    host.fake.on_hold = [](std::string_view, std::string_view point, u16) { return point == "d4"; };
    start_reset(*a);
    host.fake.run(k.now() + 200ms);
    in_task([&] {
        EXPECT_EQ(host.functions[0x100]->get(PCI_COMMAND, 2) & PCI_COMMAND_MASTER, 0u);
        EXPECT_EQ(core->iommu_unmap(d, 0x1000, 0x1000, 0x100), unmap_class::atc);
    });
    EXPECT_TRUE(k.release("R256"));
    host.fake.run(k.now() + 1s);
    EXPECT_EQ(reset_result(*a), 0);
    EXPECT_NE(host.functions[0x100]->get(PCI_COMMAND, 2) & PCI_COMMAND_MASTER, 0u);
}

TEST_F(Reset, H_22_H_24_M2_a_function_that_never_comes_back_is_translated_again) {
    build(reset_setup{.a = {.flr_time = hal::duration(1000s)}});
    const auto begun = k.now();
    hal::time_point ended{};
    start_reset(*a);
    host.fake.on_hold = [&](std::string_view, std::string_view point, u16) {
        if (point == "d4") ended = k.now();
        return false;
    };
    host.fake.run(k.now() + 100s);
    EXPECT_EQ(reset_result(*a), -ENOTTY);
    EXPECT_GE(ended - begun, 65'635ms);
    EXPECT_LT(ended - begun, 65'700ms);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats") << "done() runs after a failed reset, too";
    const auto all = points();
    EXPECT_EQ(std::count(all.begin(), all.end(), "r1"), 0);
}

}  // namespace
}  // namespace drydock::sw
