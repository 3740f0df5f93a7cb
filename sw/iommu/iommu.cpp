// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/iommu.h"

#include <array>

#include "sw/pci/device.h"

namespace drydock::sw {

namespace {
constexpr u64 page_bytes = 4096;
constexpr u64 substream_valid = u64{1} << 32;  // bit of note::attach's substream field
}  // namespace

iommu_core::iommu_core(kernel& k, iommu_ops& ops, std::unique_ptr<reset_ops> variant)
    : kernel_(k), ops_(ops), variant_(std::move(variant)) {}
iommu_core::~iommu_core() = default;

iommu_group& iommu_core::group_of(const std::string& name) {
    for (auto& g : groups_)
        if (g->name == name) return *g;
    groups_.push_back(std::make_unique<iommu_group>(kernel_, name));
    return *groups_.back();
}

group_device* iommu_core::dev_to_gdev(device& dev) {
    if (!dev.group) return nullptr;
    for (auto& gdev : dev.group->devices)
        if (gdev.dev == &dev) return &gdev;
    return nullptr;
}

iommu_domain& iommu_core::paging_domain_alloc(std::string name) {
    domains_.push_back(ops_.domain_alloc_paging(next_domain_++, std::move(name)));
    return *domains_.back();
}

iommu_domain& iommu_core::sva_domain_alloc(std::string name) {
    domains_.push_back(ops_.domain_alloc_sva(next_domain_++, std::move(name)));
    return *domains_.back();
}

int iommu_core::__iommu_group_alloc_blocking_domain(iommu_group& g) {
    if (g.blocking_domain) return 0;
    g.blocking_domain = ops_.blocked_domain();
    if (!g.blocking_domain) g.blocking_domain = &paging_domain_alloc("blocking(" + g.name + ")");
    return 0;
}

int iommu_core::iommu_probe_device(device& dev, const std::string& group, bool identity) {
    if (const int rc = ops_.probe_device(dev); rc != 0) return rc;
    iommu_group& g = group_of(group);
    dev.group = &g;
    guard hold(g.lock);
    if (!g.default_domain) {
        g.default_domain =
            identity ? &ops_.identity_domain() : &paging_domain_alloc("default(" + g.name + ")");
        g.domain = g.default_domain;
    }
    g.devices.push_back({&dev});
    if (dev.iommu->attach_deferred) return 0;
    tell_view(dev, IOMMU_NO_PASID, g.domain);
    for (const auto& [pasid, domain] : g.pasid_array)
        if (dev.iommu->max_pasids > 0) tell_view(dev, pasid, domain);
    const int rc = __iommu_attach_device(*g.domain, dev, nullptr);
    if (rc != 0) {
        g.devices.pop_back();
        dev.group = nullptr;
    }
    return rc;
}

void iommu_core::iommu_release_device(device& dev) {
    if (!dev.group) return;
    call_scope call(kernel_, "iommu_release_device", dev.id);
    iommu_group& g = *dev.group;
    guard hold(g.lock);
    iommu_domain* release = ops_.blocked_domain();
    if (release && g.domain && !dev.iommu->attach_deferred) {
        const int rc = call.result(__iommu_attach_device(*release, dev, g.domain));
        kernel_.warn_on(rc != 0, "iommu_release_device failed", dev.id);
    }
    tell_view(dev, IOMMU_NO_PASID, nullptr);
    for (const auto& [pasid, domain] : g.pasid_array) tell_view(dev, pasid, nullptr);
    g.devices.remove_if([&](const group_device& gdev) { return gdev.dev == &dev; });
    dev.group = nullptr;
    if (!g.devices.empty()) return;
    g.domain = g.default_domain = g.blocking_domain = nullptr;
    g.pasid_array.clear();
    g.recovery_cnt = 0;
}

iommu_domain* iommu_core::iommu_driver_get_domain_for_dev(device& dev) {
    if (!dev.group) return nullptr;
    group_device* gdev = dev_to_gdev(dev);
    if (kernel_.warn_on(gdev == nullptr,
                        "iommu_driver_get_domain_for_dev: device is not in its group", dev.id))
        return nullptr;
    return variant_->driver_domain(*dev.group, *gdev);
}

iommu_domain* iommu_core::iommu_get_domain_for_dev(device& dev) {
    return dev.group ? dev.group->domain : nullptr;
}

int iommu_core::iommu_map(iommu_domain& domain, dma_addr_t iova, phys_addr_t phys, u64 bytes,
                          u32 prot) {
    const int rc = domain.map_pages(iova, phys, bytes, prot);
    if (rc == 0)
        kernel_.observe().emit(hal::note::map, kernel_.current_place(), kernel_.current_span(),
                               domain.id, iova, phys, bytes);
    return rc;
}

unmap_class iommu_core::iommu_unmap(iommu_domain& domain, dma_addr_t iova, u64 bytes, u16 device) {
    span_scope span(kernel_, hal::span_class::unmap, device, iova);
    auto& tell = kernel_.observe();
    const auto where = kernel_.current_place();
    // Where the pages were, for observers only; the few of an ordinary unmap need no allocation.
    std::array<phys_addr_t, 16> few;
    std::vector<phys_addr_t> many;
    const u64 count = tell.wants(hal::note::unmap_begin) || tell.wants(hal::note::unmap_complete)
                          ? bytes / page_bytes
                          : 0;
    if (count > few.size()) many.resize(count);
    phys_addr_t* pages = count > few.size() ? many.data() : few.data();
    for (u64 i = 0; i < count; ++i) {
        pages[i] = domain.iova_to_phys(iova + i * page_bytes);
        if (pages[i] == 0) continue;
        tell.emit(hal::note::unmap_begin, where, span.id(), domain.id, iova + i * page_bytes,
                  pages[i], page_bytes);
    }
    const unmap_class c = domain.unmap_pages(iova, bytes);
    for (u64 i = 0; i < count; ++i)
        if (pages[i] != 0)
            tell.emit(hal::note::unmap_complete, where, span.id(), domain.id, iova + i * page_bytes,
                      pages[i], static_cast<u64>(c));
    span.result(static_cast<int>(c));
    kernel_.point("i6", device);
    return c;
}

int iommu_core::prepare(pci_dev& d) { return variant_->prepare(*this, d); }
void iommu_core::done(pci_dev& d) { variant_->done(*this, d); }

// -- one device --

void iommu_core::tell_attach(const device& dev, u32 pasid, const iommu_domain& domain) {
    auto& tell = kernel_.observe();
    const u64 substream = pasid == IOMMU_NO_PASID ? 0 : substream_valid | pasid;
    for (const u32 sid : dev.iommu->ids)
        tell.emit(hal::note::attach, kernel_.current_place(), kernel_.current_span(), sid,
                  substream, domain.id, tell.text(iommu_domain_type_name(domain.type)));
}

void iommu_core::tell_view(const device& dev, u32 pasid, const iommu_domain* domain) {
    auto& tell = kernel_.observe();
    if (!tell.wants(hal::note::view)) return;
    const u64 substream = pasid == IOMMU_NO_PASID ? 0 : substream_valid | pasid;
    for (const u32 sid : dev.iommu->ids)
        tell.emit(hal::note::view, kernel_.current_place(), kernel_.current_span(), sid, substream,
                  domain ? domain->id : 0,
                  tell.text(domain ? iommu_domain_type_name(domain->type) : "none"));
}

void iommu_core::tell_view(const iommu_group& g, u32 pasid, const iommu_domain* domain) {
    for (const group_device& gdev : g.devices)
        if (pasid == IOMMU_NO_PASID ? !gdev.dev->iommu->attach_deferred
                                    : gdev.dev->iommu->max_pasids > 0)
            tell_view(*gdev.dev, pasid, domain);
}

int iommu_core::__iommu_attach_device(iommu_domain& domain, device& dev, iommu_domain* old) {
    // Whose attach was put off has no old domain, whatever its group is in.
    const int rc = domain.attach_dev(dev, dev.iommu->attach_deferred ? nullptr : old);
    if (rc != 0) return rc;
    if (domain.type != iommu_domain_type::blocked) dev.iommu->attach_deferred = false;
    tell_attach(dev, IOMMU_NO_PASID, domain);
    return 0;
}

int iommu_core::set_dev_pasid(iommu_domain& domain, device& dev, u32 pasid, iommu_domain* old) {
    const int rc = domain.set_dev_pasid(dev, pasid, old);
    if (rc == 0) tell_attach(dev, pasid, domain);
    return rc;
}

void iommu_core::remove_dev_pasid(device& dev, u32 pasid, iommu_domain& old) {
    iommu_domain* blocked = ops_.blocked_domain();
    if (!blocked || blocked->set_dev_pasid(dev, pasid, &old) != 0) {
        kernel_.warn("remove_dev_pasid failed", dev.id);
        return;
    }
    for (const u32 sid : dev.iommu->ids)
        kernel_.observe().emit(hal::note::detach, kernel_.current_place(), kernel_.current_span(),
                               sid, substream_valid | pasid, old.id);
}

void iommu_core::set_blocked(iommu_group& g, group_device& gdev, bool blocked) {
    gdev.blocked = blocked;
    const bool tables = g.blocking_domain && g.blocking_domain->type == iommu_domain_type::paging;
    kernel_.observe().emit(hal::note::device_blocked, kernel_.current_place(),
                           kernel_.current_span(), gdev.dev->id, blocked,
                           tables ? g.blocking_domain->id : 0);
}

}  // namespace drydock::sw
