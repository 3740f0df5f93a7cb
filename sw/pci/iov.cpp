// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/iov.h"

#include <linux/pci_regs.h>

#include <algorithm>

namespace drydock::sw {

namespace {

constexpr hal::duration vf_enable_wait = 100ms;    // before the first access (PCIe)
constexpr hal::duration vf_disable_wait = 1000ms;  // Linux: sriov_disable()
constexpr hal::duration vf_rrs_limit = 1000ms;
constexpr u32 rrs_vendor_id = 0x0001;

void set_num_vfs(pci_dev& d, u16 n) {
    pci_write_config_word(d, d.sriov->pos + PCI_SRIOV_NUM_VF, n);
    d.sriov->offset = pci_read_config_word(d, d.sriov->pos + PCI_SRIOV_VF_OFFSET);
    d.sriov->stride = pci_read_config_word(d, d.sriov->pos + PCI_SRIOV_VF_STRIDE);
}

void set_page_size(pci_dev& d) {
    const u32 supported = pci_read_config_dword(d, d.sriov->pos + PCI_SRIOV_SUP_PGSIZE);
    const u32 least = supported & ~(supported - 1);  // a page of the CPU is 4 KiB
    pci_write_config_dword(d, d.sriov->pos + PCI_SRIOV_SYS_PGSIZE, least);
}

void write_vf_bar(pci_dev& d, unsigned i) {
    const auto& r = d.sriov->resource[i];
    const int where = d.sriov->pos + PCI_SRIOV_BAR + static_cast<int>(i) * 4;
    pci_write_config_dword(d, where, static_cast<u32>(r.start));
    if (r.mem64) pci_write_config_dword(d, where + 4, static_cast<u32>(r.start >> 32));
}

/// A virtual function that says it is not ready is waited for.
bool virtfn_answers(pci_dev& vf) {
    for (hal::duration delay = 1ms; delay < vf_rrs_limit; delay *= 2) {
        // Its Vendor ID reads 0xffff in any case; the header type does not.
        if ((pci_read_config_dword(vf, PCI_VENDOR_ID) & 0xffff) != rrs_vendor_id) break;
        vf.k.sleep(delay);
    }
    return pci_read_config_byte(vf, PCI_HEADER_TYPE) != 0xff;
}

int add_virtfn(pci_host& host, pci_dev& pf, unsigned id) {
    const u16 rid = pci_iov_virtfn_rid(pf, id);
    auto vf = host.make(rid, pf.bridge);
    if (!virtfn_answers(*vf)) return -EIO;
    vf->is_virtfn = true;
    vf->physfn = &pf;
    vf->vendor = pf.vendor;
    vf->device_id = pf.sriov->vf_device;
    for (unsigned i = 0; i < vf->resource.size(); ++i) {
        vf->resource[i] = pf.sriov->resource[i];
        vf->resource[i].start += id * vf->resource[i].size;
    }
    pci_init_capabilities(*vf);
    host.add(std::move(vf));
    return 0;
}

void enable(pci_dev& d, u16 n) {
    set_num_vfs(d, n);
    d.sriov->num_VFs = n;
    d.sriov->ctrl |= PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE;
    d.cfg_access.lock();
    pci_write_config_word(d, d.sriov->pos + PCI_SRIOV_CTRL, d.sriov->ctrl);
    d.k.sleep(vf_enable_wait);
    d.cfg_access.unlock();
}

}  // namespace

void pci_iov_init(pci_dev& d) {
    if (!d.sriov_cap || d.is_virtfn) return;
    const u16 total = pci_read_config_word(d, d.sriov_cap + PCI_SRIOV_TOTAL_VF);
    if (total == 0) return;
    d.sriov = std::make_shared<pci_sriov>();
    d.sriov->pos = d.sriov_cap;
    d.sriov->total_VFs = total;
    d.sriov->vf_device = pci_read_config_word(d, d.sriov_cap + PCI_SRIOV_VF_DID);
    if (d.bridge && d.bridge->ari_enabled) d.sriov->ctrl |= PCI_SRIOV_CTRL_ARI;
    pci_write_config_word(d, d.sriov_cap + PCI_SRIOV_CTRL, d.sriov->ctrl);
    set_num_vfs(d, total);
    d.sriov->max_VF_bus = static_cast<u8>(pci_iov_virtfn_rid(d, total - 1u) >> 8);
    set_num_vfs(d, 0);
    set_page_size(d);
    pci_read_bars(d, d.sriov_cap + PCI_SRIOV_BAR, d.sriov->resource);
}

u16 pci_iov_virtfn_rid(const pci_dev& d, unsigned id) {
    return static_cast<u16>(d.rid() + d.sriov->offset + id * d.sriov->stride);
}

u8 pci_iov_bus_range(const pci_host& host, const pci_dev& bridge) {
    u8 last = bridge.secondary;
    for (const auto& d : host.devices())
        if (d->bridge == &bridge && d->sriov) last = std::max(last, d->sriov->max_VF_bus);
    return static_cast<u8>(last - bridge.secondary);
}

int pci_enable_sriov(pci_host& host, pci_dev& d, u16 nr_virtfn) {
    call_scope call(d.k, "pci_enable_sriov", d.rid());
    if (!d.sriov) return call.result(-ENODEV);
    if (d.sriov->num_VFs != 0) return call.result(-EBUSY);
    if (nr_virtfn == 0 || nr_virtfn > d.sriov->total_VFs) return call.result(-ERANGE);
    const u16 last = pci_iov_virtfn_rid(d, nr_virtfn - 1u);
    if (last < d.rid() || (d.bridge && last >> 8 > d.bridge->subordinate))
        return call.result(-ENOMEM);
    enable(d, nr_virtfn);
    for (unsigned id = 0; id < nr_virtfn; ++id)
        if (const int rc = add_virtfn(host, d, id); rc != 0) return call.result(rc);
    return call.result(0);
}

void pci_disable_sriov(pci_dev& d) {
    if (!d.sriov || d.sriov->num_VFs == 0) return;
    call_scope call(d.k, "pci_disable_sriov", d.rid());
    d.sriov->ctrl &= static_cast<u16>(~(PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE));
    d.cfg_access.lock();
    pci_write_config_word(d, d.sriov->pos + PCI_SRIOV_CTRL, d.sriov->ctrl);
    if (!d.disconnected) d.k.sleep(vf_disable_wait);
    d.cfg_access.unlock();
    d.sriov->num_VFs = 0;
    set_num_vfs(d, 0);
}

void pci_restore_iov_state(pci_dev& d) {
    if (!d.sriov) return;
    const u16 ctrl = pci_read_config_word(d, d.sriov->pos + PCI_SRIOV_CTRL);
    if (ctrl & PCI_SRIOV_CTRL_VFE) return;  // it was not lost
    set_page_size(d);
    for (unsigned i = 0; i < d.sriov->resource.size(); ++i)
        if (d.sriov->resource[i].size != 0) write_vf_bar(d, i);
    set_num_vfs(d, d.sriov->num_VFs);
    pci_write_config_word(d, d.sriov->pos + PCI_SRIOV_CTRL, d.sriov->ctrl);
    if (d.sriov->ctrl & PCI_SRIOV_CTRL_VFE) d.k.sleep(vf_enable_wait);
}

}  // namespace drydock::sw
