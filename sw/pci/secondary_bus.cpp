// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/secondary_bus.h"

#include <linux/pci_regs.h>

#include <algorithm>

#include "sw/pci/walk.h"

namespace drydock::sw {

namespace {

constexpr hal::duration link_limit = 1000ms, link_step = 10ms;
constexpr hal::duration before_training = 20ms;  // PCIe: Detect within 20 ms of a reset's end
constexpr hal::duration reset_to_config = 100ms, ready_limit = 60000ms, slow_limit = 1000ms;
constexpr hal::duration bus_reset = 2ms;
constexpr unsigned fast = 2;  // Supported Link Speeds: up to 5 GT/s no equalisation

unsigned speed_cap(pci_dev& port) {
    return pci_read_config_dword(port, port.pcie_cap + PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_SLS;
}

pci_dev* first_child(const pci_host& host, const pci_dev& bridge) {
    for (const auto& d : host.devices())
        if (d->bridge == &bridge) return d.get();
    return nullptr;
}

/// Up to 5 GT/s the 100 ms count from the end of the reset, and a function that answers is enough.
int wait_slow(pci_dev& bridge, pci_dev& child, std::string_view type) {
    bridge.k.sleep(reset_to_config);
    if (pci_dev_wait(child, type, slow_limit - reset_to_config) == 0) return 0;
    if (!pcie_link_active(bridge)) return -ENOTTY;
    return pci_dev_wait(child, type, ready_limit - slow_limit);
}

int wait_fast(pci_dev& bridge, pci_dev& child, std::string_view type) {
    bridge.k.sleep(before_training);
    if (!pcie_wait_for_link(bridge, true)) {
        bridge.k.log(3, "data link layer link is not active after 1000 ms", bridge.rid());
        return -ENOTTY;
    }
    bridge.k.sleep(reset_to_config);
    return pci_dev_wait(child, type, ready_limit - reset_to_config);
}

}  // namespace

bool pcie_link_active(pci_dev& port) {
    const u16 status = pci_read_config_word(port, port.pcie_cap + PCI_EXP_LNKSTA);
    return status != 0xffff && (status & PCI_EXP_LNKSTA_DLLLA);
}

bool pcie_wait_for_link(pci_dev& port, bool active) {
    for (hal::duration left = link_limit; pcie_link_active(port) != active; left -= link_step) {
        if (left <= 0ms) return false;
        port.k.sleep(link_step);
    }
    return true;
}

int pci_bridge_wait_for_secondary_bus(const pci_host& host, pci_dev& bridge,
                                      std::string_view reset_type) {
    pci_dev* child = first_child(host, bridge);
    if (bridge.disconnected || !child) return 0;
    // The upstream port of a switch has no link below: the bus there is inside.
    if (!bridge.pcie_cap || bridge.pcie_type == PCI_EXP_TYPE_UPSTREAM)
        return wait_slow(bridge, *child, reset_type);
    return speed_cap(bridge) <= fast ? wait_slow(bridge, *child, reset_type)
                                     : wait_fast(bridge, *child, reset_type);
}

int pci_bridge_secondary_bus_reset(const pci_host& host, pci_dev& bridge) {
    call_scope call(bridge.k, "pci_bridge_secondary_bus_reset", bridge.rid());
    const u16 control = pci_read_config_word(bridge, PCI_BRIDGE_CONTROL);
    pci_write_config_word(bridge, PCI_BRIDGE_CONTROL, control | PCI_BRIDGE_CTL_BUS_RESET);
    const auto below = pci_below(host, bridge);
    for (pci_dev* d : below) d->k.point("r0", d->rid());
    bridge.k.sleep(bus_reset);
    pci_write_config_word(bridge, PCI_BRIDGE_CONTROL,
                          control & static_cast<u16>(~PCI_BRIDGE_CTL_BUS_RESET));
    const int rc = pci_bridge_wait_for_secondary_bus(host, bridge, "bus reset");
    for (pci_dev* d : below)
        if (rc == 0) d->k.point("r1", d->rid());
    return call.result(rc);
}

}  // namespace drydock::sw
