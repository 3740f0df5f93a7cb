// SPDX-License-Identifier: Apache-2.0
// Resets that one kind of device needs (linux-flow 4.2). All but that of Ivy Bridge graphics rest
// on an FLR, which holds a prepare() and done() of its own: nested calls.
#include <linux/pci_regs.h>

#include <array>
#include <stdexcept>
#include <string>

#include "sw/pci/reset_methods.h"

namespace drydock::sw {

namespace {

constexpr u16 any_device = 0xffff;
constexpr hal::duration after_flr = 250ms;     // as the devices' makers ask
constexpr hal::duration nvme_shutdown = 10ms;  // CC.EN=0 until CSTS.RDY=0
constexpr hal::duration firmware_step = 20ms, firmware_limit = 15000ms;
constexpr hal::duration engines_step = 10ms, engines_limit = 10000ms;

struct entry {
    u16 vendor, device;
    pci_quirk quirk;
};
constexpr std::array<entry, 9> by_id{{
    {0x8086, 0x10ed, pci_quirk::intel_82599_vf},
    {0x144d, 0xa804, pci_quirk::nvme_disable_and_flr},
    {0x8086, 0x0953, pci_quirk::delay_250ms_after_flr},
    {0x8086, 0x0a54, pci_quirk::delay_250ms_after_flr},
    {0x025e, 0xf1ac, pci_quirk::delay_250ms_after_flr},
    {0x1425, any_device, pci_quirk::chelsio_t4},
    {0x19e5, 0x375e, pci_quirk::hinic_vf},
    {0x8086, 0x0156, pci_quirk::ivb_igd},
    {0x8086, 0x0166, pci_quirk::ivb_igd},
}};
constexpr std::array<std::string_view, 7> names{
    "none",     "intel_82599_vf", "nvme_disable_and_flr", "delay_250ms_after_flr", "chelsio_t4",
    "hinic_vf", "ivb_igd"};

int flr_and_wait(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config,
                 hal::duration pause) {
    const int rc = pcie_flr(d, iommu, config);
    if (rc == 0) d.k.sleep(pause);
    return rc;
}

/// The device takes an FLR only while it may still write: bus master on, its messages off.
int chelsio(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    const u16 command = pci_read_config_word(d, PCI_COMMAND);
    pci_write_config_word(d, PCI_COMMAND, command | PCI_COMMAND_MASTER);
    const int rc = pcie_flr(d, iommu, config);
    pci_write_config_word(d, PCI_COMMAND, command);
    return rc;
}

/// Looks every `step` whether the device has done what takes its firmware_time. @return whether it
/// has within the limit
bool wait_for_firmware(pci_dev& d, hal::duration step, hal::duration limit) {
    const hal::time_point ready = d.k.now() + d.firmware_time, until = d.k.now() + limit;
    while (d.k.now() < ready && d.k.now() < until) d.k.sleep(step);
    return d.k.now() >= ready;
}

/// Its firmware goes on working when configuration space answers again.
int hinic(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    const int rc = pcie_flr(d, iommu, config);
    if (rc == 0 && !wait_for_firmware(d, firmware_step, firmware_limit))
        d.k.log(4, "reset timed out, FLR is not acknowledged", d.rid());
    return rc;
}

/// Ivy Bridge graphics: its engines are switched off by its own registers, panel power first;
/// configuration space, ATS among it, stays as it is. The registers are not modelled, their time
/// is.
int ivb_igd(pci_dev& d) {
    d.k.point("r0", d.rid());
    if (!wait_for_firmware(d, engines_step, engines_limit))
        d.k.log(4, "timeout during reset", d.rid());
    d.k.point("r1", d.rid());
    return 0;
}

int run(pci_dev& d, pci_quirk quirk, reset_iommu& iommu, const pci_reset_config& config) {
    switch (quirk) {
        case pci_quirk::intel_82599_vf:
            return pcie_flr(d, iommu, config);
        case pci_quirk::nvme_disable_and_flr:
            d.k.sleep(nvme_shutdown);
            return pcie_flr(d, iommu, config);
        case pci_quirk::delay_250ms_after_flr:
            return flr_and_wait(d, iommu, config, after_flr);
        case pci_quirk::chelsio_t4:
            return chelsio(d, iommu, config);
        case pci_quirk::hinic_vf:
            return hinic(d, iommu, config);
        case pci_quirk::ivb_igd:
            return ivb_igd(d);
        default:
            return -ENOTTY;
    }
}

}  // namespace

pci_quirk pci_quirk_from(std::string_view name) {
    std::string known;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<pci_quirk>(i);
        known += (known.empty() ? "" : ", ") + std::string(names[i]);
    }
    throw std::invalid_argument("quirk '" + std::string(name) + "' is unknown; there are " + known);
}

pci_quirk pci_quirk_of(const pci_dev& d) {
    return d.quirk != pci_quirk::none ? d.quirk : pci_quirk_of_ids(d.vendor, d.device_id);
}

pci_quirk pci_quirk_of_ids(u16 vendor, u16 device) {
    for (const entry& e : by_id)
        if (e.vendor == vendor && (e.device == any_device || e.device == device)) return e.quirk;
    return pci_quirk::none;
}

int pci_dev_specific_reset(pci_dev& d, reset_iommu& iommu, const pci_reset_config& config) {
    const pci_quirk quirk = pci_quirk_of(d);
    if (quirk == pci_quirk::none) return -ENOTTY;
    call_scope call(d.k, "pci_dev_specific_reset", d.rid());
    const auto reset = [&] {
        call_scope quirks_own(d.k, "device_specific_reset", d.rid());
        return quirks_own.result(run(d, quirk, iommu, config));
    };
    if (config.no_outer_pair) return call.result(reset());
    return call.result(
        pci_reset_wrapped(d, iommu, config, pci_reset_method::device_specific, reset));
}

}  // namespace drydock::sw
