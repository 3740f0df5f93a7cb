// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/iommu.h"

#include <algorithm>
#include <array>

#include "sw/pci/device.h"

namespace drydock::sw {

namespace {
constexpr u64 page_bytes = 4096;
constexpr u64 substream_valid = u64{1} << 32;  // bit of note::attach's substream field
}  // namespace

iommu_core::iommu_core(kernel& k, iommu_ops& ops, std::unique_ptr<reset_ops> variant,
                       iommu_core_config config)
    : kernel_(k), ops_(ops), variant_(std::move(variant)), config_(config) {}
iommu_core::~iommu_core() = default;

iommu_group& iommu_core::group_of(const std::string& name) {
    for (auto& g : groups_)
        if (g->name == name && !g->emptied) return *g;
    groups_.push_back(std::make_unique<iommu_group>(kernel_, name));
    return *groups_.back();
}

group_device* iommu_core::dev_to_gdev(device& dev) {
    return dev.group ? find_gdev(*dev.group, dev) : nullptr;
}

group_device* iommu_core::find_gdev(iommu_group& g, const device& dev) {
    for (auto& gdev : g.devices)
        if (gdev.dev == &dev) return &gdev;
    return nullptr;
}

void iommu_core::iommu_group_put(iommu_group& g) {
    if (g.refs.put()) g.life.release();
}

bool iommu_core::follow(const iommu_domain* d) {
    if (d) {
        if (d->life) d->life->use();
        return true;
    }
    lifetime null(kernel_, "NULL");
    null.release();
    null.use();
    return false;
}

bool iommu_core::attach_refused(const iommu_group& g) const {
    if (variant_->group_fence(g)) return true;
    return std::any_of(g.devices.begin(), g.devices.end(), [this](const group_device& gdev) {
        return variant_->device_fence(gdev).value_or(0) != 0;
    });
}

iommu_domain& iommu_core::paging_domain_alloc(std::string name) {
    return keep(ops_.domain_alloc_paging(next_domain_++, std::move(name)));
}

iommu_domain& iommu_core::sva_domain_alloc(std::string name) {
    return keep(ops_.domain_alloc_sva(next_domain_++, std::move(name)));
}

iommu_domain& iommu_core::keep(std::unique_ptr<iommu_domain> d) {
    d->life = std::make_unique<lifetime>(kernel_, "iommu_domain(" + d->name + ")");
    domains_.push_back(std::move(d));
    return *domains_.back();
}

void iommu_core::iommu_domain_free(iommu_domain& d) {
    if (d.life) d.life->release();
}

int iommu_core::__iommu_group_alloc_blocking_domain(iommu_group& g) {
    if (g.blocking_domain) return 0;
    if (const int rc = kernel_.should_fail("blocking_domain_alloc",
                                           g.devices.empty() ? u16{0} : g.devices.front().dev->id))
        return rc;
    const bool direct = std::any_of(g.devices.begin(), g.devices.end(), [](const auto& gdev) {
        return gdev.dev->iommu->require_direct;
    });
    if (direct && config_.require_direct == require_direct_policy::paging)
        g.blocking_domain = &paging_domain_with_direct(g);
    else
        g.blocking_domain = blocked_domain();
    if (!g.blocking_domain) g.blocking_domain = &paging_domain_alloc("blocking(" + g.name + ")");
    return 0;
}

iommu_domain& iommu_core::paging_domain_with_direct(iommu_group& g) {
    iommu_domain& d = paging_domain_alloc("rmr(" + g.name + ")");
    for (const auto& gdev : g.devices) {
        if (!gdev.dev->iommu->require_direct) continue;
        auto regions = gdev.dev->iommu->direct;
        if (regions.empty())
            regions.push_back({kernel_.msi_doorbell() & ~(page_bytes - 1), page_bytes});
        for (const auto& r : regions)
            iommu_map(d, r.start, r.start, r.bytes, IOMMU_READ | IOMMU_WRITE | IOMMU_MMIO);
    }
    return d;
}

iommu_domain* iommu_core::blocked_domain() {
    return config_.static_blocked_domain ? ops_.blocked_domain() : nullptr;
}

bool iommu_core::direct_refused(const device& dev, bool variant_refuses) const {
    if (!dev.iommu->require_direct) return false;
    return config_.require_direct == require_direct_policy::refuse ||
           (variant_refuses && config_.require_direct == require_direct_policy::by_variant);
}

int iommu_core::iommu_probe_device(device& dev, const std::string& group, bool identity) {
    if (const int rc = ops_.probe_device(dev); rc != 0) return rc;
    iommu_group& g = group_of(group);
    dev.group = &g;
    guard hold(g.lock);
    if (!g.default_domain && kernel_.should_fail("default_domain_alloc", dev.id) == 0) {
        g.default_domain =
            identity ? &ops_.identity_domain() : &paging_domain_alloc("default(" + g.name + ")");
        g.domain = g.default_domain;
    }
    g.devices.push_back({&dev});
    if (!g.domain || dev.iommu->attach_deferred) return 0;
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

/// group->domain is handed to the driver as what the device comes from, blocked or not, and what a
/// reset has counted in the group stays counted while a sibling is left (H-35).
void iommu_core::iommu_release_device(device& dev) {
    if (!dev.group) return;
    call_scope call(kernel_, "iommu_release_device", dev.id);
    iommu_group& g = *dev.group;
    bool last = false;
    {
        guard hold(g.lock);
        // What needs its 1:1 mappings may not be parked where they are not.
        iommu_domain* release =
            dev.iommu->require_direct ? &ops_.identity_domain() : ops_.blocked_domain();
        if (release && g.domain && !dev.iommu->attach_deferred) {
            const int rc = call.result(__iommu_attach_device(*release, dev, g.domain));
            kernel_.warn_on(rc != 0, "iommu_release_device failed", dev.id);
        }
        tell_view(dev, IOMMU_NO_PASID, nullptr);
        for (const auto& [pasid, domain] : g.pasid_array) tell_view(dev, pasid, nullptr);
        const auto mine =
            std::find_if(g.devices.begin(), g.devices.end(),
                         [&dev](const group_device& gdev) { return gdev.dev == &dev; });
        if (mine != g.devices.end()) g.released.splice(g.released.end(), g.devices, mine);
        dev.group = nullptr;
        last = g.devices.empty();
    }
    ops_.release_device(dev);
    if (!last) return;
    if (quarantine_ops_)
        quarantine_ops_->release([this, &g] { release_group(g); });
    else
        release_group(g);
}

void iommu_core::release_group(iommu_group& g) {
    g.emptied = true;
    for (iommu_domain* d : {g.default_domain, g.blocking_domain})
        if (d && d->life && !d->life->released()) iommu_domain_free(*d);
    g.domain = g.default_domain = g.blocking_domain = nullptr;
    g.pasid_array.clear();
    iommu_group_put(g);
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
    if (domain.mutation) domain.mutation->pass();
    const int rc = domain.map_pages(iova, phys, bytes, prot);
    if (rc == 0)
        kernel_.observe().emit(hal::note::map, kernel_.current_place(), kernel_.current_span(),
                               domain.id, iova, phys, bytes);
    return rc;
}

unmap_class iommu_core::iommu_unmap(iommu_domain& domain, dma_addr_t iova, u64 bytes, u16 device) {
    span_scope span(kernel_, hal::span_class::unmap, device, iova);
    if (domain.mutation) domain.mutation->pass();
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
    follow(&domain);
    for (u64 i = 0; i < count; ++i)
        if (pages[i] != 0)
            tell.emit(hal::note::unmap_complete, where, span.id(), domain.id, iova + i * page_bytes,
                      pages[i], static_cast<u64>(c));
    span.result(static_cast<int>(c));
    kernel_.point("i6", device);
    return c;
}

int iommu_core::prepare(pci_dev& d) { return variant_->prepare(*this, d); }
void iommu_core::done(pci_dev& d, int result) { variant_->done(*this, d, result); }

void iommu_core::reset_finished(iommu_group& g, pci_dev& d, int result) {
    if (quarantine_ops_) quarantine_ops_->recovered(d.dev, result == 0);
    if (on_reset_finished_) on_reset_finished_(g, d, result);
}

int iommu_core::quarantine(pci_dev& d) {
    call_scope call(kernel_, "iommu_quarantine_device", d.rid());
    return call.result(variant_->quarantine(*this, d));
}

void iommu_core::iommu_report_device_broken(device& dev) {
    if (quarantine_ops_) quarantine_ops_->report(dev);
}

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
    if (dev.iommu->attach_deferred) old = nullptr;
    if (old && (config_.driver_asks_old || variant_->driver_asks_old()))
        old = iommu_driver_get_domain_for_dev(dev);
    follow(&domain);
    if (old) follow(old);
    if (const int rc = kernel_.should_fail("attach_dev", dev.id)) return rc;
    if (const int rc = domain.attach_dev(dev, old)) return rc;
    const bool blocks = domain.type == iommu_domain_type::blocked ||
                        (dev.group && &domain == dev.group->blocking_domain);
    if (!blocks) dev.iommu->attach_deferred = false;
    tell_attach(dev, IOMMU_NO_PASID, domain);
    return 0;
}

int iommu_core::set_dev_pasid(iommu_domain& domain, device& dev, u32 pasid, iommu_domain* old) {
    follow(&domain);
    if (old) follow(old);
    if (const int rc = kernel_.should_fail("set_dev_pasid", dev.id)) return rc;
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
    if (gdev.blocked == blocked) return;
    gdev.blocked = blocked;
    const bool tables = g.blocking_domain && g.blocking_domain->type == iommu_domain_type::paging;
    kernel_.observe().emit(hal::note::device_blocked, kernel_.current_place(),
                           kernel_.current_span(), gdev.dev->id, blocked,
                           tables ? g.blocking_domain->id : 0);
}

}  // namespace drydock::sw
