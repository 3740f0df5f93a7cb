// SPDX-License-Identifier: Apache-2.0
// Devices that go and come while the machine runs: drivers, clients and groups follow.
#include <linux/pci_regs.h>

#include <algorithm>

#include "sw/pci/iov.h"
#include "sw/pci/walk.h"
#include "sw/software.h"

namespace drydock::sw {

void software::remove_below(pci_dev& port, bool gone) {
    guard hold(pci_.rescan_remove);
    auto below = pci_below(pci_, port);
    if (gone)
        for (pci_dev* d : below) {
            d->disconnected = true;
            d->error_state = pci_channel_state::perm_failure;
        }
    std::reverse(below.begin(), below.end());
    for (pci_dev* d : below) take_out(*d);
}

void software::take_out(pci_dev& d) {
    unbind(d);
    core_.iommu_release_device(d.dev);
    pci_disable_sriov(d);
    // No new requests from what stays in its slot until the power goes.
    pci_write_config_word(d, PCI_COMMAND,
                          static_cast<u16>((pci_read_config_word(d, PCI_COMMAND) &
                                            ~(PCI_COMMAND_MASTER | PCI_COMMAND_SERR)) |
                                           PCI_COMMAND_INTX_DISABLE));
    d.disconnected = true;  // services of a port that is removed ask nothing more of it
    pci_.remove(d);
}

/// As Linux's device_release_driver(): under the device's lock, for as long as the driver takes.
void software::unbind(pci_dev& d) {
    const auto found = engines_.find(d.rid());
    if (found == engines_.end() || &found->second->dev() != &d) return;
    guard hold(d.dev.lock);
    call_scope call(kernel_, "device_release_driver", d.rid());
    dma_engine& engine = *found->second;
    engine.quiesce();
    for (auto& c : clients_)
        if (c->config().device == d.rid() && c->bound()) c->unbind();
    engine.remove();
    retired_.push_back(std::move(found->second));
    engines_.erase(found);
}

bool software::add_below(pci_dev& port) {
    guard hold(pci_.rescan_remove);
    const auto found = pci_.rescan(port);
    for (pci_dev* d : found) {
        pci_aer_init(*d);
        port_driver_.probe(*d);
    }
    bind_found(found);
    return !found.empty();
}

/// Drivers of what has come, physical functions first: their virtual ones come with them.
void software::bind_found(const std::vector<pci_dev*>& found) {
    const auto is_found = [&](u16 rid) {
        return std::any_of(found.begin(), found.end(),
                           [&](const pci_dev* d) { return d->rid() == rid; });
    };
    for (const auto& c : config_.devices) {
        if (c.virtual_function || !is_found(c.rid)) continue;
        try {
            bind(c);
            start_bound(c.rid);
            enable_vfs(c);
        } catch (const std::runtime_error& e) {
            kernel_.log(3, e.what(), c.rid);
        }
    }
    for (const auto& c : config_.devices) {
        const pci_dev* d = c.virtual_function ? pci_.find(c.rid) : nullptr;
        if (!d || !d->physfn || !is_found(d->physfn->rid())) continue;
        try {
            bind(c);
            start_bound(c.rid);
        } catch (const std::runtime_error& e) {
            kernel_.log(3, e.what(), c.rid);
        }
    }
}

void software::start_bound(u16 rid) {
    const auto engine = engines_.find(rid);
    if (engine == engines_.end()) return;
    std::vector<client*> mine;
    for (auto& c : clients_)
        if (c->config().device == rid && !c->bound()) mine.push_back(c.get());
    for (client* c : mine) c->rebind(*engine->second);
    engine->second->start(true);
    for (client* c : mine)
        if (c->started()) c->start();
}

// -- as sysfs asks for it --

void software::run_remove(const std::string& task, unsigned cpu, const std::string& device) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d] {
        if (!d) return -ENODEV;
        guard hold(pci_.rescan_remove);
        if (pci_.find(d->rid()) != d) return -ENODEV;  // somebody was faster
        call_scope call(kernel_, "pci_stop_and_remove_bus_device", d->rid());
        take_out(*d);
        return 0;
    });
}

void software::run_add(const std::string& task, unsigned cpu, const std::string& device) {
    const auto c = std::find_if(config_.devices.begin(), config_.devices.end(),
                                [&](const device_config& x) { return x.name == device; });
    run(task, cpu, [this, c] {
        const auto bus = static_cast<u8>(c->rid >> 8);
        for (const auto& d : pci_.devices())
            if (d->is_bridge && d->secondary == bus && !pci_.find(c->rid))
                return add_below(*d) && pci_.find(c->rid) ? 0 : -ENODEV;
        return -ENODEV;
    });
}

void software::run_unbind(const std::string& task, unsigned cpu, const std::string& device) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d] {
        if (!d || !engines_.contains(d->rid())) return -ENODEV;
        unbind(*d);
        return 0;
    });
}

void software::run_bind(const std::string& task, unsigned cpu, const std::string& device) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d] { return d ? bind_again(*d) : -ENODEV; });
}

/// As Linux's device_driver_attach().
int software::bind_again(pci_dev& d) {
    guard hold(d.dev.lock);
    call_scope call(kernel_, "really_probe", d.rid());
    if (engines_.contains(d.rid())) return call.result(-EBUSY);
    try {
        probe_driver(d);
        start_bound(d.rid());
    } catch (const std::runtime_error& e) {
        kernel_.log(3, e.what(), d.rid());
        return call.result(-ENODEV);
    }
    return 0;
}

}  // namespace drydock::sw
