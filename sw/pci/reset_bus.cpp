// SPDX-License-Identifier: Apache-2.0
// Resets of everything below a bridge at once, by a call of their own (linux-flow 4.2): functions
// are locked and saved, the IOMMU is told nothing.
#include "sw/pci/reset_methods.h"
#include "sw/pci/secondary_bus.h"
#include "sw/pci/walk.h"

namespace drydock::sw {

namespace {

/// The bridge and what is below it, in this order. @return false, with nothing locked, if one is
bool try_lock(pci_dev& bridge, const std::vector<pci_dev*>& below) {
    std::vector<pci_dev*> locked;
    const auto take = [&locked](pci_dev& d) {
        if (!pci_dev_trylock(d)) return false;
        locked.push_back(&d);
        return true;
    };
    bool all = take(bridge);
    for (pci_dev* d : below) all = all && take(*d);
    if (all) return true;
    for (auto d = locked.rbegin(); d != locked.rend(); ++d) pci_dev_unlock(**d);
    return false;
}

template <class Reset>
int reset_all(pci_dev& bridge, const pci_reset_config& config, Reset&& reset) {
    const auto below = pci_below(*config.host, bridge);
    if (below.empty()) return -ENOTTY;
    if (!try_lock(bridge, below)) return -EAGAIN;
    for (pci_dev* d : below) pci_reset_save_and_disable(*d);
    const int rc = reset(bridge);
    for (pci_dev* d : below) pci_reset_restore(*d);
    for (auto d = below.rbegin(); d != below.rend(); ++d) pci_dev_unlock(**d);
    pci_dev_unlock(bridge);
    return rc;
}

}  // namespace

int pci_reset_bus(pci_dev& d, const pci_reset_config& config) {
    span_scope span(d.k, hal::span_class::reset, d.rid());
    call_scope call(d.k, "pci_reset_bus", d.rid());
    if (!d.bridge) return call.result(-ENOTTY);
    const int rc = reset_all(*d.bridge, config, [&config](pci_dev& bridge) {
        return config.reset_below ? config.reset_below(bridge)
                                  : pci_bridge_secondary_bus_reset(*config.host, bridge);
    });
    span.result(rc);
    return call.result(rc);
}

int reset_subordinate_store(pci_dev& bridge, const pci_reset_config& config) {
    span_scope span(bridge.k, hal::span_class::reset, bridge.rid());
    call_scope call(bridge.k, "reset_subordinate_store", bridge.rid());
    if (!bridge.is_bridge) return call.result(-ENOTTY);
    const int rc = reset_all(bridge, config, [&config](pci_dev& b) {
        return pci_bridge_secondary_bus_reset(*config.host, b);
    });
    span.result(rc);
    return call.result(rc);
}

}  // namespace drydock::sw
