// SPDX-License-Identifier: Apache-2.0
// What prepare() and done() of the variants are made of. group->mutex is held unless said
// otherwise; each piece reaches the hold points of its step.
#pragma once

#include "sw/iommu/iommu.h"
#include "sw/pci/ats.h"

namespace drydock::sw::reset {

/// Whether prepare() and done() have anything to do for the device (R1 to R3).
inline bool has_iommu(const pci_dev& d) { return dev_has_iommu(d.dev) && d.dev.group; }
/// The same since R4: a function without ATS cannot leave an Invalidate unanswered.
inline bool has_ats(const pci_dev& d) { return pci_ats_supported(d) && has_iommu(d); }

/// prepare() around `body(group)`: takes the mutex, p0, p1, and p4 if all went well. The group is
/// looked up before the mutex is held and nothing keeps it (H-34).
template <class Body>
int locked_prepare(iommu_core& core, pci_dev& d, Body&& body) {
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_prepare", d.rid());
    iommu_group& g = *d.dev.group;
    k.point("p0", d.rid());
    int rc = 0;
    {
        core.follow(g);
        guard hold(g.lock);
        k.point("p1", d.rid());
        rc = body(g);
    }
    if (rc == 0) k.point("p4", d.rid());
    return call.result(rc);
}

/// done() around `body(group)`: takes the mutex, d1, d4.
template <class Body>
void locked_done(iommu_core& core, pci_dev& d, Body&& body) {
    kernel& k = core.k();
    call_scope call(k, "pci_dev_reset_iommu_done", d.rid());
    iommu_group& g = *d.dev.group;
    {
        core.follow(g);
        guard hold(g.lock);
        k.point("d1", d.rid());
        body(g);
    }
    k.point("d4", d.rid());
}

/// Firmware wants the device mapped 1:1 and prepare() may not block it: logged. @return -EINVAL
int refused_for_direct(iommu_core&, const pci_dev&);

/// Takes the RID to the group's blocking domain, allocating it; then p2.
/// @return 0 or an error: nothing has changed
int block_rid(iommu_core&, iommu_group&, pci_dev&);
/// Removes every PASID from this device; pasid_array keeps them. Then p3.
void remove_pasids(iommu_core&, iommu_group&, pci_dev&);

/// Takes the RID from the blocking domain to what the group is in; WARNs if that fails.
/// Also attaches what is not there: a NULL, where group->domain is.
void restore_rid(iommu_core&, iommu_group&, pci_dev&);
/// Sets the PASIDs of this device again; WARNs of each that fails. Then d3.
void restore_pasids_of_device(iommu_core&, iommu_group&, pci_dev&);
/// Sets them for every member of the group, which has them already but for one; WARNs. Then d3.
void restore_pasids_of_group(iommu_core&, iommu_group&, pci_dev&, iommu_domain* old);

}  // namespace drydock::sw::reset
