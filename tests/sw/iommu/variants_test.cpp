// SPDX-License-Identifier: Apache-2.0
// What each published variant of prepare and done gets right and wrong for one device. The lists
// name the variants that are hit; every other one is asked to be clean by the same steps.
#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw::test {
namespace {

const variants shared_pointer{"R5", "M1", "N1", "N2"};  // group->resetting_domain
const variants driver_told_late{"R1", "R2", "R3", "R4", "R5", "M1", "N1", "N2"};

TEST(Variants, H_01_an_unmap_between_p4_and_d1_sends_no_invalidate) {
    for (const auto v : all_variants("none")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        iommu_domain& sva = m.attach_pasid(*m.a, 1);
        bool rid = false, pasid = false;
        m.during_reset(*m.a, [&] {
            rid = m.sends_atc_inv(*m.a->dev.group->domain);
            pasid = m.sends_atc_inv(sva);
        });
        m.host.fake.run(m.k.now() + 1s);
        EXPECT_EQ(m.reset_result(*m.a), 0);
        EXPECT_EQ(rid, v == "none");
        EXPECT_EQ(pasid, v == "none");
    }
}

TEST(Variants, H_03_a_device_that_firmware_wants_mapped_one_to_one) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.a->dev.iommu->require_direct = true;
        bool sent = false;
        m.during_reset(*m.a, [&] { sent = m.sends_atc_inv(*m.a->dev.group->domain); });
        m.host.fake.run(m.k.now() + 1s);
        EXPECT_EQ(m.reset_result(*m.a), v == "R2" ? -EINVAL : 0) << "only R2 gives up";
        EXPECT_EQ(m.host.functions[0x100]->flrs, v == "R2" ? 0u : 1u);
        EXPECT_EQ(sent, v == "R1" || v == "R2") << "R1 resets unprotected";
    }
}

TEST(Variants, H_03_the_policies_for_such_a_device) {
    const auto result = [](std::string_view v, require_direct_policy p) {
        ResetLab m(reset_setup{.variant = v, .core = {.require_direct = p}});
        m.a->dev.iommu->require_direct = true;
        int rc = 1;
        std::string ste;
        m.in_task([&] {
            rc = m.core->prepare(*m.a);
            ste = m.ste_word(0x100);
            if (rc == 0) m.core->done(*m.a);
        });
        return std::pair(rc, ste);
    };
    EXPECT_EQ(result("M2", require_direct_policy::refuse).first, -EINVAL);
    EXPECT_EQ(result("R2", require_direct_policy::ignore), std::pair(0, std::string("abort")));
    // Blocked by a domain that maps only what firmware demands: ATS stays on.
    EXPECT_EQ(result("M2", require_direct_policy::paging),
              std::pair(0, std::string("cdtable s1dss2 eats")));
}

TEST(Variants, H_03_a_driver_without_a_blocked_domain) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(reset_setup{.variant = v, .core = {.static_blocked_domain = false}});
        iommu_domain& d1 = *m.a->dev.group->domain;
        m.in_task([&] {
            const int rc = m.core->prepare(*m.a);
            EXPECT_EQ(rc, v == "R1" || v == "R2" ? -EOPNOTSUPP : 0);
            if (rc != 0) return;
            EXPECT_EQ(m.ste_word(0x100), "cdtable s1dss2 eats") << "an empty paging domain: ATS on";
            EXPECT_FALSE(m.sends_atc_inv(d1));
            m.core->done(*m.a);
            EXPECT_TRUE(m.sends_atc_inv(d1));
        });
    }
}

TEST(Variants, H_04_a_pasid_of_a_rid_that_is_blocked_already) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task(
            [&] { m.core->iommu_attach_group(*m.driver->blocked_domain(), *m.a->dev.group); });
        iommu_domain& sva = m.attach_pasid(*m.a, 1);
        const bool hit = is_one_of(v, {"R1", "R2"});
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            EXPECT_EQ(m.ste_word(0x100), hit ? "cdtable s1dss0 eats" : "abort");
            EXPECT_EQ(m.sends_atc_inv(sva), hit);
            m.core->done(*m.a);
        });
    }
}

