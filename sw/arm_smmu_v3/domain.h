// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "sw/arm_smmu_v3/driver.h"
#include "sw/arm_smmu_v3/invs.h"
#include "sw/arm_smmu_v3/io_pgtable.h"

namespace drydock::sw {

/// Tables in the modelled RAM. Reads and writes at once; the domain charges the CPU for what a walk
/// touched.
class kernel_table_memory final : public io_pgtable_memory {
public:
    explicit kernel_table_memory(kernel& k) : kernel_(k) {}
    phys_addr_t alloc_table() override { return kernel_.alloc_pages(1, "page_table"); }
    void free_table(phys_addr_t at) override { kernel_.free_pages(at, 1); }
    u64 load(phys_addr_t at) override {
        u64 v = 0;
        kernel_.host().memory.read(at, &v, sizeof v);
        return v;
    }
    void store(phys_addr_t at, u64 v) override { kernel_.host().memory.write(at, &v, sizeof v, 0); }

private:
    kernel& kernel_;
};

/// A stage 1 address space: DMA mappings (paging) or a process (sva), which differ in what an unmap
/// knows of the level that changed. Its devices may be behind several SMMUs: each of them is told
/// of an unmap, one after the other.
class arm_smmu_domain final : public iommu_domain {
public:
    arm_smmu_domain(arm_smmu_driver&, iommu_domain_type, u32 id, std::string name);

    int attach_dev(device&, iommu_domain* old) override;
    int set_dev_pasid(device&, u32 pasid, iommu_domain* old) override;
    int map_pages(dma_addr_t, phys_addr_t, u64 bytes, u32 prot) override;
    unmap_class unmap_pages(dma_addr_t, u64 bytes) override;
    phys_addr_t iova_to_phys(dma_addr_t a) override { return tables_.iova_to_phys(a); }

    u16 asid() const { return asid_; }
    const arm_smmu_invs& invs() const { return *invs_; }
    void add_invs(const std::vector<arm_smmu_inv>&);
    /// Returns when no invalidation that is under way still sends to what was removed.
    void remove_invs(const std::vector<arm_smmu_inv>&);
    /// Whether this device can be attached: by lists of masters a domain is one SMMU's.
    bool takes(const arm_smmu_master&) const;
    /// Nothing is sent to this device any more. From any context.
    void mute(const arm_smmu_master& m) { invs_->mute(m); }

    /// arm_smmu_domain_inv_range(): TLBI, SYNC, then ATC_INV, SYNC, to all who use this domain. A
    /// timeout does not reach who unmaps: it is ignored, or the quarantine deals with it before
    /// this returns. @param unmap span whose stages this tells, 0: none
    unmap_class inv_range(u64 iova, u64 size, bool leaf, hal::span_id unmap);

    /// Its second half alone, of an array that an unmap has found: the devices' ATCs.
    void inv_atcs(arm_smmu_invs&, u64 iova, u64 size);

private:
    enum class part : u8 { all, tlbs, atcs };
    unmap_class inv_entries(arm_smmu_invs&, u64 iova, u64 size, bool leaf, hal::span_id unmap,
                            part = part::all);
    unmap_class inv_locked(arm_smmu_invs&, u64 iova, u64 size, bool leaf, hal::span_id unmap,
                           part = part::all);
    void add_masters(const std::vector<arm_smmu_inv>&);
    void remove_masters(const std::vector<arm_smmu_inv>&);
    unmap_class inv_masters(u64 iova, u64 size, bool leaf, hal::span_id unmap);
    static void add_commands(arm_smmu_cmdq_batch&, const arm_smmu_inv&, u64 iova, u64 size,
                             bool leaf);
    entry_words make_cd(const arm_smmu_master&) const;
    void tell_users(const std::vector<arm_smmu_inv>&) const;
    void charge_walk();

    arm_smmu_driver& driver_;
    kernel_table_memory table_memory_;
    io_pgtable tables_;
    u16 asid_;
    std::shared_ptr<arm_smmu_invs> invs_;  ///< replaced as a whole, as by RCU
    /// devices_lock of lists of masters, null with arrays.
    std::unique_ptr<spinlock> devices_lock_;
    arm_smmu_device* smmu_ = nullptr;  ///< that the lists' devices are behind
};

/// Identity and blocked: no tables; for all devices of all SMMUs.
class arm_smmu_static_domain final : public iommu_domain {
public:
    arm_smmu_static_domain(arm_smmu_driver& d, iommu_domain_type t, u32 number, std::string n)
        : iommu_domain(t, number, std::move(n)), driver_(d) {}
    int attach_dev(device&, iommu_domain* old) override;
    /// Blocked: removes the PASID from `old`. Identity: -EOPNOTSUPP.
    int set_dev_pasid(device&, u32 pasid, iommu_domain* old) override;

private:
    arm_smmu_driver& driver_;
};

/// @return null for a domain without tables of its own
arm_smmu_domain* to_smmu_domain(iommu_domain*);

}  // namespace drydock::sw
