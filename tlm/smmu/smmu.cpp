// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/smmu.h"

#include <stdexcept>

#include "tlm/smmu/core.h"

namespace drydock::smmu {

smmu::smmu(sc_core::sc_module_name module_name, base::context& ctx, pcie::tlp_pool& pool,
           const smmu_config& config, unsigned ports)
    : sc_module(module_name), memory("memory"), registers("registers") {
    validate(config);
    if (ports == 0)
        throw std::invalid_argument("smmu: ports = 0 is not possible: at least one root port");
    core_ = std::make_unique<core>(*this, ctx, pool, config, ports);
}

smmu::~smmu() = default;

tlm::tlm_target_socket<64>& smmu::posted(unsigned p) { return core_->posted_sockets.at(p); }
tlm::tlm_target_socket<64>& smmu::non_posted(unsigned p) { return core_->non_posted_sockets.at(p); }
pcie::downstream_socket& smmu::ats(unsigned p) { return *core_->ats_sockets.at(p); }

void smmu::set_directory(const pcie::requester_directory& d) { core_->set_directory(d); }
void smmu::belongs_to(unsigned way, unsigned port) { core_->belongs_to(way, port); }
void smmu::set_queue_depth(base::routing_id id, unsigned depth) {
    core_->set_queue_depth(id, depth);
}
void smmu::observe_registers(base::register_observer& o) { core_->observe(o); }
void smmu::connect_event(base::sev_sink& s) { core_->connect_event(s); }
void smmu::connect_interrupts(interrupt_wires& w) { core_->connect_interrupts(w); }
void smmu::fail_service() { core_->fail_service(); }
void smmu::start_of_simulation() { core_->start_of_simulation(); }

const invalidation_tracker_if& smmu::tracker() const { return core_->invalidating().tracker(); }
const pri_queue& smmu::page_requests() const { return core_->page_requests(); }
const translator& smmu::translation() const { return core_->translating_part(); }

}  // namespace drydock::smmu
