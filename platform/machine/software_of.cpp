// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "platform/hal/time.h"
#include "platform/machine/configure.h"
#include "platform/machine/machine.h"
#include "platform/scenario/tree.h"
#include "sw/pci/reset_methods.h"

namespace drydock::machine {
namespace {

using namespace base::literals;
using hal_systemc::to_sw;

sw::arm_smmu_config configure_driver(base::parameters& p, const scenario::run& run,
                                     const smmu_seat& seat) {
    const scenario::smmu& s = run.machine.smmus[seat.described];
    sw::arm_smmu_config c;
    c.base = seat.registers.value;
    for (const scenario::stream_range& m : s.stream_ids)  // 16 bits, or as many as are in use
        c.sid_bits = std::max<unsigned>(c.sid_bits, std::bit_width(m.sid + m.count - 1));
    c.cmdq.log2size = s.cmdq_log2size;
    c.evtq_log2size = s.evtq_log2size;
    c.priq_log2size = s.priq_log2size;
    c.cmdq.sev = s.sev;
    c.cmdq.force_sync = run.software.cmdq_force_sync;
    c.cmdq.poll_gerror = run.software.poll_gerror;
    c.cmdq.all_waiters_fail = run.software.sync_failure == "all_waiters";
    c.gerror_cpu = run.machine.irq.gerror_cpu;
    c.evtq_cpu = run.machine.irq.evtq_cpu;
    c.priq_cpu = run.machine.irq.priq_cpu;
    c.pri = run.software.pri == "handle" ? sw::pri_mode::handle
            : run.software.pri == "deny" ? sw::pri_mode::deny
                                         : sw::pri_mode::off;
    c.guest = run.software.guest == "full_ats"    ? sw::guest_mode::full_ats
              : run.software.guest == "split_ats" ? sw::guest_mode::split_ats
                                                  : sw::guest_mode::off;
    declarer d(p, "sw." + s.name);
    unsigned iopf_cpu = c.priq_cpu;
    d.number("iopf_cpu", iopf_cpu, 0, run.machine.cpus - 1, "CPU",
             "brings in the pages that devices ask for; default: irq.priq's");
    c.iopf_cpu = iopf_cpu;
    base::ps limit{c.cmdq.timeout.count()};
    d.time(
        "sync_timeout", limit, 1_us, 100_s,
        "who waits for a CMD_SYNC gives up then (ARM_SMMU_POLL_TIMEOUT_US; AMD's driver: 100 ms)");
    c.cmdq.timeout = to_sw(limit);
    d.number("pri_allocation", c.pri_allocation, 1, 1 << 16, "requests",
             "Page Requests that one device may have outstanding");
    d.flag("priqen", c.priqen, "the driver enables the PRI queue; false: CR0.PRIQEN stays 0");
    d.flag("ppar", c.ppar,
           "STE.PPAR follows PRG Response PASID Required of the function; false: it stays 0");
    d.flag("msi_polling", c.cmdq.msi_polling,
           "CMD_SYNC is seen by its MSI write to memory instead of CONS");
    return c;
}

sw::acs_policy run_acs(base::parameters& p) {
    declarer d(p, "sw.pci");
    return d.word(
               "acs", "standard", "standard | all",
               "Access Control Services turned on: sv, rr, cr, uf, or all that a port supports") ==
                   "all"
               ? sw::acs_policy::all
               : sw::acs_policy::standard;
}

sw::dma_descriptor::op atomic_of(const std::string& op) {
    using sw::dma_descriptor;
    return op == "swap"  ? dma_descriptor::op::swap
           : op == "cas" ? dma_descriptor::op::cas
                         : dma_descriptor::op::fetch_add;
}

sw::client_config client_of(const scenario::run& run, const scenario::client& c) {
    sw::client_config out;
    out.name = c.name;
    static_assert(
        static_cast<int>(scenario::client_kind::sva) == static_cast<int>(sw::client_kind::sva) &&
        static_cast<int>(scenario::client_kind::vfio) == static_cast<int>(sw::client_kind::vfio));
    out.kind = static_cast<sw::client_kind>(c.kind);
    for (const scenario::leaf& l : scenario::leaves(run.machine))
        if (l.device->name == c.device)
            out.device = l.id.value;
        else if (l.device->name == c.peer)
            out.peer = l.id.value;
    out.pasid = c.pasid;
    out.cpu = c.cpu;
    out.buffer_bytes = c.buffer_bytes;
    out.page_bytes = c.page_bytes;
    if (c.dma)
        out.dma =
            sw::dma_load{c.dma->count,        c.dma->bytes,          to_sw(c.dma->every),
                         c.dma->read_percent, c.dma->atomic_percent, atomic_of(c.dma->atomic_op),
                         c.dma->atomic_bytes};
    if (c.unmap)
        out.unmap =
            sw::unmap_load{c.unmap->pages, to_sw(c.unmap->every), c.unmap->remap, c.unmap->reclaim};
    out.vm = {to_sw(c.vm.every), to_sw(c.vm.lives), to_sw(c.vm.retry), to_sw(c.vm.give_up),
              c.vm.pasid};
    if (c.ras) out.ras = sw::health_watch{to_sw(c.ras->every), c.ras->failures, c.ras->attempts};
    if (c.page_faults) out.page_faults = sw::demand_paging{c.resident_percent};
    out.autostart = !c.starts_by_timeline;
    return out;
}

/// Devices that the scenario puts into one group bring along who shares one with them anyway; who
/// speaks by another's Requester ID cannot be kept apart from it.
void unite_groups(const scenario::run& run, std::vector<sw::device_config>& devices) {
    const auto group_of = [&](const std::string& device) -> std::string {
        for (const auto& d : devices)
            if (d.name == device) return d.group.empty() ? d.name : d.group;
        return {};
    };
    const auto rename = [&](const std::string& from, const std::string& to) {
        for (auto& d : devices)
            if ((d.group.empty() ? d.name : d.group) == from) d.group = to;
    };
    for (const scenario::group& g : run.software.groups)
        for (const std::string& member : g.devices) rename(group_of(member), g.name);
    for (const scenario::device_software& d : run.software.devices)
        for (const std::string& alias : d.aliases) rename(group_of(alias), group_of(d.device));
}

void tell_devices(const scenario::run& run, std::vector<sw::device_config>& devices) {
    const auto named = [&](const std::string& name) -> sw::device_config& {
        return *std::find_if(devices.begin(), devices.end(),
                             [&](const auto& d) { return d.name == name; });
    };
    for (const scenario::device_software& d : run.software.devices) {
        sw::device_config& c = named(d.device);
        c.identity = d.identity;
        c.attach_deferred = d.attach_deferred;
        c.require_direct = d.require_direct;
        c.quirk = sw::pci_quirk_from(d.quirk);
        c.firmware_time = to_sw(d.firmware_time);
        if (d.acpi_reset) c.acpi_rst = sw::acpi_reset_method{to_sw(*d.acpi_reset), false};
        if (d.power_off) c.power_off = to_sw(*d.power_off);
        c.engine = {d.frozen == "can_recover", d.remove == "waits_for_interrupt"};
        c.driver = d.driver ? sw::driver_kind::dma_engine : sw::driver_kind::none;
        for (const std::string& alias : d.aliases) c.aliases.push_back(named(alias).rid);
    }
    unite_groups(run, devices);
}

std::vector<sw::domain_config> domains_of(const scenario::run& run,
                                          const std::vector<sw::device_config>& devices) {
    std::vector<sw::domain_config> all;
    for (const scenario::domain& d : run.software.domains) {
        sw::domain_config c;
        c.name = d.name;
        c.type = d.kind == "identity" ? sw::iommu_domain_type::identity
                 : d.kind == "sva"    ? sw::iommu_domain_type::sva
                                      : sw::iommu_domain_type::paging;
        for (const auto& dev : devices)
            if (dev.name == d.device) c.device = dev.rid;
        c.pasid = d.pasid;
        c.smmu = d.smmu;
        all.push_back(std::move(c));
    }
    return all;
}

}  // namespace

sw::software_config software_of(base::parameters& p, const scenario::run& run, const hardware& hw,
                                std::uint64_t seed) {
    sw::software_config c;
    const address_map& map = hw.map();
    for (const smmu_seat& s : hw.smmus()) {
        c.smmus.push_back(configure_driver(p, run, s));
        c.smmus.back().ram = map.ram.value;
        c.smmus.back().ram_bytes = map.ram_bytes;
    }
    c.iort = hw.id_mappings();
    c.ecam = map.ecam.value;
    c.mem32 = {map.mmio32.value, map.mmio32_bytes};
    c.mem64 = {map.mmio64.value, map.mmio64_bytes};
    c.acs = run_acs(p);
    for (const auto& [port, id] : scenario::port_ids(run.machine)) {
        if (port->channels.empty()) continue;
        sw::vc_map m{id.value, {}};
        for (std::size_t n = 0; n < port->channels.size(); ++n)
            m.tcs[n + 1] = port->channels[n].tcs;
        c.virtual_channels.push_back(m);
    }
    c.reset_variant = run.software.reset_variant;
    c.reset_policy = run.software.reset_policy;
    c.driver.leaves_ats_on = run.software.disable_ats == "driver_may";
    c.driver.presence_check = run.software.presence_check == "config_read";
    c.quarantine = run.software.quarantine;
    c.driver.invalidation = run.software.invalidation == "masters"
                                ? sw::arm_smmu_invalidation::masters
                                : sw::arm_smmu_invalidation::invs;
    base::ps wait = run.software.flr_wait;
    declarer d(p, "sw.pci");
    d.time("flr_wait", wait, 0_ps, 100_s, "Linux waits this long after an FLR before it looks");
    c.reset.flr_wait = to_sw(wait);
    base::ps edr = run.software.edr_latency;
    d.time("edr_latency", edr, 0_ps, 10_s,
           "where firmware owns DPC: from the interrupt to its notification");
    if (run.software.dpc == "edr") c.ports.dpc.edr = to_sw(edr);
    c.ports.aer_cpu = run.machine.irq.aer_cpu;
    c.ports.dpc_cpu = run.machine.irq.dpc_cpu;
    c.ports.hotplug_cpu = run.machine.irq.hotplug_cpu;
    c.ports.dpc.order = run.software.recovery == "before_2025_08"
                            ? sw::pci_recovery_order::before_2025_08
                            : sw::pci_recovery_order::after_2025_08;
    c.ecrc = run.software.ecrc == "on"    ? sw::ecrc_policy::on
             : run.software.ecrc == "off" ? sw::ecrc_policy::off
                                          : sw::ecrc_policy::standard;
    c.msi = run.software.msi;
    c.ports.dpc.completion_ur = run.software.dpc_completion == "ur";
    using notice = sw::pci_reset_notice;
    c.ports.dpc.notice = run.software.reset_notice == "pre_reset_notification"
                             ? notice::pre_reset_notification
                         : run.software.reset_notice == "on_atc_timeout" ? notice::on_atc_timeout
                                                                         : notice::after_reset;
    c.slots = {static_cast<std::uint8_t>(run.machine.hotplug_buses), run.software.hotplug_memory,
               run.software.hotplug_prefetchable};
    for (const scenario::leaf& l : scenario::leaves(run.machine)) {
        sw::device_config dev;
        dev.rid = l.id.value;
        dev.name = l.device->name;
        dev.group = l.shares_below;
        // Nothing keeps functions of one device apart, either; virtual ones have nothing between
        // them.
        if (dev.group.empty() && l.device->vf == 0 && !l.whole->functions.empty())
            dev.group = l.whole->name;
        dev.vfs = static_cast<std::uint16_t>(l.device->vfs.size());
        dev.virtual_function = l.device->vf != 0;
        dev.absent = l.absent;
        c.devices.push_back(std::move(dev));
    }
    tell_devices(run, c.devices);
    c.domains = domains_of(run, c.devices);
    c.switches = run.software.switches;
    c.iommu.static_blocked_domain = run.software.blocked_domain;
    using policy = sw::require_direct_policy;
    c.iommu.require_direct = run.software.require_direct == "refuse"   ? policy::refuse
                             : run.software.require_direct == "ignore" ? policy::ignore
                             : run.software.require_direct == "paging" ? policy::paging
                                                                       : policy::by_variant;
    for (const scenario::client& client : run.clients) c.clients.push_back(client_of(run, client));
    c.seed = seed;
    return c;
}

}  // namespace drydock::machine
