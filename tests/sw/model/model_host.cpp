// SPDX-License-Identifier: Apache-2.0
#include "tests/sw/model/model_host.h"

#include <linux/pci_regs.h>

#include <cstring>

namespace drydock::sw::test {

// -- functions --

model_function::model_function() {
    for (unsigned at = 0x40; at < 4096; ++at) writable[at] = 0;
    writable[PCI_COMMAND] = 0xff;
    writable[PCI_COMMAND + 1] = 0x07;
}

u32 model_function::get(unsigned at, unsigned size) const {
    u32 v = 0;
    std::memcpy(&v, &bytes[at], size);
    return v;
}

void model_function::put(unsigned at, u32 value, unsigned size) {
    std::memcpy(&bytes[at], &value, size);
}

void model_function::store(unsigned at, unsigned size, u32 value, hal::time_point now) {
    if (!saved_) {
        at_reset_ = bytes;
        saved_ = true;
    }
    if (flr_at != 0 && at == flr_at && (value & PCI_EXP_DEVCTL_BCR_FLR)) return reset(now);
    const bool bar = at >= PCI_BASE_ADDRESS_0 && at < (bridge ? 0x18u : 0x28u);
    if (bar) {
        const unsigned n = (at - PCI_BASE_ADDRESS_0) / 4;
        const u32 flags = at_reset_[at] & 0xf;
        const bool high = n > 0 && bar_size[n] == 0 && (at_reset_[at - 4] & 0x6) == 0x4;
        const u64 size_here = high ? bar_size[n - 1] : bar_size[n];
        const u64 mask = size_here == 0 ? 0 : ~(size_here - 1);
        put(at,
            high ? value & static_cast<u32>(mask >> 32)
                 : (value & static_cast<u32>(mask) & ~0xfu) | flags,
            4);
        return;
    }
    for (unsigned i = 0; i < size; ++i) {
        const u8 in = static_cast<u8>(value >> (8 * i));
        bytes[at + i] =
            static_cast<u8>((bytes[at + i] & ~writable[at + i]) | (in & writable[at + i]));
    }
}

void model_function::reset(hal::time_point now) {
    ++flrs;
    bytes = at_reset_;
    ready_at = now + flr_time;
}

namespace {

void allow(model_function& f, unsigned at, u32 mask, unsigned size) {
    std::memcpy(&f.writable[at], &mask, size);
}

void pcie_capability(model_function& f, unsigned at, unsigned next, unsigned type, u8 mps,
                     bool flr) {
    f.put(at, PCI_CAP_ID_EXP | next << 8, 2);
    f.put(at + PCI_EXP_FLAGS, 2 | type << 4, 2);
    f.put(at + PCI_EXP_DEVCAP, mps | PCI_EXP_DEVCAP_EXT_TAG | (flr ? PCI_EXP_DEVCAP_FLR : 0), 4);
    f.put(at + PCI_EXP_DEVCTL, 0x2810, 2);
    f.put(at + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_EE_PREFIX, 4);
    allow(f, at + PCI_EXP_DEVCTL, 0x7fff, 2);
    allow(f, at + PCI_EXP_LNKCTL, 0xffff, 2);
    allow(f, at + PCI_EXP_DEVCTL2, 0xffff, 2);
    allow(f, at + PCI_EXP_LNKCTL2, 0xffff, 2);
}

}  // namespace

std::unique_ptr<model_function> make_root_port() {
    auto f = std::make_unique<model_function>();
    f->bridge = true;
    f->put(PCI_VENDOR_ID, 0x1234'8086, 4);
    f->put(PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
    f->put(PCI_HEADER_TYPE, PCI_HEADER_TYPE_BRIDGE, 1);
    f->put(PCI_CAPABILITY_LIST, 0x40, 1);
    allow(*f, PCI_PRIMARY_BUS, 0xffffff, 4);
    allow(*f, PCI_MEMORY_BASE, 0xfff0'fff0, 4);
    allow(*f, PCI_PREF_MEMORY_BASE, 0xfff0'fff0, 4);
    f->put(PCI_PREF_MEMORY_BASE, 0x0001'0001, 4);  // 64-bit window
    allow(*f, PCI_PREF_BASE_UPPER32, ~0u, 4);
    allow(*f, PCI_PREF_LIMIT_UPPER32, ~0u, 4);
    pcie_capability(*f, 0x40, 0, PCI_EXP_TYPE_ROOT_PORT, 2, false);
    f->put(0x40 + PCI_EXP_RTCAP, PCI_EXP_RTCAP_CRSVIS, 2);
    allow(*f, 0x40 + PCI_EXP_RTCTL, 0x1f, 2);
    return f;
}

std::unique_ptr<model_function> make_switch_port(unsigned type, u8 mps) {
    auto f = make_root_port();
    f->put(0x40 + PCI_EXP_FLAGS, 2 | type << 4, 2);
    f->put(0x40 + PCI_EXP_DEVCAP, mps | PCI_EXP_DEVCAP_EXT_TAG, 4);
    f->put(0x40 + PCI_EXP_RTCAP, 0, 2);
    return f;
}

std::unique_ptr<model_function> make_endpoint(const endpoint_options& o) {
    auto f = std::make_unique<model_function>();
    f->put(PCI_VENDOR_ID, 0x0b25'8086, 4);
    f->put(PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
    f->put(PCI_BASE_ADDRESS_0, 0xc, 4);  // 64-bit prefetchable
    f->bar_size[0] = 0x10000;
    f->put(PCI_CAPABILITY_LIST, ep_pcie, 1);
    pcie_capability(*f, ep_pcie, ep_msix, PCI_EXP_TYPE_ENDPOINT, o.mps, o.flr);
    f->flr_at = o.flr ? ep_pcie + PCI_EXP_DEVCTL : 0;
    f->flr_time = o.flr_time;
    f->put(ep_msix, PCI_CAP_ID_MSIX | (o.pm ? ep_pm << 8 : 0), 2);
    f->put(ep_pm, PCI_CAP_ID_PM, 2);
    allow(*f, ep_pm + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK, 2);
    f->put(ep_msix + PCI_MSIX_FLAGS, 8, 2);  // 9 vectors
    f->put(ep_msix + PCI_MSIX_TABLE, 0x2000, 4);
    allow(*f, ep_msix + PCI_MSIX_FLAGS, 0xc000, 2);
    f->put(0x100, PCI_EXT_CAP_ID_ERR | 2 << 16 | u32{ep_ats} << 20, 4);
    f->put(ep_ats,
           (o.ats ? PCI_EXT_CAP_ID_ATS : PCI_EXT_CAP_ID_DSN) | 1 << 16 | u32{ep_pasid} << 20, 4);
    f->put(ep_ats + PCI_ATS_CAP, 0x60, 2);
    allow(*f, ep_ats + PCI_ATS_CTRL, 0x801f, 2);
    f->put(ep_pasid,
           (o.pasid ? PCI_EXT_CAP_ID_PASID : PCI_EXT_CAP_ID_DSN) | 1 << 16 |
               (o.pri ? u32{ep_pri} << 20 : 0),
           4);
    f->put(ep_pri, PCI_EXT_CAP_ID_PRI | 1 << 16, 4);
    f->put(ep_pri + PCI_PRI_STATUS,
           PCI_PRI_STATUS_STOPPED | (o.pri_pasid ? PCI_PRI_STATUS_PASID : 0), 2);
    f->put(ep_pri + PCI_PRI_MAX_REQ, 64, 4);
    allow(*f, ep_pri + PCI_PRI_CTRL, 3, 2);
    allow(*f, ep_pri + PCI_PRI_ALLOC_REQ, 0xffff'ffff, 4);
    f->put(ep_pasid + PCI_PASID_CAP, 0x1404, 2);  // 20 bits, privileged mode
    allow(*f, ep_pasid + PCI_PASID_CTRL, 0x7, 2);
    return f;
}

// -- host --

namespace {
constexpr u64 IDR0 = 0x084d'749b, IDR1 = 0x0273'9510, IDR3 = 0x1514, IDR5 = 0x0000'0015;
constexpr u64 cmdq_base = 0x90, cmdq_prod = 0x98, cmdq_cons = 0x9c, gerror = 0x60, gerrorn = 0x64;
}  // namespace

model_host::model_host()
    : doors_{fake.doors().clock,   fake.doors().stacks, *this, *this, fake.doors().irq,
             fake.doors().observe, fake.doors().choice},
      ram_(ram_size) {
    smmu_regs_ = {{0x00, IDR0}, {0x04, IDR1}, {0x0c, IDR3}, {0x14, IDR5}};
}

u64 model_host::reg(u64 offset) const {
    const auto it = smmu_regs_.find(offset);
    return it == smmu_regs_.end() ? 0 : it->second;
}

void model_host::read(phys_addr_t a, void* to, std::size_t n) {
    std::memcpy(to, &ram_.at(a - ram), n);
}
void model_host::write(phys_addr_t a, const void* from, std::size_t n, hal::span_id) {
    std::memcpy(&ram_.at(a - ram), from, n);
}
u64 model_host::word(phys_addr_t a) const {
    u64 v = 0;
    std::memcpy(&v, &ram_.at(a - ram), sizeof v);
    return v;
}
void model_host::put_word(phys_addr_t a, u64 v) { std::memcpy(&ram_.at(a - ram), &v, sizeof v); }

model_function* model_host::function(phys_addr_t a) {
    if (a < ecam || a >= ecam + (256u << 20)) return nullptr;
    const auto it = functions.find(static_cast<u16>((a - ecam) >> 12));
    return it == functions.end() ? nullptr : it->second.get();
}

u64 model_host::peek(phys_addr_t a, unsigned size) {
    const u64 ones = size == 8 ? ~u64{0} : (u64{1} << (8 * size)) - 1;
    if (a >= ecam && a < ecam + (256u << 20)) {
        model_function* f = function(a);
        if (!f) return ones;
        if (now() < f->ready_at) return (a & 0xfff) == 0 ? 0xffff'0001 & ones : ones;
        return f->get(static_cast<unsigned>(a & 0xfff), size);
    }
    if (a >= smmu && a < smmu + 0x20000) return reg(a - smmu) & ones;
    const auto it = bar.find(a);
    return it == bar.end() ? 0 : it->second & ones;
}

std::optional<hal::mmio_result> model_host::load(unsigned, phys_addr_t a, unsigned size,
                                                 hal::mmio_client&, u64) {
    return hal::mmio_result{peek(a, size), load_time, true};
}

std::optional<hal::mmio_result> model_host::store(unsigned, phys_addr_t a, unsigned size, u64 v,
                                                  hal::mmio_client&, u64) {
    if (a >= ecam && a < ecam + (256u << 20)) {
        const auto at = static_cast<unsigned>(a & 0xfff);
        const auto rid = static_cast<u16>((a - ecam) >> 12);
        if (model_function* f = function(a)) {
            if (on_config_write) on_config_write(rid, at, static_cast<u32>(v));
            f->store(at, size, static_cast<u32>(v), now());
        }
    } else if (a >= smmu && a < smmu + 0x20000) {
        smmu_store(a - smmu, v);
    } else {
        bar[a] = v;
        if (on_bar_write) on_bar_write(a, v);
    }
    return hal::mmio_result{0, store_time, true};
}

void model_host::smmu_store(u64 offset, u64 v) {
    if (on_smmu_write) on_smmu_write(offset, v);
    smmu_regs_[offset] = v;
    if (offset == 0x20) smmu_regs_[0x24] = v;  // CR0ACK
    if (offset == 0x50) smmu_regs_[0x54] = v;  // IRQ_CTRLACK
    if (offset == cmdq_prod) run_commands();
    if (offset == gerrorn && stopped_ && ((v ^ reg(gerror)) & 1) == 0) {
        stopped_ = false;
        run_commands();
    }
}

void model_host::run_commands() {
    const u64 base = reg(cmdq_base);
    const unsigned shift = base & 0x1f;
    const u64 mask = (u64{2} << shift) - 1;
    while (!stopped_ && (reg(cmdq_cons) & mask) != (reg(cmdq_prod) & mask)) {
        const u64 cons = reg(cmdq_cons) & mask;
        const phys_addr_t at = (base & 0x000f'ffff'ffff'ffe0) + (cons & (mask >> 1)) * 16;
        const taken_command c{{word(at), word(at + 8)}, now()};
        if (on_command && !on_command(c)) return;
        commands.push_back(c);
        smmu_regs_[cmdq_cons] = (cons + 1) & mask;
        const bool msi = c.opcode() == 0x46 && (c.words[0] >> 12 & 3) == 1 && c.words[1] != 0;
        if (msi) std::memset(&ram_.at(c.words[1] - ram), 0, 4);
    }
}

void model_host::raise_cerror(u32 code) {
    stopped_ = true;
    smmu_regs_[cmdq_cons] = (reg(cmdq_cons) & 0xfffff) | u64{code} << 24;
    raise_gerror(1);
}

void model_host::raise_gerror(u32 bits) {
    smmu_regs_[gerror] ^= bits;
    fake.send_interrupt(static_cast<u32>(reg(0x70)));  // GERROR_IRQ_CFG1
}

std::vector<u8> model_host::opcodes() const {
    std::vector<u8> out;
    for (const auto& c : commands) out.push_back(c.opcode());
    return out;
}

}  // namespace drydock::sw::test
