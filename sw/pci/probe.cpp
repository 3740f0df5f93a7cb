// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/probe.h"

#include <linux/pci_regs.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "sw/pci/iov.h"

namespace drydock::sw {

namespace {

constexpr u32 rrs_vendor_id = 0x0001;  // returned for a function that answers RRS
constexpr hal::duration rrs_limit = 60000ms;

std::string default_name(u8 bus, u8 devfn) {
    char text[16];
    std::snprintf(text, sizeof text, "%02x:%02x.%u", bus, devfn >> 3, devfn & 7u);
    return text;
}

/// Vendor and device ID, waiting while the function says that it is not ready yet.
u32 read_id(kernel& k, phys_addr_t config) {
    u32 id = k.readl(config);
    for (hal::duration delay = 1ms; (id & 0xffff) == rrs_vendor_id && delay < rrs_limit;
         delay *= 2) {
        k.sleep(delay);
        id = k.readl(config);
    }
    return id;
}

/// Whether a link lies below this bridge (Linux: only_one_child()).
bool only_one_child(const pci_dev& bridge) {
    return bridge.pcie_cap && bridge.pcie_type != PCI_EXP_TYPE_UPSTREAM;
}

/// ARI forwarding of the port above, if function 0 has the capability (Linux: pci_configure_ari()).
void pci_configure_ari(pci_dev& d) {
    pci_dev* bridge = d.bridge;
    if (!bridge || !bridge->pcie_cap || !d.pcie_cap || d.devfn != 0) return;
    if (!d.ari_cap) {  // another device may have stood here before
        if (!bridge->ari_enabled) return;
        const int control = bridge->pcie_cap + PCI_EXP_DEVCTL2;
        pci_write_config_word(
            *bridge, control,
            pci_read_config_word(*bridge, control) & static_cast<u16>(~PCI_EXP_DEVCTL2_ARI));
        bridge->ari_enabled = false;
        return;
    }
    if (!(pci_read_config_dword(*bridge, bridge->pcie_cap + PCI_EXP_DEVCAP2) & PCI_EXP_DEVCAP2_ARI))
        return;
    const int where = bridge->pcie_cap + PCI_EXP_DEVCTL2;
    pci_write_config_word(*bridge, where,
                          pci_read_config_word(*bridge, where) | PCI_EXP_DEVCTL2_ARI);
    bridge->ari_enabled = true;
}

/// 0 at the last.
u8 pci_ari_next_function(pci_dev& d) {
    return d.ari_cap ? static_cast<u8>(pci_read_config_word(d, d.ari_cap + PCI_ARI_CAP) >> 8) : 0;
}

u8 log2_of(u32 v) {
    u8 n = 0;
    while (v >>= 1) ++n;
    return n;
}

}  // namespace

u8 pcie_path_mps(const std::vector<const pci_dev*>& path) {
    u8 mps = 5;  // 4096 bytes
    for (const auto* d : path) mps = std::min(mps, d->pcie_mpss);
    return mps;
}

void pci_host::scan() {
    scan_bus(0, nullptr);
    pci_assign_resources(devices_, config_.mem32, config_.mem64, config_.slots);
    for (const auto& d : devices_) {
        if (!d->is_bridge) continue;
        pci_enable_device(*d);
        pci_set_master(*d);
    }
    for (const auto& d : devices_)
        if (d->bridge == nullptr) configure_payload(*d);
}

pci_dev* pci_host::find(u16 rid) const {
    for (const auto& d : devices_)
        if (d->rid() == rid) return d.get();
    return nullptr;
}

void pci_host::scan_bus(u8 bus, pci_dev* bridge) {
    const std::size_t first = devices_.size();
    // A link has device 0 only; the bus between the ports of a switch has as many as it has ports.
    const unsigned last_device = bridge && only_one_child(*bridge) ? 0 : 31;
    for (unsigned device = 0; device <= last_device; ++device)
        scan_slot(bus, static_cast<u8>(device << 3), bridge);
    if (bridge) reserve_buses(*bridge);
    std::vector<pci_dev*> bridges;
    for (std::size_t i = first; i < devices_.size(); ++i)
        if (devices_[i]->is_bridge) bridges.push_back(devices_[i].get());
    for (pci_dev* b : bridges) scan_bridge(*b);
}

/// Function 0, and where it says that there are more, those: by the ARI chain if the bridge
/// forwards all numbers, else one after another.
void pci_host::scan_slot(u8 bus, u8 devfn, pci_dev* bridge) {
    pci_dev* f = scan_function(bus, devfn, bridge);
    if (!f) return;
    pci_configure_ari(*f);
    configure_channels(*f);
    const bool ari = bridge && bridge->ari_enabled;
    if (ari) {
        for (u8 next = pci_ari_next_function(*f); f && next > f->devfn;) {
            f = scan_function(bus, next, bridge);
            next = f ? pci_ari_next_function(*f) : u8{0};
        }
    } else if (pci_read_config_byte(*f, PCI_HEADER_TYPE) & 0x80) {
        for (u8 n = 1; n < 8; ++n) scan_function(bus, static_cast<u8>(devfn | n), bridge);
    }
    for (const auto& d : devices_)
        if (d->bridge == bridge && d->bus == bus && !d->sriov) pci_iov_init(*d);
}

void pci_host::configure_channels(pci_dev& function_0) const {
    if (!function_0.bridge || !only_one_child(*function_0.bridge)) return;
    for (const vc_map& m : config_.virtual_channels)
        if (m.port == function_0.bridge->rid()) pci_enable_vcs(*function_0.bridge, function_0, m);
}

/// Virtual functions may lie on buses behind the one of the link.
void pci_host::reserve_buses(const pci_dev& bridge) {
    const unsigned last = bridge.secondary + unsigned{pci_iov_bus_range(*this, bridge)};
    while (next_bus_ != 0 && next_bus_ <= last) {
        if (next_bus_ > config_.last_bus)
            throw std::runtime_error(bridge.dev.name +
                                     ": no bus number left for virtual functions below it");
        ++next_bus_;
    }
}

/// What may come into the slot has buses of its own; what is there takes from them.
void pci_host::reserve_for_slot(const pci_dev& bridge) {
    const unsigned end = bridge.secondary + unsigned{config_.slots.buses};
    if (end > config_.last_bus + 1u)
        throw std::runtime_error(bridge.dev.name + ": no " + std::to_string(config_.slots.buses) +
                                 " bus numbers left for the slot below it");
    // 0 after 255 means that all are given away.
    if (next_bus_ != 0 && next_bus_ < end) next_bus_ = static_cast<u8>(end);
}

std::unique_ptr<pci_dev> pci_host::make(u16 rid, pci_dev* bridge) const {
    const auto bus = static_cast<u8>(rid >> 8), devfn = static_cast<u8>(rid);
    std::string name;
    if (config_.name_of) name = config_.name_of(rid);
    if (name.empty()) name = default_name(bus, devfn);
    auto d = std::make_unique<pci_dev>(k_, config_.ecam, bus, devfn, std::move(name));
    d->bridge = bridge;
    d->below_slot = bridge && (bridge->is_hotplug_bridge || bridge->below_slot);
    return d;
}

pci_dev* pci_host::scan_function(u8 bus, u8 devfn, pci_dev* bridge) {
    const phys_addr_t config = config_.ecam + (u64{bus} << 20) + (u64{devfn} << 12);
    const u32 id = read_id(k_, config);
    if (id == ~0u || id == 0 || (id & 0xffff) == 0xffff) return nullptr;
    auto owned = make(static_cast<u16>(bus << 8 | devfn), bridge);
    pci_dev& d = *owned;
    d.vendor = static_cast<u16>(id);
    d.device_id = static_cast<u16>(id >> 16);
    d.is_bridge = (pci_read_config_byte(d, PCI_HEADER_TYPE) & 0x7f) == PCI_HEADER_TYPE_BRIDGE;
    pci_init_capabilities(d);
    if (!config_.msi) d.msi_cap = d.msix_cap = 0;
    pci_enable_acs(d, config_.acs);
    pcie_set_ecrc_checking(d, config_.ecrc);
    pci_read_bases(d);
    devices_.push_back(std::move(owned));
    return &d;
}

void pci_host::scan_bridge(pci_dev& b) {
    if (next_bus_ == 0 || next_bus_ > config_.last_bus)
        throw std::runtime_error(b.dev.name + ": no bus number left for the bus below this bridge");
    b.secondary = next_bus_++;
    pci_write_config_byte(b, PCI_PRIMARY_BUS, b.bus);
    pci_write_config_byte(b, PCI_SECONDARY_BUS, b.secondary);
    pci_write_config_byte(b, PCI_SUBORDINATE_BUS, 0xff);
    if (b.pcie_cap && b.pcie_type == PCI_EXP_TYPE_ROOT_PORT &&
        (pci_read_config_word(b, b.pcie_cap + PCI_EXP_RTCAP) & PCI_EXP_RTCAP_CRSVIS)) {
        const u16 control = pci_read_config_word(b, b.pcie_cap + PCI_EXP_RTCTL);
        pci_write_config_word(b, b.pcie_cap + PCI_EXP_RTCTL, control | PCI_EXP_RTCTL_CRSSVE);
        b.config_rrs_sv = true;
    }
    scan_bus(b.secondary, &b);
    if (b.is_hotplug_bridge && !b.below_slot) reserve_for_slot(b);
    b.subordinate = static_cast<u8>(next_bus_ - 1);
    pci_write_config_byte(b, PCI_SUBORDINATE_BUS, b.subordinate);
}

void pci_host::configure_payload(pci_dev& root_port) {
    std::vector<pci_dev*> all;
    std::vector<const pci_dev*> path;
    for (const auto& d : devices_) {
        const pci_dev* top = d.get();
        while (top->bridge) top = top->bridge;
        if (top != &root_port || !d->pcie_cap) continue;
        all.push_back(d.get());
        path.push_back(d.get());
    }
    const u8 mps = pcie_path_mps(path);
    const u8 mrrs = log2_of(config_.read_request_bytes / 128);
    for (pci_dev* d : all) {
        const int where = d->pcie_cap + PCI_EXP_DEVCTL;
        u16 control = pci_read_config_word(*d, where);
        control &= static_cast<u16>(~(PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ));
        control |= static_cast<u16>(mps << 5 | mrrs << 12);
        if (d->devcap & PCI_EXP_DEVCAP_EXT_TAG) control |= PCI_EXP_DEVCTL_EXT_TAG;
        pci_write_config_word(*d, where, control);
    }
}

}  // namespace drydock::sw
