// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sw/pci/probe.h"

namespace drydock::sw {

/// Whether `d` lies below `bridge`, at any depth.
inline bool pci_is_below(const pci_dev& d, const pci_dev& bridge) {
    for (const pci_dev* up = d.bridge; up; up = up->bridge)
        if (up == &bridge) return true;
    return false;
}

/// Everything below a bridge, a bridge before what is below it. A list of its own: who walks it
/// may sleep, and functions may come and go meanwhile.
inline std::vector<pci_dev*> pci_below(const pci_host& host, const pci_dev& bridge) {
    std::vector<pci_dev*> all;
    for (const auto& d : host.devices())
        if (pci_is_below(*d, bridge)) all.push_back(d.get());
    return all;
}

}  // namespace drydock::sw
