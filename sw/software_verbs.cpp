// SPDX-License-Identifier: Apache-2.0
// What a scenario makes software do, each in a task of its own, and the domains that it names.
#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

#include "sw/kernel_calls.h"
#include "sw/software.h"

namespace drydock::sw {

namespace {

constexpr dma_addr_t first_mapping_iova = 0x0f00'0000;  ///< of run_map(): away from all others
constexpr u64 page_bytes = 4096;

template <class Container>
std::string names_of(const Container& all) {
    std::string out;
    for (const auto& it : all) out += (out.empty() ? "" : ", ") + it.name;
    return out.empty() ? "none" : out;
}

}  // namespace

// -- domains --

/// As iommufd does for whoever attaches it: the doorbell of interrupts is mapped from the start.
iommu_domain& software::make_domain(const domain_config& c) {
    if (c.type == iommu_domain_type::identity) return core_.identity_domain();
    if (c.type == iommu_domain_type::sva) {
        iommu_domain& sva = core_.sva_domain_alloc(c.name);
        sva.instance = c.smmu;
        return sva;
    }
    iommu_domain& d = core_.paging_domain_alloc(c.name);
    d.instance = c.smmu;
    const phys_addr_t doorbell = kernel_.msi_doorbell() / page_bytes * page_bytes;
    if (core_.iommu_map(d, dma_engine::msi_iova_base, doorbell, page_bytes,
                        IOMMU_WRITE | IOMMU_MMIO) != 0)
        throw std::runtime_error("domain " + c.name + ": the doorbell could not be mapped");
    return d;
}

std::string software::group_name(u16 rid) const {
    for (const auto& d : config_.devices)
        if (d.rid == rid) return d.group.empty() ? d.name : d.group;
    return {};
}

/// With the first member of a group comes the domain that the scenario attaches to it.
void software::attach_group_domain(pci_dev& d) {
    for (const domain_config& c : config_.domains) {
        if (!c.device || c.pasid || group_name(*c.device) != d.dev.group->name) continue;
        iommu_domain& to = domain(c.name, d);
        if (d.dev.group->domain == &to) return;
        if (const int rc = core_.iommu_attach_group(to, *d.dev.group); rc != 0)
            throw std::runtime_error("domain " + c.name + " cannot be attached to " +
                                     d.dev.group->name + " (error " + std::to_string(rc) + ")");
        return;
    }
}

void software::attach_pasid_domains() {
    for (const domain_config& c : config_.domains) {
        if (!c.device || !c.pasid) continue;
        pci_dev* d = pci_.find(*c.device);
        if (!d || !d->dev.group) continue;  // comes later, by hot-plug
        const int rc = core_.iommu_attach_device_pasid(domain(c.name, *d), d->dev, *c.pasid);
        if (rc != 0)
            throw std::runtime_error("domain " + c.name + " cannot be attached to PASID " +
                                     std::to_string(*c.pasid) + " of " + d->dev.name + " (error " +
                                     std::to_string(rc) + ")");
    }
}

// -- actions --

pci_dev* software::dev(const std::string& name) const {
    for (const auto& d : config_.devices)
        if (d.name == name) {
            pci_dev* found = pci_.find(d.rid);
            return found && found->dev.group ? found : nullptr;
        }
    throw std::invalid_argument("no device '" + name +
                                "'; there are: " + names_of(config_.devices));
}

iommu_domain& software::domain(const std::string& name, pci_dev& d) {
    if (name == "default") return *d.dev.group->default_domain;
    if (name == "identity") return core_.identity_domain();
    if (name == "blocked") {
        core_.__iommu_group_alloc_blocking_domain(*d.dev.group);
        return *d.dev.group->blocking_domain;
    }
    auto& it = named_domains_[name];
    if (it) return *it;
    const auto known = std::find_if(config_.domains.begin(), config_.domains.end(),
                                    [&](const domain_config& c) { return c.name == name; });
    it = &make_domain(known == config_.domains.end() ? domain_config{.name = name} : *known);
    return *it;
}

void software::run(const std::string& task, unsigned cpu, std::function<int()> body) {
    if (cpu >= kernel_.cpus())
        throw std::invalid_argument(task + ": CPU " + std::to_string(cpu) + " does not exist");
    if (!tasks_.try_emplace(task).second)
        throw std::invalid_argument("a task '" + task + "' was started already");
    kernel_.run_task(task, cpu, [this, task, body = std::move(body)] {
        tasks_[task].started = kernel_.now();
        const int rc = body();
        tasks_[task].returned = kernel_.now();
        tasks_[task].result = rc;
        if (on_returned_) on_returned_(task, rc);
    });
}

pci_reset_config software::reset_config() const {
    pci_reset_config how = config_.reset;
    how.host = &pci_;
    how.reset_below = [this](pci_dev& bridge) { return port_driver_.reset_below(bridge); };
    return how;
}

void software::run_reset(const std::string& task, unsigned cpu, const std::string& device,
                         const std::vector<std::string>& methods, const std::string& call) {
    pci_reset_config how = reset_config();
    for (const std::string& m : methods) how.methods.push_back(pci_reset_method_from(m));
    // Those set through sysfs come first; the walk knows them where no list is given.
    if (const pci_dev* of = dev(device); methods.empty() && of && of->reset_methods.empty())
        how.methods = pci_reset_methods_all();
    using reset = std::function<int(pci_dev&)>;
    const std::map<std::string, reset> calls{
        {"pci_reset_function",
         [this, how](pci_dev& d) { return pci_reset_function(d, core_, how); }},
        {"pci_try_reset_function",
         [this, how](pci_dev& d) { return pci_try_reset_function(d, core_, how); }},
        {"__pci_reset_function_locked",
         [this, how](pci_dev& d) {
             guard hold(d.dev.lock);
             return __pci_reset_function_locked(d, core_, how);
         }},
        {"pci_reset_bus", [how](pci_dev& d) { return pci_reset_bus(d, how); }},
        {"reset_subordinate", [how](pci_dev& d) {
             return d.bridge ? reset_subordinate_store(*d.bridge, how) : -ENOTTY;
         }}};
    const auto found = calls.find(call);
    if (found == calls.end()) throw std::invalid_argument("reset call '" + call + "' is unknown");
    pci_dev* d = dev(device);
    run(task, cpu, [d, by = found->second] { return d ? by(*d) : -ENODEV; });
}

void software::run_attach(const std::string& task, unsigned cpu, const std::string& device,
                          const std::string& to, std::optional<u32> pasid) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d, to, pasid] {
        if (!d || !d->dev.group) return -ENODEV;
        iommu_domain& target = domain(to, *d);
        if (!pasid) return core_.iommu_attach_group(target, *d->dev.group);
        if (d->dev.group->pasid_array.count(*pasid))
            return core_.iommu_replace_device_pasid(target, d->dev, *pasid);
        return core_.iommu_attach_device_pasid(target, d->dev, *pasid);
    });
}