TEST(Variants, H_05_whether_done_restores_a_pasid) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.attach_pasid(*m.a, 1);
        m.in_task([&] { EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0); });
        EXPECT_EQ(m.a->dev.group->pasid_array.count(1), 1u);
        EXPECT_EQ(m.cd_valid(*m.a, 1), !is_one_of(v, {"R2", "R3", "R4"}));
        const bool warned = is_one_of(v, {"R4"});
        EXPECT_EQ(m.warned(), warned) << (m.warned() ? m.warnings().front() : "");
    }
}

TEST(Variants, H_06_an_attach_after_a_prepare_that_failed) {
    for (const auto v : all_variants("R2")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        iommu_domain& d2 = m.core->paging_domain_alloc("D2");
        const u16 before = m.asid_of(*m.a), after = static_cast<arm_smmu_domain&>(d2).asid();
        m.fail("attach_dev", 0x100, -ENOMEM);
        m.in_task([&] {
            EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), -ENOMEM);
            EXPECT_EQ(m.core->iommu_attach_group(d2, *m.a->dev.group), 0);
        });
        EXPECT_EQ(m.host.functions[0x100]->flrs, 0u);
        EXPECT_EQ(m.a->dev.group->domain, &d2);
        EXPECT_EQ(m.asid_of(*m.a), v == "R2" ? before : after);
        EXPECT_EQ(m.a->dev.group->refs.count(), 1u);
    }
}

TEST(Variants, H_07_which_call_the_driver_under_a_spinlock) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.attach_pasid(*m.a, 1);
        m.in_task([&] { EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0); });
        EXPECT_EQ(m.sleeps_in_atomic() != 0, is_one_of(v, {"R1", "R2"}));
    }
}

// -- what the driver is told --

TEST(Variants, H_08_identity_with_a_pasid_at_p4) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(reset_setup{.variant = v, .identity = true});
        m.attach_pasid(*m.a, 1);
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            EXPECT_EQ(m.ste_word(0x100), is_one_of(v, driver_told_late) ? "bypass" : "abort");
            m.core->done(*m.a);
        });
    }
}

TEST(Variants, H_09_paging_with_a_pasid_keeps_ats_on_at_p4) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        const bool hit = is_one_of(v, driver_told_late);
        ResetLab m(v);
        m.attach_pasid(*m.a, 1);
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            EXPECT_EQ(m.ste_word(0x100), hit ? "cdtable s1dss0 eats" : "abort");
            EXPECT_EQ(m.a->ats_enabled, hit);
            m.host.functions[0x100]->store(test::ep_pcie + PCI_EXP_DEVCTL, 2,
                                           PCI_EXP_DEVCTL_BCR_FLR, m.k.now());
            m.k.sleep(200ms);
            m.core->done(*m.a);
        });
        // With ATS on at both ends of done() nobody writes Enable, which the FLR has cleared.
        const bool enabled =
            m.host.functions[0x100]->get(test::ep_ats + PCI_ATS_CTRL, 2) & PCI_ATS_CTRL_ENABLE;
        EXPECT_EQ(enabled, !hit);
    }
}

TEST(Variants, H_10_identity_with_a_pasid_after_done) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(reset_setup{.variant = v, .identity = true});
        m.attach_pasid(*m.a, 1);
        m.in_task([&] { EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0); });
        const bool never_set = is_one_of(v, {"R2", "R3", "R4"});  // H-05
        const bool hit = is_one_of(v, shared_pointer);
        EXPECT_EQ(m.ste_word(0x100), never_set ? "bypass"
                                     : hit     ? "cdtable s1dss0 eats"
                                               : "cdtable s1dss1 eats");
    }
}

TEST(Variants, H_10b_who_takes_group_domain_for_the_old_one_loses_an_addressee) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        std::vector<u8> sent;
        m.in_task([&] {
            EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0);
            sent = m.unmap_commands(*m.a->dev.group->domain);
        });
        EXPECT_EQ(std::count(sent.begin(), sent.end(), 0x12), is_one_of(v, {"R1", "R2"}) ? 0 : 1)
            << "TLBI";
    }
}

