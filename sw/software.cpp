// SPDX-License-Identifier: Apache-2.0
#include "sw/software.h"

#include <algorithm>
#include <stdexcept>

#include "sw/iommu/reset/policies.h"
#include "sw/pci/iov.h"
#include "sw/pci/reset_methods.h"
#include "sw/switches.h"

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
      config_(with_switches(std::move(config))),
      smmus_(k),
      core_(k, smmus_, make_reset_policy(config_.reset_policy, config_.reset_variant),
            config_.iommu),
      pci_(k, host_config(config_)),
      port_driver_(
          k, pci_, port_config(), [this](pci_dev& port) { return attach_port(port); }, *this) {
    check();
    quarantine_ = make_quarantine(
        config_.quarantine, {k, core_, smmus_, config_.quarantine_options, [this](pci_dev& d) {
                                 return pci_reset_function(d, core_, reset_config());
                             }});
    core_.set_quarantine(quarantine_.get());
    config_.driver.async_invalidation |= policy_is_asynchronous(config_.reset_policy);
    smmus_.configure(config_.driver, quarantine_.get());
    for (const auto& c : config_.smmus) smmus_.add(c);
    if (config_.ports.dpc.notice == pci_reset_notice::on_atc_timeout)
        smmus_.on_atc_timeout(
            [this] { kernel_.schedule_work(atc_timeout_work_, config_.ports.dpc_cpu); });
    smmus_.set_driver_get_domain(
        [this](device& d) { return core_.iommu_driver_get_domain_for_dev(d); });
}

software::~software() = default;

pci_port_config software::port_config() {
    pci_port_config p = config_.ports;
    p.dpc.iommu = &core_;
    p.flr = [this](pci_dev& d) { return pcie_flr(d, core_, reset_config()); };
    return p;
}

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
    attach_pasid_domains();
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
    d->dev.iommu->require_direct = c.require_direct;
    d->quirk = c.quirk;
    d->firmware_time = c.firmware_time;
    d->acpi_rst = c.acpi_rst;
    d->power_off = c.power_off;
    if (const int rc =
            core_.iommu_probe_device(d->dev, c.group.empty() ? c.name : c.group, c.identity);
        rc != 0)
        throw std::runtime_error(c.name + ": the IOMMU does not take it (error " +
                                 std::to_string(rc) + ")");
    attach_group_domain(*d);
    if (c.driver == driver_kind::dma_engine) probe_driver(*d);
}

void software::probe_driver(pci_dev& d) {
    dma_engine_options options;
    for (const device_config& c : config_.devices)
        if (c.rid == d.rid()) options = c.engine;
    auto engine = std::make_unique<dma_engine>(kernel_, core_, d, options);
    engine->probe();
    engines_[d.rid()] = std::move(engine);
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
    make_users(*clients_.back());
}

/// Who resets a client's device by itself: a virtual machine monitor, an RAS driver.
void software::make_users(client& c) {
    const client_config& config = c.config();
    if (config.kind == client_kind::vfio) {
        vms_.push_back(std::make_unique<vfio>(kernel_, core_, c, config.vm, [this](pci_dev& d) {
            return pci_try_reset_function(d, core_, reset_config());
        }));
        c.beside([vm = vms_.back().get()] { vm->start(); });
    }
    if (config.ras) {
        watched_.push_back(std::make_unique<health>(kernel_, c, *config.ras, [this](pci_dev& d) {
            return __pci_reset_function_locked(d, core_, reset_config());
        }));
        c.beside([h = watched_.back().get()] { h->start(); });
    }
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
