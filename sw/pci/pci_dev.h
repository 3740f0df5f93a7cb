// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sw/pci/device.h"

namespace drydock::sw {

struct pci_dev;
struct pci_sriov;
enum class pci_reset_method : u8;

/// Resets that one kind of device needs (Linux: pci_dev_reset_methods).
enum class pci_quirk : u8 {
    none,
    intel_82599_vf,
    nvme_disable_and_flr,
    delay_250ms_after_flr,
    chelsio_t4,
    hinic_vf,
    ivb_igd
};

/// The function's _RST: how long it takes, and whether its evaluation fails.
struct acpi_reset_method {
    hal::duration takes{};
    bool fails = false;
};

/// What the way to a function can do (Linux: pci_channel_state_t).
enum class pci_channel_state : u8 { normal, frozen, perm_failure };

/// A driver's vote in an error recovery (Linux: pci_ers_result_t).
enum class pci_ers_result : u8 {
    none,
    can_recover,
    need_reset,
    disconnect,
    recovered,
    no_aer_driver
};

/// The calls of a driver that resets, error recovery and removal make (Linux: struct
/// pci_error_handlers, pci_driver).
struct pci_driver {
    virtual void reset_prepare(pci_dev&) = 0;
    virtual void reset_done(pci_dev&) = 0;
    virtual pci_ers_result error_detected(pci_dev&, pci_channel_state) {
        return pci_ers_result::no_aer_driver;
    }
    virtual pci_ers_result mmio_enabled(pci_dev&) { return pci_ers_result::none; }
    virtual pci_ers_result slot_reset(pci_dev&) { return pci_ers_result::none; }
    virtual void resume(pci_dev&) {}

protected:
    ~pci_driver() = default;
};

/// One memory BAR: where it is and how large. size 0: not implemented.
struct pci_resource {
    u64 start = 0;
    u64 size = 0;
    bool mem64 = false;
    bool prefetch = false;
    bool io = false;
};

/// One programmed MSI-X vector (Linux: struct msi_desc).
struct msi_desc {
    u32 entry;
    u64 address;
    u32 data;
};

/// What pci_save_state() keeps. ATS, PRI and PASID are restored from the software flags instead.
struct pci_saved_state {
    bool valid = false;
    std::array<u32, 16> header{};
    u16 devctl = 0, devctl2 = 0, lnkctl = 0, lnkctl2 = 0;
    u16 acs = 0;
    // of a port with services
    u16 msi_flags = 0, msi_data = 0;
    u64 msi_address = 0;
    u16 dpc_control = 0, slot_control = 0;
    u8 vcs = 0;  ///< VC resources whose control is kept
    std::array<u32, 8> vc_control{};
};

struct pci_dev {
    pci_dev(kernel& kern, phys_addr_t ecam, u8 bus_number, u8 device_function, std::string name);

    kernel& k;
    device dev;
    phys_addr_t config;  ///< first byte of its 4 KiB in ECAM
    u8 bus;
    u8 devfn;
    u16 vendor = 0;
    u16 device_id = 0;
    bool is_bridge = false;
    bool is_virtfn = false;
    bool is_hotplug_bridge = false;  ///< a slot below it, with hot-plug support
    bool below_slot = false;         ///< comes and goes itself
    pci_dev* physfn = nullptr;       ///< of a virtual function
    pci_dev* bridge = nullptr;       ///< port above; none on the root bus
    u8 secondary = 0, subordinate = 0;
    std::array<pci_resource, 6> resource{};

    u8 pcie_cap = 0, msi_cap = 0, msix_cap = 0, pm_cap = 0, af_cap = 0;
    u16 acs_cap = 0, vc_cap = 0;
    u16 ats_cap = 0, pasid_cap = 0, pri_cap = 0, aer_cap = 0, dpc_cap = 0, ari_cap = 0,
        sriov_cap = 0, cxl_port_dvsec = 0;
    bool ari_enabled = false;  ///< a port: all 256 numbers below name functions of one device
    std::shared_ptr<pci_sriov> sriov;  ///< of a physical function; see iov.h
    u8 pcie_type = 0;
    u32 devcap = 0;
    u8 pcie_mpss = 0;  ///< DevCap: supported payload is 128 << pcie_mpss bytes
    bool imm_ready = false;
    bool eetlp_prefix_path = false;
    bool config_rrs_sv = false;  ///< root port returns Vendor ID 0x0001 for a function not ready

    bool ats_enabled = false;
    u8 ats_stu = 0;  ///< log2 of the unit in bytes
    bool pasid_enabled = false;
    u16 pasid_features = 0;
    bool pri_enabled = false;
    u32 pri_users = 0;            ///< of a physical function: itself and virtual ones that want it
    u32 pri_reqs_alloc = 0;       ///< Page Requests that may be outstanding
    bool pasid_required = false;  ///< PRG Response PASID Required
    bool msix_enabled = false, msi_enabled = false;
    bool vcs_enabled = false;  ///< its link uses more than VC0
    bool ecrc_enabled = false;
    std::vector<msi_desc> msi;

    pci_channel_state error_state = pci_channel_state::normal;
    bool contained = false;     ///< a port above contains: no Invalidate Request reaches it
    bool disconnected = false;  ///< found gone: nothing is asked of it any more

    pci_quirk quirk = pci_quirk::none;  ///< beside what its IDs say
    /// Time that its firmware needs after an FLR before it takes work (hinic_vf), or to switch its
    /// engines off (ivb_igd).
    hal::duration firmware_time{};
    std::optional<acpi_reset_method> acpi_rst;
    /// Firmware can take its main power away (_PR3): how long it stays off.
    std::optional<hal::duration> power_off;
    std::vector<pci_reset_method> reset_methods;  ///< set through sysfs; empty: not

    mutex cfg_access;  ///< pci_cfg_access_lock()
    pci_saved_state saved;
    pci_driver* driver = nullptr;

    u16 rid() const { return dev.id; }
};

u8 pci_read_config_byte(pci_dev&, int where);
u16 pci_read_config_word(pci_dev&, int where);
u32 pci_read_config_dword(pci_dev&, int where);
void pci_write_config_byte(pci_dev&, int where, u8);
void pci_write_config_word(pci_dev&, int where, u16);
void pci_write_config_dword(pci_dev&, int where, u32);

/// Its Vendor ID can be read right now: one access, however that ends.
bool pci_device_is_present(pci_dev&);

/// Offset of a capability, 0 if absent or the chain does not end.
u8 pci_find_capability(pci_dev&, u8 id);
u16 pci_find_ext_capability(pci_dev&, u16 id);

/// Finds what the other files ask for: capability offsets, DevCap, readiness.
void pci_init_capabilities(pci_dev&);

void pci_enable_device(pci_dev&);  ///< memory decoding on
void pci_set_master(pci_dev&);
void pci_clear_master(pci_dev&);

void pci_save_state(pci_dev&);
/// PCIe controls, PASID, PRI, ATS, BARs and command, MSI-X: in this order.
void pci_restore_state(pci_dev&);

}  // namespace drydock::sw
