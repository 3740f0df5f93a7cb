// SPDX-License-Identifier: Apache-2.0
// Recovery where there is no port above, and where firmware owns containment.
#include "sw/pci/aer.h"
#include "sw/pci/dpc.h"
#include "sw/pci/reset_methods.h"
#include "tests/sw/pci/pci_fixture.h"

namespace drydock::sw {
namespace {

using test::model_host;
using test::Pci;
using test::recording_iommu;

constexpr u16 integrated = 0x20, collector = 0x28;  // 00:04.0, 00:05.0

/// A driver that votes for a reset and writes down what it is told.
struct voting_driver final : pci_driver {
    std::vector<std::string> log;
    void reset_prepare(pci_dev&) override {}
    void reset_done(pci_dev&) override {}
    pci_ers_result error_detected(pci_dev&, pci_channel_state s) override {
        log.emplace_back(s == pci_channel_state::frozen ? "frozen" : "other");
        return pci_ers_result::need_reset;
    }
    pci_ers_result slot_reset(pci_dev&) override {
        log.emplace_back("slot_reset");
        return pci_ers_result::recovered;
    }
    void resume(pci_dev&) override { log.emplace_back("resume"); }
};

struct Recovery : Pci {
    void build_with_integrated() {
        for (const auto& [rid, type] :
             {std::pair{integrated, PCI_EXP_TYPE_RC_END}, {collector, PCI_EXP_TYPE_RC_EC}}) {
            host.functions[rid] = test::make_endpoint({});
            host.functions[rid]->put(test::ep_pcie + PCI_EXP_FLAGS,
                                     2u | static_cast<unsigned>(type) << 4, 2);
        }
        build();
    }
};

TEST_F(Recovery, LinuxFlow_4_2_an_integrated_endpoint_is_recovered_by_an_flr_that_is_wrapped) {
    build_with_integrated();
    pci_dev& who = *pci->find(integrated);
    pci_dev& rcec = *pci->find(collector);
    voting_driver driver;
    who.driver = &driver;
    recording_iommu iommu(k, host);
    unsigned bus_resets = 0;
    aer_service aer(
        *pci, rcec,
        [&](pci_dev&) {
            ++bus_resets;
            return 0;
        },
        pci_recovery_order::after_2025_08, [&](pci_dev& d) { return pcie_flr(d, iommu, {}); });
    auto& f = *host.functions[collector];
    f.put(rcec.aer_cap + PCI_ERR_ROOT_STATUS, PCI_ERR_ROOT_UNCOR_RCV | PCI_ERR_ROOT_FATAL_RCV, 4);
    f.put(rcec.aer_cap + PCI_ERR_ROOT_ERR_SRC, u32{integrated} << 16, 4);
    in_task([&] {
        aer.irq();
        aer.thread();
    });
    EXPECT_EQ(driver.log, (std::vector<std::string>{"frozen", "slot_reset", "resume"}));
    EXPECT_EQ(iommu.log.size(), 2u) << "prepare and done, once";
    EXPECT_EQ(host.functions[integrated]->flrs, 1u);
    EXPECT_EQ(bus_resets, 0u);
    EXPECT_EQ(aer.count().recovered, 1u);
}

struct Edr : Recovery {
    static constexpr u16 dpc = 0x180;
    voting_driver driver;
    std::unique_ptr<dpc_service> service;
    void trigger(std::optional<hal::duration> edr, bool lifted_meanwhile = false) {
        build();
        ep->driver = &driver;
        ep->bridge->dpc_cap = dpc;
        auto& port = *host.functions[0x08];
        port.put(dpc + PCI_EXP_DPC_STATUS,
                 PCI_EXP_DPC_STATUS_TRIGGER | PCI_EXP_DPC_STATUS_INTERRUPT, 2);
        service = std::make_unique<dpc_service>(*pci, *ep->bridge, dpc_policy{.edr = edr});
        in_task([&] {
            begun = k.now();
            service->irq();
            if (lifted_meanwhile) port.put(dpc + PCI_EXP_DPC_STATUS, 0, 2);
            service->thread();
        });
    }
    hal::duration until_r0() const {
        for (const auto& n : host.fake.of(hal::note::point))
            if (host.fake.text_of(n.a) == "r0") return n.time - begun;
        return hal::duration::max();
    }
    hal::time_point begun{};
};

TEST_F(Edr, LinuxFlow_4_3_firmware_that_owns_containment_notifies_later) {
    trigger(3ms);
    EXPECT_GE(until_r0(), 3ms);
    EXPECT_LT(until_r0(), 4ms);
    EXPECT_EQ(driver.log, (std::vector<std::string>{"frozen", "slot_reset", "resume"}));
    EXPECT_EQ(service->count().edr, 1u);
    EXPECT_EQ(service->count().recovered, 1u);
}

TEST_F(Edr, LinuxFlow_4_3_without_it_recovery_begins_at_once) {
    trigger({});
    EXPECT_LT(until_r0(), 1ms);
    EXPECT_EQ(service->count().edr, 0u);
    EXPECT_EQ(service->count().recovered, 1u);
}

TEST_F(Edr, LinuxFlow_4_3_a_notification_without_containment_recovers_nothing) {
    trigger(3ms, true);
    EXPECT_TRUE(driver.log.empty());
    EXPECT_EQ(service->count().recovered, 0u);
}

}  // namespace
}  // namespace drydock::sw
