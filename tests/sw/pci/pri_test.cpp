// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/pci/pci_fixture.h"

namespace drydock::sw {
namespace {

using test::Pci;

u32 reg(test::model_host& h, unsigned at, unsigned size) {
    return h.functions[0x100]->get(test::ep_pri + at, size);
}

TEST_F(Pci, P_073_pri_is_enabled_with_at_most_the_capacity_and_only_once) {
    build({.pri = true});
    in_task([&] {
        EXPECT_EQ(pci_enable_pri(*ep, 0), -EINVAL);
        EXPECT_EQ(pci_enable_pri(*ep, 1000), 0);
        EXPECT_EQ(reg(host, PCI_PRI_ALLOC_REQ, 4), 64u) << "all that the function can have";
        EXPECT_EQ(reg(host, PCI_PRI_CTRL, 2), 1u);
        EXPECT_EQ(pci_enable_pri(*ep, 8), -EBUSY);
        EXPECT_EQ(host.fake.of(hal::note::warn).size(), 1u);
        EXPECT_EQ(pci_reset_pri(*ep), -EBUSY) << "only while it is off";
        EXPECT_EQ(host.fake.of(hal::note::warn).size(), 2u);
        pci_disable_pri(*ep);
        EXPECT_EQ(reg(host, PCI_PRI_CTRL, 2), 0u);
        pci_disable_pri(*ep);
        EXPECT_EQ(host.fake.of(hal::note::warn).size(), 3u);
        EXPECT_EQ(pci_reset_pri(*ep), 0);
        EXPECT_EQ(reg(host, PCI_PRI_CTRL, 2), 2u);
    });
}

TEST_F(Pci, P_073_pri_that_has_not_stopped_is_not_enabled_again) {
    build({.pri = true});
    in_task([&] {
        host.functions[0x100]->put(test::ep_pri + PCI_PRI_STATUS, 0, 2);
        EXPECT_FALSE(pci_pri_stopped(*ep));
        EXPECT_EQ(pci_enable_pri(*ep, 8), -EBUSY);
        EXPECT_EQ(reg(host, PCI_PRI_CTRL, 2), 0u);
        EXPECT_TRUE(host.fake.of(hal::note::warn).empty()) << "hardware's state, no mistake";
    });
}

TEST_F(Pci, P_080_a_set_response_failure_does_not_keep_pri_off) {
    build({.pri = true});
    in_task([&] {
        host.functions[0x100]->put(test::ep_pri + PCI_PRI_STATUS,
                                   PCI_PRI_STATUS_STOPPED | PCI_PRI_STATUS_RF, 2);
        EXPECT_EQ(pci_enable_pri(*ep, 8), 0);
    });
}

TEST_F(Pci, functions_without_the_capability_have_no_pri) {
    build();
    in_task([&] {
        pci_pri_init(*ep);
        EXPECT_FALSE(pci_prg_resp_pasid_required(*ep));
        EXPECT_EQ(pci_enable_pri(*ep, 8), -EINVAL);
        EXPECT_EQ(pci_reset_pri(*ep), -EINVAL);
    });
}

TEST_F(Pci, P_079_the_function_says_whether_responses_need_the_pasid) {
    build({.pri = true, .pri_pasid = true});
    in_task([&] {
        pci_pri_init(*ep);
        EXPECT_TRUE(pci_prg_resp_pasid_required(*ep));
    });
}

TEST_F(Pci, LinuxFlow_4_1_pasid_pri_and_ats_come_back_in_this_order_after_a_reset) {
    build({.pri = true});
    std::vector<unsigned> written;
    in_task([&] {
        EXPECT_EQ(pci_enable_pasid(*ep, 0), 0);
        EXPECT_EQ(pci_enable_pri(*ep, 16), 0);
        EXPECT_EQ(pci_enable_ats(*ep, 12), 0);
        pci_save_state(*ep);
        host.functions[0x100]->put(test::ep_pri + PCI_PRI_ALLOC_REQ, 0, 4);
        host.functions[0x100]->put(test::ep_pri + PCI_PRI_CTRL, 0, 2);
        host.on_config_write = [&](u16 rid, unsigned at, u32) {
            if (rid == 0x100 && at >= test::ep_ats && at < test::ep_pri + 16) written.push_back(at);
        };
        pci_restore_state(*ep);
    });
    EXPECT_EQ(written, (std::vector<unsigned>{
                           test::ep_pasid + PCI_PASID_CTRL, test::ep_pri + PCI_PRI_ALLOC_REQ,
                           test::ep_pri + PCI_PRI_CTRL, test::ep_ats + PCI_ATS_CTRL}));
    EXPECT_EQ(reg(host, PCI_PRI_ALLOC_REQ, 4), 16u);
}

}  // namespace
}  // namespace drydock::sw
