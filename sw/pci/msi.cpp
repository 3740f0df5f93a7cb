// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/msi.h"

#include <linux/pci_regs.h>

#include <optional>

#include "sw/pci/ats.h"

namespace drydock::sw {

u32 pci_msix_vec_count(pci_dev& d) {
    if (!d.msix_cap) return 0;
    return (pci_read_config_word(d, d.msix_cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1u;
}

namespace {

/// None where the capability names no BAR: a function that does not answer reads all ones.
std::optional<phys_addr_t> table_of(pci_dev& d) {
    const u32 table = pci_read_config_dword(d, d.msix_cap + PCI_MSIX_TABLE);
    const u32 bar = table & PCI_MSIX_TABLE_BIR;
    if (bar >= d.resource.size()) return std::nullopt;
    return d.resource[bar].start + (table & PCI_MSIX_TABLE_OFFSET);
}

void write_entries(pci_dev& d) {
    const auto table = table_of(d);
    if (!table) return;
    for (const auto& m : d.msi) {
        const phys_addr_t entry = *table + u64{m.entry} * PCI_MSIX_ENTRY_SIZE;
        d.k.writel(entry + PCI_MSIX_ENTRY_LOWER_ADDR, static_cast<u32>(m.address));
        d.k.writel(entry + PCI_MSIX_ENTRY_UPPER_ADDR, static_cast<u32>(m.address >> 32));
        d.k.writel(entry + PCI_MSIX_ENTRY_DATA, m.data);
        d.k.writel(entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    }
}

void program(pci_dev& d) {
    // Masked as a whole while the table is written, so that no half-written vector fires.
    const u16 flags = pci_read_config_word(d, d.msix_cap + PCI_MSIX_FLAGS);
    const u16 on = flags | PCI_MSIX_FLAGS_ENABLE;
    pci_write_config_word(d, d.msix_cap + PCI_MSIX_FLAGS, on | PCI_MSIX_FLAGS_MASKALL);
    write_entries(d);
    pci_write_config_word(d, d.msix_cap + PCI_MSIX_FLAGS,
                          static_cast<u16>(on & ~PCI_MSIX_FLAGS_MASKALL));
}

void program_msi(pci_dev& d) {
    const u16 flags = pci_read_config_word(d, d.msi_cap + PCI_MSI_FLAGS);
    const auto off = static_cast<u16>(flags & ~(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE));
    const bool wide = flags & PCI_MSI_FLAGS_64BIT;
    const msi_desc& m = d.msi.front();
    pci_write_config_word(d, d.msi_cap + PCI_MSI_FLAGS, off);
    pci_write_config_dword(d, d.msi_cap + PCI_MSI_ADDRESS_LO, static_cast<u32>(m.address));
    if (wide)
        pci_write_config_dword(d, d.msi_cap + PCI_MSI_ADDRESS_HI,
                               static_cast<u32>(m.address >> 32));
    pci_write_config_word(d, d.msi_cap + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
                          static_cast<u16>(m.data));
    pci_write_config_word(d, d.msi_cap + PCI_MSI_FLAGS,
                          static_cast<u16>(off | PCI_MSI_FLAGS_ENABLE));
}

}  // namespace

int pci_enable_msix(pci_dev& d, const std::vector<msi_desc>& vectors) {
    const u32 count = pci_msix_vec_count(d);
    for (const auto& m : vectors)
        if (m.entry >= count) return -EINVAL;
    if (count == 0) return -EINVAL;
    d.msi = vectors;
    program(d);
    d.msix_enabled = true;
    return 0;
}

int pci_enable_msi(pci_dev& d, const msi_desc& message) {
    if (!d.msi_cap) return -EINVAL;
    d.msi = {message};
    program_msi(d);
    d.msi_enabled = true;
    return 0;
}

void pci_restore_msix_state(pci_dev& d) {
    if (d.msix_enabled) program(d);
    if (d.msi_enabled) program_msi(d);
}

}  // namespace drydock::sw
