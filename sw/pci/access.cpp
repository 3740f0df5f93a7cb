// SPDX-License-Identifier: Apache-2.0
#include <linux/pci_regs.h>

#include "sw/pci/pci_dev.h"

namespace drydock::sw {

pci_dev::pci_dev(kernel& kern, phys_addr_t ecam, u8 bus_number, u8 device_function,
                 std::string name)
    : k(kern),
      dev(kern, std::move(name), static_cast<u16>(bus_number << 8 | device_function)),
      config(ecam + (u64{bus_number} << 20) + (u64{device_function} << 12)),
      bus(bus_number),
      devfn(device_function),
      cfg_access(kern, "pci_cfg_access(" + dev.name + ")") {
    dev.pdev = this;
}

// What is known to be gone reads all ones and takes no writes, without an access.
u8 pci_read_config_byte(pci_dev& d, int where) {
    return d.disconnected ? u8{0xff} : d.k.readb(d.config + static_cast<u64>(where));
}
u16 pci_read_config_word(pci_dev& d, int where) {
    return d.disconnected ? u16{0xffff} : d.k.readw(d.config + static_cast<u64>(where));
}
u32 pci_read_config_dword(pci_dev& d, int where) {
    return d.disconnected ? ~u32{0} : d.k.readl(d.config + static_cast<u64>(where));
}
void pci_write_config_byte(pci_dev& d, int where, u8 v) {
    if (!d.disconnected) d.k.writeb(d.config + static_cast<u64>(where), v);
}
void pci_write_config_word(pci_dev& d, int where, u16 v) {
    if (!d.disconnected) d.k.writew(d.config + static_cast<u64>(where), v);
}
void pci_write_config_dword(pci_dev& d, int where, u32 v) {
    if (!d.disconnected) d.k.writel(d.config + static_cast<u64>(where), v);
}

bool pci_device_is_present(pci_dev& d) {
    constexpr u16 nobody = 0xffff, not_ready = 0x0001;  // the latter: RRS, software visible
    const u16 vendor = pci_read_config_word(d, PCI_VENDOR_ID);
    return vendor != nobody && vendor != not_ready && vendor != 0;
}

u8 pci_find_capability(pci_dev& d, u8 id) {
    if (!(pci_read_config_word(d, PCI_STATUS) & PCI_STATUS_CAP_LIST)) return 0;
    int ttl = 48;  // more than fit between 0x40 and 0xff: the chain is cyclic
    u8 pos = pci_read_config_byte(d, PCI_CAPABILITY_LIST) & ~3u;
    while (pos >= 0x40 && ttl--) {
        const u16 header = pci_read_config_word(d, pos);
        if ((header & 0xff) == 0xff) return 0;
        if ((header & 0xff) == id) return pos;
        pos = static_cast<u8>(header >> 8 & ~3u);
    }
    return 0;
}

u16 pci_find_ext_capability(pci_dev& d, u16 id) {
    int ttl = (4096 - 256) / 8;
    int pos = PCI_CFG_SPACE_SIZE;
    while (pos >= PCI_CFG_SPACE_SIZE && ttl--) {
        const u32 header = pci_read_config_dword(d, pos);
        if (header == 0 || header == ~0u) return 0;
        if (PCI_EXT_CAP_ID(header) == id) return static_cast<u16>(pos);
        pos = PCI_EXT_CAP_NEXT(header);
    }
    return 0;
}

namespace {

/// One walk over each chain instead of one per capability.
void walk_capabilities(pci_dev& d) {
    if (!(pci_read_config_word(d, PCI_STATUS) & PCI_STATUS_CAP_LIST)) return;
    int ttl = 48;
    u8 pos = pci_read_config_byte(d, PCI_CAPABILITY_LIST) & ~3u;
    while (pos >= 0x40 && ttl--) {
        const u16 header = pci_read_config_word(d, pos);
        switch (header & 0xff) {
            case PCI_CAP_ID_EXP:
                d.pcie_cap = pos;
                break;
            case PCI_CAP_ID_MSI:
                d.msi_cap = pos;
                break;
            case PCI_CAP_ID_AF:
                d.af_cap = pos;
                break;
            case PCI_CAP_ID_MSIX:
                d.msix_cap = pos;
                break;
            case PCI_CAP_ID_PM:
                d.pm_cap = pos;
                break;
            case 0xff:
                return;
            default:
                break;
        }
        pos = static_cast<u8>(header >> 8 & ~3u);
    }
}

void walk_ext_capabilities(pci_dev& d) {
    int ttl = (4096 - 256) / 8;
    int pos = PCI_CFG_SPACE_SIZE;
    while (pos >= PCI_CFG_SPACE_SIZE && ttl--) {
        const u32 header = pci_read_config_dword(d, pos);
        if (header == 0 || header == ~0u) return;
        const auto at = static_cast<u16>(pos);
        switch (PCI_EXT_CAP_ID(header)) {
            case PCI_EXT_CAP_ID_ERR:
                d.aer_cap = at;
                break;
            case PCI_EXT_CAP_ID_DVSEC:  // CXL's for ports
                if (pci_read_config_word(d, pos + PCI_DVSEC_HEADER1) == 0x1e98 &&
                    pci_read_config_word(d, pos + PCI_DVSEC_HEADER2) == 3)
                    d.cxl_port_dvsec = at;
                break;
            case PCI_EXT_CAP_ID_DPC:
                d.dpc_cap = at;
                break;
            case PCI_EXT_CAP_ID_ACS:
                d.acs_cap = at;
                break;
            case PCI_EXT_CAP_ID_VC:
                d.vc_cap = at;
                break;
            case PCI_EXT_CAP_ID_ATS:
                d.ats_cap = at;
                break;
            case PCI_EXT_CAP_ID_PASID:
                d.pasid_cap = at;
                break;
            case PCI_EXT_CAP_ID_ARI:
                d.ari_cap = at;
                break;
            case PCI_EXT_CAP_ID_SRIOV:
                d.sriov_cap = at;
                break;
            case PCI_EXT_CAP_ID_PRI:
                d.pri_cap = at;
                break;
            default:
                break;
        }
        pos = PCI_EXT_CAP_NEXT(header);
    }
}

}  // namespace

void pci_init_capabilities(pci_dev& d) {
    d.imm_ready = pci_read_config_word(d, PCI_STATUS) & PCI_STATUS_IMM_READY;
    walk_capabilities(d);
    if (!d.pcie_cap) return;
    walk_ext_capabilities(d);
    const u16 flags = pci_read_config_word(d, d.pcie_cap + PCI_EXP_FLAGS);
    d.pcie_type = static_cast<u8>((flags & PCI_EXP_FLAGS_TYPE) >> 4);
    d.is_hotplug_bridge =
        (flags & PCI_EXP_FLAGS_SLOT) &&
        (pci_read_config_dword(d, d.pcie_cap + PCI_EXP_SLTCAP) & PCI_EXP_SLTCAP_HPC);
    d.devcap = pci_read_config_dword(d, d.pcie_cap + PCI_EXP_DEVCAP);
    d.pcie_mpss = d.devcap & PCI_EXP_DEVCAP_PAYLOAD;
    // PASID prefixes pass only where every port above takes them, too.
    const u32 devcap2 = pci_read_config_dword(d, d.pcie_cap + PCI_EXP_DEVCAP2);
    d.eetlp_prefix_path = (devcap2 & PCI_EXP_DEVCAP2_EE_PREFIX) &&
                          (d.bridge == nullptr || d.bridge->eetlp_prefix_path);
}

namespace {
void update_command(pci_dev& d, u16 clear, u16 set) {
    const u16 old = pci_read_config_word(d, PCI_COMMAND);
    const u16 now = static_cast<u16>((old & ~clear) | set);
    if (now != old) pci_write_config_word(d, PCI_COMMAND, now);
}
}  // namespace

void pci_enable_device(pci_dev& d) { update_command(d, 0, PCI_COMMAND_MEMORY); }
void pci_set_master(pci_dev& d) { update_command(d, 0, PCI_COMMAND_MASTER); }
void pci_clear_master(pci_dev& d) { update_command(d, PCI_COMMAND_MASTER, 0); }

}  // namespace drydock::sw
