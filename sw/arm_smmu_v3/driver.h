// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sw/arm_smmu_v3/async_inv.h"
#include "sw/arm_smmu_v3/device.h"
#include "sw/iommu/quarantine/quarantine.h"
#include "sw/kernel/rcu.h"

namespace drydock::sw {

/// Whom an unmap tells (linux-flow 3.3).
enum class arm_smmu_invalidation : u8 {
    invs,    ///< a domain's sorted array of all that has to be invalidated
    masters  ///< before it: the domain's ASID, then its list of devices with ATS
};

struct arm_smmu_options {
    arm_smmu_invalidation invalidation = arm_smmu_invalidation::invs;
    /// ATS stays on at a device that is attached to what denies it (VT-d, AMD); else it is
    /// disabled there, as the SMMU demands.
    bool leaves_ats_on = false;
    /// Reads a device's Vendor ID before each ATC_INV and sends none to one that does not answer
    /// (VT-d).
    bool presence_check = false;
    /// An unmap leaves its ATC_INVs to a worker and returns (rejected, linux-flow 6 row 44).
    bool async_invalidation = false;
    bool no_serialise = false;  ///< who removes entries does not wait for readers (H-70)
};

/// The driver of all SMMUs of a machine (Linux: arm_smmu_ops and the driver's globals): one space
/// of ASIDs, one identity and one blocked domain, and domains that devices behind any of them can
/// be attached to. Use: construct, add() each SMMU, reset() each from a task, then through
/// iommu_ops.
class arm_smmu_driver final : public iommu_ops {
public:
    explicit arm_smmu_driver(kernel& k);
    ~arm_smmu_driver() override;
    arm_smmu_driver(const arm_smmu_driver&) = delete;

    /// Before the first add(). @param quarantine outlives the driver; null: off
    void configure(const arm_smmu_options& o, quarantine_ops* quarantine) {
        options_ = o;
        quarantine_ = quarantine;
    }
    const arm_smmu_options& options() const { return options_; }
    quarantine_ops* quarantine() const { return quarantine_; }
    rcu& readers() { return readers_; }
    /// Where unmaps leave their ATC_INVs (options().async_invalidation).
    arm_smmu_async_inv& later() { return later_; }

    /// Its number is its place in the list.
    arm_smmu_device& add(arm_smmu_config);
    arm_smmu_device& smmu(u32 number) { return *smmus_.at(number); }
    const std::vector<std::unique_ptr<arm_smmu_device>>& smmus() const { return smmus_; }

    // iommu_ops
    iommu_domain& identity_domain() override;
    iommu_domain* blocked_domain() override;
    std::unique_ptr<iommu_domain> domain_alloc_paging(u32 id, std::string name) override;
    std::unique_ptr<iommu_domain> domain_alloc_sva(u32 id, std::string name) override;
    /// By the SMMU that the device's translations go to (dev_iommu::iommu_dev).
    int probe_device(device&) override;
    void release_device(device&) override;
    void reset_device_done(device&) override;
    void page_response(device&, const iommu_fault&, iommu_page_response_code) override;

    /// The core's answer to "what does this device translate by"; set once, before the first
    /// attach.
    using get_domain = std::function<iommu_domain*(device&)>;
    void set_driver_get_domain(get_domain f) { get_domain_ = std::move(f); }
    iommu_domain* driver_get_domain(device& d) { return get_domain_(d); }

    /// Called by the GERROR handler when ATC_INVs were lost; empty: nobody is.
    void on_atc_timeout(std::function<void()> f) { atc_timeout_ = std::move(f); }
    void atc_timeout() const {
        if (atc_timeout_) atc_timeout_();
    }

    kernel& k() { return kernel_; }
    mutex& asid_lock() { return asid_lock_; }
    /// A new one for each domain; 0 is never used. @throws std::runtime_error when the 8 or 16 bits
    /// that every SMMU has are used up
    u16 alloc_asid();

private:
    kernel& kernel_;
    mutex asid_lock_;
    rcu readers_;  ///< of invalidation arrays, and of what their entries name
    arm_smmu_async_inv later_;
    arm_smmu_options options_;
    quarantine_ops* quarantine_ = nullptr;
    u32 next_asid_ = 1;
    get_domain get_domain_;
    std::function<void()> atc_timeout_;
    std::unique_ptr<arm_smmu_static_domain> identity_, blocked_;
    std::vector<std::unique_ptr<arm_smmu_device>> smmus_;
};

}  // namespace drydock::sw
