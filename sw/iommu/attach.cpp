// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/iommu.h"
#include "sw/pci/device.h"

namespace drydock::sw {

int iommu_core::__iommu_group_set_domain(iommu_group& g, iommu_domain& domain, bool must_succeed) {
    const bool passes = must_succeed && variant_->must_succeed_passes();
    if (const auto rc = variant_->group_fence(g); rc && !passes) return *rc;
    if (g.domain == &domain) return 0;
    for (auto& gdev : g.devices) {
        // done() will attach a blocked member to what group->domain says then.
        if (passes && gdev.blocked) continue;
        const auto fenced = variant_->device_fence(gdev);
        const int rc =
            fenced ? *fenced
                   : __iommu_device_set_domain(g, *gdev.dev, domain, g.domain, must_succeed);
        if (rc == 0) continue;
        if (must_succeed) {
            kernel_.warn("attach that must not fail has failed", gdev.dev->id);
            continue;
        }
        for (auto& back : g.devices) {  // those already moved go back
            if (&back == &gdev) break;
            if (!g.domain || variant_->device_fence(back)) continue;
            kernel_.warn_on(__iommu_device_set_domain(g, *back.dev, *g.domain, &domain, true) != 0,
                            "attach could not be rolled back", back.dev->id);
        }
        return rc;
    }
    g.domain = &domain;
    tell_view(g, IOMMU_NO_PASID, &domain);
    return 0;
}

int iommu_core::__iommu_device_set_domain(iommu_group& g, device& dev, iommu_domain& domain,
                                          iommu_domain* old, bool must_succeed) {
    const bool blocks = domain.type == iommu_domain_type::blocked || &domain == g.blocking_domain;
    const auto policy = config_.require_direct;
    const bool refuses =
        policy == require_direct_policy::by_variant || policy == require_direct_policy::refuse ||
        (policy == require_direct_policy::paging && domain.type == iommu_domain_type::blocked);
    if (dev.iommu->require_direct && blocks && refuses) {
        kernel_.log(4, "firmware demands a 1:1 mapping: blocked domain refused", dev.id);
        return -EINVAL;
    }
    if (dev.iommu->attach_deferred && &domain == g.default_domain) return 0;
    const int rc = __iommu_attach_device(domain, dev, old);
    if (rc == 0)
        dev.iommu->attach_deferred = false;
    else if (must_succeed && g.blocking_domain && !blocks)
        __iommu_attach_device(*g.blocking_domain, dev, old);  // rather deny than use what is freed
    return rc;
}

int iommu_core::iommu_attach_group(iommu_domain& domain, iommu_group& g) {
    call_scope call(kernel_, "iommu_attach_group",
                    g.devices.empty() ? u16{0} : g.devices.front().dev->id);
    guard hold(g.lock);
    return call.result(__iommu_group_set_domain(g, domain, false));
}

void iommu_core::iommu_detach_group(iommu_group& g) {
    const u16 first = g.devices.empty() ? u16{0} : g.devices.front().dev->id;
    call_scope call(kernel_, "iommu_detach_group", first);
    guard hold(g.lock);
    if (!g.default_domain) return;
    const int rc = call.result(__iommu_group_set_domain(g, *g.default_domain, true));
    kernel_.warn_on(rc != 0, "iommu_detach_group failed", first);
}

int iommu_core::iommu_deferred_attach(device& dev, iommu_domain& domain) {
    if (!dev.iommu || !dev.iommu->attach_deferred || !dev.group) return 0;
    call_scope call(kernel_, "iommu_deferred_attach", dev.id);
    kernel_.point("t0", dev.id);
    if (!variant_->deferred_attach_locks()) return call.result(attach_first(domain, dev));
    guard hold(dev.group->lock);
    group_device* gdev = dev_to_gdev(dev);
    if (kernel_.warn_on(gdev == nullptr, "iommu_deferred_attach: device is not in its group",
                        dev.id))
        return call.result(-ENODEV);
    if (const auto rc = variant_->deferred_fence(*dev.group, *gdev)) return call.result(*rc);
    // While we waited, another has attached it: a second time would count it twice.
    if (!dev.iommu->attach_deferred) return call.result(0);
    return call.result(attach_first(domain, dev));
}

int iommu_core::attach_first(iommu_domain& domain, device& dev) {
    const int rc = __iommu_attach_device(domain, dev, nullptr);
    if (rc == 0) tell_view(dev, IOMMU_NO_PASID, dev.group->domain);
    return rc;
}

// -- PASIDs --

int iommu_core::__iommu_set_group_pasid(iommu_domain& domain, iommu_group& g, u32 pasid,
                                        iommu_domain* old) {
    for (auto& gdev : g.devices) {
        if (!dev_has_iommu(*gdev.dev) || gdev.dev->iommu->max_pasids == 0) continue;
        const auto fenced = variant_->pasid_fence(gdev);
        const int rc = fenced ? *fenced : set_dev_pasid(domain, *gdev.dev, pasid, old);
        if (rc == 0) continue;
        for (auto& back : g.devices) {
            if (&back == &gdev) break;
            if (back.dev->iommu->max_pasids == 0 || variant_->pasid_fence(back)) continue;
            if (old)
                kernel_.warn_on(set_dev_pasid(*old, *back.dev, pasid, &domain) != 0,
                                "PASID attach could not be rolled back", back.dev->id);
            else
                remove_dev_pasid(*back.dev, pasid, domain);
        }
        return rc;
    }
    return 0;
}

void iommu_core::__iommu_remove_group_pasid(iommu_group& g, u32 pasid, iommu_domain& old) {
    for (auto& gdev : g.devices) {
        // A second detach of a blocked device would send it an ATC_INV.
        if (variant_->skips_pasid_removal(gdev) || gdev.dev->iommu->max_pasids == 0) continue;
        remove_dev_pasid(*gdev.dev, pasid, old);
    }
}

int iommu_core::iommu_attach_device_pasid(iommu_domain& domain, device& dev, u32 pasid) {
    call_scope call(kernel_, "iommu_attach_device_pasid", dev.id);
    if (!dev.group) return call.result(-ENODEV);
    if (pasid == IOMMU_NO_PASID) return call.result(-EINVAL);
    iommu_group& g = *dev.group;
    guard hold(g.lock);
    if (const auto rc = variant_->group_fence(g)) return call.result(*rc);
    for (const auto& gdev : g.devices) {
        const u32 has = gdev.dev->iommu->max_pasids;  // a sibling with none cannot mind
        if (pasid >= has && (has != 0 || gdev.dev == &dev)) return call.result(-EINVAL);
    }
    if (g.pasid_array.count(pasid)) return call.result(-EBUSY);
    const int rc = __iommu_set_group_pasid(domain, g, pasid, nullptr);
    if (rc == 0) {
        g.pasid_array[pasid] = &domain;
        tell_view(g, pasid, &domain);
    }
    return call.result(rc);
}

int iommu_core::iommu_replace_device_pasid(iommu_domain& domain, device& dev, u32 pasid) {
    call_scope call(kernel_, "iommu_replace_device_pasid", dev.id);
    if (!dev.group) return call.result(-ENODEV);
    if (pasid == IOMMU_NO_PASID) return call.result(-EINVAL);
    iommu_group& g = *dev.group;
    guard hold(g.lock);
    if (const auto rc = variant_->group_fence(g)) return call.result(*rc);
    const auto it = g.pasid_array.find(pasid);
    if (it == g.pasid_array.end()) return call.result(-EINVAL);
    if (it->second == &domain) return call.result(0);
    const int rc = __iommu_set_group_pasid(domain, g, pasid, it->second);
    if (rc == 0) {
        it->second = &domain;
        tell_view(g, pasid, &domain);
    }
    return call.result(rc);
}

void iommu_core::iommu_detach_device_pasid(device& dev, u32 pasid) {
    call_scope call(kernel_, "iommu_detach_device_pasid", dev.id);
    if (!dev.group) return;
    iommu_group& g = *dev.group;
    guard hold(g.lock);
    const auto it = g.pasid_array.find(pasid);
    if (it == g.pasid_array.end()) return;
    __iommu_remove_group_pasid(g, pasid, *it->second);
    g.pasid_array.erase(it);
    tell_view(g, pasid, nullptr);
}

}  // namespace drydock::sw