TEST(Variants, H_10c_a_driver_that_asks_for_the_old_domain_while_depth_stands_for_blocked) {
    for (const auto v : all_variants("N3")) {
        SCOPED_TRACE(v);
        ResetLab m(reset_setup{.variant = v, .core = {.driver_asks_old = true}});
        bool sent = false;
        m.during_reset(*m.a, [&] { sent = m.sends_atc_inv(*m.a->dev.group->domain); });
        EXPECT_EQ(sent, is_one_of(v, {"N3", "N4"})) << "the old domain keeps the device";
    }
}

// -- nested and unbalanced calls --

TEST(Variants, H_20a_nested_prepare_and_done) {
    for (const auto v : all_variants("R2")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            const bool refused = is_one_of(v, {"R5", "M1"});
            EXPECT_EQ(m.core->prepare(*m.a), refused ? -EBUSY : 0);
            EXPECT_EQ(m.warned(), refused || v == "R2" || v == "R4")
                << "R2 and R4 take the old domain's addressee out twice";
            if (refused) return;
            m.core->done(*m.a);
            const bool ends_all = is_one_of(v, {"R2", "R3", "R4", "N1"});
            EXPECT_EQ(m.ste_word(0x100), ends_all ? "cdtable s1dss2 eats" : "abort");
            const std::size_t before = m.warnings().size();
            m.core->done(*m.a);
            EXPECT_EQ(m.ste_word(0x100), "cdtable s1dss2 eats");
            EXPECT_EQ(m.warnings().size() - before, is_one_of(v, {"R2", "R3"}) ? 1u : 0u);
            EXPECT_EQ(m.a->dev.group->refs.count(), v == "R2" ? 2u : 1u) << "R2 leaks one";
        });
    }
}

TEST(Variants, LinuxFlow_1_done_without_prepare) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        const auto sent = m.commands_of([&] { m.in_task([&] { m.core->done(*m.a); }); });
        EXPECT_TRUE(sent.empty());
        // R4 and group->resetting_domain: not an error.
        EXPECT_EQ(m.warned(), !is_one_of(v, {"R4", "R5", "M1", "N1", "N2"}));
        EXPECT_FALSE(m.a->dev.group->lock.held());
        m.in_task([&] { EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), 0); });
        EXPECT_EQ(m.ste_word(0x100), "cdtable s1dss2 eats");
    }
}

// -- failed resets --

TEST(Variants, H_22_H_24_a_function_that_never_comes_back) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(reset_setup{.variant = v, .a = {.flr_time = hal::duration(1000s)}});
        int attach = 1;
        m.in_task([&] {
            EXPECT_EQ(pci_reset_function(*m.a, *m.core, {}), -ENOTTY);
            attach = m.core->iommu_attach_group(m.core->paging_domain_alloc("D2"), *m.a->dev.group);
        });
        const bool clean = is_one_of(v, {"N1", "M3"});
        EXPECT_EQ(m.ste_word(0x100), clean ? "abort" : "cdtable s1dss2 eats");
        EXPECT_EQ(attach, clean ? -EBUSY : 0);
        EXPECT_EQ(m.core->dev_to_gdev(m.a->dev)->blocked, clean);
    }
}

TEST(Variants, H_23_a_later_good_reset_after_a_failed_one) {
    const auto blocked_after = [](std::string_view v, bool only_on_success) {
        ResetLab m(reset_setup{.variant = v, .a = {.flr_time = hal::duration(1000s)}});
        m.in_task([&] {
            EXPECT_EQ(pci_reset_function(*m.a, *m.core, {.done_only_on_success = only_on_success}),
                      -ENOTTY);
            m.host.functions[0x100]->flr_time = 100ms;
            m.host.functions[0x100]->ready_at = m.k.now();
            EXPECT_EQ(pci_reset_function(*m.a, *m.core, {.done_only_on_success = only_on_success}),
                      0);
        });
        return m.ste_word(0x100) == "abort";
    };
    for (const std::string_view v : {"N4", "N6", "M2"}) {
        EXPECT_TRUE(blocked_after(v, true)) << v << ": the depth leaks";
        EXPECT_FALSE(blocked_after(v, false)) << v;
    }
    EXPECT_FALSE(blocked_after("N1", false));
    EXPECT_FALSE(blocked_after("M3", false));
}

