// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sw/pci/acs.h"
#include "sw/pci/ecrc.h"
#include "sw/pci/setup_bus.h"
#include "sw/pci/vc.h"

namespace drydock::sw {

struct pci_host_config {
    phys_addr_t ecam = 0;  ///< bus 0, device 0; 1 MiB per bus
    pci_window mem32;
    pci_window mem64;
    u8 last_bus = 255;
    u32 read_request_bytes = 512;  ///< MRRS of every function: 128 << n
    acs_policy acs = acs_policy::standard;
    ecrc_policy ecrc = ecrc_policy::standard;
    bool msi = true;  ///< false: nothing interrupts by MSI or MSI-X (Linux: pci=nomsi)
    pci_slot_reserve slots = {};
    /// Links that are to use more than VC0.
    std::vector<vc_map> virtual_channels = {};
    /// Name of the function with this Routing ID; empty: "bb:dd.f".
    std::function<std::string(u16 rid)> name_of = {};
};

/// Finds everything below the host bridge, depth first, and makes it addressable: bus numbers,
/// BARs, bridge windows, payload sizes, command registers of bridges. Endpoints stay disabled until
/// a driver takes them.
class pci_host {
public:
    pci_host(kernel& k, pci_host_config config)
        : rescan_remove(k, "pci_rescan_remove_lock"), k_(k), config_(std::move(config)) {}

    mutex rescan_remove;  ///< held by whoever adds or removes functions (Linux: the same)

    /// From a task, once. @throws std::runtime_error if bus numbers or windows do not suffice
    void scan();
    /// In the order of discovery: a bridge before what is below it.
    const std::vector<std::unique_ptr<pci_dev>>& devices() const { return devices_; }
    /// @return null if no function has this Routing ID
    pci_dev* find(u16 rid) const;
    /// The function is gone; the object stays for whoever still holds it.
    void remove(pci_dev&);
    /// Finds what is below a port now, within its bus numbers and windows. @return the new
    /// functions; none if there is no room
    std::vector<pci_dev*> rescan(pci_dev& port);
    /// A function that is found elsewhere than by scan(): a virtual one.
    std::unique_ptr<pci_dev> make(u16 rid, pci_dev* bridge) const;
    void add(std::unique_ptr<pci_dev> d) { devices_.push_back(std::move(d)); }

private:
    void scan_bus(u8 bus, pci_dev* bridge);
    void scan_slot(u8 bus, u8 devfn, pci_dev* bridge);
    pci_dev* scan_function(u8 bus, u8 devfn, pci_dev* bridge);
    void reserve_buses(const pci_dev& bridge);
    void reserve_for_slot(const pci_dev& bridge);
    void scan_bridge(pci_dev&);
    void configure_channels(pci_dev& function_0) const;
    void configure_payload(pci_dev& root_port);

    kernel& k_;
    pci_host_config config_;
    std::vector<std::unique_ptr<pci_dev>> devices_, removed_;
    u8 next_bus_ = 1;
};

/// Payload that every function of a path can take: DevCap code (128 << code bytes).
u8 pcie_path_mps(const std::vector<const pci_dev*>& path);

}  // namespace drydock::sw
