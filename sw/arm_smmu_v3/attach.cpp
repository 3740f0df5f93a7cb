// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/domain.h"
#include "sw/arm_smmu_v3/master.h"
#include "sw/iommu/quarantine/quarantine.h"
#include "sw/pci/ats.h"

namespace drydock::sw {

void arm_smmu_attach_state::prepare(arm_smmu_domain* domain) {
    // The new one first: a domain that follows another of its kind leaves PRI on.
    if (domain && domain->iopf_handler) master_.enable_iopf();
    if (old_ && old_->iopf_handler) master_.disable_iopf();
    // Bypass and abort STEs deny ATS; a CD table does not, whatever requests without PASID get.
    if (domain || cd_needs_ats) ats_enabled = may_use_ats();
    // Installed before CD and STE: from then on an unmap reaches this device.
    if (domain) {
        domain->add_invs(master_.build_invs(*domain, ats_enabled, ssid_));
        master_.domains.push_back(domain);
    }
    // Off at the device before the STE starts to answer Unsupported Request. A fence may have done
    // it already.
    const bool on = master_.ats_enabled && (!master_.ats_broken || master_.dev.pdev->ats_enabled);
    if (!ats_enabled && on && !master_.smmu.driver().options().leaves_ats_on)
        pci_disable_ats(*master_.dev.pdev);
}

/// A fenced device stays without, unless the quarantine lets an attach lift that.
bool arm_smmu_attach_state::may_use_ats() {
    if (master_.ats_broken) {
        if (!master_.smmu.quarantine()->attach_turns_ats_on()) return false;
        master_.ats_broken = false;
    }
    return master_.ats_supported();
}

void arm_smmu_attach_state::commit() {
    const bool was = master_.ats_enabled;
    if (ats_enabled && (!was || !master_.dev.pdev->ats_enabled))
        master_.enable_ats();
    else if (ats_enabled)
        master_.atc_inv_master(ssid_);  // the translation has changed
    else if (was)
        master_.atc_inv_master(IOMMU_NO_PASID);  // where E=0 already, completed at once
    if (arm_smmu_domain* old = to_smmu_domain(old_)) {
        old->remove_invs(master_.invs_of(*old, was, ssid_));
        master_.left(*old);
    }
    master_.ats_enabled = ats_enabled;
}

int arm_smmu_domain::attach_dev(device& dev, iommu_domain* old) {
    arm_smmu_master& master = to_master(dev);
    if (!takes(master)) return -EINVAL;
    arm_smmu_attach_state state(master, IOMMU_NO_PASID, old);
    master.alloc_cd_ptr(IOMMU_NO_PASID);
    guard hold(driver_.asid_lock());
    state.prepare(this);
    master.write_cd(IOMMU_NO_PASID, make_cd(master));
    master.install_ste(master.make_cdtable_ste(state.ats_enabled, ste::S1DSS_SSID0));
    state.commit();
    return 0;
}

int arm_smmu_domain::set_dev_pasid(device& dev, u32 pasid, iommu_domain* old) {
    arm_smmu_master& master = to_master(dev);
    if (!takes(master)) return -EINVAL;
    const iommu_domain* rid = driver_.driver_get_domain(dev);
    const bool identity = rid && rid->type == iommu_domain_type::identity;
    const bool blocked = rid && rid->type == iommu_domain_type::blocked;
    if (!master.cds->in_ste && !identity && !blocked) return -EINVAL;
    arm_smmu_attach_state state(master, pasid, old);
    master.alloc_cd_ptr(pasid);
    guard hold(driver_.asid_lock());
    state.prepare(this);
    master.write_cd(pasid, make_cd(master));
    if (!master.cds->in_ste || master.ste_ats_enabled != state.ats_enabled) {
        const u64 s1dss = identity  ? ste::S1DSS_BYPASS
                          : blocked ? ste::S1DSS_TERMINATE
                                    : ste::S1DSS_SSID0;
        master.install_ste(master.make_cdtable_ste(state.ats_enabled, s1dss));
    }
    state.commit();
    return 0;
}

int arm_smmu_static_domain::attach_dev(device& dev, iommu_domain* old) {
    arm_smmu_master& master = to_master(dev);
    const bool identity = type == iommu_domain_type::identity;
    arm_smmu_attach_state state(master, IOMMU_NO_PASID, old);
    {
        guard hold(driver_.asid_lock());
        state.cd_needs_ats = master.ssids_in_use();
        state.prepare(nullptr);
        if (master.ssids_in_use())
            master.install_ste(master.make_cdtable_ste(
                state.ats_enabled, identity ? ste::S1DSS_BYPASS : ste::S1DSS_TERMINATE));
        else
            master.install_ste(identity ? arm_smmu_make_bypass_ste() : arm_smmu_make_abort_ste());
        state.commit();
    }
    master.clear_cd(IOMMU_NO_PASID);
    return 0;
}

int arm_smmu_static_domain::set_dev_pasid(device& dev, u32 pasid, iommu_domain* old) {
    if (type != iommu_domain_type::blocked) return -EOPNOTSUPP;
    arm_smmu_master& master = to_master(dev);
    {
        guard hold(driver_.asid_lock());
        if (old && old->iopf_handler) master.disable_iopf();
        master.clear_cd(pasid);
        if (master.ats_enabled) master.atc_inv_master(pasid);
        if (arm_smmu_domain* from = to_smmu_domain(old)) {
            from->remove_invs(master.invs_of(*from, master.ats_enabled, pasid));
            master.left(*from);
        }
    }
    if (master.ssids_in_use()) return 0;
    // With the last PASID the reason for a CD-table STE may be gone.
    iommu_domain* rid = driver_.driver_get_domain(dev);
    if (rid &&
        (rid->type == iommu_domain_type::identity || rid->type == iommu_domain_type::blocked))
        return rid->attach_dev(dev, rid);
    return 0;
}

}  // namespace drydock::sw
