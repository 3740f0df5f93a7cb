// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "tlm/smmu/ats.h"
#include "tlm/smmu/command_queue.h"
#include "tlm/smmu/event_queue.h"
#include "tlm/smmu/gerror.h"
#include "tlm/smmu/invalidations.h"
#include "tlm/smmu/memory_port.h"
#include "tlm/smmu/msi.h"
#include "tlm/smmu/pri_queue.h"
#include "tlm/smmu/register_socket.h"
#include "tlm/smmu/smmu.h"
#include "tlm/smmu/traffic.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu {

/// Joins the parts of the SMMU: each tells the core what happened, the core tells those whom it
/// concerns.
class smmu::core final : register_effects,
                         translator_client,
                         fetch_port,
                         memory_client,
                         msi_client,
                         event_queue_client,
                         pri_queue_client,
                         ats_client,
                         traffic_client,
                         invalidations_client,
                         command_queue_client {
public:
    core(smmu& owner, base::context&, pcie::tlp_pool&, const smmu_config&, unsigned ports);

    std::deque<tlm::tlm_target_socket<64>> posted_sockets, non_posted_sockets;
    std::vector<pcie::downstream_socket*> ats_sockets;

    void start_of_simulation() { ats_.advertise(); }
    void observe(base::register_observer&);
    void set_directory(const pcie::requester_directory& d) {
        directory_ = &d;
        invalidations_.set_directory(d);
    }
    void belongs_to(unsigned way, unsigned port) { ats_.belongs_to(way, port); }
    void set_queue_depth(base::routing_id id, unsigned depth) {
        invalidations_.set_queue_depth(id, depth);
    }
    void connect_event(base::sev_sink& s) { sev_ = &s; }
    void connect_interrupts(interrupt_wires& w) { msi_.connect(w); }
    void fail_service();
    const invalidations& invalidating() const { return invalidations_; }
    const pri_queue& page_requests() const { return pri_; }
    const translator& translating_part() const { return translator_; }

private:
    // register_effects
    void cr0_updated(std::uint64_t value, std::uint64_t changed) override;
    bool cr0_quiet(std::uint64_t field) const override;
    bool irq_quiet(std::uint64_t source) const override;
    void control_changed() override;
    void stream_table_changed() override;
    void command_prod_written(std::uint64_t before) override { commands_.prod_written(before); }
    void event_cons_written() override { events_.room(); }
    void errors_acknowledged(std::uint64_t before) override;
    // translator_client, fetch_port, memory_client
    void translated(std::uint32_t slot, const translate_result&) override;
    void stalled(std::uint32_t slot, const event_record&) override;
    void fetch(fetch_id, base::phys_addr, std::uint32_t bytes, base::span_id) override;
    void update(fetch_id, base::phys_addr, std::uint64_t expected, std::uint64_t desired,
                base::span_id) override;
    void answered(std::uint64_t token, tlm::tlm_generic_payload&) override;
    // msi_client, event_queue_client
    void msi_settled(msi_source, bool aborted) override;
    void event_settled() override;
    // pri_queue_client
    void respond(std::uint16_t port, base::routing_id, std::uint16_t group, std::uint8_t code,
                 std::optional<base::substream_id>) override;
    void request_gone(const page_request& r) override;
    void report(const event_record& e) override { events_.submit(e, base::no_span); }
    // ats_client, traffic_client
    const posted_order& posted(unsigned port) const override { return traffic_.order(port); }
    void completion_arrived(const invalidate_completion& c, base::span_id behind) override {
        invalidations_.completion(c, behind);
    }
    void page_requested(const page_request& r) override { pri_.submit(r); }
    void room_to_send(unsigned) override { invalidations_.resume(); }
    void link_lost(unsigned port) override { invalidations_.link_lost(port); }
    void write_performed(unsigned port) override { ats_.write_performed(port); }
    void lookup_performed() override { commands_.poke(); }
    void report(const event_record& e, base::span_id s, bool may_merge) override {
        events_.submit(e, s, may_merge);
    }
    // invalidations_client
    void invalidation_finished(base::span_id s, bool lost) override {
        commands_.invalidation_finished(s, lost);
    }
    void invalidations_ready() override { commands_.invalidations_ready(); }
    void invalidations_drained() override { commands_.invalidations_drained(); }
    void drain_invalidations() override { invalidations_.drain(); }
    // command_queue_client
    bool translating() const override { return (registers_.effective_cr0() & cr0::smmuen) != 0; }
    invalidations::outcome invalidate(const command& c, base::span_id s) override {
        return invalidations_.start(c, s);
    }
    void respond(const command&) override;
    std::uint16_t tbu_of(base::stream_id) const override;
    void sev() override {
        if (sev_ != nullptr) sev_->sev();
    }
    void commands_quiet() override { registers_.poke(); }

    smmu_config config_;
    std::string name_;
    base::place_id place_;
    slot_plan plan_;
    stream_map streams_;
    const pcie::requester_directory* directory_ = nullptr;
    base::sev_sink* sev_ = nullptr;
    bool service_failed_ = false;
    register_block registers_;
    register_socket register_socket_;
    memory_port memory_;
    msi msi_;
    global_errors errors_;
    translator translator_;
    event_queue events_;
    pri_queue pri_;
    traffic traffic_;
    class ats ats_;
    invalidations invalidations_;
    command_queue commands_;
};

}  // namespace drydock::smmu
