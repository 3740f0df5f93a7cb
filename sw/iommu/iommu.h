// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "sw/iommu/group.h"
#include "sw/iommu/quarantine/quarantine.h"
#include "sw/iommu/reset_ops.h"
#include "sw/pci/reset.h"

namespace drydock::sw {

/// What becomes of a device for which firmware demands 1:1 mappings (RMR) when it is to be blocked.
enum class require_direct_policy : u8 {
    by_variant,  ///< outside resets refused; around resets R1 and R2 refuse, later ones block it
    refuse,      ///< -EINVAL, around resets, too
    ignore,      ///< blocked as any other
    paging       ///< "blocked" is a paging domain that has these mappings and no others
};

struct iommu_core_config {
    bool static_blocked_domain = true;  ///< the driver has one; else empty paging domains serve
    require_direct_policy require_direct = require_direct_policy::by_variant;
    /// Drivers ask the core what a device is attached to, instead of taking its word (before R4
    /// they had to).
    bool driver_asks_old = false;
};

/// The IOMMU core: groups, domains, attaching, and the two calls around a reset. Linux's function
/// names. All int results are 0 or a negative error code.
class iommu_core final : public reset_iommu {
public:
    /// @param variant how resets are protected; see sw/iommu/reset
    iommu_core(kernel& k, iommu_ops& ops, std::unique_ptr<reset_ops> variant,
               iommu_core_config config = {});
    ~iommu_core() override;

    kernel& k() { return kernel_; }
    iommu_ops& ops() { return ops_; }
    const reset_ops& variant() const { return *variant_; }

    // -- devices and groups --
    /// Adds the device to the group of this name (made if new) and attaches it to the group's
    /// domain, by default to a paging domain, or to the identity domain.
    int iommu_probe_device(device&, const std::string& group, bool identity);
    /// The device goes: into the blocked domain, out of its group; the group's domains go with its
    /// last device.
    void iommu_release_device(device&);
    const std::vector<std::unique_ptr<iommu_group>>& groups() const { return groups_; }
    /// @pre group->mutex held. @return null if the device is in no group
    group_device* dev_to_gdev(device&);
    /// The same of a group that was looked up before the mutex was taken.
    static group_device* find_gdev(iommu_group&, const device&);
    void iommu_group_put(iommu_group&);
    /// Software follows a pointer to it: told, if nothing is there any more. @return false for NULL
    bool follow(const iommu_domain*);
    void follow(const iommu_group& g) { g.life.use(); }
    /// Whether an attach to the group would be refused right now.
    bool attach_refused(const iommu_group&) const;

    // -- domains --
    iommu_domain& paging_domain_alloc(std::string name);
    iommu_domain& sva_domain_alloc(std::string name);
    /// Nobody may be attached to it; whoever follows a pointer to it from now on, is told.
    void iommu_domain_free(iommu_domain&);
    iommu_domain& identity_domain() { return ops_.identity_domain(); }
    /// The driver's static one; null where it has none.
    iommu_domain* blocked_domain();
    /// The driver's blocked domain, or an empty paging domain where it has none. Sets
    /// group->blocking_domain.
    int __iommu_group_alloc_blocking_domain(iommu_group&);
    /// Whether prepare() has to refuse the device, which firmware wants mapped 1:1.
    /// @param variant_refuses what the variant does where no policy is set
    bool direct_refused(const device&, bool variant_refuses) const;

    // -- attaching --
    /// Replaces whatever domain the group is in, as iommufd does; members already moved go back if
    /// one fails. Refused by a fence even where it would change nothing: whoever probes, sees it.
    int iommu_attach_group(iommu_domain&, iommu_group&);
    /// Back to the default domain; must succeed, even while a member is being reset.
    void iommu_detach_group(iommu_group&);
    /// For every member that has PASIDs. -ENODEV without group; -EINVAL for PASID 0 or one beyond
    /// what the device or a sibling can issue; -EBUSY if the PASID is taken, or by a fence.
    int iommu_attach_device_pasid(iommu_domain&, device&, u32 pasid);
    int iommu_replace_device_pasid(iommu_domain&, device&, u32 pasid);
    void iommu_detach_device_pasid(device&, u32 pasid);
    /// First mapping of a device whose attach was put off: happens once. 0 if there is nothing to
    /// do; -EBUSY by a fence, and then nothing but another mapping tries again.
    int iommu_deferred_attach(device&, iommu_domain&);
    /// The domain that hardware uses for requests without PASID; group->mutex held. For drivers.
    iommu_domain* iommu_driver_get_domain_for_dev(device&);
    iommu_domain* iommu_get_domain_for_dev(device&);

