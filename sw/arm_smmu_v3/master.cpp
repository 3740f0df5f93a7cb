// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/master.h"

#include <algorithm>
#include <bit>

#include "sw/arm_smmu_v3/domain.h"
#include "sw/iommu/quarantine/quarantine.h"
#include "sw/pci/ats.h"

namespace drydock::sw {

namespace {

entry_words read_entry(kernel& k, phys_addr_t at) {
    entry_words w;
    k.copy_from(w.data(), at, sizeof w);
    return w;
}

/// CFGI and SYNC after each step of a change.
class ste_writer final : public arm_smmu_entry_writer {
public:
    ste_writer(arm_smmu_device& smmu, const arm_smmu_master::stream& s)
        : smmu_(smmu), stream_(s), at_(smmu.strtab().ste(s.id)) {}
    phys_addr_t at() const { return at_; }
    void write(unsigned word, u64 value) override { smmu_.k().store64(at_ + word * 8, value); }
    void sync() override {
        smmu_.cmdq().issue_cmd_with_sync(
            {.opcode = CMDQ_OP_CFGI_STE, .sid = stream_.id, .rid = stream_.rid, .leaf = true});
    }
    entry_words used(const entry_words& e) const override { return arm_smmu_get_ste_used(e); }

private:
    arm_smmu_device& smmu_;
    arm_smmu_master::stream stream_;
    phys_addr_t at_;
};

template <class Sync>
class cd_writer final : public arm_smmu_entry_writer {
public:
    cd_writer(kernel& k, phys_addr_t at, Sync s) : kernel_(k), at_(at), sync_(s) {}
    void write(unsigned word, u64 value) override { kernel_.store64(at_ + word * 8, value); }
    void sync() override { sync_(); }
    entry_words used(const entry_words& e) const override { return arm_smmu_get_cd_used(e); }

private:
    kernel& kernel_;
    phys_addr_t at_;
    Sync sync_;
};

constexpr u8 page_shift = 12;

}  // namespace

arm_smmu_master::arm_smmu_master(arm_smmu_device& s, device& d)
    : smmu(s), dev(d), life(s.k(), "arm_smmu_master(" + d.name + ")") {
    const dev_iommu& io = *d.iommu;
    for (std::size_t i = 0; i < io.ids.size(); ++i)
        streams.push_back(
            {io.streams.empty() ? io.ids[i] : io.streams.at(i), static_cast<u16>(io.ids[i])});
    std::sort(streams.begin(), streams.end(),
              [](const stream& a, const stream& b) { return a.id < b.id; });
}

bool arm_smmu_master::ats_supported() const {
    return smmu.features().ats && dev.pdev != nullptr && pci_ats_supported(*dev.pdev);
}

bool arm_smmu_master::reachable() const {
    if (!dev.pdev) return true;
    if (dev.pdev->contained) return false;
    return !smmu.driver().options().presence_check || pci_device_is_present(*dev.pdev);
}

void arm_smmu_master::install_ste(const entry_words& target) {
    for (const stream& s : streams) {
        ste_writer w(smmu, s);
        entry_words entry = read_entry(smmu.k(), w.at());
        arm_smmu_write_entry(w, entry, target);
    }
    const u64 cfg = target[0] & ste::CFG;
    cds->in_ste = cfg == ste::CFG_S1_TRANS || cfg == ste::CFG_NESTED;
    ste_ats_enabled = (target[1] & ste::EATS) != 0;
}

entry_words arm_smmu_master::make_cdtable_ste(bool ats, u64 s1dss) const {
    const bool pri = pri_supported() && smmu.sets_ppar();
    entry_words w =
        arm_smmu_make_cdtable_ste({.table = cds->base(),
                                   .cdmax = cds->cdmax(),
                                   .two_level = cds->two_level(),
                                   .ats = ats,
                                   .ppar = pri && pci_prg_resp_pasid_required(*dev.pdev),
                                   .s1dss = s1dss,
                                   .stalls_supported = smmu.features().stalls});
    if (smmu.vm()) smmu.vm()->nest(w);
    return w;
}

void arm_smmu_master::sync_cd(u32 ssid, bool leaf) {
    arm_smmu_cmdq_batch batch(smmu.cmdq());
    for (const stream& s : streams)
        batch.add(
            {.opcode = CMDQ_OP_CFGI_CD, .sid = s.id, .rid = s.rid, .ssid = ssid, .leaf = leaf});
    batch.submit();
}

void arm_smmu_master::alloc_cd_ptr(u32 ssid) {
    bool made = false;
    cds->alloc_cd(ssid, made);
    if (made) sync_cd(ssid, false);  // an invalid first-level entry may be cached
}

void arm_smmu_master::write_cd(u32 ssid, const entry_words& target) {
    const phys_addr_t at = cds->cd(ssid);
    entry_words entry = read_entry(smmu.k(), at);
    const bool was_valid = entry[0] & cd::V, is_valid = target[0] & cd::V;
    cd_writer w(smmu.k(), at, [this, ssid] { sync_cd(ssid, true); });
    arm_smmu_write_entry(w, entry, target);
    if (ssid != IOMMU_NO_PASID && was_valid != is_valid) cds->used_ssids += is_valid ? 1 : u32(-1);
}

void arm_smmu_master::clear_cd(u32 ssid) {
    if (cds->cd(ssid) != 0) write_cd(ssid, entry_words{});
}

void arm_smmu_master::clear_eats() {
    for (const stream& s : streams) {
        ste_writer w(smmu, s);
        const u64 word = smmu.k().load64(w.at() + 8);
        w.write(1, word & ~ste::EATS);
        w.sync();
    }
    ste_ats_enabled = false;
}

void arm_smmu_master::left(arm_smmu_domain& d) {
    const auto at = std::find(domains.begin(), domains.end(), &d);
    if (at != domains.end()) domains.erase(at);
}

void arm_smmu_master::unfence() {
    if (!ats_broken) return;
    call_scope call(smmu.k(), "arm_smmu_reset_device_done", dev.id);
    ats_broken = false;
}

void arm_smmu_master::atc_inv_master(u32 ssid) {
    quarantine_ops* const quarantine = smmu.quarantine();
    if (ats_broken && quarantine && !quarantine->attach_invalidates_fenced()) return;
    if (!reachable()) return;
    arm_smmu_cmdq_batch batch(smmu.cmdq());
    arm_smmu_cmdq_ent e = arm_smmu_atc_inv_to_cmd(ssid, 0, 0);
    for (const stream& s : streams) {
        e.sid = s.id;
        e.rid = s.rid;
        batch.add(e);
    }
    const int rc = batch.submit();
    if (rc == 0 || !quarantine) return;
    auto entries = ats_invs(ssid);
    quarantine->atc_inv_failed({smmu, nullptr, entries.data(), entries.size(), 0, 0, rc});
}

void arm_smmu_master::enable_ats() {
    atc_inv_master(IOMMU_NO_PASID);  // without PASID: the entire ATC
    if (ats_broken) return;          // fenced by that
    if (dev.pdev->ats_enabled && smmu.driver().options().leaves_ats_on) return;
    if (pci_enable_ats(*dev.pdev, page_shift) != 0) smmu.k().log(3, "Failed to enable ATS", dev.id);
}

std::vector<arm_smmu_inv> arm_smmu_master::build_invs(const arm_smmu_domain& domain, bool ats,
                                                      u32 ssid) const {
    std::vector<arm_smmu_inv> out;
    out.push_back({&smmu, arm_smmu_inv_type::s1_asid, domain.asid(), 0, 1});
    if (ats)
        for (const arm_smmu_inv& i : ats_invs(ssid)) out.push_back(i);
    return out;
}

std::vector<arm_smmu_inv> arm_smmu_master::invs_of(const arm_smmu_domain& domain, bool ats,
                                                   u32 ssid) const {
    auto out = build_invs(domain, ats || ats_broken, ssid);
    if (!ats_broken) return out;
    const auto& all = domain.invs().entries();
    std::erase_if(out, [&all](const arm_smmu_inv& i) {
        return i.is_ats() && std::none_of(all.begin(), all.end(), [&i](const arm_smmu_inv& e) {
                   return e.users != 0 && arm_smmu_inv_cmp(e, i) == 0;
               });
    });
    return out;
}

std::vector<arm_smmu_inv> arm_smmu_master::ats_invs(u32 ssid) const {
    std::vector<arm_smmu_inv> out;
    for (const stream& s : streams) {
        out.push_back({&smmu, arm_smmu_inv_type::ats, s.id, ssid, 1, s.rid});
        out.back().master = const_cast<arm_smmu_master*>(this);
    }
    return out;
}

void arm_smmu_device::forget(const arm_smmu_master& gone) {
    std::erase_if(masters_, [&gone](const auto& m) { return m.second == &gone; });
}

arm_smmu_master* arm_smmu_device::find_master(u32 sid) const {
    const auto at = masters_.find(sid);
    return at == masters_.end() ? nullptr : at->second;
}

/// A StreamID is put in once, who names it first. Others may name it, too: the same device
/// (firmware tables of bridged devices do) or one with the same DMA alias, which Linux refuses
/// (choice).
void arm_smmu_device::insert_master(arm_smmu_master& m) {
    for (auto& s : m.streams) {
        s.inserted = masters_.try_emplace(s.id, &m).second;
        if (!s.inserted)
            kernel_.log(4, "stream " + std::to_string(s.id) + " already in tree", m.dev.id);
    }
}

/// Linux erases the node of each StreamID that the firmware names, in the tree or not.
void arm_smmu_device::remove_master(arm_smmu_master& m) {
    for (auto& s : m.streams) {
        if (s.inserted) {
            masters_.erase(s.id);
            s.inserted = false;
        } else if (!quarantine() || !quarantine()->removes_what_was_inserted()) {
            lifetime node(kernel_, "arm_smmu_stream(" + m.dev.name + ")");
            node.release();  // never was in the tree: what is followed there is nobody's
            node.use();
        }
    }
}

void arm_smmu_device::release_device(arm_smmu_master& m) {
    remove_master(m);
    const auto free = [&m] { m.life.release(); };
    if (quarantine())
        quarantine()->release(free);
    else
        free();
}

int arm_smmu_device::probe_device(device& dev) {
    call_scope call(kernel_, "arm_smmu_probe_device", dev.id);
    if (!dev.iommu || dev.iommu->ids.empty()) return call.result(-ENODEV);
    auto master = std::make_unique<arm_smmu_master>(*this, dev);
    for (const auto& s : master->streams)
        if (s.id >= strtab_.sids()) return call.result(-EINVAL);
    for (const auto& s : master->streams) strtab_.init_sid(s.id);
    if (dev.pdev && dev.pdev->sriov) pci_prepare_ats(*dev.pdev, page_shift);
    // PASID goes on here, before any ATS: its controls may not change afterwards.
    if (dev.pdev && features_.ssid_bits != 0) {
        const int pasids = pci_max_pasids(*dev.pdev);
        if (pasids > 0 && pci_enable_pasid(*dev.pdev, pci_pasid_features(*dev.pdev)) == 0)
            master->ssid_bits = std::min<u8>(
                features_.ssid_bits, static_cast<u8>(std::bit_width(static_cast<u32>(pasids)) - 1));
    }
    if (master->pri_supported()) pci_pri_init(*dev.pdev);
    insert_master(*master);
    master->cds = std::make_unique<cd_table>(kernel_, master->ssid_bits, features_.two_level_cdtab);
    dev.iommu->max_pasids = master->ssid_bits == 0 ? 0 : 1u << master->cds->cdmax();
    dev.iommu->priv = std::move(master);
    return call.result(0);
}

}  // namespace drydock::sw
