// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/msi.h"
#include "tests/sw/pci/pci_fixture.h"

namespace drydock::sw {
namespace {

using test::endpoint_options;
using test::model_host;
using test::Pci;

TEST(Bar, P_171_sizes_of_4_KiB_1_MiB_and_8_GiB) {
    EXPECT_EQ(pci_decode_bar(0xffff'f000, 0).size, 4096u);
    EXPECT_EQ(pci_decode_bar(0xfff0'0000, 0).size, 1u << 20);
    const auto big = pci_decode_bar(0x0000'000c, 0xffff'fffe);
    EXPECT_EQ(big.size, u64{8} << 30);
    EXPECT_TRUE(big.mem64);
    EXPECT_TRUE(big.prefetch);
    EXPECT_TRUE(pci_decode_bar(0xffff'ff01, 0).io);
    EXPECT_EQ(pci_decode_bar(0, 0).size, 0u);
}

TEST(Mps, P_path_minimum) {
    // Only the payload code matters here; a kernel is needed to make a pci_dev.
    model_host host;
    kernel k(host.doors(), 1);
    pci_dev a(k, model_host::ecam, 0, 8, "a"), b(k, model_host::ecam, 1, 0, "b");
    a.pcie_mpss = 2;
    b.pcie_mpss = 5;
    EXPECT_EQ(pcie_path_mps({&a, &b}), 2);
}

TEST_F(Pci, P_174_enumeration_numbers_buses_depth_first_and_opens_windows) {
    build();
    ASSERT_NE(ep, nullptr);
    ASSERT_NE(pci->find(0x200), nullptr);
    ASSERT_EQ(pci->devices().size(), 4u);
    const auto& port = *host.functions[0x08];
    EXPECT_EQ(port.get(PCI_PRIMARY_BUS, 4) & 0xffffff, 0x010100u);
    EXPECT_EQ(ep->bridge, pci->find(0x08));
    EXPECT_EQ(ep->resource[0].size, 0x10000u);
    EXPECT_EQ(ep->resource[0].start % 0x10000, 0u);
    EXPECT_GE(ep->resource[0].start, 0x80'0000'0000u);
    const u64 base = u64{port.get(PCI_PREF_BASE_UPPER32, 4)} << 32 |
                     (port.get(PCI_PREF_MEMORY_BASE, 2) & 0xfff0u) << 16;
    const u64 limit = u64{port.get(PCI_PREF_LIMIT_UPPER32, 4)} << 32 |
                      (port.get(PCI_PREF_MEMORY_LIMIT, 2) & 0xfff0u) << 16 | 0xfffff;
    EXPECT_LE(base, ep->resource[0].start);
    EXPECT_GE(limit, ep->resource[0].start + 0xffff);
    EXPECT_GT(port.get(PCI_MEMORY_BASE, 2), port.get(PCI_MEMORY_LIMIT, 2))
        << "nothing needs the 32-bit window";
    EXPECT_NE(ep->resource[0].start >> 20, pci->find(0x200)->resource[0].start >> 20);
    EXPECT_EQ(port.get(PCI_COMMAND, 2) & 6u, 6u);
    EXPECT_EQ(host.functions[0x100]->get(PCI_COMMAND, 2) & 6u, 0u)
        << "an endpoint waits for its driver";
}

TEST_F(Pci, P_170_capabilities_are_found_once_and_a_cyclic_chain_ends) {
    build();
    EXPECT_EQ(ep->pcie_cap, test::ep_pcie);
    EXPECT_EQ(ep->msix_cap, test::ep_msix);
    EXPECT_EQ(ep->ats_cap, test::ep_ats);
    EXPECT_EQ(ep->pasid_cap, test::ep_pasid);
    host.functions[0x100]->put(test::ep_msix, PCI_CAP_ID_MSIX | test::ep_pcie << 8, 2);
    in_task([&] { EXPECT_EQ(pci_find_capability(*ep, PCI_CAP_ID_AF), 0); });
}

TEST_F(Pci, payload_is_the_minimum_of_the_path) {
    endpoint_options o;
    o.mps = 1;
    build(o);
    EXPECT_EQ(host.functions[0x08]->get(0x40 + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_PAYLOAD,
              1u << 5);
    EXPECT_EQ(
        host.functions[0x100]->get(test::ep_pcie + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_PAYLOAD,
        1u << 5);
}

TEST_F(Pci, LinuxFlow_4_1_ats_enable_and_disable_rules) {
    build();
    auto& f = *host.functions[0x100];
    in_task([&] {
        EXPECT_EQ(pci_enable_ats(*ep, 11), -EINVAL);
        EXPECT_EQ(pci_enable_ats(*ep, 12), 0);
        EXPECT_EQ(f.get(test::ep_ats + PCI_ATS_CTRL, 2), 0x8000u);
        EXPECT_EQ(pci_enable_ats(*ep, 12), -EBUSY);
        EXPECT_EQ(host.fake.of(hal::note::warn).size(), 1u);
        pci_disable_ats(*ep);
        EXPECT_EQ(f.get(test::ep_ats + PCI_ATS_CTRL, 2) & 0x8000u, 0u);
        pci_disable_ats(*ep);
        EXPECT_EQ(host.fake.of(hal::note::warn).size(), 2u);
    });
}

TEST_F(Pci, LinuxFlow_3_2_pasid_goes_on_before_ats) {
    build();
    in_task([&] {
        EXPECT_EQ(pci_max_pasids(*ep), 1 << 20);
        EXPECT_EQ(pci_enable_ats(*ep, 12), 0);
        EXPECT_EQ(pci_enable_pasid(*ep, 0), -EINVAL);
        pci_disable_ats(*ep);
        EXPECT_EQ(pci_enable_pasid(*ep, PCI_PASID_CAP_EXEC), -EINVAL) << "a feature it lacks";
        EXPECT_EQ(pci_enable_pasid(*ep, PCI_PASID_CAP_PRIV), 0);
        EXPECT_EQ(host.functions[0x100]->get(test::ep_pasid + PCI_PASID_CTRL, 2), 5u);
        EXPECT_EQ(pci_enable_pasid(*ep, 0), -EBUSY);
    });
}

TEST_F(Pci, P_163_msix_is_programmed_under_function_mask) {
    build();
    std::vector<u32> control;
    host.on_config_write = [&](u16 rid, unsigned at, u32 v) {
        if (rid == 0x100 && at == test::ep_msix + PCI_MSIX_FLAGS) control.push_back(v);
    };
    in_task([&] {
        EXPECT_EQ(pci_enable_msix(*ep, {{0, 0x800'0040, 33}, {8, 0x800'0040, 34}}), 0);
    });
    const u64 table = ep->resource[0].start + 0x2000;
    EXPECT_EQ(host.bar[table], 0x800'0040u);
    EXPECT_EQ(host.bar[table + 8], 33u);
    EXPECT_EQ(host.bar[table + 8 * 16 + 8], 34u);
    ASSERT_EQ(control.size(), 2u);
    EXPECT_EQ(control[0] & 0xc000u, 0xc000u);
    EXPECT_EQ(control[1] & 0xc000u, 0x8000u);
    in_task([&] { EXPECT_EQ(pci_enable_msix(*ep, {{9, 0, 0}}), -EINVAL); });
}

}  // namespace
}  // namespace drydock::sw
