// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/aer.h"

#include <linux/pci_regs.h>

#include "sw/pci/walk.h"

namespace drydock::sw {

namespace {

constexpr u16 reporting =
    PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE;
constexpr u16 system_errors = PCI_EXP_RTCTL_SECEE | PCI_EXP_RTCTL_SENFEE | PCI_EXP_RTCTL_SEFEE;
constexpr u32 root_interrupts =
    PCI_ERR_ROOT_CMD_COR_EN | PCI_ERR_ROOT_CMD_NONFATAL_EN | PCI_ERR_ROOT_CMD_FATAL_EN;
constexpr u32 received = PCI_ERR_ROOT_COR_RCV | PCI_ERR_ROOT_UNCOR_RCV;

/// Writes back what a register of bits that are cleared by 1 says.
u32 clear(pci_dev& d, int where) {
    const u32 status = pci_read_config_dword(d, where);
    if (status != 0 && status != ~0u) pci_write_config_dword(d, where, status);
    return status;
}

/// Uncorrectable errors that are logged and reported.
u32 pending(pci_dev& d) {
    if (!d.aer_cap) return 0;
    const u32 status = pci_read_config_dword(d, d.aer_cap + PCI_ERR_UNCOR_STATUS);
    const u32 mask = pci_read_config_dword(d, d.aer_cap + PCI_ERR_UNCOR_MASK);
    return status == ~0u ? 0 : status & ~mask;
}

}  // namespace

void pci_aer_init(pci_dev& d) {
    if (d.is_bridge) {
        const u16 control = pci_read_config_word(d, PCI_BRIDGE_CONTROL);
        pci_write_config_word(d, PCI_BRIDGE_CONTROL, control | PCI_BRIDGE_CTL_SERR);
    }
    if (!d.aer_cap || !d.pcie_cap) return;
    const int where = d.pcie_cap + PCI_EXP_DEVCTL;
    pci_write_config_word(d, where, pci_read_config_word(d, where) | reporting);
}

void pci_aer_clear_status(pci_dev& d) {
    if (!d.pcie_cap) return;
    const int status = d.pcie_cap + PCI_EXP_DEVSTA;
    pci_write_config_word(d, status, pci_read_config_word(d, status) & 0xf);
    if (!d.aer_cap) return;
    clear(d, d.aer_cap + PCI_ERR_COR_STATUS);
    clear(d, d.aer_cap + PCI_ERR_UNCOR_STATUS);
}

unsigned aer_service::message_number() const {
    return pci_read_config_dword(port_, port_.aer_cap + PCI_ERR_ROOT_STATUS) >> 27;
}

void aer_service::enable() {
    const int at = port_.aer_cap;
    const int status = port_.pcie_cap + PCI_EXP_DEVSTA, control = port_.pcie_cap + PCI_EXP_RTCTL;
    // What is left from before says nothing about now.
    pci_write_config_word(port_, status, pci_read_config_word(port_, status));
    pci_write_config_word(port_, control,
                          pci_read_config_word(port_, control) & static_cast<u16>(~system_errors));
    clear(port_, at + PCI_ERR_ROOT_STATUS);
    clear(port_, at + PCI_ERR_COR_STATUS);
    clear(port_, at + PCI_ERR_UNCOR_STATUS);
    pci_write_config_dword(port_, at + PCI_ERR_ROOT_COMMAND, root_interrupts);
}

bool aer_service::irq() {
    const int at = port_.aer_cap;
    const u32 status = pci_read_config_dword(port_, at + PCI_ERR_ROOT_STATUS);
    if (!(status & received)) return false;
    const u32 id = pci_read_config_dword(port_, at + PCI_ERR_ROOT_ERR_SRC);
    pci_write_config_dword(port_, at + PCI_ERR_ROOT_STATUS, status);
    if (queue_.size() < most_queued)
        queue_.push_back({status, static_cast<u16>(id), static_cast<u16>(id >> 16)});
    return true;
}

void aer_service::thread() {
    while (!queue_.empty()) {
        const source s = queue_.front();
        queue_.pop_front();
        serve(s);
    }
}

/// Where several have reported, only the first is named: any other may be meant.
pci_dev* aer_service::reporter(u16 id, bool several) const {
    pci_dev* named = host_.find(id);
    if (named || !several) return named;
    for (pci_dev* d : pci_below(host_, port_))
        if (pending(*d)) return d;
    return nullptr;
}

void aer_service::serve(const source& s) {
    if (s.status & PCI_ERR_ROOT_COR_RCV) {
        ++count_.correctable;
        if (pci_dev* d = host_.find(s.correctable)) {
            d->k.log(4, "PCIe Bus Error: severity=Correctable", d->rid());
            if (d->aer_cap) clear(*d, d->aer_cap + PCI_ERR_COR_STATUS);
        }
    }
    if (s.status & PCI_ERR_ROOT_UNCOR_RCV) serve_uncorrectable(s);
}

void aer_service::serve_uncorrectable(const source& s) {
    const bool fatal = s.status & PCI_ERR_ROOT_FATAL_RCV;
    ++(fatal ? count_.fatal : count_.nonfatal);
    pci_dev* who = reporter(s.uncorrectable, s.status & PCI_ERR_ROOT_MULTI_UNCOR_RCV);
    if (!who) {
        port_.k.log(4, "error message of a function that is not there", s.uncorrectable);
        return;
    }
    who->k.log(
        3,
        std::string("PCIe Bus Error: severity=Uncorrectable (") + (fatal ? "Fatal)" : "Non-Fatal)"),
        who->rid());
    // Behind a link that is in error registers cannot be relied on: they are read afterwards.
    if (!fatal) pci_aer_clear_status(*who);
    const auto outcome = pcie_do_recovery(
        host_, *who, fatal ? pci_channel_state::frozen : pci_channel_state::normal,
        [this](pci_dev& port) { return root_reset(port); }, order_);
    ++(outcome == pci_ers_result::recovered ? count_.recovered : count_.failed);
    if (fatal && outcome == pci_ers_result::recovered) pci_aer_clear_status(*who);
}

pci_ers_result aer_service::root_reset(pci_dev& port) {
    call_scope call(port.k, "aer_root_reset", port.rid());
    const int command = port_.aer_cap + PCI_ERR_ROOT_COMMAND;
    const u32 before = pci_read_config_dword(port_, command);
    pci_write_config_dword(port_, command, before & ~root_interrupts);
    const bool integrated = port.pcie_type == PCI_EXP_TYPE_RC_END;
    const int rc = call.result(!integrated ? reset_(port) : flr_ ? flr_(port) : -ENOTTY);
    // What the reset itself has raised.
    clear(port_, port_.aer_cap + PCI_ERR_ROOT_STATUS);
    pci_write_config_dword(port_, command, before | root_interrupts);
    return rc == 0 ? pci_ers_result::recovered : pci_ers_result::disconnect;
}

}  // namespace drydock::sw
