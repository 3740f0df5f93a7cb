// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/hardware.h"

#include <algorithm>
#include <stdexcept>

#include "platform/devices/description.h"
#include "platform/machine/configure.h"

namespace drydock::machine {

hardware::hardware(base::context& ctx, const scenario::run& run, hal_systemc::steering* steering)
    : ctx_(ctx), run_cpus_(run.machine.cpus), kernel_("timeline", ctx.timeline) {
    auto& p = ctx.parameters;
    const auto ports = static_cast<unsigned>(run.machine.ports.size());
    bus_ = std::make_unique<system::bus>("bus");
    memory_ = std::make_unique<system::memory>("memory", ctx,
                                               configure_memory(p, map_.ram, map_.ram_bytes));
    interrupts_ = std::make_unique<system::interrupt_controller>(
        "msi", ctx, system::interrupt_controller_config{map_.msi_frame, map_.msi_frame_bytes});
    smmu_ = std::make_unique<smmu::smmu>("smmu", ctx, tlps_, configure_smmu(p, run), ports);
    rc_ = std::make_unique<root_complex::root_complex>(
        "rc", ctx, tlps_, configure_root_complex(p, run, map_.ecam, map_.ecam_bytes));
    build_ports(run);
    hal_systemc::config h = configure_cpus(p, run);
    h.mmio.registers = map_.smmu;
    h.mmio.registers_bytes = map_.smmu_bytes;
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

void hardware::build_ports(const scenario::run& run) {
    for (unsigned i = 0; i < run.machine.ports.size(); ++i) {
        const scenario::port& port = run.machine.ports[i];
        if (!port.device) throw std::invalid_argument("port " + port.name + " has no device");
        seat s;
        s.name = port.device->name;
        s.port = i;
        s.link = std::make_unique<pcie::link>((port.name + "_link").c_str(), ctx_, tlps_,
                                              configure_link(ctx_.parameters, port));
        s.device = std::make_unique<endpoint::endpoint>(
            s.name.c_str(), ctx_, tlps_, configure_endpoint(ctx_.parameters, *port.device));
        seats_.push_back(std::move(s));
    }
}

void hardware::bind() {
    for (unsigned c = 0; c < run_cpus_; ++c)
        hal_->socket(c).bind(bus_->add_initiator("cpu" + std::to_string(c)));
    smmu_->memory.bind(bus_->add_initiator("smmu"));
    bus_->add_target("memory", map_.ram, map_.ram_bytes).bind(memory_->socket);
    bus_->add_target("smmu", map_.smmu, map_.smmu_bytes).bind(smmu_->registers);
    bus_->add_target("msi", map_.msi_frame, map_.msi_frame_bytes).bind(interrupts_->socket);
    bus_->add_target("rc", map_.ecam, map_.ecam_bytes).bind(rc_->cpu);
    bus_->add_range(map_.mmio32, map_.mmio32_bytes);
    bus_->add_range(map_.mmio64, map_.mmio64_bytes);
    for (seat& s : seats_) {
        rc_->posted(s.port).bind(smmu_->posted(s.port));
        rc_->non_posted(s.port).bind(smmu_->non_posted(s.port));
        smmu_->ats(s.port).bind(rc_->ats(s.port));
        rc_->port(s.port).bind(s.link->up);
        s.link->down.bind(s.device->port);
    }
    smmu_->set_directory(*rc_);
    smmu_->observe_registers(hal_->registers());
    smmu_->connect_event(hal_->events());
}

seat& hardware::seat_of(const std::string& device) {
    const auto found =
        std::find_if(seats_.begin(), seats_.end(), [&](const seat& s) { return s.name == device; });
    if (found == seats_.end()) throw std::invalid_argument("no device is named " + device);
    return *found;
}

void hardware::enumerated(const scenario::run& run) {
    for (const seat& s : seats_) {
        const auto& d = *run.machine.ports[s.port].device->description;
        if (d.ats) smmu_->set_queue_depth(s.device->routing_id(), d.invalidate_queue_depth);
    }
}

}  // namespace drydock::machine
