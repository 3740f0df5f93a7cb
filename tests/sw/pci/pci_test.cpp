// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/pci_regs.h>

#include "sw/pci/ats.h"
#include "sw/pci/msi.h"
#include "sw/pci/probe.h"
#include "sw/pci/reset.h"
#include "tests/sw/model/model_host.h"

namespace drydock::sw {
namespace {

using test::endpoint_options;
using test::model_host;

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

struct Pci : testing::Test {
    model_host host;
    kernel k{host.doors(), 2};
    std::unique_ptr<pci_host> pci;
    pci_dev* ep = nullptr;

    void build(const endpoint_options& o = {}, unsigned ports = 2) {
        for (unsigned p = 0; p < ports; ++p) {
            host.functions[static_cast<u16>((p + 1) << 3)] = test::make_root_port();
            host.functions[static_cast<u16>((p + 1) << 8)] = test::make_endpoint(o);
        }
        pci_host_config c{.ecam = model_host::ecam,
                          .mem32 = {0x1000'0000, 0x3000'0000},
                          .mem64 = {0x80'0000'0000, u64{64} << 30}};
        pci = std::make_unique<pci_host>(k, c);
        in_task([this] { pci->scan(); });
        ep = pci->find(0x100);
    }
    void in_task(std::function<void()> f) {
        bool done = false;
        k.run_task("t" + std::to_string(++tasks), 0, [&] {
            f();
            done = true;
        });
        host.fake.run(k.now() + 200s);
        ASSERT_TRUE(done);
    }
    int tasks = 0;
    unsigned order(std::string_view point) const {
        unsigned i = 0;
        for (const auto& n : host.fake.notes) {
            ++i;
            if (n.what == hal::note::point && host.fake.text_of(n.a) == point) return i;
        }
        return 0;
    }
};

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

struct recording_iommu final : reset_iommu {
    kernel& k;
    model_host& host;
    int prepare_result = 0;
    std::vector<std::string> log;
    recording_iommu(kernel& kern, model_host& h) : k(kern), host(h) {}
    int prepare(pci_dev&) override {
        log.push_back("prepare flrs=" + std::to_string(host.functions[0x100]->flrs));
        return prepare_result;
    }
    void done(pci_dev&) override {
        log.push_back("done bar=" +
                      std::to_string(host.functions[0x100]->get(PCI_BASE_ADDRESS_0 + 4, 4)));
    }
};

struct recording_driver final : pci_driver {
    std::vector<std::string>& log;
    explicit recording_driver(std::vector<std::string>& l) : log(l) {}
    void reset_prepare(pci_dev&) override { log.push_back("reset_prepare"); }
    void reset_done(pci_dev& d) override {
        log.push_back(std::string("reset_done master=") +
                      (pci_read_config_word(d, PCI_COMMAND) & 4 ? "1" : "0"));
    }
};

TEST_F(Pci, LinuxFlow_4_1_reset_goes_prepare_flr_done_restore_in_this_order) {
    build();
    recording_iommu iommu(k, host);
    recording_driver driver(iommu.log);
    ep->driver = &driver;
    int rc = 1;
    hal::time_point begun{}, ended{};
    in_task([&] {
        pci_enable_device(*ep);
        pci_set_master(*ep);
        pci_enable_ats(*ep, 12);
        begun = k.now();
        rc = pci_reset_function(*ep, iommu, {});
        ended = k.now();
    });
    EXPECT_EQ(rc, 0);
    const std::string bar_lost = "done bar=0";  // done() runs before pci_restore_state()
    EXPECT_EQ(iommu.log, (std::vector<std::string>{"reset_prepare", "prepare flrs=0", bar_lost,
                                                   "reset_done master=1"}));
    EXPECT_GE(ended - begun, 100ms);
    EXPECT_LT(ended - begun, 110ms);
    const auto& f = *host.functions[0x100];
    EXPECT_EQ(f.get(PCI_BASE_ADDRESS_0 + 4, 4), static_cast<u32>(ep->resource[0].start >> 32));
    EXPECT_EQ(f.get(test::ep_ats + PCI_ATS_CTRL, 2), 0x8000u) << "E follows the software flag";
    EXPECT_LT(order("r0"), order("r1"));
    EXPECT_LT(order("r1"), order("s"));
    EXPECT_FALSE(ep->dev.lock.held());
}

TEST_F(Pci, LinuxFlow_4_2_transactions_pending_is_waited_for_before_prepare) {
    build();
    recording_iommu iommu(k, host);
    host.functions[0x100]->put(test::ep_pcie + PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_TRPND, 2);
    in_task([&] {
        const auto begun = k.now();
        EXPECT_FALSE(pci_wait_for_pending_transaction(*ep));
        EXPECT_GE(k.now() - begun, 700ms);
        EXPECT_LT(k.now() - begun, 710ms);
        EXPECT_EQ(pci_reset_function(*ep, iommu, {}), 0) << "goes on anyway";
    });
}

TEST_F(Pci, LinuxFlow_4_2_a_failed_prepare_stops_the_reset) {
    build();
    recording_iommu iommu(k, host);
    iommu.prepare_result = -EBUSY;
    in_task([&] { EXPECT_EQ(pci_reset_function(*ep, iommu, {}), -EBUSY); });
    EXPECT_EQ(host.functions[0x100]->flrs, 0u);
}

TEST_F(Pci, LinuxFlow_4_2_never_ready_gives_ENOTTY_after_65_s_and_still_calls_done) {
    endpoint_options o;
    o.flr_time = hal::duration(1000s);
    build(o);
    recording_iommu iommu(k, host);
    in_task([&] {
        const auto begun = k.now();
        EXPECT_EQ(pci_reset_function(*ep, iommu, {}), -ENOTTY);
        EXPECT_GE(k.now() - begun, 65635ms);  // 100 ms and 1 + 2 + .. + 32768 ms
        EXPECT_LT(k.now() - begun, 65700ms);
    });
    EXPECT_EQ(iommu.log.size(), 2u);
}

TEST_F(Pci, LinuxFlow_4_1_other_methods_and_functions_without_flr_are_refused) {
    endpoint_options o;
    o.flr = false;
    build(o);
    recording_iommu iommu(k, host);
    in_task([&] {
        EXPECT_EQ(pci_reset_function(*ep, iommu, {}), -ENOTTY);
        pci_reset_config bus;
        bus.method = pci_reset_method::bus;
        EXPECT_EQ(pci_reset_function(*ep, iommu, bus), -ENOTTY);
    });
    EXPECT_TRUE(iommu.log.empty());
    EXPECT_THROW(pci_reset_method_from("flrr"), std::invalid_argument);
}

}  // namespace
}  // namespace drydock::sw
