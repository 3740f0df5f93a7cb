// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/domain.h"

#include "sw/arm_smmu_v3/master.h"

namespace drydock::sw {

arm_smmu_domain* to_smmu_domain(iommu_domain* d) {
    if (!d || (d->type != iommu_domain_type::paging && d->type != iommu_domain_type::sva))
        return nullptr;
    return static_cast<arm_smmu_domain*>(d);
}

arm_smmu_domain::arm_smmu_domain(arm_smmu_device& s, iommu_domain_type t, u32 number, std::string n)
    : iommu_domain(t, number, std::move(n)),
      smmu_(s),
      table_memory_(s.k()),
      tables_(table_memory_),
      asid_(s.alloc_asid()),
      invs_(std::make_shared<arm_smmu_invs>(s.k())) {}

void arm_smmu_domain::charge_walk() {
    const auto a = tables_.take_accesses();
    const auto& c = smmu_.k().costs();
    smmu_.k().spend(a.loads * c.memory_read + a.stores * c.memory_write);
}

int arm_smmu_domain::map_pages(dma_addr_t iova, phys_addr_t phys, u64 bytes, u32 prot) {
    smmu_.k().spend(
        smmu_.k().costs().function_call);  // iommu_map and its walk, one call each page run
    const int rc = tables_.map(iova, phys, bytes, prot);
    charge_walk();
    return rc;
}

unmap_class arm_smmu_domain::unmap_pages(dma_addr_t iova, u64 bytes) {
    kernel& k = smmu_.k();
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
    smmu_.k().spend(smmu_.k().costs().function_call);
    const std::shared_ptr<arm_smmu_invs> invs = invs_;  // rcu_dereference
    if (!invs->has_ats()) return inv_entries(*invs, iova, size, leaf, unmap);
    invs->lock().read_lock_irqsave();
    const unmap_class c = inv_entries(*invs, iova, size, leaf, unmap);
    invs->lock().read_unlock_irqrestore();
    return c;
}

unmap_class arm_smmu_domain::inv_entries(arm_smmu_invs& invs, u64 iova, u64 size, bool leaf,
                                         hal::span_id unmap) {
    kernel& k = smmu_.k();
    const auto& all = invs.entries();
    const auto next_live = [&all](std::size_t i) {
        while (i < all.size() && all[i].users == 0) ++i;
        return i;
    };
    arm_smmu_cmdq_batch batch(smmu_.cmdq());
    batch.belongs_to(unmap);
    unmap_class c = unmap_class::none;
    for (std::size_t i = next_live(0); i < all.size();) {
        const arm_smmu_inv& cur = all[i];
        if (cur.is_ats()) {
            const bool full = cur.type == arm_smmu_inv_type::ats_full;
            arm_smmu_cmdq_ent e = full ? arm_smmu_atc_inv_to_cmd(IOMMU_NO_PASID, 0, 0)
                                       : arm_smmu_atc_inv_to_cmd(cur.ssid, iova, size);
            e.sid = cur.id;
            batch.add(e);
            c = unmap_class::atc;
        } else {
            tlbi_range range(static_cast<u16>(cur.id), iova, size, leaf,
                             smmu_.features().range_inv);
            while (const auto e = range.next()) batch.add(*e);
            if (c == unmap_class::none) c = unmap_class::tlbi_only;
        }
        const std::size_t next = next_live(i + 1);
        if (next >= all.size() || arm_smmu_invs_end_batch(cur, all[next])) {
            const bool tlbi = !cur.is_ats();
            batch.submit();  // result ignored, as the kernel does: see the header
            if (tlbi && unmap != 0) {
                k.observe().emit(hal::note::stage, k.current_place(), unmap, unmap_tlbi_synced);
                k.point("i1");
            }
        }
        i = next;
    }
    return c;
}

void arm_smmu_domain::add_invs(const std::vector<arm_smmu_inv>& add) { invs_ = invs_->merge(add); }

void arm_smmu_domain::remove_invs(const std::vector<arm_smmu_inv>& remove) {
    for (const auto& gone : invs_->unref(remove))
        if (gone.type == arm_smmu_inv_type::s1_asid)
            smmu_.cmdq().issue_cmd_with_sync(
                {.opcode = CMDQ_OP_TLBI_NH_ASID, .asid = static_cast<u16>(gone.id)});
    if (auto compact = invs_->purge()) invs_ = std::move(compact);
}

entry_words arm_smmu_domain::make_cd() const {
    return arm_smmu_make_s1_cd(
        {.ttb = tables_.ttbr(), .asid = asid_, .ips = smmu_.features().oas_code});
}

}  // namespace drydock::sw
