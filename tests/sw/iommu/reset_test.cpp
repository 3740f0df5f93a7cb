// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw {
namespace {

using test::Reset;
using test::taken_command;

TEST_F(Reset, LinuxFlow_3_1_enabling_ats_flushes_the_atc_and_then_sets_enable) {
    build("none");
    in_task([&] { core->iommu_attach_group(*driver->blocked_domain(), *a->dev.group); });
    trace.clear();
    in_task([&] { core->iommu_detach_group(*a->dev.group); });
    EXPECT_LT(at("A CFGI_STE cdtable s1dss2 eats"), at("A ATC_INV rid all"));
    EXPECT_LT(at("A ATC_INV rid all"), at("A ATS on"));
    EXPECT_EQ(trace.back(), "A ATS on");
    EXPECT_TRUE(a->ats_enabled);
}

TEST_F(Reset, LinuxFlow_3_1_attach_to_blocked_clears_enable_then_ste_then_flushes) {
    build("none");
    trace.clear();
    in_task(
        [&] { EXPECT_EQ(core->iommu_attach_group(*driver->blocked_domain(), *a->dev.group), 0); });
    ASSERT_LT(at("A CFGI_STE abort"), trace.size());
    EXPECT_EQ(at("A ATS off"), 0u);
    EXPECT_LT(at("A CFGI_STE abort"), at("A ATC_INV rid all"))
        << "the flush comes after E was cleared";
    EXPECT_LT(at("A ATC_INV rid all"), at("TLBI_ASID")) << "the old domain has no user left";
    EXPECT_LT(at("TLBI_ASID"), at("A CFGI_CD 0"));
    EXPECT_EQ(host.word(smmu->strtab().ste(0x100)), 1u);
    EXPECT_EQ(host.word(smmu->strtab().ste(0x100) + 8), 0u);
}

TEST_F(Reset, LinuxFlow_1_M2_points_in_order_and_state_after_the_reset_as_before) {
    build("M2");
    iommu_domain* sva = nullptr;
    in_task([&] {
        sva = &core->sva_domain_alloc("sva");
        EXPECT_EQ(core->iommu_attach_device_pasid(*sva, a->dev, 1), 0);
    });
    trace.clear();
    int rc = 1;
    in_task([&] { rc = pci_reset_function(*a, *core, {}); });
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(points(), (std::vector<std::string>{"p0", "p1", "p2", "p3", "p4", "r0", "r1", "d1",
                                                  "d2", "d3", "d4", "s"}));
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
    EXPECT_TRUE(a->ats_enabled);
    EXPECT_TRUE(host.functions[0x100]->get(test::ep_ats + PCI_ATS_CTRL, 2) & 0x8000u);
    EXPECT_EQ(host.functions[0x100]->get(test::ep_pasid + PCI_PASID_CTRL, 2), 5u);
    EXPECT_EQ(a->dev.group->recovery_cnt, 0u);
    EXPECT_EQ(a->dev.group->pasid_array.at(1), sva);
    EXPECT_FALSE(warned());
}

TEST_F(Reset, LinuxFlow_3_2_with_a_pasid_ats_goes_off_only_with_the_last_pasid) {
    build("M2");
    in_task([&] { core->iommu_attach_device_pasid(core->sva_domain_alloc("sva"), a->dev, 1); });
    trace.clear();
    in_task([&] { pci_reset_function(*a, *core, {}); });
    // RID first: a CD table stays, terminating requests without PASID, ATS still on.
    EXPECT_LT(at("A CFGI_STE cdtable s1dss0 eats"), at("A CFGI_CD 1"));
    EXPECT_LT(at("A CFGI_CD 1"), at("A ATC_INV pasid 1 all"));
    EXPECT_LT(at("A ATC_INV pasid 1 all"), at("A ATS off"));
    EXPECT_LT(at("A ATS off"), at("A CFGI_STE abort"));
    EXPECT_LT(at("A CFGI_STE abort"), at("A FLR"));
    // done() before pci_restore_state(): ATS on, PASID attached, and only then PASID Enable is
    // written.
    const auto flr = trace.begin() + static_cast<std::ptrdiff_t>(at("A FLR"));
    const auto on = std::find(flr, trace.end(), "A ATS on");
    const auto cd = std::find(flr, trace.end(), "A CFGI_CD 1");
    const auto pasid = std::find(flr, trace.end(), "A PASID on");
    EXPECT_LT(on - flr, cd - flr);
    EXPECT_LT(cd - flr, pasid - flr);
    EXPECT_NE(pasid, trace.end());
    EXPECT_EQ(std::count_if(flr, on,
                            [](auto& s) { return s.find("ATC_INV pasid") != std::string::npos; }),
              0);
}

TEST_F(Reset, H_01_M2_an_unmap_between_p4_and_r1_sends_no_invalidate) {
    build("M2");
    iommu_domain* sva = nullptr;
    in_task([&] {
        sva = &core->sva_domain_alloc("sva");
        core->iommu_attach_device_pasid(*sva, a->dev, 1);
        EXPECT_EQ(core->iommu_map(*sva, 0x1000, 0x4100'0000, 0x2000, IOMMU_READ | IOMMU_WRITE), 0);
        EXPECT_EQ(core->iommu_unmap(*sva, 0x1000, 0x1000, 0x100), unmap_class::atc);
    });
    unmap_class c = unmap_class::atc;
    std::size_t commands = 0;
    during_reset(*a, [&] {
        commands = host.commands.size();
        c = core->iommu_unmap(*sva, 0x2000, 0x1000, 0x100);
        commands = host.commands.size() - commands;
    });
    EXPECT_EQ(c, unmap_class::none);
    EXPECT_EQ(commands, 0u);
}

TEST_F(Reset, H_01_none_the_ste_keeps_eats_and_an_unmap_sends_its_invalidate) {
    build("none");
    iommu_domain& d = *a->dev.group->domain;
    in_task([&] { core->iommu_map(d, 0x1000, 0x4100'0000, 0x1000, IOMMU_READ); });
    trace.clear();
    unmap_class c = unmap_class::none;
    during_reset(*a, [&] {
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
        c = core->iommu_unmap(d, 0x1000, 0x1000, 0x100);
    });
    EXPECT_EQ(c, unmap_class::atc);
    EXPECT_EQ(trace, (std::vector<std::string>{"A FLR", "TLBI", "A ATC_INV rid", "A PASID on",
                                               "A ATS on"}));
}

TEST_F(Reset, H_16_M2_attaching_is_refused_while_a_member_is_reset) {
    build("M2", true);
    int attach = 0, pasid = 0;
    iommu_domain* before = a->dev.group->domain;
    during_reset(*a, [&] {
        attach = core->iommu_attach_group(core->paging_domain_alloc("D2"), *a->dev.group);
        pasid = core->iommu_attach_device_pasid(core->sva_domain_alloc("S"), b->dev, 4);
        EXPECT_EQ(core->iommu_deferred_attach(b->dev, *before), 0);
        EXPECT_EQ(core->iommu_driver_get_domain_for_dev(a->dev), driver->blocked_domain());
        EXPECT_EQ(core->iommu_driver_get_domain_for_dev(b->dev), before)
            << "a sibling keeps its translation";
        EXPECT_EQ(core->iommu_get_domain_for_dev(a->dev), before);
    });
    EXPECT_EQ(attach, -EBUSY);
    EXPECT_EQ(pasid, -EBUSY);
    in_task([&] {
        EXPECT_EQ(core->iommu_attach_group(core->paging_domain_alloc("D3"), *a->dev.group), 0);
    });
}

TEST_F(Reset, H_27_M2_detaching_passes_the_fence_and_done_attaches_the_new_domain) {
    build("M2");
    iommu_group& g = *a->dev.group;
    in_task([&] { EXPECT_EQ(core->iommu_attach_group(core->paging_domain_alloc("D1"), g), 0); });
    during_reset(*a, [&] {
        core->iommu_detach_group(g);
        EXPECT_EQ(ste_word(0x100), "abort") << "a blocked device stays where it is";
    });
    EXPECT_EQ(g.domain, g.default_domain);
    EXPECT_EQ(host.word(to_master(a->dev).cds->cd(0)) >> 48,
              static_cast<arm_smmu_domain*>(g.default_domain)->asid());
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_28_M2_detaching_a_pasid_of_a_blocked_device_sends_nothing) {
    build("M2");
    in_task([&] { core->iommu_attach_device_pasid(core->sva_domain_alloc("S"), a->dev, 1); });
    std::size_t commands = 1;
    during_reset(*a, [&] {
        commands = host.commands.size();
        core->iommu_detach_device_pasid(a->dev, 1);
        commands = host.commands.size() - commands;
    });
    EXPECT_EQ(commands, 0u);
    EXPECT_TRUE(a->dev.group->pasid_array.empty());
}

TEST_F(Reset, H_20a_M2_nested_prepare_and_done_act_only_at_the_outermost) {
    build("M2");
    in_task([&] {
        EXPECT_EQ(core->prepare(*a), 0);
        const auto commands = host.commands.size();
        EXPECT_EQ(core->prepare(*a), 0);
        core->done(*a);
        EXPECT_EQ(host.commands.size(), commands);
        EXPECT_EQ(ste_word(0x100), "abort");
        core->done(*a);
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
    });
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_20c_M2_an_extra_done_warns_and_changes_nothing) {
    build("M2", true);
    in_task([&] {
        core->prepare(*a);
        core->done(*b);
        EXPECT_TRUE(warned());
        EXPECT_EQ(ste_word(0x100), "abort");
        EXPECT_EQ(a->dev.group->recovery_cnt, 1u);
        core->done(*a);
    });
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
}

TEST_F(Reset, H_12_M2_two_resets_in_one_group_both_end_attached) {
    build("M2", true);
    k.run_task("RA", 2, [&] { EXPECT_EQ(pci_reset_function(*a, *core, {}), 0); });
    k.run_task("RB", 3, [&] { EXPECT_EQ(pci_reset_function(*b, *core, {}), 0); });
    host.fake.run(k.now() + 1s);
    EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
    EXPECT_EQ(ste_word(0x200), "cdtable s1dss2 eats");
    EXPECT_EQ(a->dev.group->recovery_cnt, 0u);
}

TEST_F(Reset, H_26_M2_without_a_domain_the_device_stays_parked) {
    build("M2");
    in_task([&] {
        core->prepare(*a);
        a->dev.group->domain = nullptr;
        core->done(*a);
    });
    EXPECT_EQ(ste_word(0x100), "abort");
    EXPECT_FALSE(warned());
}

TEST_F(Reset, a_device_without_ats_or_iommu_is_left_alone) {
    build("M2");
    a->ats_cap = 0;
    const auto commands = host.commands.size();
    in_task([&] {
        EXPECT_EQ(core->prepare(*a), 0);
        core->done(*a);
    });
    EXPECT_EQ(host.commands.size(), commands);
    EXPECT_TRUE(points().empty());
}

TEST_F(Reset, LinuxFlow_3_3_unmap_order_is_pte_tlbi_sync_atc_inv_sync) {
    build("none");
    iommu_domain& d = *a->dev.group->domain;
    in_task([&] { core->iommu_map(d, 0x7000, 0x4100'0000, 0x1000, IOMMU_READ); });
    host.commands.clear();
    host.fake.notes.clear();
    bool cleared_first = false;
    host.on_command = [&](const taken_command& c) {
        if (c.opcode() == 0x12) cleared_first = d.iova_to_phys(0x7000) == 0;
        return true;
    };
    in_task([&] { core->iommu_unmap(d, 0x7000, 0x1000, 0x100); });
    EXPECT_TRUE(cleared_first);
    EXPECT_EQ(host.opcodes(), (std::vector<u8>{0x12, 0x46, 0x40, 0x46}));
    std::vector<u64> stages;
    for (const auto& n : host.fake.of(hal::note::stage)) stages.push_back(n.a);
    EXPECT_EQ(stages, (std::vector<u64>{32, 33, 34, 35, 0, 1, 36, 16, 37}));
    const auto complete = host.fake.of(hal::note::unmap_complete);
    ASSERT_EQ(complete.size(), 1u);
    EXPECT_EQ(complete[0].c, 0x4100'0000u);
    EXPECT_EQ(complete[0].d, 2u);
}

TEST_F(Reset, variants_are_known_by_name) {
    EXPECT_EQ(make_reset_variant("M2")->name(), "M2");
    EXPECT_THROW(make_reset_variant("M9"), std::invalid_argument);
}

}  // namespace
}  // namespace drydock::sw
