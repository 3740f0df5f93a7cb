// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/dpc.h"

#include <linux/pci_regs.h>

#include <utility>

#include "sw/pci/aer.h"
#include "sw/pci/secondary_bus.h"
#include "sw/pci/walk.h"

namespace drydock::sw {

namespace {

constexpr hal::duration busy_limit = 1000ms, busy_step = 10ms;
constexpr hal::duration recovery_limit = 4000ms;  // Linux: pciehp waits so long for DPC
constexpr u16 trigger_enables = 3, keep = 0xfff4;
constexpr u16 enabled = PCI_EXP_DPC_CTL_EN_FATAL | PCI_EXP_DPC_CTL_INT_EN;
constexpr u16 completion_control_ur = 4;
// Announcement of containment, in no specification: a bit of Capability, Control and Status.
constexpr u16 announcement = 0x8000;
constexpr u32 surprise_down = PCI_ERR_UNC_SURPDN;

std::string_view cause_of(u16 status) {
    switch ((status & PCI_EXP_DPC_STATUS_TRIGGER_RSN) >> 1) {
        case 0:
            return "containment event: unmasked uncorrectable error";
        case 1:
            return "containment event: ERR_NONFATAL received";
        case 2:
            return "containment event: ERR_FATAL received";
        default:
            return status & PCI_EXP_DPC_STATUS_TRIGGER_RSN_EXT
                       ? "containment event: software trigger"
                       : "containment event: RP PIO error";
    }
}

}  // namespace

dpc_service::dpc_service(const pci_host& host, pci_dev& port, const dpc_policy& policy)
    : host_(host),
      port_(port),
      policy_(policy),
      below_(host, port, policy.iommu),
      completed_(port.k, "dpc_completed(" + port.dev.name + ")") {}

u16 dpc_service::status() const {
    return pci_read_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_STATUS);
}

unsigned dpc_service::message_number() const {
    return pci_read_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_CAP) & PCI_EXP_DPC_IRQ;
}

void dpc_service::enable() {
    pci_write_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_STATUS, PCI_EXP_DPC_STATUS_INTERRUPT);
    const int control = port_.dpc_cap + PCI_EXP_DPC_CTL;
    u16 wanted = enabled | (policy_.completion_ur ? completion_control_ur : 0);
    if (policy_.notice == pci_reset_notice::pre_reset_notification) {
        const u16 has = pci_read_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_CAP);
        if (!(has & announcement))
            port_.k.log(4, "the port does not announce containment", port_.rid());
        wanted |= has & announcement;
    }
    pci_write_config_word(port_, control,
                          static_cast<u16>((pci_read_config_word(port_, control) & keep) | wanted));
}

void dpc_service::disable() {
    const int control = port_.dpc_cap + PCI_EXP_DPC_CTL;
    const u16 now = pci_read_config_word(port_, control);
    pci_write_config_word(port_, control,
                          now & static_cast<u16>(~(trigger_enables | PCI_EXP_DPC_CTL_INT_EN)));
}

bool dpc_service::irq() {
    const u16 now = status();
    if (now == 0xffff || !(now & PCI_EXP_DPC_STATUS_INTERRUPT)) return false;
    ++count_.interrupts;
    pci_write_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_STATUS,
                          static_cast<u16>(PCI_EXP_DPC_STATUS_INTERRUPT | (now & announcement)));
    if (now & announcement) announced_ = true;
    if (now & PCI_EXP_DPC_STATUS_TRIGGER) triggered_ = true;
    return true;
}

void dpc_service::thread() {
    if (std::exchange(announced_, false)) {
        ++count_.announced;
        port_.k.log(4, "containment announced", port_.rid());
        below_.block(false);
    }
    if (!std::exchange(triggered_, false)) return;
    if (policy_.edr) return handle_edr();
    if (is_surprise_removal()) return serve_surprise_removal();
    recover();
}

pci_ers_result dpc_service::recover() {
    log_cause(status());
    const auto outcome = pcie_do_recovery(
        host_, port_, pci_channel_state::frozen, [this](pci_dev& port) { return reset_link(port); },
        policy_.order);
    ++(outcome == pci_ers_result::recovered ? count_.recovered : count_.failed);
    return outcome;
}

/// Firmware has seen the interrupt and says so in its own time. It is told how it went (_OST).
void dpc_service::handle_edr() {
    port_.k.sleep(*policy_.edr);
    call_scope call(port_.k, "edr_handle_event", port_.rid());
    ++count_.edr;
    if (!(status() & PCI_EXP_DPC_STATUS_TRIGGER))
        return port_.k.log(4, "EDR: containment is not triggered", port_.rid());
    const bool ok = recover() == pci_ers_result::recovered;
    port_.k.log(5,
                ok ? "EDR: status success sent to firmware" : "EDR: status failed sent to firmware",
                port_.rid());
    call.result(ok ? 0 : -EIO);
}