    // -- one device, as resets need it; group->mutex held --
    int __iommu_attach_device(iommu_domain&, device&, iommu_domain* old);
    int set_dev_pasid(iommu_domain&, device&, u32 pasid, iommu_domain* old);
    void remove_dev_pasid(device&, u32 pasid, iommu_domain& old);
    /// For every member, each through the variant's pasid_fence().
    int __iommu_set_group_pasid(iommu_domain&, iommu_group&, u32 pasid, iommu_domain* old);
    /// Sets the flag and tells observers, if it changes.
    void set_blocked(iommu_group&, group_device&, bool blocked);
    /// Called by done(), group->mutex held, when the variant is about to give the device free.
    /// @param result 0: variants that know better do not call it
    void reset_finished(iommu_group&, pci_dev&, int result);
    using finished = std::function<void(iommu_group&, pci_dev&, int result)>;
    void on_reset_finished(finished f) { on_reset_finished_ = std::move(f); }

    // -- pages --
    int iommu_map(iommu_domain&, dma_addr_t, phys_addr_t, u64 bytes, u32 prot);
    /// @param device Routing ID that the unmap is done for (observers)
    unmap_class iommu_unmap(iommu_domain&, dma_addr_t, u64 bytes, u16 device);

    // -- broken devices --
    /// What becomes of a device that does not answer; null: nothing. Outlives all calls.
    void set_quarantine(quarantine_ops* q) { quarantine_ops_ = q; }
    /// From any context.
    void iommu_report_device_broken(device&);

    // -- around a reset --
    int prepare(pci_dev&) override;            ///< pci_dev_reset_iommu_prepare()
    void done(pci_dev&, int result) override;  ///< pci_dev_reset_iommu_done()
    using reset_iommu::done;
    bool wraps(pci_reset_method m) const override { return variant_->wraps(m); }
    bool wraps_probe(pci_reset_method m) const override { return variant_->wraps_probe(m); }
    bool prepare_failure_aborts() const override { return variant_->prepare_failure_aborts(); }
    bool done_after_failure() const override { return variant_->done_after_failure(); }
    /// Blocks a broken device without a reset. @return as prepare()
    int quarantine(pci_dev&);

private:
    iommu_group& group_of(const std::string& name);
    void release_group(iommu_group&);
    iommu_domain& keep(std::unique_ptr<iommu_domain>);
    int __iommu_group_set_domain(iommu_group&, iommu_domain&, bool must_succeed);
    int __iommu_device_set_domain(iommu_group&, device&, iommu_domain&, iommu_domain* old,
                                  bool must_succeed);
    void __iommu_remove_group_pasid(iommu_group&, u32 pasid, iommu_domain& old);
    int attach_first(iommu_domain&, device&);
    void tell_attach(const device&, u32 pasid, const iommu_domain&);
    /// What group->domain and pasid_array say now, for observers; null: nothing.
    void tell_view(const device&, u32 pasid, const iommu_domain*);
    void tell_view(const iommu_group&, u32 pasid, const iommu_domain*);

    iommu_domain& paging_domain_with_direct(iommu_group&);

    kernel& kernel_;
    iommu_ops& ops_;
    std::unique_ptr<reset_ops> variant_;
    iommu_core_config config_;
    finished on_reset_finished_;
    quarantine_ops* quarantine_ops_ = nullptr;
    std::vector<std::unique_ptr<iommu_group>> groups_;
    std::vector<std::unique_ptr<iommu_domain>> domains_;
    u32 next_domain_ = 16;  ///< below: the driver's static domains
};

}  // namespace drydock::sw
