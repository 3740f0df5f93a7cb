// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/domain.h"

#include <algorithm>

#include "sw/arm_smmu_v3/master.h"
#include "sw/iommu/quarantine/quarantine.h"

namespace drydock::sw {

arm_smmu_domain* to_smmu_domain(iommu_domain* d) {
    if (!d || (d->type != iommu_domain_type::paging && d->type != iommu_domain_type::sva))
        return nullptr;
    return static_cast<arm_smmu_domain*>(d);
}

arm_smmu_domain::arm_smmu_domain(arm_smmu_driver& d, iommu_domain_type t, u32 number, std::string n)
    : iommu_domain(t, number, std::move(n)),
      driver_(d),
      table_memory_(d.k()),
      tables_(table_memory_),
      asid_(d.alloc_asid()),
      invs_(std::make_shared<arm_smmu_invs>(d.k())) {
    if (d.options().invalidation == arm_smmu_invalidation::masters)
        devices_lock_ = std::make_unique<spinlock>(d.k(), "arm_smmu_devices_lock");
}

void arm_smmu_domain::charge_walk() {
    const auto a = tables_.take_accesses();
    const auto& c = driver_.k().costs();
    driver_.k().spend(a.loads * c.memory_read + a.stores * c.memory_write);
}

int arm_smmu_domain::map_pages(dma_addr_t iova, phys_addr_t phys, u64 bytes, u32 prot) {
    driver_.k().spend(
        driver_.k().costs().function_call);  // iommu_map and its walk, one call each page run
    const int rc = tables_.map(iova, phys, bytes, prot);
    charge_walk();
    return rc;
}

unmap_class arm_smmu_domain::unmap_pages(dma_addr_t iova, u64 bytes) {
    kernel& k = driver_.k();
    const auto span = k.current_span();
    const auto told = [&](u64 boundary) {
        if (span != 0) k.observe().emit(hal::note::stage, k.current_place(), span, boundary);
    };
    told(unmap_begins);
    k.spend(2 * k.costs().function_call);  // iommu_unmap, io-pgtable
    const auto flush = [this](u64 at, u64 size) { inv_range(at, size, false, 0); };
    tables_.unmap(iova, bytes, [&flush](u64 at, u64 size) { flush(at, size); });
    charge_walk();
    told(unmap_pte_cleared);
    // A process' notifier does not know which level changed; the DMA layer does.
    const unmap_class c = inv_range(iova, bytes, type == iommu_domain_type::paging, span);
    if (c == unmap_class::atc) told(unmap_returned);
    return c;
}

unmap_class arm_smmu_domain::inv_range(u64 iova, u64 size, bool leaf, hal::span_id unmap) {
    driver_.k().spend(driver_.k().costs().function_call);
    if (devices_lock_) return inv_masters(iova, size, leaf, unmap);
    const std::shared_ptr<arm_smmu_invs> invs = invs_;  // rcu_dereference
    if (!invs->has_ats()) return inv_entries(*invs, iova, size, leaf, unmap);
    if (driver_.options().async_invalidation) {
        const unmap_class c = inv_entries(*invs, iova, size, leaf, unmap, part::tlbs);
        driver_.later().add({this, invs, iova, size});
        return c;
    }
    if (!driver_.quarantine()) return inv_locked(*invs, iova, size, leaf, unmap);
    const rcu::reader reading = driver_.readers().read_lock();
    const unmap_class c = inv_locked(*invs, iova, size, leaf, unmap);
    driver_.readers().read_unlock(reading);
    return c;
}

void arm_smmu_domain::inv_atcs(arm_smmu_invs& invs, u64 iova, u64 size) {
    const rcu::reader reading = driver_.readers().read_lock();
    inv_locked(invs, iova, size, false, 0, part::atcs);
    driver_.readers().read_unlock(reading);
}

unmap_class arm_smmu_domain::inv_locked(arm_smmu_invs& invs, u64 iova, u64 size, bool leaf,
                                        hal::span_id unmap, part which) {
    invs.lock().read_lock_irqsave();
    const unmap_class c = inv_entries(invs, iova, size, leaf, unmap, which);
    invs.lock().read_unlock_irqrestore();
    return c;
}

namespace {

/// Which of an unmap's batches tell its stages: one of each kind is, however many SMMUs there are.
/// TLBIs from the first batch until the last one's SYNC, ATC_INVs from the last; what lies between
/// is counted in the stage that it delays.
struct told_batches {
    std::size_t first_tlbi = SIZE_MAX, last_tlbi = SIZE_MAX, last_atc = SIZE_MAX;
};

template <class Next>
told_batches choose_told(const std::vector<arm_smmu_inv>& all, Next next_live) {
    told_batches t;
    std::size_t batch = 0, tlbi = SIZE_MAX;
    for (std::size_t i = next_live(0); i < all.size();) {
        if (all[i].is_ats()) {
            t.last_atc = batch;
            t.last_tlbi = tlbi;
        } else {
            if (t.first_tlbi == SIZE_MAX) t.first_tlbi = batch;
            tlbi = batch;
        }
        const std::size_t next = next_live(i + 1);
        if (next < all.size() && arm_smmu_invs_end_batch(all[i], all[next])) ++batch;
        i = next;
    }
    if (t.last_atc == SIZE_MAX) t.last_tlbi = tlbi;
    return t;
}

}  // namespace

unmap_class arm_smmu_domain::inv_entries(arm_smmu_invs& invs, u64 iova, u64 size, bool leaf,
                                         hal::span_id unmap, part which) {
    kernel& k = driver_.k();
    auto& all = invs.entries();
    const auto wanted = [which](const arm_smmu_inv& e) {
        return e.live() && (which == part::all || e.is_ats() == (which == part::atcs));
    };
    const auto next_live = [&all, &wanted](std::size_t i) {
        while (i < all.size() && !wanted(all[i])) ++i;
        return i;
    };
    const told_batches told = choose_told(all, next_live);
    unmap_class c = unmap_class::none;
    std::size_t number = 0;
    for (std::size_t i = next_live(0); i < all.size(); ++number) {
        arm_smmu_device& smmu = *all[i].smmu;
        const std::size_t first = i;
        const bool tlbi = !all[i].is_ats();
        // A guest's commands go through its host, which puts in the VMID and the StreamID.
        if (smmu.vm()) k.spend(k.costs().guest_exit);
        arm_smmu_cmdq_batch batch(smmu.cmdq());
        if (number == (tlbi ? told.first_tlbi : told.last_atc)) batch.belongs_to(unmap);
        for (bool more = true; more;) {
            const arm_smmu_inv& cur = all[i];
            if (tlbi || cur.master->reachable()) add_commands(batch, cur, iova, size, leaf);
            i = next_live(i + 1);
            more = i < all.size() && !arm_smmu_invs_end_batch(cur, all[i]);
        }
        if (batch.num() == 0) continue;  // nobody is there to be told
        if (!tlbi)
            c = unmap_class::atc;
        else if (c == unmap_class::none)
            c = unmap_class::tlbi_only;
        const int rc = batch.submit();
        if (rc != 0 && !tlbi && driver_.quarantine())
            driver_.quarantine()->atc_inv_failed(
                {smmu, this, &all[first], std::min(i, all.size()) - first, iova, size, rc});
        if (tlbi && unmap != 0) {
            if (number == told.last_tlbi)
                k.observe().emit(hal::note::stage, k.current_place(), unmap, unmap_tlbi_synced);
            k.point("i1");
        }
    }
    return c;
}

void arm_smmu_domain::add_commands(arm_smmu_cmdq_batch& batch, const arm_smmu_inv& cur, u64 iova,
                                   u64 size, bool leaf) {
    if (!cur.is_ats()) {
        tlbi_range range(static_cast<u16>(cur.id), iova, size, leaf, cur.smmu->features().range_inv,
                         cur.smmu->vmid());
        while (const auto e = range.next()) batch.add(*e);
        return;
    }
    const bool full = cur.type == arm_smmu_inv_type::ats_full;
    arm_smmu_cmdq_ent e = full ? arm_smmu_atc_inv_to_cmd(IOMMU_NO_PASID, 0, 0)
                               : arm_smmu_atc_inv_to_cmd(cur.ssid, iova, size);
    e.sid = cur.id;
    e.rid = cur.rid;
    batch.add(e);
}

void arm_smmu_domain::add_invs(const std::vector<arm_smmu_inv>& add) {
    if (devices_lock_) return add_masters(add);
    invs_ = invs_->merge(add);
    tell_users(add);
}

/// For observers: an ATC is attached to a domain once, by RID or PASID.
void arm_smmu_domain::tell_users(const std::vector<arm_smmu_inv>& changed) const {
    kernel& k = driver_.k();
    if (!k.observe().wants(hal::note::refcount)) return;
    for (const arm_smmu_inv& c : changed) {
        if (!c.is_ats()) continue;
        u64 users = 0;
        for (const arm_smmu_inv& i : invs_->entries())
            if (arm_smmu_inv_cmp(i, c) == 0) users = i.users;
        const std::string object = "arm_smmu_inv(" + name + ", stream " + std::to_string(c.id) +
                                   ", ssid " + std::to_string(c.ssid) + ")";
        k.observe().emit(hal::note::refcount, k.current_place(), k.current_span(),
                         k.observe().text(object), users, 1);
    }
}

void arm_smmu_domain::remove_invs(const std::vector<arm_smmu_inv>& remove) {
    if (devices_lock_) return remove_masters(remove);
    for (const auto& gone : invs_->unref(remove, !driver_.options().no_serialise))
        if (gone.type == arm_smmu_inv_type::s1_asid)
            gone.smmu->cmdq().issue_cmd_with_sync({.opcode = CMDQ_OP_TLBI_NH_ASID,
                                                   .asid = static_cast<u16>(gone.id),
                                                   .vmid = gone.smmu->vmid()});
    if (auto compact = invs_->purge()) invs_ = std::move(compact);
    tell_users(remove);
}

entry_words arm_smmu_domain::make_cd(const arm_smmu_master& master) const {
    return arm_smmu_make_s1_cd(
        {.ttb = tables_.ttbr(), .asid = asid_, .ips = master.smmu.features().oas_code});
}

}  // namespace drydock::sw
