// SPDX-License-Identifier: Apache-2.0
// Functions that go and come while everything else works.
#include <linux/pci_regs.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sw/pci/probe.h"

namespace drydock::sw {

void pci_host::remove(pci_dev& d) {
    const auto at = std::find_if(devices_.begin(), devices_.end(),
                                 [&](const auto& x) { return x.get() == &d; });
    if (at == devices_.end()) return;
    removed_.push_back(std::move(*at));
    devices_.erase(at);
}

std::vector<pci_dev*> pci_host::rescan(pci_dev& port) {
    const std::size_t first = devices_.size();
    const u8 next = std::exchange(next_bus_, static_cast<u8>(port.secondary + 1));
    const u8 last = std::exchange(config_.last_bus, port.subordinate);
    std::vector<pci_dev*> found;
    try {
        scan_bus(port.secondary, &port);
        for (std::size_t i = first; i < devices_.size(); ++i) found.push_back(devices_[i].get());
        pci_assign_below(devices_, port, config_.slots);
    } catch (const std::runtime_error& e) {
        k_.log(3, e.what(), port.rid());
        while (devices_.size() > first) remove(*devices_.back());
        found.clear();
    }
    next_bus_ = next;
    config_.last_bus = last;
    for (pci_dev* d : found) {
        if (!d->is_bridge) continue;
        pci_enable_device(*d);
        pci_set_master(*d);
    }
    pci_dev* top = &port;
    while (top->bridge) top = top->bridge;
    if (!found.empty()) configure_payload(*top);
    return found;
}

}  // namespace drydock::sw