void software::run_detach(const std::string& task, unsigned cpu, const std::string& device,
                          std::optional<u32> pasid) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d, pasid] {
        if (!d || !d->dev.group) return -ENODEV;
        if (pasid)
            core_.iommu_detach_device_pasid(d->dev, *pasid);
        else
            core_.iommu_detach_group(*d->dev.group);
        return 0;
    });
}

void software::run_attach_probe(const std::string& task, unsigned cpu, const std::string& device) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d] {
        if (!d || !d->dev.group) return -ENODEV;
        iommu_domain* now = d->dev.group->domain;
        const int rc = now ? core_.iommu_attach_group(*now, *d->dev.group) : -ENODEV;
        guard hold(d->dev.group->lock);
        const group_device* gdev = core_.dev_to_gdev(d->dev);
        return rc == 0 && gdev && gdev->blocked ? -EBUSY : rc;
    });
}

void software::run_sync_probe(const std::string& task, unsigned cpu, u32 smmu) {
    run(task, cpu, [this, smmu] {
        arm_smmu_cmdq_batch nothing(smmus_.smmu(smmu).cmdq());
        return nothing.submit();
    });
}

client& software::client_named(const std::string& name) const {
    for (const auto& c : clients_)
        if (c->config().name == name) return *c;
    throw std::invalid_argument("no client '" + name +
                                "'; there are: " + names_of(config_.clients));
}

void software::run_unmap(const std::string& task, unsigned cpu, const std::string& of,
                         page_run pages, bool reclaim) {
    client& c = client_named(of);
    run(task, cpu, [&c, pages, reclaim] { return c.unmap_pages(pages, reclaim); });
}

void software::run_call(const std::string& task, unsigned cpu, const std::string& function,
                        const std::string& device) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d, function] { return d ? call_kernel(function, *this, *d) : -ENODEV; });
}

/// The first mapping of a device whose attach was put off attaches it, with all that this can
/// meet.
void software::run_map(const std::string& task, unsigned cpu, const std::string& device) {
    pci_dev* d = dev(device);
    run(task, cpu, [this, d, device] {
        iommu_domain* domain = d ? core_.iommu_get_domain_for_dev(d->dev) : nullptr;
        if (!domain) return -ENODEV;
        if (const int rc = core_.iommu_deferred_attach(d->dev, *domain); rc != 0) return rc;
        if (domain->type == iommu_domain_type::identity) return 0;
        const dma_addr_t at = first_mapping_iova + mappings_++ * page_bytes;
        return core_.iommu_map(*domain, at, kernel_.alloc_pages(1, device), page_bytes,
                               IOMMU_READ | IOMMU_WRITE);
    });
}

void software::run_free(const std::string& task, unsigned cpu, const std::string& domain) {
    run(task, cpu, [this, domain] {
        const auto at = named_domains_.find(domain);
        if (at == named_domains_.end()) return -ENOENT;
        core_.iommu_domain_free(*at->second);
        named_domains_.erase(at);
        return 0;
    });
}

void software::fail(const std::string& site, const std::string& device, int error, u32 count) {
    std::optional<u16> which;
    for (const auto& d : config_.devices)
        if (d.name == device) which = d.rid;
    kernel_.make_fail(site, which, error, count);
}

}  // namespace drydock::sw
