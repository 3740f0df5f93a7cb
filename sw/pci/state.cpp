// SPDX-License-Identifier: Apache-2.0
#include <linux/pci_regs.h>

#include "sw/pci/ats.h"
#include "sw/pci/ecrc.h"
#include "sw/pci/iov.h"
#include "sw/pci/msi.h"
#include "sw/pci/pci_dev.h"
#include "sw/pci/vc.h"

namespace drydock::sw {

namespace {

constexpr int v2_size = 0x3c;  // PCIe capability version 2 has the second control registers

bool has_second_registers(pci_dev& d) {
    return (pci_read_config_word(d, d.pcie_cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS) >= 2;
}

void restore_pcie_state(pci_dev& d) {
    if (!d.pcie_cap) return;
    pci_write_config_word(d, d.pcie_cap + PCI_EXP_DEVCTL, d.saved.devctl);
    pci_write_config_word(d, d.pcie_cap + PCI_EXP_LNKCTL, d.saved.lnkctl);
    if (!has_second_registers(d)) return;
    static_assert(PCI_EXP_LNKCTL2 < v2_size);
    pci_write_config_word(d, d.pcie_cap + PCI_EXP_DEVCTL2, d.saved.devctl2);
    pci_write_config_word(d, d.pcie_cap + PCI_EXP_LNKCTL2, d.saved.lnkctl2);
}

void restore_dword(pci_dev& d, unsigned index) {
    const int where = static_cast<int>(index) * 4;
    if (pci_read_config_dword(d, where) != d.saved.header[index])
        pci_write_config_dword(d, where, d.saved.header[index]);
}

/// BARs before the command register, so that nothing decodes at address 0.
void restore_header(pci_dev& d) {
    for (unsigned i = 16; i-- > 10;) restore_dword(d, i);
    for (unsigned i = 10; i-- > 4;) restore_dword(d, i);
    for (unsigned i = 4; i-- > 0;) restore_dword(d, i);
}

/// Of a port: its interrupts, containment, slot.
void save_port_state(pci_dev& d) {
    if (d.msi_cap) {
        const u16 flags = pci_read_config_word(d, d.msi_cap + PCI_MSI_FLAGS);
        const bool wide = flags & PCI_MSI_FLAGS_64BIT;
        d.saved.msi_flags = flags;
        d.saved.msi_address = pci_read_config_dword(d, d.msi_cap + PCI_MSI_ADDRESS_LO);
        if (wide)
            d.saved.msi_address |= u64{pci_read_config_dword(d, d.msi_cap + PCI_MSI_ADDRESS_HI)}
                                   << 32;
        d.saved.msi_data =
            pci_read_config_word(d, d.msi_cap + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32));
    }
    if (d.dpc_cap) d.saved.dpc_control = pci_read_config_word(d, d.dpc_cap + PCI_EXP_DPC_CTL);
    if (d.is_hotplug_bridge)
        d.saved.slot_control = pci_read_config_word(d, d.pcie_cap + PCI_EXP_SLTCTL);
}

/// The link below went down and came back with the reset: for a slot that is no event
/// (Linux: pciehp_slot_reset()).
void restore_port_state(pci_dev& d) {
    if (d.msi_cap) {
        const bool wide = d.saved.msi_flags & PCI_MSI_FLAGS_64BIT;
        pci_write_config_dword(d, d.msi_cap + PCI_MSI_ADDRESS_LO,
                               static_cast<u32>(d.saved.msi_address));
        if (wide)
            pci_write_config_dword(d, d.msi_cap + PCI_MSI_ADDRESS_HI,
                                   static_cast<u32>(d.saved.msi_address >> 32));
        pci_write_config_word(d, d.msi_cap + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
                              d.saved.msi_data);
        pci_write_config_word(d, d.msi_cap + PCI_MSI_FLAGS, d.saved.msi_flags);
    }
    if (d.dpc_cap) pci_write_config_word(d, d.dpc_cap + PCI_EXP_DPC_CTL, d.saved.dpc_control);
    if (!d.is_hotplug_bridge) return;
    pci_write_config_word(d, d.pcie_cap + PCI_EXP_SLTSTA,
                          PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC);
    pci_write_config_word(d, d.pcie_cap + PCI_EXP_SLTCTL, d.saved.slot_control);
}

}  // namespace

void pci_save_state(pci_dev& d) {
    for (unsigned i = 0; i < d.saved.header.size(); ++i)
        d.saved.header[i] = pci_read_config_dword(d, static_cast<int>(i) * 4);
    if (d.pcie_cap) {
        d.saved.devctl = pci_read_config_word(d, d.pcie_cap + PCI_EXP_DEVCTL);
        d.saved.lnkctl = pci_read_config_word(d, d.pcie_cap + PCI_EXP_LNKCTL);
        if (has_second_registers(d)) {
            d.saved.devctl2 = pci_read_config_word(d, d.pcie_cap + PCI_EXP_DEVCTL2);
            d.saved.lnkctl2 = pci_read_config_word(d, d.pcie_cap + PCI_EXP_LNKCTL2);
        }
    }
    if (d.acs_cap) d.saved.acs = pci_read_config_word(d, d.acs_cap + PCI_ACS_CTRL);
    if (d.is_bridge) save_port_state(d);
    pci_save_vc_state(d);
    d.saved.valid = true;
}

void pci_restore_state(pci_dev& d) {
    if (!d.saved.valid) return;
    restore_pcie_state(d);
    pci_restore_pasid_state(d);
    pci_restore_pri_state(d);
    pci_restore_ats_state(d);
    pci_restore_vc_state(d);
    pcie_restore_ecrc(d);
    restore_header(d);
    pci_restore_iov_state(d);
    pci_restore_msix_state(d);
    if (d.acs_cap) pci_write_config_word(d, d.acs_cap + PCI_ACS_CTRL, d.saved.acs);
    if (d.is_bridge) restore_port_state(d);
    d.saved.valid = false;
}

}  // namespace drydock::sw
