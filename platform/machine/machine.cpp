// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/machine.h"

#include <stdexcept>

#include "platform/hal/time.h"
#include "platform/machine/configure.h"

namespace drydock::machine {

machine::machine(base::context& ctx, const scenario::run& run)
    : ctx_(ctx),
      run_(run),
      hardware_(ctx, run, this),
      kernel_(std::make_unique<sw::kernel>(hardware_.hal().host(), run.machine.cpus,
                                           configure_costs(ctx.parameters))),
      software_(std::make_unique<sw::software>(
          *kernel_, software_of(ctx.parameters, run, hardware_, ctx.seed))),
      director_(ctx, run, *this),
      starter_(*this) {
    check_verbs();
    software_->on_returned([this](const std::string& task, int) { director_.returned(task); });
}

machine::~machine() = default;

machine::starter::starter(machine& m) : owner(m), id(m.ctx_.timeline.join("scenario", *this)) {}

void machine::run() {
    software_->boot([this] {
        const base::ps edge = base::clock_domain(start_grid).edge_at_or_after(ctx_.now());
        ctx_.timeline.at(edge, base::phase::software, starter_.id);
    });
    hardware_.kernel().run_alone();
    try {
        hardware_.hal().rethrow();
    } catch (const sw::cannot_boot& e) {
        throw scenario::bad_input(
            {}, std::string("machine: the software cannot drive it: ") + e.what());
    }
}

void machine::begin_scenario() {
    booted_ = ctx_.now();
    hardware_.enumerated();
    director_.begin();
    software_->start();
}

base::routing_id machine::routing_id_of(const std::string& device) const {
    for (const seat& s : hardware_.seats())
        if (s.name == device) return s.id;
    throw std::invalid_argument("no device is named " + device);
}

// -- the scenario's verbs --

void machine::reset(const scenario::do_reset& v) {
    software_->run_reset(v.task, v.cpu, v.device, v.methods, v.call);
}
void machine::start(const scenario::do_start& v) { software_->start_client(v.client); }
void machine::attach(const scenario::do_attach& v) {
    software_->run_attach(v.task, v.cpu, v.device, v.domain, v.pasid);
}
void machine::detach(const scenario::do_detach& v) {
    software_->run_detach(v.task, v.cpu, v.device, v.pasid);
}
bool machine::release(const std::string& task) { return kernel_->release(task); }
bool machine::hold(std::string_view task, std::string_view point, std::uint16_t device) {
    return director_.at_point(task, point, base::routing_id{device});
}

// -- one more try at the end of the run --

bool machine::probe_task(const std::string& task) {
    constexpr base::ps patience{2'000'000'000'000};
    const base::ps until = ctx_.now() + patience;
    while (!software_->tasks().at(task).result && ctx_.now() < until) {
        hardware_.kernel().run_alone(base::ps{1'000'000'000});
        hardware_.hal().rethrow();
    }
    const auto result = software_->tasks().at(task).result;
    return result && *result == 0;
}

bool machine::attach(base::routing_id rid) {
    for (const seat& s : hardware_.seats()) {
        if (s.id != rid) continue;
        const std::string task = "retry" + std::to_string(probes_++);
        software_->run_attach_probe(task, 0, s.name);
        return probe_task(task);
    }
    return false;
}

bool machine::command_queue(std::string_view where) {
    unsigned smmu = 0;
    for (unsigned n = 0; n < hardware_.smmus().size(); ++n)
        if (hardware_.smmus()[n].name == where) smmu = n;
    const std::string task = "retry" + std::to_string(probes_++);
    software_->run_sync_probe(task, 0, smmu);
    return probe_task(task);
}

}  // namespace drydock::machine