TEST(Variants, H_25_a_failed_reattach_warns_and_leaves_hardware_blocked) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.in_task([&] {
            EXPECT_EQ(m.core->prepare(*m.a), 0);
            m.fail("attach_dev", 0x100, -ENOMEM);
            m.core->done(*m.a);
            EXPECT_FALSE(m.core->attach_refused(*m.a->dev.group));
        });
        EXPECT_EQ(m.warnings().size(), 1u);
        EXPECT_EQ(m.ste_word(0x100), "abort");
        EXPECT_FALSE(m.core->dev_to_gdev(m.a->dev)->blocked);
    }
}

TEST(Variants, H_26_a_group_whose_default_domain_could_not_be_had) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(reset_setup{.variant = v, .b_later = true});
        const variants null_in_prepare{"R1", "R2"}, clean{"N3", "N4", "N6", "M2", "M3"};
        m.fail("default_domain_alloc", 0x200, -ENOMEM);
        m.in_task([&] {
            m.b = m.bind(0x200, "B", false, {0x200}, false);
            ASSERT_EQ(m.b->dev.group->domain, nullptr);
            const int rc = m.core->prepare(*m.b);
            EXPECT_EQ(!m.used_after_free().empty(), is_one_of(v, null_in_prepare));
            if (rc == 0) m.core->done(*m.b);
        });
        EXPECT_EQ(m.used_after_free().empty(), is_one_of(v, clean));
        EXPECT_EQ(m.ste_word(0x200), "abort");
    }
}

TEST(Variants, LinuxFlow_1_M3_tells_the_driver_of_a_good_reset_only_and_keeps_the_reason) {
    ResetLab m("M3");
    group_device& gdev = *m.core->dev_to_gdev(m.a->dev);
    std::vector<int> told;
    m.core->on_reset_finished([&](iommu_group& g, pci_dev&, int result) {
        EXPECT_TRUE(g.lock.held_by_current());
        told.push_back(result);
    });
    m.in_task([&] {
        EXPECT_EQ(m.core->prepare(*m.a), 0);
        EXPECT_EQ(gdev.why, gdev_blocked::resetting);
        m.core->done(*m.a, -ENOTTY);
        EXPECT_EQ(gdev.why, gdev_blocked::reset_failed);
        EXPECT_TRUE(told.empty());
        EXPECT_EQ(m.core->prepare(*m.a), 0);
        m.core->done(*m.a, 0);
        EXPECT_EQ(gdev.why, gdev_blocked::no);
        EXPECT_EQ(m.core->quarantine(*m.a), 0);
        EXPECT_EQ(gdev.why, gdev_blocked::quarantined);
        EXPECT_EQ(m.core->iommu_attach_group(m.core->paging_domain_alloc("D"), *m.a->dev.group),
                  -EBUSY);
        EXPECT_EQ(m.core->prepare(*m.a), 0);
        m.core->done(*m.a, 0);
    });
    EXPECT_EQ(told, (std::vector<int>{0, 0}));
    EXPECT_EQ(m.ste_word(0x100), "cdtable s1dss2 eats");
    EXPECT_EQ(m.a->dev.group->recovery_cnt, 0u);
    EXPECT_FALSE(m.warned());
}

TEST(Variants, are_known_by_name) {
    EXPECT_EQ(reset_variants().size(), 14u);
    for (const auto& v : reset_variants()) EXPECT_EQ(make_reset_variant(v.name)->name(), v.name);
    try {
        make_reset_variant("M9");
        FAIL();
    } catch (const std::invalid_argument& e) {
        EXPECT_NE(std::string(e.what()).find("none, R1, R2, R3, R4, R5, M1, N1, N2, N3, N4, N6, "
                                             "M2, M3"),
                  std::string::npos);
    }
}

}  // namespace
}  // namespace drydock::sw::test
