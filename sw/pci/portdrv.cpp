// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/portdrv.h"

#include <linux/pci_regs.h>

#include <algorithm>
#include <optional>
#include <string>

#include "sw/pci/intx.h"
#include "sw/pci/secondary_bus.h"

namespace drydock::sw {

namespace {

constexpr unsigned most_messages_log2 = 5;  // MSI

unsigned capable_log2(pci_dev& d) {
    const u16 flags = pci_read_config_word(d, d.msi_cap + PCI_MSI_FLAGS);
    return std::min<unsigned>((flags & PCI_MSI_FLAGS_QMASK) >> 1, most_messages_log2);
}

bool is_port(const pci_dev& d) {
    return d.is_bridge && d.pcie_cap &&
           (d.pcie_type == PCI_EXP_TYPE_ROOT_PORT || d.pcie_type == PCI_EXP_TYPE_DOWNSTREAM);
}

}  // namespace

void pci_port_driver::probe() {
    for (const auto& d : host_.devices()) probe(*d);
}

void pci_port_driver::probe(pci_dev& d) {
    if (is_port(d)) serve(d);
    // A reset above takes away what enumeration and the services have written.
    if (d.is_bridge && d.bridge) pci_save_state(d);
}

pci_port_services* pci_port_driver::find(const pci_dev& port) const {
    for (const auto& p : ports_)
        if (&p->port == &port) return p.get();
    return nullptr;
}

void pci_port_driver::serve(pci_dev& port) {
    const bool has_aer = port.aer_cap && port.pcie_type == PCI_EXP_TYPE_ROOT_PORT;
    const bool slot = port.is_hotplug_bridge;
    if (!has_aer && !port.dpc_cap && !slot) return;
    std::optional<u32> wire;
    if (!port.msi_cap && !(wire = pci_intx_line(port)))
        return port.k.log(4, "port without interrupts, hence without services", port.rid());
    if (!wire) {
        if (attach_(port) != 0) return port.k.log(4, "port without services", port.rid());
        enable_messages(port);
    }
    auto services = std::make_unique<pci_port_services>(port);
    std::vector<service> wanted;
    const std::string name = port.dev.name;
    if (has_aer) {
        services->aer = std::make_unique<aer_service>(
            host_, port, [this](pci_dev& bridge) { return reset_below(bridge); }, config_.dpc.order,
            config_.flr);
        aer_service& s = *services->aer;
        wanted.push_back({"aerdrv(" + name + ")", s.message_number(), config_.aer_cpu,
                          [&s] { return s.irq(); }, [&s] { s.thread(); }});
    }
    if (port.dpc_cap) {
        services->dpc = std::make_unique<dpc_service>(host_, port, config_.dpc);
        dpc_service& s = *services->dpc;
        wanted.push_back({"pcie-dpc(" + name + ")", s.message_number(), config_.dpc_cpu,
                          [&s] { return s.irq(); }, [&s] { s.thread(); }});
    }
    if (slot) {
        services->hotplug = std::make_unique<hotplug_service>(host_, port, services->dpc.get(),
                                                              owner_, config_.hotplug_cpu);
        hotplug_service& s = *services->hotplug;
        wanted.push_back({"pciehp(" + name + ")", s.message_number(), config_.hotplug_cpu,
                          [&s] { return s.irq(); }, [&s] { s.thread(); }});
    }
    if (wire)
        request_wire(*wire, std::move(wanted));
    else
        request(port, std::move(wanted));
    if (services->hotplug) services->hotplug->enable();
    if (services->aer) services->aer->enable();
    if (services->dpc) services->dpc->enable();
    ports_.push_back(std::move(services));
}

void pci_port_driver::atc_timeout() const {
    for (const auto& p : ports_)
        if (p->dpc) p->dpc->atc_timeout();
}

int pci_port_driver::reset_below(pci_dev& bridge) const {
    const pci_port_services* s = find(bridge);
    return s && s->hotplug ? s->hotplug->reset_slot()
                           : pci_bridge_secondary_bus_reset(host_, bridge);
}

/// Multiple Message Enable first: the numbers that the services get depend on it.
void pci_port_driver::enable_messages(pci_dev& port) {
    const int where = port.msi_cap + PCI_MSI_FLAGS;
    const u16 flags = pci_read_config_word(port, where) & static_cast<u16>(~PCI_MSI_FLAGS_QSIZE);
    pci_write_config_word(port, where, static_cast<u16>(flags | capable_log2(port) << 4));
}

/// Without MSI all services share the port's wire, and that with others.
void pci_port_driver::request_wire(u32 line, std::vector<service> services) {
    for (service& s : services)
        kernel_.request_wired_irq(line, this, s.name, s.cpu, std::move(s.irq), std::move(s.thread));
}

/// One vector for each message, numbered as the message is; services may share one.
void pci_port_driver::request(pci_dev& port, std::vector<service> services) {
    const unsigned count = 1u << capable_log2(port);
    const u32 first = kernel_.reserve_irqs(count);
    for (unsigned message = 0; message < count; ++message) {
        std::vector<std::function<bool()>> irqs;
        std::vector<std::function<void()>> threads;
        const service* one = nullptr;
        for (const service& s : services) {
            if (s.message != message) continue;
            if (!one) one = &s;
            irqs.push_back(s.irq);
            threads.push_back(s.thread);
        }
        if (!one) continue;
        const auto each = [](auto calls) {
            return [calls = std::move(calls)] {
                for (const auto& call : calls) call();
            };
        };
        kernel_.request_irq(one->name, one->cpu, each(irqs), each(threads), first + message);
    }
    const phys_addr_t doorbell = kernel_.msi_doorbell();
    const int at = port.msi_cap;
    const u16 flags = pci_read_config_word(port, at + PCI_MSI_FLAGS);
    pci_write_config_dword(port, at + PCI_MSI_ADDRESS_LO, static_cast<u32>(doorbell));
    if (flags & PCI_MSI_FLAGS_64BIT)
        pci_write_config_dword(port, at + PCI_MSI_ADDRESS_HI, static_cast<u32>(doorbell >> 32));
    pci_write_config_word(port,
                          at + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
                          static_cast<u16>(first));
    pci_write_config_word(port, at + PCI_MSI_FLAGS, flags | PCI_MSI_FLAGS_ENABLE);
}

}  // namespace drydock::sw
