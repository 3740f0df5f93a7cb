// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/vc.h"

#include <linux/pci_regs.h>

#include <algorithm>

namespace drydock::sw {

namespace {

constexpr u32 tc_map = 0xff;
constexpr unsigned id_shift = 24;
constexpr int negotiation_rounds = 100;  // of 1 ms

unsigned channels(pci_dev& d) {
    return 1 + (pci_read_config_dword(d, d.vc_cap + PCI_VC_PORT_CAP1) & PCI_VC_CAP1_EVCC);
}

int control(const pci_dev& d, unsigned n) {
    return d.vc_cap + PCI_VC_RES_CTRL + static_cast<int>(n) * PCI_CAP_VC_PER_VC_SIZEOF;
}

void write_map(pci_dev& d, unsigned n, u8 tcs) {
    const u32 before = pci_read_config_dword(d, control(d, n));
    pci_write_config_dword(d, control(d, n), (before & ~tc_map) | tcs);
}

void enable(pci_dev& d, unsigned n, u8 tcs) {
    const u32 before = pci_read_config_dword(d, control(d, n)) & ~(tc_map | 7u << id_shift);
    pci_write_config_dword(d, control(d, n), before | tcs | n << id_shift | PCI_VC_RES_CTRL_ENABLE);
}

void disable(pci_dev& d, unsigned n) {
    pci_write_config_dword(d, control(d, n),
                           pci_read_config_dword(d, control(d, n)) & ~PCI_VC_RES_CTRL_ENABLE);
}

bool negotiated(pci_dev& d, unsigned n) {
    const int status = control(d, n) - PCI_VC_RES_CTRL + PCI_VC_RES_STATUS;
    for (int round = 0; round < negotiation_rounds; ++round) {
        if (!(pci_read_config_word(d, status) & PCI_VC_RES_STATUS_NEGO)) return true;
        d.k.sleep(1ms);
    }
    return false;
}

}  // namespace

int pci_enable_vcs(pci_dev& port, pci_dev& function_0, const vc_map& wanted) {
    call_scope call(port.k, "pci_enable_vcs", function_0.rid());
    if (!port.vc_cap || !function_0.vc_cap) return call.result(-ENODEV);
    const unsigned both = std::min(channels(port), channels(function_0));
    pci_dev* const ends[] = {&port, &function_0};
    u8 moved = 0;
    for (unsigned n = 1; n < both; ++n) {
        if (wanted.tcs[n] == 0) continue;
        for (pci_dev* d : ends) enable(*d, n, wanted.tcs[n]);
        if (!negotiated(port, n) || !negotiated(function_0, n)) {
            port.k.log(3, "a virtual channel does not come up", port.rid());
            for (pci_dev* d : ends)
                for (unsigned k = 1; k <= n; ++k) disable(*d, k);
            return call.result(-ETIMEDOUT);
        }
        moved |= wanted.tcs[n];
    }
    for (pci_dev* d : ends) {
        write_map(*d, 0, static_cast<u8>(~moved));
        d->vcs_enabled = moved != 0;
    }
    return call.result(0);
}

void pci_save_vc_state(pci_dev& d) {
    if (!d.vcs_enabled) return;
    d.saved.vcs = static_cast<u8>(std::min<std::size_t>(channels(d), d.saved.vc_control.size()));
    for (unsigned n = 0; n < d.saved.vcs; ++n)
        d.saved.vc_control[n] = pci_read_config_dword(d, control(d, n));
}

void pci_restore_vc_state(pci_dev& d) {
    if (!d.vcs_enabled) return;
    // VC0 gives its traffic classes away last.
    for (unsigned n = d.saved.vcs; n-- > 0;) {
        if (pci_read_config_dword(d, control(d, n)) == d.saved.vc_control[n]) continue;
        pci_write_config_dword(d, control(d, n), d.saved.vc_control[n]);
        if (n != 0 && (d.saved.vc_control[n] & PCI_VC_RES_CTRL_ENABLE) && !negotiated(d, n))
            d.k.log(3, "a virtual channel does not come up again", d.rid());
    }
}

}  // namespace drydock::sw
