// SPDX-License-Identifier: Apache-2.0
#include "sw/software.h"

#include <algorithm>
#include <stdexcept>

#include "sw/pci/iov.h"

namespace drydock::sw {

namespace {

template <class Container>
std::string names_of(const Container& all) {
    std::string out;
    for (const auto& it : all) out += (out.empty() ? "" : ", ") + it.name;
    return out.empty() ? "none" : out;
}

pci_host_config host_config(const software_config& c) {
    pci_host_config h{.ecam = c.ecam,
                      .mem32 = c.mem32,
                      .mem64 = c.mem64,
                      .read_request_bytes = c.read_request_bytes,
                      .acs = c.acs,
                      .ecrc = c.ecrc,
                      .msi = c.msi,
                      .slots = c.slots,
                      .virtual_channels = c.virtual_channels};
    h.name_of = [devices = c.devices](u16 rid) {
        for (const auto& d : devices)
            if (d.rid == rid) return d.name;
        return std::string{};
    };
    return h;
}

}  // namespace

software::software(kernel& k, software_config config)
    : kernel_(k),
      config_(std::move(config)),
      smmus_(k),
      core_(k, smmus_, make_reset_variant(config_.reset_variant)),
      pci_(k, host_config(config_)),
      port_driver_(
          k, pci_, config_.ports, [this](pci_dev& port) { return attach_port(port); }, *this) {
    check();
    for (const auto& c : config_.smmus) smmus_.add(c);
    smmus_.set_driver_get_domain(
        [this](device& d) { return core_.iommu_driver_get_domain_for_dev(d); });
}

software::~software() = default;

void software::check() const {
    const auto cpu = [this](unsigned n, const std::string& who) {
        if (n >= kernel_.cpus())
            throw std::invalid_argument(who + ": CPU " + std::to_string(n) +
                                        " does not exist; there are " +
                                        std::to_string(kernel_.cpus()));
    };
    for (const auto& s : config_.smmus) {
        cpu(s.gerror_cpu, "gerror interrupt");
        cpu(s.evtq_cpu, "event queue interrupt");
        cpu(s.priq_cpu, "PRI queue interrupt");
        cpu(s.iopf_cpu.value_or(0), "page fault worker");
    }
    cpu(config_.ports.aer_cpu, "AER interrupt");
    cpu(config_.ports.dpc_cpu, "DPC interrupt");
    cpu(config_.ports.hotplug_cpu, "hot-plug interrupt");
    for (const auto& c : config_.clients) {
        cpu(c.cpu, "client " + c.name);
        bool known = false;
        for (const auto& d : config_.devices)
            known |= d.rid == c.device && d.driver == driver_kind::dma_engine;
        if (!known)
            throw std::invalid_argument(
                "client " + c.name + ": no device with a DMA engine at routing ID " +
                std::to_string(c.device) + "; devices: " + names_of(config_.devices));
    }
}

// -- boot --

void software::boot(std::function<void()> when_booted) {
    when_booted_ = std::move(when_booted);
    kernel_.run_task("boot", 0, [this] { boot_task(); });
}

void software::boot_task() {
    try {
        bring_up();
    } catch (const std::runtime_error& e) {
        throw cannot_boot(e.what());
    }
    booted_ = true;
    if (when_booted_) when_booted_();
}

void software::bring_up() {
    for (const auto& s : smmus_.smmus()) s->reset();
    pci_.scan();
    // Error reporting comes up beside the drivers, on a CPU that has nothing to do.
    bool ports_ready = false;
    wait_queue ready(kernel_, "ports_ready");
    kernel_.run_task("pcieport", kernel_.cpus() - 1, [&] {
        for (const auto& d : pci_.devices()) pci_aer_init(*d);
        port_driver_.probe();
        ports_ready = true;
        ready.wake_all();
    });
    for (const auto& d : config_.devices)
        if (!d.virtual_function && !d.absent) bind(d);
    const bool any_vfs =
        std::any_of(config_.devices.begin(), config_.devices.end(),
                    [](const device_config& d) { return d.vfs != 0 && !d.absent; });
    if (any_vfs) {  // no list of functions grows while somebody walks it
        ready.wait([&] { return ports_ready; });
        for (const auto& d : config_.devices)
            if (!d.absent) enable_vfs(d);
        for (const auto& d : config_.devices)
            if (d.virtual_function && !d.absent) bind(d);
    }
    for (const auto& c : config_.clients) make_client(c);
    ready.wait([&] { return ports_ready; });
    for (auto& [rid, engine] : engines_) engine->start();
}

/// A port's interrupts are writes of its own: they pass untranslated, in a group of their own.
int software::attach_port(pci_dev& port) {
    port.dev.iommu = dma_configure(port.dev.name, {port.rid()});
    return core_.iommu_probe_device(port.dev, port.dev.name, true);
}

std::unique_ptr<dev_iommu> software::dma_configure(const std::string& name,
                                                   std::vector<u32> rids) const {
    auto io = std::make_unique<dev_iommu>();
    for (const u32 rid : rids) {
        const auto id = iort_map_id(config_.iort, static_cast<u16>(rid));
        if (!id)
            throw std::runtime_error(name + ": no SMMU translates for its Requester ID " +
                                     std::to_string(rid));
        io->iommu_dev = id->iommu;
        io->streams.push_back(id->sid);
    }
    io->ids = std::move(rids);
    return io;
}

void software::enable_vfs(const device_config& c) {
    if (c.vfs == 0) return;
    if (const int rc = pci_enable_sriov(pci_, *pci_.find(c.rid), c.vfs); rc != 0)
        throw std::runtime_error(c.name + ": " + std::to_string(c.vfs) +
                                 " virtual functions cannot be enabled (error " +
                                 std::to_string(rc) + ")");
}

void software::bind(const device_config& c) {
    pci_dev* d = pci_.find(c.rid);
    if (!d)
        throw std::runtime_error(c.name + ": enumeration found no function at routing ID " +
                                 std::to_string(c.rid));
    std::vector<u32> rids{c.rid};
    rids.insert(rids.end(), c.aliases.begin(), c.aliases.end());
    d->dev.iommu = dma_configure(c.name, std::move(rids));
    d->dev.iommu->attach_deferred = c.attach_deferred;
    if (const int rc =
            core_.iommu_probe_device(d->dev, c.group.empty() ? c.name : c.group, c.identity);
        rc != 0)
        throw std::runtime_error(c.name + ": the IOMMU does not take it (error " +
                                 std::to_string(rc) + ")");
    if (c.driver != driver_kind::dma_engine) return;
    auto engine = std::make_unique<dma_engine>(kernel_, core_, *d);
    engine->probe();
    engines_[c.rid] = std::move(engine);
}

void software::make_client(client_config c) {
    if (c.peer) {
        const pci_dev* peer = pci_.find(*c.peer);
        if (!peer || peer->resource[0].size / 2 < c.buffer_bytes)
            throw std::runtime_error("client " + c.name + ": its peer has no BAR0 of twice " +
                                     std::to_string(c.buffer_bytes) + " bytes");
        c.peer_address = peer->resource[0].start + peer->resource[0].size / 2;
    }
    const auto engine = engines_.find(c.device);
    dma_engine* const device = engine == engines_.end() ? nullptr : engine->second.get();
    clients_.push_back(std::make_unique<client>(kernel_, core_, device, c, config_.seed));
    if (device) clients_.back()->setup();
}

void software::start() {
    for (auto& c : clients_)
        if (c->config().autostart) c->start();
}

void software::start_client(const std::string& name) {
    for (auto& c : clients_)
        if (c->config().name == name) return c->start();
    throw std::invalid_argument("no client '" + name +
                                "'; there are: " + names_of(config_.clients));
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
    if (!it) it = &core_.paging_domain_alloc(name);
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

void software::run_reset(const std::string& task, unsigned cpu, const std::string& device,
                         const std::string& method, const std::string& call) {
    if (call != "pci_reset_function")
        throw std::invalid_argument("reset call '" + call +
                                    "' is unknown; there is pci_reset_function");
    pci_reset_config how = config_.reset;
    how.method = pci_reset_method_from(method);
    how.host = &pci_;
    how.reset_below = [this](pci_dev& bridge) { return port_driver_.reset_below(bridge); };
    pci_dev* d = dev(device);
    run(task, cpu, [this, d, how] { return d ? pci_reset_function(*d, core_, how) : -ENODEV; });
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

// -- state --

std::optional<device_state> software::device_of(u16 rid) const {
    for (auto& s : devices())
        if (s.rid == rid) return s;
    return std::nullopt;
}

std::vector<device_state> software::devices() const {
    std::vector<device_state> out;
    for (const auto& c : config_.devices) {
        const pci_dev* d = pci_.find(c.rid);
        if (!d || !d->dev.group) continue;
        device_state s{.name = c.name, .rid = c.rid, .ats_enabled = d->ats_enabled};
        for (const auto& gdev : d->dev.group->devices)
            if (gdev.dev == &d->dev) s.blocked = gdev.blocked;
        s.attach_refused = core_.attach_refused(*d->dev.group);
        for (const auto& cl : clients_)
            if (cl->config().device == c.rid) s.queue_stopped |= cl->queue_stopped();
        out.push_back(s);
    }
    return out;
}

}  // namespace drydock::sw
