// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/pci/probe.h"

namespace drydock::sw {

/// What the PCI core keeps of a physical function with SR-IOV (Linux: struct pci_sriov).
struct pci_sriov {
    u16 pos = 0;        ///< of the capability
    u16 ctrl = 0;       ///< SR-IOV control as last written
    u16 total_VFs = 0;  ///< TotalVFs
    u16 num_VFs = 0;    ///< enabled, 0: none
    u16 offset = 0, stride = 0;
    u16 vf_device = 0;
    u8 max_VF_bus = 0;                       ///< highest bus that a virtual function is on
    std::array<pci_resource, 6> resource{};  ///< VF BARs: start and size of those of the first VF
};

/// Finds the capability, reads offset and stride at TotalVFs, sizes the VF BARs. @pre the bridge
/// above has ARI forwarding as it stays
void pci_iov_init(pci_dev&);
/// Buses below `bridge` beyond its secondary one that virtual functions need.
u8 pci_iov_bus_range(const pci_host&, const pci_dev& bridge);
/// Routing ID of virtual function `id`, from 0.
u16 pci_iov_virtfn_rid(const pci_dev&, unsigned id);

/// NumVFs, VF Enable and VF MSE, 100 ms, then a pci_dev for each virtual function.
/// @return 0; -ENODEV without the capability; -EBUSY if some are enabled; -ERANGE for more than
/// TotalVFs; -ENOMEM where their buses do not lie below the bridge; -EIO if one does not answer
int pci_enable_sriov(pci_host&, pci_dev&, u16 nr_virtfn);
/// VF Enable off: the virtual functions are gone; their pci_devs are the caller's matter.
void pci_disable_sriov(pci_dev&);
/// After a reset: NumVFs, VF BARs and control as they were; 100 ms if there are virtual functions.
void pci_restore_iov_state(pci_dev&);

/// Virtual functions that are enabled.
inline unsigned pci_num_vf(const pci_dev& d) { return d.sriov ? d.sriov->num_VFs : 0u; }

/// The physical function of a virtual one; itself of any other.
inline pci_dev& pci_physfn(pci_dev& d) { return d.physfn ? *d.physfn : d; }

}  // namespace drydock::sw
