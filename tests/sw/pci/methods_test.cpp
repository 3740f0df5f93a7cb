// SPDX-License-Identifier: Apache-2.0
// The walk over the methods, quirks, and the other calls that reset.
#include "sw/pci/reset_methods.h"
#include "tests/sw/pci/pci_fixture.h"

namespace drydock::sw::test {
namespace {

using method = pci_reset_method;

std::size_t count_of(const std::vector<std::string>& log, std::string_view what) {
    return static_cast<std::size_t>(std::count_if(
        log.begin(), log.end(), [what](const auto& l) { return l.rfind(what, 0) == 0; }));
}

TEST_F(Pci, LinuxFlow_4_1_the_walk_goes_on_after_ENOTTY_and_stops_at_the_first_success) {
    endpoint_options o;
    o.flr = false;
    o.pm = true;
    build(o);
    recording_iommu iommu(k, host);
    std::vector<std::string> calls;
    in_task([&] {
        EXPECT_EQ(
            pci_reset_function(*ep, iommu, {.methods = pci_reset_methods_all(), .host = pci.get()}),
            0);
    });
    for (const auto& n : host.fake.of(hal::note::call)) calls.push_back(host.fake.text_of(n.a));
    EXPECT_EQ(calls, (std::vector<std::string>{"pci_reset_function", "pci_pm_reset"}))
        << "no quirk, no _RST, no FLR, no AF: by power state, not by the bus";
    EXPECT_EQ(count_of(iommu.log, "prepare"), 1u);
}

TEST_F(Pci, LinuxFlow_4_1_any_other_error_ends_the_walk) {
    endpoint_options o;
    o.pm = true;
    build(o);
    recording_iommu iommu(k, host);
    iommu.prepare_result = -EBUSY;
    in_task([&] {
        EXPECT_EQ(pci_reset_function(*ep, iommu, {.methods = {method::flr, method::pm}}), -EBUSY);
    });
    EXPECT_EQ(count_of(iommu.log, "prepare"), 1u);
}

TEST_F(Pci, LinuxFlow_4_2_acpi_takes_as_long_as_firmware_takes_and_its_failure_is_ENOTTY) {
    build();
    recording_iommu iommu(k, host);
    ep->acpi_rst = acpi_reset_method{.takes = 120ms};
    in_task([&] {
        const auto begun = k.now();
        EXPECT_EQ(pci_reset_function(*ep, iommu, {.method = method::acpi}), 0);
        EXPECT_GE(k.now() - begun, 120ms);
        EXPECT_LT(k.now() - begun, 125ms) << "nobody waits for readiness after it";
    });
    EXPECT_EQ(host.functions[0x100]->flrs, 1u);
    ep->acpi_rst->fails = true;
    iommu.log.clear();
    in_task([&] { EXPECT_EQ(pci_reset_function(*ep, iommu, {.method = method::acpi}), -ENOTTY); });
    EXPECT_EQ(iommu.log.size(), 2u) << "prepared and done all the same";
    EXPECT_EQ(host.functions[0x100]->flrs, 1u);
}

TEST_F(Pci, LinuxFlow_4_2_quirks_by_the_ids_of_a_device_and_by_name) {
    build();
    EXPECT_EQ(pci_quirk_of(*ep), pci_quirk::none);
    ep->vendor = 0x8086;
    ep->device_id = 0x0a54;
    EXPECT_EQ(pci_quirk_of(*ep), pci_quirk::delay_250ms_after_flr);
    ep->vendor = 0x1425;
    EXPECT_EQ(pci_quirk_of(*ep), pci_quirk::chelsio_t4);
    ep->quirk = pci_quirk_from("hinic_vf");
    EXPECT_EQ(pci_quirk_of(*ep), pci_quirk::hinic_vf);
    EXPECT_THROW(pci_quirk_from("hinic"), std::invalid_argument);
}

TEST_F(Pci, LinuxFlow_4_2_what_quirks_take) {
    build();
    recording_iommu iommu(k, host);
    const auto takes = [&](pci_quirk quirk) {
        ep->quirk = quirk;
        hal::duration time{};
        in_task([&] {
            const auto begun = k.now();
            EXPECT_EQ(pci_reset_function(*ep, iommu, {.method = method::device_specific}), 0);
            time = k.now() - begun;
        });
        return time;
    };
    EXPECT_LT(takes(pci_quirk::intel_82599_vf), 105ms);
    EXPECT_EQ(iommu.log.size(), 4u) << "two pairs: its own and the FLR's";
    EXPECT_LT(takes(pci_quirk::chelsio_t4), 105ms);
    EXPECT_GE(takes(pci_quirk::nvme_disable_and_flr), 110ms);
    EXPECT_GE(takes(pci_quirk::delay_250ms_after_flr), 350ms);
    ep->firmware_time = 3s;
    const auto firmware = takes(pci_quirk::hinic_vf);
    EXPECT_GE(firmware, 3100ms);
    EXPECT_LT(firmware, 3130ms);
    ep->firmware_time = 60s;
    EXPECT_LT(takes(pci_quirk::hinic_vf), 15130ms) << "given up";
    EXPECT_EQ(host.functions[0x100]->flrs, 6u);
    iommu.log.clear();
    ep->firmware_time = 3s;
    const auto engines = takes(pci_quirk::ivb_igd);
    EXPECT_GE(engines, 3000ms);
    EXPECT_LT(engines, 3020ms);
    ep->firmware_time = 60s;
    EXPECT_LT(takes(pci_quirk::ivb_igd), 10020ms) << "given up";
    EXPECT_EQ(host.functions[0x100]->flrs, 6u) << "it has none";
    EXPECT_EQ(iommu.log.size(), 4u) << "one pair each";
}

TEST_F(Pci, LinuxFlow_4_2_d3cold_takes_the_power_away_behind_prepare) {
    build();
    recording_iommu iommu(k, host);
    const pci_reset_config how{.method = method::d3cold, .host = pci.get()};
    in_task([&] {
        EXPECT_EQ(pci_reset_function(*ep, iommu, how), -ENOTTY) << "no firmware that could";
        EXPECT_EQ(reset_method_store(*ep, {method::d3cold}, iommu, how), -EINVAL);
        EXPECT_EQ(iommu.log.size(), 0u);
        ep->power_off = 200ms;
        EXPECT_EQ(reset_method_store(*ep, {method::d3cold}, iommu, how), 0);
        const u32 bar = pci_read_config_dword(*ep, PCI_BASE_ADDRESS_0 + 4);
        const auto begun = k.now();
        EXPECT_EQ(pci_reset_function(*ep, iommu, how), 0);
        EXPECT_GE(k.now() - begun, 300ms) << "off for 200 ms, 100 ms until it answers";
        EXPECT_LT(k.now() - begun, 500ms);
        EXPECT_EQ(pci_read_config_dword(*ep, PCI_BASE_ADDRESS_0 + 4), bar) << "restored";
        EXPECT_EQ(count_of(iommu.log, "prepare"), 1u);
        EXPECT_EQ(count_of(iommu.log, "done"), 1u);
        ep->bridge->is_hotplug_bridge = true;
        EXPECT_EQ(pci_reset_function(*ep, iommu, how), -ENOTTY) << "the slot's power is hot-plug's";
    });
    EXPECT_EQ(count_of(iommu.log, "prepare"), 1u);
}

TEST_F(Pci, LinuxFlow_4_1_pci_try_reset_function_does_not_wait_and_locks_no_bridge) {
    build();
    recording_iommu iommu(k, host);
    in_task([&] {
        pci_dev_lock(*ep);
        EXPECT_EQ(pci_try_reset_function(*ep, iommu, {}), -EAGAIN);
        pci_dev_unlock(*ep);
        pci_dev_lock(*ep->bridge);
        EXPECT_EQ(pci_try_reset_function(*ep, iommu, {}), 0);
        pci_dev_unlock(*ep->bridge);
    });
    EXPECT_EQ(host.functions[0x100]->flrs, 1u);
    EXPECT_FALSE(ep->dev.lock.held());
    EXPECT_FALSE(ep->cfg_access.held());
}

TEST_F(Pci, LinuxFlow_4_1_pci_reset_function_locked_leaves_state_to_its_caller) {
    build();
    recording_iommu iommu(k, host);
    recording_driver driver(iommu.log);
    ep->driver = &driver;
    in_task([&] {
        pci_dev_lock(*ep);
        EXPECT_EQ(__pci_reset_function_locked(*ep, iommu, {}), 0);
        pci_dev_unlock(*ep);
    });
    EXPECT_EQ(count_of(iommu.log, "reset_"), 0u);
    EXPECT_EQ(host.functions[0x100]->get(PCI_BASE_ADDRESS_0 + 4, 4), 0u) << "BARs are lost";
}

TEST_F(Pci, LinuxFlow_4_2_a_bus_reset_locks_saves_and_restores_everything_below) {
    build();
    recording_iommu iommu(k, host);
    recording_driver driver(iommu.log);
    ep->driver = &driver;
    const pci_reset_config how{.host = pci.get()};
    in_task([&] {
        EXPECT_EQ(pci_reset_bus(*ep, how), 0);
        pci_dev_lock(*ep);
        EXPECT_EQ(pci_reset_bus(*ep, how), -EAGAIN);
        EXPECT_FALSE(ep->bridge->dev.lock.held()) << "what was locked is free again";
        pci_dev_unlock(*ep);
        EXPECT_EQ(reset_subordinate_store(*ep->bridge, how), 0);
        EXPECT_EQ(reset_subordinate_store(*ep, how), -ENOTTY);
        EXPECT_EQ(pci_reset_bus(*ep->bridge, how), -ENOTTY) << "nothing above it";
    });
    EXPECT_EQ(iommu.log, (std::vector<std::string>{"reset_prepare", "reset_done master=0",
                                                   "reset_prepare", "reset_done master=0"}))
        << "no prepare(), no done()";
    EXPECT_FALSE(ep->dev.lock.held());
}

TEST_F(Pci, LinuxFlow_4_2_subordinate_resets_do_not_go_by_the_slot) {
    build();
    unsigned by_slot = 0;
    pci_reset_config how{.host = pci.get()};
    how.reset_below = [&](pci_dev&) {
        ++by_slot;
        return 0;
    };
    in_task([&] {
        EXPECT_EQ(pci_reset_bus(*ep, how), 0);
        EXPECT_EQ(by_slot, 1u);
        EXPECT_EQ(reset_subordinate_store(*ep->bridge, how), 0);
        EXPECT_EQ(by_slot, 1u);
    });
}

TEST_F(Pci, LinuxFlow_4_1_methods_set_through_sysfs_are_those_that_are_walked) {
    endpoint_options o;
    o.pm = true;
    build(o);
    recording_iommu iommu(k, host);
    in_task([&] {
        const pci_reset_config how{.host = pci.get()};
        EXPECT_EQ(reset_method_store(*ep, {method::pm}, iommu, how), 0);
        EXPECT_EQ(pci_reset_function(*ep, iommu, how), 0);
        EXPECT_EQ(host.functions[0x100]->flrs, 0u) << "by power state";
        EXPECT_EQ(reset_method_store(*ep, {method::flr, method::af_flr}, iommu, how), -EINVAL);
        EXPECT_EQ(ep->reset_methods, (std::vector{method::pm})) << "nothing was set";
        EXPECT_EQ(reset_method_store(*ep, {}, iommu, how), 0);
        EXPECT_EQ(ep->reset_methods, (std::vector{method::flr, method::pm, method::bus}));
    });
}

}  // namespace
}  // namespace drydock::sw::test
