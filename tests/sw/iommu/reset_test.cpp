// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/pci_regs.h>

#include <algorithm>

#include "sw/arm_smmu_v3/domain.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/iommu/iommu.h"
#include "sw/pci/ats.h"
#include "sw/pci/probe.h"
#include "tests/sw/model/model_host.h"

namespace drydock::sw {
namespace {

using test::model_host;
using test::taken_command;

/// One or two endpoints behind root ports, SMMU, core; every configuration write to ATS, PASID and
/// DevCtl and every command goes into one trace.
struct Reset : testing::Test {
    model_host host;
    kernel k{host.doors(), 4};
    std::unique_ptr<arm_smmu_device> smmu;
    std::unique_ptr<iommu_core> core;
    std::unique_ptr<pci_host> pci;
    pci_dev *a = nullptr, *b = nullptr;
    std::vector<std::string> trace;
    int tasks = 0;

    void build(std::string_view variant, bool one_group = false) {
        for (u16 p = 0; p < 2; ++p) {
            host.functions[static_cast<u16>((p + 1) << 3)] = test::make_root_port();
            host.functions[static_cast<u16>((p + 1) << 8)] = test::make_endpoint({});
        }
        arm_smmu_config c;
        c.base = model_host::smmu;
        c.gerror_cpu = 3;
        smmu = std::make_unique<arm_smmu_device>(k, c);
        core = std::make_unique<iommu_core>(k, *smmu, make_reset_variant(variant));
        smmu->set_driver_get_domain(
            [this](device& d) { return core->iommu_driver_get_domain_for_dev(d); });
        pci_host_config h{.ecam = model_host::ecam,
                          .mem32 = {0x1000'0000, 0x3000'0000},
                          .mem64 = {0x80'0000'0000, u64{64} << 30}};
        pci = std::make_unique<pci_host>(k, h);
        in_task([&] {
            smmu->reset();
            pci->scan();
            a = bind(0x100, one_group ? "G" : "A");
            b = bind(0x200, one_group ? "G" : "B");
        });
        record();
    }
    pci_dev* bind(u16 rid, const std::string& group) {
        pci_dev* d = pci->find(rid);
        d->dev.iommu = std::make_unique<dev_iommu>();
        d->dev.iommu->ids = {rid};
        EXPECT_EQ(core->iommu_probe_device(d->dev, group, false), 0);
        return d;
    }
    void record() {
        host.on_config_write = [this](u16 rid, unsigned at, u32 v) {
            const std::string who = rid == 0x100 ? "A" : "B";
            if (at == test::ep_ats + PCI_ATS_CTRL)
                trace.push_back(who + (v & 0x8000 ? " ATS on" : " ATS off"));
            if (at == test::ep_pcie + PCI_EXP_DEVCTL && (v & 0x8000)) trace.push_back(who + " FLR");
            if (at == test::ep_pasid + PCI_PASID_CTRL)
                trace.push_back(who + (v & 1 ? " PASID on" : " PASID off"));
        };
        host.on_command = [this](const taken_command& c) {
            const auto sid = c.words[0] >> 32;
            const std::string who = sid == 0x100 ? "A" : "B";
            const auto pasid = std::to_string(c.words[0] >> 12 & 0xfffff);
            if (c.opcode() == 0x40)
                trace.push_back(who + " ATC_INV " +
                                (c.words[0] >> 11 & 1 ? "pasid " + pasid : "rid") +
                                ((c.words[1] & 0x3f) == 52 ? " all" : ""));
            if (c.opcode() == 0x03)
                trace.push_back(who + " CFGI_STE " + ste_word(static_cast<u32>(sid)));
            if (c.opcode() == 0x05) trace.push_back(who + " CFGI_CD " + pasid);
            if (c.opcode() == 0x11) trace.push_back("TLBI_ASID");
            if (c.opcode() == 0x12) trace.push_back("TLBI");
            return true;
        };
    }
    std::string ste_word(u32 sid) const {
        const u64 w0 = host.word(smmu->strtab().ste(sid)),
                  w1 = host.word(smmu->strtab().ste(sid) + 8);
        if (!(w0 & 1)) return "invalid";
        if ((w0 >> 1 & 7) == 0) return "abort";
        return std::string("cdtable s1dss") + std::to_string(w1 & 3) +
               (w1 >> 28 & 1 ? " eats" : "");
    }
    void in_task(std::function<void()> f, unsigned cpu = 0) {
        bool done = false;
        k.run_task("t" + std::to_string(++tasks), cpu, [&] {
            f();
            done = true;
        });
        host.fake.run(k.now() + 100s);
        ASSERT_TRUE(done);
    }
    std::vector<std::string> points() const {
        std::vector<std::string> out;
        for (const auto& n : host.fake.of(hal::note::point)) out.push_back(host.fake.text_of(n.a));
        return out;
    }
    std::size_t at(std::string_view what) const {
        return static_cast<std::size_t>(std::find(trace.begin(), trace.end(), what) -
                                        trace.begin());
    }
    bool warned() const { return !host.fake.of(hal::note::warn).empty(); }
};

TEST_F(Reset, LinuxFlow_3_1_enabling_ats_flushes_the_atc_and_then_sets_enable) {
    build("none");
    in_task([&] { core->iommu_attach_group(*smmu->blocked_domain(), *a->dev.group); });
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
        [&] { EXPECT_EQ(core->iommu_attach_group(*smmu->blocked_domain(), *a->dev.group), 0); });
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
    k.run_task("R", 3, [&] { pci_reset_function(*a, *core, {}); });
    k.run_task("U", 0, [&] {
        k.sleep(50ms);
        commands = host.commands.size();
        c = core->iommu_unmap(*sva, 0x2000, 0x1000, 0x100);
        commands = host.commands.size() - commands;
    });
    host.fake.run(k.now() + 1s);
    EXPECT_EQ(c, unmap_class::none);
    EXPECT_EQ(commands, 0u);
}

TEST_F(Reset, H_01_none_the_ste_keeps_eats_and_an_unmap_sends_its_invalidate) {
    build("none");
    iommu_domain& d = *a->dev.group->domain;
    in_task([&] { core->iommu_map(d, 0x1000, 0x4100'0000, 0x1000, IOMMU_READ); });
    trace.clear();
    unmap_class c = unmap_class::none;
    k.run_task("R", 3, [&] { pci_reset_function(*a, *core, {}); });
    k.run_task("U", 0, [&] {
        k.sleep(50ms);
        EXPECT_EQ(ste_word(0x100), "cdtable s1dss2 eats");
        c = core->iommu_unmap(d, 0x1000, 0x1000, 0x100);
    });
    host.fake.run(k.now() + 1s);
    EXPECT_EQ(c, unmap_class::atc);
    EXPECT_EQ(trace, (std::vector<std::string>{"A FLR", "TLBI", "A ATC_INV rid", "A PASID on",
                                               "A ATS on"}));
}

TEST_F(Reset, H_16_M2_attaching_is_refused_while_a_member_is_reset) {
    build("M2", true);
    int attach = 0, pasid = 0;
    iommu_domain* before = a->dev.group->domain;
    k.run_task("R", 3, [&] { pci_reset_function(*a, *core, {}); });
    k.run_task("T", 1, [&] {
        k.sleep(50ms);
        attach = core->iommu_attach_group(core->paging_domain_alloc("D2"), *a->dev.group);
        pasid = core->iommu_attach_device_pasid(core->sva_domain_alloc("S"), b->dev, 4);
        EXPECT_EQ(core->iommu_deferred_attach(b->dev, *before), 0);
        EXPECT_EQ(core->iommu_driver_get_domain_for_dev(a->dev), smmu->blocked_domain());
        EXPECT_EQ(core->iommu_driver_get_domain_for_dev(b->dev), before)
            << "a sibling keeps its translation";
        EXPECT_EQ(core->iommu_get_domain_for_dev(a->dev), before);
    });
    host.fake.run(k.now() + 1s);
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
    k.run_task("R", 3, [&] { pci_reset_function(*a, *core, {}); });
    k.run_task("T", 1, [&] {
        k.sleep(50ms);
        core->iommu_detach_group(g);
        EXPECT_EQ(ste_word(0x100), "abort") << "a blocked device stays where it is";
    });
    host.fake.run(k.now() + 1s);
    EXPECT_EQ(g.domain, g.default_domain);
    EXPECT_EQ(host.word(to_master(a->dev).cds->cd(0)) >> 48,
              static_cast<arm_smmu_domain*>(g.default_domain)->asid());
    EXPECT_FALSE(warned());
}

TEST_F(Reset, H_28_M2_detaching_a_pasid_of_a_blocked_device_sends_nothing) {
    build("M2");
    in_task([&] { core->iommu_attach_device_pasid(core->sva_domain_alloc("S"), a->dev, 1); });
    std::size_t commands = 1;
    k.run_task("R", 3, [&] { pci_reset_function(*a, *core, {}); });
    k.run_task("T", 1, [&] {
        k.sleep(50ms);
        commands = host.commands.size();
        core->iommu_detach_device_pasid(a->dev, 1);
        commands = host.commands.size() - commands;
    });
    host.fake.run(k.now() + 1s);
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
