// SPDX-License-Identifier: Apache-2.0
// The ways to reset a function (linux-flow 4.2). Each holds the IOMMU's prepare() and done()
// itself.
#include "sw/pci/reset_methods.h"

#include <linux/pci_regs.h>

#include "sw/pci/ats.h"
#include "sw/pci/secondary_bus.h"

namespace drydock::sw {

namespace {

constexpr hal::duration d3hot_settles = 10ms;  // PCI PM 5.6.1
constexpr int cxl_port_control = 0x0c;         // CXL DVSEC for ports
constexpr u16 unmask_sbr = 1;

/// Transactions Pending of the AF capability, looked at as that of Device Status.
bool af_wait_for_pending(pci_dev& d) {
    for (int i = 0; i < 4; ++i) {
        if (i > 0) d.k.sleep((1 << (i - 1)) * 100ms);
        if (!(pci_read_config_byte(d, d.af_cap + PCI_AF_STATUS) & PCI_AF_STATUS_TP)) return true;
    }
    return false;
}

/// Whether a reset of the bus reaches this function alone.
bool alone_on_bus(const pci_dev& d, const pci_host& host) {
    for (const auto& other : host.devices())
        if (other->bridge == d.bridge && other.get() != &d) return false;
    return true;
}

bool af_possible(pci_dev& d) {
    if (!d.af_cap) return false;
    const u8 can = pci_read_config_byte(d, d.af_cap + PCI_AF_CAP);
    return (can & PCI_AF_CAP_TP) && (can & PCI_AF_CAP_FLR);
}

bool pm_possible(pci_dev& d) {
    return d.pm_cap &&
           !(pci_read_config_word(d, d.pm_cap + PCI_PM_CTRL) & PCI_PM_CTRL_NO_SOFT_RESET);
}

bool power_off_possible(const pci_dev& d, const pci_reset_config& config) {
    return d.power_off && d.bridge && !d.bridge->is_hotplug_bridge && config.host &&
           alone_on_bus(d, *config.host);
}

bool sbr_masked(const pci_dev& d) {
    if (!d.bridge || !d.bridge->cxl_port_dvsec) return false;
    return !(pci_read_config_word(*d.bridge, d.bridge->cxl_port_dvsec + cxl_port_control) &
             unmask_sbr);
}

}  // namespace

int pci_reset_prepare_iommu(pci_dev& d, reset_iommu& iommu) {
    const int rc = iommu.prepare(d);
    if (rc != 0) d.k.log(3, "failed to stop IOMMU for a PCI reset", d.rid());
    return rc;
}

void pci_reset_done_iommu(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config,
                          int result) {
    const bool needs_success = config.done_only_on_success || !iommu.done_after_failure();
    if (result != 0 && needs_success && pci_ats_supported(d))
        return d.k.log(4, "reset failed: device stays blocked by the IOMMU", d.rid());
    iommu.done(d, result);
}

bool pcie_has_flr(const pci_dev& d) { return d.pcie_cap && (d.devcap & PCI_EXP_DEVCAP_FLR); }

int pcie_flr(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    if (!pcie_has_flr(d)) return -ENOTTY;
    call_scope call(d.k, "pcie_flr", d.rid());
    if (!pci_wait_for_pending_transaction(d))
        d.k.log(3,
                "timed out waiting for pending transaction; performing function level reset anyway",
                d.rid());
    return call.result(pci_reset_wrapped(d, iommu, config, pci_reset_method::flr, [&] {
        const int where = d.pcie_cap + PCI_EXP_DEVCTL;
        pci_write_config_word(d, where, pci_read_config_word(d, where) | PCI_EXP_DEVCTL_BCR_FLR);
        d.k.point("r0", d.rid());
        int rc = 0;
        if (!d.imm_ready) {
            d.k.sleep(config.flr_wait);
            rc = pci_dev_wait(d, "FLR", config.ready_limit);
        }
        if (rc == 0) d.k.point("r1", d.rid());
        return rc;
    }));
}

int pci_af_flr(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    if (!af_possible(d)) return -ENOTTY;
    call_scope call(d.k, "pci_af_flr", d.rid());
    if (!af_wait_for_pending(d))
        d.k.log(3,
                "timed out waiting for pending transaction; performing AF function level reset "
                "anyway",
                d.rid());
    return call.result(pci_reset_wrapped(d, iommu, config, pci_reset_method::af_flr, [&] {
        pci_write_config_byte(d, d.af_cap + PCI_AF_CTRL, PCI_AF_CTRL_FLR);
        d.k.point("r0", d.rid());
        int rc = 0;
        if (!d.imm_ready) {
            d.k.sleep(config.flr_wait);
            rc = pci_dev_wait(d, "AF_FLR", config.ready_limit);
        }
        if (rc == 0) d.k.point("r1", d.rid());
        return rc;
    }));
}

int pci_pm_reset(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    if (!d.pm_cap) return -ENOTTY;
    const int where = d.pm_cap + PCI_PM_CTRL;
    const u16 control = pci_read_config_word(d, where);
    if (control & PCI_PM_CTRL_NO_SOFT_RESET) return -ENOTTY;
    if (control & PCI_PM_CTRL_STATE_MASK) return -EINVAL;
    call_scope call(d.k, "pci_pm_reset", d.rid());
    return call.result(pci_reset_wrapped(d, iommu, config, pci_reset_method::pm, [&] {
        pci_write_config_word(d, where, control | 3);
        d.k.point("r0", d.rid());
        d.k.sleep(d3hot_settles);
        pci_write_config_word(d, where, control);
        d.k.sleep(d3hot_settles);
        const int rc = pci_dev_wait(d, "PM D3hot->D0", config.ready_limit);
        if (rc == 0) d.k.point("r1", d.rid());
        return rc;
    }));
}

int pci_reset_bus_function(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    if (!d.bridge || !config.host || sbr_masked(d)) return -ENOTTY;
    call_scope call(d.k, "pci_reset_bus_function", d.rid());
    return call.result(pci_reset_wrapped(d, iommu, config, pci_reset_method::bus, [&] {
        if (!alone_on_bus(d, *config.host)) return -ENOTTY;
        return config.reset_below ? config.reset_below(*d.bridge)
                                  : pci_bridge_secondary_bus_reset(*config.host, *d.bridge);
    }));
}

int cxl_reset_bus_function(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    if (!d.bridge || !d.bridge->cxl_port_dvsec) return -ENOTTY;
    call_scope call(d.k, "cxl_reset_bus_function", d.rid());
    return call.result(pci_reset_wrapped(d, iommu, config, pci_reset_method::cxl_bus, [&] {
        const int where = d.bridge->cxl_port_dvsec + cxl_port_control;
        const u16 before = pci_read_config_word(*d.bridge, where);
        if (!(before & unmask_sbr)) pci_write_config_word(*d.bridge, where, before | unmask_sbr);
        const int rc = pci_reset_bus_function(d, iommu, config);
        if (!(before & unmask_sbr)) pci_write_config_word(*d.bridge, where, before);
        return rc;
    }));
}

/// What firmware does is its own affair: here it resets the function by what that has.
int pci_dev_acpi_reset(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    if (!d.acpi_rst) return -ENOTTY;
    call_scope call(d.k, "pci_dev_acpi_reset", d.rid());
    return call.result(pci_reset_wrapped(d, iommu, config, pci_reset_method::acpi, [&] {
        const bool flr = pcie_has_flr(d);
        if (d.acpi_rst->fails || (!flr && !d.pm_cap)) {
            d.k.log(4, "ACPI _RST failed", d.rid());
            return -ENOTTY;
        }
        const int where = flr ? d.pcie_cap + PCI_EXP_DEVCTL : d.pm_cap + PCI_PM_CTRL;
        const u16 before = pci_read_config_word(d, where);
        pci_write_config_word(d, where,
                              static_cast<u16>(before | (flr ? PCI_EXP_DEVCTL_BCR_FLR : 3)));
        d.k.point("r0", d.rid());
        d.k.sleep(d.acpi_rst->takes);
        if (!flr) pci_write_config_word(d, where, before);
        if (pci_read_config_dword(d, PCI_COMMAND) != ~0u) d.k.point("r1", d.rid());
        return 0;
    }));
}

/// Firmware's power resource holds the port's bus in reset for as long as the power is off, which
/// is how the function gets to know of it here.
int pci_d3cold_reset(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    if (!power_off_possible(d, config)) return -ENOTTY;
    call_scope call(d.k, "pci_d3cold_reset", d.rid());
    return call.result(pci_reset_wrapped(d, iommu, config, pci_reset_method::d3cold, [&] {
        if (d.pm_cap) {
            const int where = d.pm_cap + PCI_PM_CTRL;
            pci_write_config_word(d, where, pci_read_config_word(d, where) | 3);
            d.k.sleep(d3hot_settles);
        }
        const u16 control = pci_read_config_word(*d.bridge, PCI_BRIDGE_CONTROL);
        pci_write_config_word(*d.bridge, PCI_BRIDGE_CONTROL, control | PCI_BRIDGE_CTL_BUS_RESET);
        d.k.point("r0", d.rid());
        d.k.sleep(*d.power_off);
        pci_write_config_word(*d.bridge, PCI_BRIDGE_CONTROL, control);
        const int rc = pci_bridge_wait_for_secondary_bus(*config.host, *d.bridge, "D3cold->D0");
        if (rc == 0) d.k.point("r1", d.rid());
        return rc;
    }));
}

// -- which --

int pci_reset_by(pci_dev& d, pci_reset_method m, reset_iommu& iommu,
                 const pci_reset_config& config) {
    switch (m) {
        case pci_reset_method::device_specific:
            return pci_dev_specific_reset(d, iommu, config);
        case pci_reset_method::acpi:
            return pci_dev_acpi_reset(d, iommu, config);
        case pci_reset_method::flr:
            return pcie_flr(d, iommu, config);
        case pci_reset_method::af_flr:
            return pci_af_flr(d, iommu, config);
        case pci_reset_method::pm:
            return pci_pm_reset(d, iommu, config);
        case pci_reset_method::bus:
            return pci_reset_bus_function(d, iommu, config);
        case pci_reset_method::cxl_bus:
            return cxl_reset_bus_function(d, iommu, config);
        case pci_reset_method::d3cold:
            return pci_d3cold_reset(d, iommu, config);
    }
    return -ENOTTY;
}

bool pci_reset_possible(const pci_dev& d, pci_reset_method m) {
    switch (m) {
        case pci_reset_method::device_specific:
            return pci_quirk_of(d) != pci_quirk::none;
        case pci_reset_method::acpi:
            return d.acpi_rst.has_value();
        case pci_reset_method::flr:
            return pcie_has_flr(d);
        default:
            return true;  // the method itself looks
    }
}

int pci_reset_probe(pci_dev& d, pci_reset_method m, reset_iommu& iommu,
                    const pci_reset_config& config) {
    const auto wrapped = [&](auto&& can) {
        if (!iommu.wraps_probe(m)) return can() ? 0 : -ENOTTY;
        return pci_reset_wrapped(d, iommu, config, m, [&] { return can() ? 0 : -ENOTTY; });
    };
    switch (m) {
        case pci_reset_method::device_specific:
            return pci_reset_possible(d, m) ? wrapped([] { return true; }) : -ENOTTY;
        case pci_reset_method::af_flr:
            return af_possible(d) ? 0 : -ENOTTY;
        case pci_reset_method::pm:
            return pm_possible(d) ? 0 : -ENOTTY;
        case pci_reset_method::bus:
            if (!d.bridge || !config.host) return -ENOTTY;
            if (sbr_masked(d)) return 0;
            return wrapped([&] { return alone_on_bus(d, *config.host); });
        case pci_reset_method::cxl_bus:
            return d.bridge && d.bridge->cxl_port_dvsec ? 0 : -ENOTTY;
        case pci_reset_method::d3cold:
            return power_off_possible(d, config) ? 0 : -ENOTTY;
        default:
            return pci_reset_possible(d, m) ? 0 : -ENOTTY;
    }
}

}  // namespace drydock::sw
