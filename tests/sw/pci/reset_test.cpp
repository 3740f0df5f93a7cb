// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/reset.h"

#include "tests/sw/pci/pci_fixture.h"

namespace drydock::sw::test {
namespace {

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
    EXPECT_EQ(f.get(ep_ats + PCI_ATS_CTRL, 2), 0x8000u) << "E follows the software flag";
    EXPECT_LT(order("r0"), order("r1"));
    EXPECT_LT(order("r1"), order("s"));
    EXPECT_FALSE(ep->dev.lock.held());
}

TEST_F(Pci, LinuxFlow_4_1_bridge_then_function_is_locked_device_lock_before_configuration_access) {
    build();
    recording_iommu iommu(k, host);
    host.fake.notes.clear();
    in_task([&] { EXPECT_EQ(pci_reset_function(*ep, iommu, {}), 0); });
    std::vector<std::string> locks;
    for (const auto& n : host.fake.of(hal::note::lock)) locks.push_back(host.fake.text_of(n.a));
    EXPECT_EQ(locks, (std::vector<std::string>{"device_lock(00:01.0)", "pci_cfg_access(00:01.0)",
                                               "device_lock(01:00.0)", "pci_cfg_access(01:00.0)"}));
    EXPECT_EQ(host.fake.of(hal::note::unlock).size(), 4u);
}

TEST_F(Pci, LinuxFlow_4_2_transactions_pending_is_waited_for_before_prepare) {
    build();
    recording_iommu iommu(k, host);
    host.functions[0x100]->put(ep_pcie + PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_TRPND, 2);
    hal::time_point begun{};
    in_task([&] {
        begun = k.now();
        EXPECT_FALSE(pci_wait_for_pending_transaction(*ep));
        EXPECT_GE(k.now() - begun, 700ms);
        EXPECT_LT(k.now() - begun, 710ms);
        begun = k.now();
        EXPECT_EQ(pci_reset_function(*ep, iommu, {}), 0) << "goes on anyway";
    });
    EXPECT_GE(iommu.prepared_at - begun, 700ms);
    EXPECT_EQ(host.functions[0x100]->flrs, 1u);
}

TEST_F(Pci, LinuxFlow_4_2_transactions_that_end_in_time_shorten_the_wait) {
    build();
    auto& f = *host.functions[0x100];
    f.put(ep_pcie + PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_TRPND, 2);
    host.fake.at(k.now() + 150ms, [&] { f.put(ep_pcie + PCI_EXP_DEVSTA, 0, 2); });
    in_task([&] {
        const auto begun = k.now();
        EXPECT_TRUE(pci_wait_for_pending_transaction(*ep));
        EXPECT_GE(k.now() - begun, 300ms) << "looks after 0, 100, 300 and 700 ms";
        EXPECT_LT(k.now() - begun, 301ms);
    });
}

TEST_F(Pci, LinuxFlow_4_2_a_failed_prepare_stops_the_reset_and_the_driver_gets_its_function_back) {
    build();
    recording_iommu iommu(k, host);
    recording_driver driver(iommu.log);
    ep->driver = &driver;
    iommu.prepare_result = -ENOMEM;
    in_task([&] {
        pci_enable_device(*ep);
        pci_set_master(*ep);
        EXPECT_EQ(pci_reset_function(*ep, iommu, {}), -ENOMEM);
    });
    EXPECT_EQ(host.functions[0x100]->flrs, 0u);
    EXPECT_EQ(iommu.log,
              (std::vector<std::string>{"reset_prepare", "prepare flrs=0", "reset_done master=1"}))
        << "no done() without prepare()";
    EXPECT_FALSE(ep->dev.lock.held());
    EXPECT_FALSE(ep->bridge->dev.lock.held());
    EXPECT_EQ(order("r0"), 0u);
}

TEST_F(Pci, LinuxFlow_4_2_readiness_is_looked_for_after_100_ms_and_then_1_2_4_ms) {
    for (const bool rrs_visible : {true, false}) {
        endpoint_options o;
        o.flr_time = 150ms;
        build(o, 1);
        ep->bridge->config_rrs_sv = rrs_visible;  // else: COMMAND reads all ones meanwhile
        recording_iommu iommu(k, host);
        in_task([&] {
            const auto begun = k.now();
            EXPECT_EQ(pci_reset_function(*ep, iommu, {}), 0);
            EXPECT_GE(k.now() - begun, 163ms);
            EXPECT_LT(k.now() - begun, 164ms);
        });
    }
}

TEST_F(Pci, LinuxFlow_4_2_never_ready_gives_ENOTTY_after_65_s_and_still_calls_done) {
    endpoint_options o;
    o.flr_time = hal::duration(1000s);
    build(o);
    recording_iommu iommu(k, host);
    std::vector<hal::time_point> retrained;
    hal::time_point begun{};
    host.on_config_write = [&](u16 rid, unsigned at, u32 v) {
        if (rid == 0x08 && at == 0x40 + PCI_EXP_LNKCTL && (v & PCI_EXP_LNKCTL_RL))
            retrained.push_back(k.now() - begun);
    };
    in_task([&] {
        begun = k.now();
        EXPECT_EQ(pci_reset_function(*ep, iommu, {}), -ENOTTY);
        EXPECT_GE(k.now() - begun, 65635ms);  // 100 ms and 1 + 2 + .. + 32768 ms
        EXPECT_LT(k.now() - begun, 65700ms);
    });
    EXPECT_EQ(iommu.log.size(), 2u);
    EXPECT_EQ(iommu.log.back(), "done bar=0");
    ASSERT_EQ(retrained.size(), 1u) << "once";
    EXPECT_GE(retrained[0], 1123ms) << "when the next sleep would exceed 1 s";
    EXPECT_LT(retrained[0], 1124ms);
    EXPECT_EQ(order("r1"), 0u);
    EXPECT_FALSE(ep->dev.lock.held());
}

TEST_F(Pci, LinuxFlow_4_1_a_sleeping_function_is_powered_up_before_its_state_is_saved) {
    endpoint_options o;
    o.pm = true;
    build(o);
    recording_iommu iommu(k, host);
    auto& f = *host.functions[0x100];
    f.put(ep_pm + PCI_PM_CTRL, 3, 2);
    in_task([&] {
        const auto begun = k.now();
        EXPECT_EQ(pci_reset_function(*ep, iommu, {}), 0);
        EXPECT_GE(k.now() - begun, 110ms);  // 10 ms from D3hot
    });
    EXPECT_EQ(f.get(ep_pm + PCI_PM_CTRL, 2) & 3u, 0u);
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
}  // namespace drydock::sw::test