void dpc_service::log_cause(u16 now) {
    port_.k.log(3, cause_of(now),
                pci_read_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_SOURCE_ID));
    const unsigned reason = (now & PCI_EXP_DPC_STATUS_TRIGGER_RSN) >> 1;
    if (reason == 0) pci_aer_clear_status(port_);
    if (reason == 3 && !(now & PCI_EXP_DPC_STATUS_TRIGGER_RSN_EXT)) log_pio();
}

/// The RP PIO log is read, then its status cleared, which frees it.
void dpc_service::log_pio() {
    const u16 capability = pci_read_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_CAP);
    unsigned size = (capability & PCI_EXP_DPC_RP_PIO_LOG_SIZE) >> 8;
    if (size < 4 || size > 9) size = 0;  // such a port has no log that could be read
    const int at = port_.dpc_cap + PCI_EXP_DPC_RP_PIO_HEADER_LOG;
    std::string words;
    for (unsigned dw = 0; dw < size; ++dw)
        words += " " + std::to_string(pci_read_config_dword(port_, at + static_cast<int>(4 * dw)));
    port_.k.log(3, "RP PIO log:" + words, port_.rid());
    const int status_at = port_.dpc_cap + PCI_EXP_DPC_RP_PIO_STATUS;
    pci_write_config_dword(port_, status_at, pci_read_config_dword(port_, status_at));
}

void dpc_service::atc_timeout() {
    const u16 now = status();
    if (now != 0xffff && (now & PCI_EXP_DPC_STATUS_TRIGGER)) below_.block(true);
}

// -- a device that was pulled --

bool dpc_service::is_surprise_removal() {
    const u32 slot = pci_read_config_dword(port_, port_.pcie_cap + PCI_EXP_SLTCAP);
    if (!(slot & PCI_EXP_SLTCAP_HPC) || !port_.aer_cap) return false;
    return pci_read_config_dword(port_, port_.aer_cap + PCI_ERR_UNCOR_STATUS) & surprise_down;
}

/// Nothing to recover: containment is only lifted, the hot-plug service does the rest.
void dpc_service::serve_surprise_removal() {
    ++count_.removals;
    if (!pcie_wait_for_link(port_, false))
        port_.k.log(4, "data link layer link is active though the device was pulled", port_.rid());
    else if (wait_not_busy()) {
        pci_aer_clear_status(port_);
        pci_write_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_STATUS,
                              PCI_EXP_DPC_STATUS_TRIGGER);
    }
    recovered_ = false;
    completed_.wake_all();
}

// -- release --

bool dpc_service::wait_not_busy() {
    const u16 capability = pci_read_config_word(port_, port_.dpc_cap + PCI_EXP_DPC_CAP);
    if (!(capability & PCI_EXP_DPC_CAP_RP_EXT)) return true;
    for (hal::duration left = busy_limit; status() & PCI_EXP_DPC_RP_BUSY; left -= busy_step) {
        if (left <= 0ms) {
            ++count_.rp_busy_stuck;
            port_.k.log(3, "root port still busy", port_.rid());
            return false;
        }
        port_.k.sleep(busy_step);
    }
    return true;
}

pci_ers_result dpc_service::reset_link(pci_dev& port) {
    call_scope call(port.k, "dpc_reset_link", port.rid());
    recovering_ = true;
    // The reset was with the trigger; here software knows of it.
    const auto below = pci_below(host_, port);
    for (pci_dev* d : below) d->k.point("r0", d->rid());
    if (!pcie_wait_for_link(port, false))
        port.k.log(4, "data link layer link is still active in containment", port.rid());
    bool ok = wait_not_busy();
    if (ok) {
        pci_write_config_word(port, port.dpc_cap + PCI_EXP_DPC_STATUS, PCI_EXP_DPC_STATUS_TRIGGER);
        ok = pci_bridge_wait_for_secondary_bus(host_, port, "DPC") == 0;
        for (pci_dev* d : below)
            if (ok) d->k.point("r1", d->rid());
        if (ok) below_.lift();
    }
    recovered_ = ok;
    recovering_ = false;
    completed_.wake_all();
    call.result(ok ? 0 : -EIO);
    return ok ? pci_ers_result::recovered : pci_ers_result::disconnect;
}

bool dpc_service::recovered_lately() {
    completed_.wait([this] { return !recovering_ && !(status() & PCI_EXP_DPC_STATUS_TRIGGER); },
                    port_.k.now() + recovery_limit);
    return std::exchange(recovered_, false);
}

}  // namespace drydock::sw
