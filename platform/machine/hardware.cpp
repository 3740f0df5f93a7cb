// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/hardware.h"

#include <algorithm>
#include <stdexcept>

#include "platform/devices/description.h"
#include "platform/machine/configure.h"
#include "platform/scenario/tree.h"

namespace drydock::machine {

hardware::hardware(base::context& ctx, const scenario::run& run, hal_systemc::steering* steering)
    : ctx_(ctx),
      run_cpus_(run.machine.cpus),
      root_blocks_(run.fidelity),
      kernel_("timeline", ctx.timeline) {
    auto& p = ctx.parameters;
    blocks_ = std::make_unique<block_maker>(run.fidelity);
    const auto ports = static_cast<unsigned>(run.machine.ports.size());
    bus_ = std::make_unique<system::bus>("bus");
    memory_ = std::make_unique<system::memory>("memory", ctx,
                                               configure_memory(p, map_.ram, map_.ram_bytes));
    interrupts_ = std::make_unique<system::interrupt_controller>(
        "msi", ctx, system::interrupt_controller_config{map_.msi_frame, map_.msi_frame_bytes});
    smmus_ = smmu_seats(run.machine, map_.smmu);
    for (smmu_seat& s : smmus_) {
        auto ways = static_cast<unsigned>(s.ports.size());
        // And one more for each further virtual channel of a root port.
        for (const unsigned root : s.ports)
            ways += static_cast<unsigned>(run.machine.ports[root].channels.size());
        smmu::smmu_config c = configure_smmu(p, run, run.machine.smmus[s.described]);
        c.make_tracker = root_blocks_.trackers(ways);
        s.device = std::make_unique<smmu::smmu>(s.name.c_str(), ctx, tlps_, c, ways);
    }
    id_mappings_ = machine::id_mappings(run.machine, smmus_);
    root_complex::root_complex_config rc =
        configure_root_complex(p, run, map_.ecam, map_.ecam_bytes);
    for (auto& port : rc.ports)
        if (port.dpc) port.dpc->make_containment = root_blocks_.containments();
    rc_ = std::make_unique<root_complex::root_complex>("rc", ctx, tlps_, rc);
    intx_ = std::make_unique<intx_lines>(*interrupts_);
    rc_->connect(*intx_);
    for (unsigned n = 0; n < ports; ++n) {
        ports_[run.machine.ports[n].name] = &rc_->root(n).config();
        build_below(run, run.machine.ports[n], rc_->port(n), true);
    }
    for (const scenario::leaf& l : scenario::leaves(run.machine)) {
        seat& s = seat_of(l.device->name);
        s.id = l.id;
        s.absent = l.absent;
    }
    fill_slots(run.machine.ports);
    hal_systemc::config h = configure_cpus(p, run);
    h.mmio.registers = map_.smmu;
    h.mmio.registers_bytes = smmus_.size() * address_map::smmu_bytes;
    h.mmio.configuration = map_.ecam;
    h.mmio.configuration_bytes = map_.ecam_bytes;
    h.ram = map_.ram;
    h.ram_bytes = map_.ram_bytes;
    h.doorbell = base::phys_addr{map_.msi_frame.value + system::interrupt_controller::doorbell};
    hal_ = std::make_unique<hal_systemc::hal_systemc>("hal", ctx, kernel_, *memory_, *interrupts_,
                                                      h, steering);
    bind();
}

hardware::~hardware() = default;

void hardware::build_below(const scenario::run& run, const scenario::port& port,
                           pcie::downstream_socket& above, bool at_root) {
    auto link = std::make_unique<pcie::link>((port.name + "_link").c_str(), ctx_, tlps_,
                                             configure_link(ctx_.parameters, port, at_root));
    above.bind(link->up);
    if (port.below) {
        root_complex::switch_config c = configure_switch(ctx_.parameters, run, port);
        for (auto& down : c.ports)
            if (down.dpc) down.dpc->make_containment = root_blocks_.containments();
        auto at =
            std::make_unique<root_complex::pcie_switch>(port.below->name.c_str(), ctx_, tlps_, c);
        link->down.bind(at->upstream());
        root_complex::pcie_switch& built = *at;
        junctions_.push_back({port.name, std::move(link), std::move(at)});
        for (unsigned n = 0; n < port.below->ports.size(); ++n) {
            ports_[port.below->ports[n].name] = &built.port(n + 1).config();
            build_below(run, port.below->ports[n], built.downstream(n), false);
        }
        return;
    }
    build_device(port, std::move(link));
}

void hardware::build_device(const scenario::port& port, std::unique_ptr<pcie::link> link) {
    const scenario::device& first = *port.device;
    std::vector<endpoint::function_config> functions{configure_function(ctx_.parameters, first)};
    for (const scenario::device& d : first.functions)
        functions.push_back(configure_function(ctx_.parameters, d));
    link_end e{port.name, std::move(link),
               std::make_unique<endpoint::device>(first.name.c_str(), ctx_, tlps_, functions,
                                                  blocks_->atc())};
    e.link->down.bind(e.device->port);
    std::size_t n = 0;  // PFs in order, each followed by its VFs, as here
    const auto sit = [&](const scenario::device& d) {
        const unsigned depth = d.description->ats ? d.description->invalidate_queue_depth : 0;
        seats_.push_back(
            {d.name, port.name, {}, depth, e.link.get(), &e.device->function(n), n == 0});
        ++n;
    };
    const auto sit_with_vfs = [&](const scenario::device& d) {
        sit(d);
        for (const scenario::device& vf : d.vfs) sit(vf);
    };
    sit_with_vfs(first);
    for (const scenario::device& d : first.functions) sit_with_vfs(d);
    ends_.push_back(std::move(e));
}

void hardware::tap_links(pcie::tlp_tap* t) {
    for (const junction& j : junctions_) j.link->tap(t);
    for (const link_end& e : ends_) e.link->tap(t);
}

/// Of each root port VC0's way by the port's place at the SMMU; those of other channels behind all.
void hardware::bind_ways(smmu_seat& s) {
    unsigned next = 0;
    const auto connect = [&](unsigned way) {
        rc_->posted(way).bind(s.device->posted(next));
        rc_->non_posted(way).bind(s.device->non_posted(next));
        s.device->ats(next).bind(rc_->ats(way));
        ++next;
    };
    for (const unsigned root : s.ports) connect(root);
    for (unsigned way = rc_->ports(); way < rc_->ways(); ++way) {
        const auto at = std::find(s.ports.begin(), s.ports.end(), rc_->port_of_way(way));
        if (at == s.ports.end()) continue;
        s.device->belongs_to(next, static_cast<unsigned>(at - s.ports.begin()));
        connect(way);
    }
}

void hardware::bind() {
    for (unsigned c = 0; c < run_cpus_; ++c)
        hal_->socket(c).bind(bus_->add_initiator("cpu" + std::to_string(c)));
    for (const smmu_seat& s : smmus_) s.device->memory.bind(bus_->add_initiator(s.name));
    bus_->add_target("memory", map_.ram, map_.ram_bytes).bind(memory_->socket);
    for (const smmu_seat& s : smmus_)
        bus_->add_target(s.name, s.registers, address_map::smmu_bytes).bind(s.device->registers);
    bus_->add_target("msi", map_.msi_frame, map_.msi_frame_bytes).bind(interrupts_->socket);
    bus_->add_target("rc", map_.ecam, map_.ecam_bytes).bind(rc_->cpu);
    bus_->add_range(map_.mmio32, map_.mmio32_bytes);
    bus_->add_range(map_.mmio64, map_.mmio64_bytes);
    for (smmu_seat& s : smmus_) {
        bind_ways(s);
        s.directory = std::make_unique<ports_behind>(*rc_, s.ports);
        s.device->set_directory(*s.directory);
        s.observer =
            std::make_unique<registers_at>(hal_->registers(), s.registers.value - map_.smmu.value);
        s.device->observe_registers(*s.observer);
        s.device->connect_event(hal_->events());
    }
}

seat& hardware::seat_of(const std::string& device) {
    const auto found =
        std::find_if(seats_.begin(), seats_.end(), [&](const seat& s) { return s.name == device; });
    if (found == seats_.end()) throw std::invalid_argument("no device is named " + device);
    return *found;
}

pcie::link* hardware::link_below(std::string_view port) {
    for (const link_end& e : ends_)
        if (e.port == port) return e.link.get();
    for (const junction& j : junctions_)
        if (j.port == port) return j.link.get();
    return nullptr;
}

root_complex::root_port* hardware::root_port_named(std::string_view name) {
    for (unsigned p = 0; p < rc_->ports(); ++p)
        if (rc_->root(p).basename() == name) return &rc_->root(p);
    return nullptr;
}

root_complex::switch_port* hardware::switch_port_named(std::string_view name) {
    for (const junction& j : junctions_)
        for (unsigned n = 1; n <= j.at->downstream_ports(); ++n)
            if (j.at->port(n).basename() == name) return &j.at->port(n);
    return nullptr;
}

root_complex::port_slot* hardware::slot(std::string_view port) {
    if (root_complex::root_port* const root = root_port_named(port)) return root->slot();
    root_complex::switch_port* const below = switch_port_named(port);
    return below == nullptr ? nullptr : below->slot();
}

card* hardware::card_of(std::string_view port) {
    for (const auto& c : cards_)
        if (c->port() == port) return c.get();
    return nullptr;
}

void hardware::fill_slots(const std::vector<scenario::port>& ports) {
    for (const scenario::port& p : ports) {
        if (p.hotplug) cards_.push_back(std::make_unique<card>(ctx_, *this, p.name, p.slot_empty));
        if (p.below) fill_slots(p.below->ports);
    }
}

void hardware::fundamental_reset(std::string_view port) {
    const auto assert_at = [&](bool asserted) {
        if (root_complex::root_port* const root = root_port_named(port))
            root->set_fundamental_reset(asserted);
        else
            switch_port_named(port)->set_fundamental_reset(asserted);
    };
    assert_at(true);
    set_reset_below(port, true);
    set_reset_below(port, false);
    assert_at(false);
}

void hardware::renew_below(std::string_view port) {
    for (const link_end& e : ends_)
        if (e.port == port) e.device->renew();
    for (const junction& j : junctions_)
        for (unsigned n = 1; j.port == port && n <= j.at->downstream_ports(); ++n)
            renew_below(j.at->port(n).basename());
}

void hardware::set_reset_below(std::string_view port, bool asserted) {
    for (const link_end& e : ends_)
        if (e.port == port && asserted) e.device->power_cycle();
    for (const junction& j : junctions_) {
        if (j.port != port) continue;
        j.at->set_fundamental_reset(asserted);
        for (unsigned n = 1; n <= j.at->downstream_ports(); ++n)
            set_reset_below(j.at->port(n).basename(), asserted);
    }
}

std::vector<std::string> hardware::port_names() const {
    std::vector<std::string> names;
    for (const link_end& e : ends_) names.push_back(e.port);
    for (const junction& j : junctions_) names.push_back(j.port);
    return names;
}

const smmu_seat& hardware::smmu_of(base::routing_id id) const {
    const auto mapped = sw::iort_map_id(id_mappings_, id.value);
    return smmus_.at(mapped ? mapped->iommu : 0);
}

void hardware::enumerated() {
    for (const seat& s : seats_) {
        if (!s.absent && s.device->routing_id() != s.id)
            throw std::logic_error("enumeration gave " + s.name + " the routing ID " +
                                   std::to_string(s.device->routing_id().value) + " instead of " +
                                   std::to_string(s.id.value));
        if (s.queue_depth != 0) smmu_of(s.id).device->set_queue_depth(s.id, s.queue_depth);
    }
}

}  // namespace drydock::machine
