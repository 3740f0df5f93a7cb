// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/pcie/channel_end.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/errors.h"
#include "tlm/pcie/ordered_stores.h"
#include "tlm/pcie/routing.h"
#include "tlm/pcie/sockets.h"
#include "tlm/root_complex/access_control.h"
#include "tlm/root_complex/bridge_windows.h"
#include "tlm/root_complex/config.h"
#include "tlm/root_complex/dpc.h"
#include "tlm/root_complex/port_errors.h"
#include "tlm/root_complex/port_link.h"
#include "tlm/root_complex/port_msi.h"
#include "tlm/root_complex/port_slot.h"
#include "tlm/root_complex/root_port_owner.h"
#include "tlm/root_complex/upstream_lane.h"

namespace drydock::root_complex {

/// A root port: type-1 configuration space, the pipelines of both directions, and the way of
/// everything that comes from below: memory requests to the SMMU as generic payloads, ATS and PRI
/// traffic as TLPs, error messages into Root Error Status, completions to the CPUs.
class root_port final : public sc_core::sc_module,
                        private pcie::tlp_receiver,
                        private pcie::config_listener,
                        private port_errors_owner,
                        private port_link_owner,
                        private port_slot_owner,
                        private msi_writer,
                        private dpc_owner,
                        private upstream_lane_owner,
                        private base::timeline_client {
public:
    root_port(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
              upstream_request_pool& requests, const root_complex_config& rc, unsigned index,
              root_port_owner& owner);

    pcie::downstream_socket link;
    /// Way to the SMMU of each VC resource; 0: VC0.
    unsigned lanes() const { return 1 + static_cast<unsigned>(other_lanes_.size()); }
    upstream_lane& lane(unsigned n) { return n == 0 ? lane_ : *other_lanes_[n - 1]; }

    /// Into the downward pipeline. Delivery order is the order of the calls.
    void send_down(pcie::tlp_ptr t) { down_.push(ctx_.now() + latency_, std::move(t)); }
    bool takes_write() const { return writes_inside_ < config_.posted_writes; }
    void count_write() { ++writes_inside_; }

    pcie::config_space& config() { return space_; }
    base::routing_id id() const { return id_; }
    std::uint8_t secondary() const { return windows_.secondary(); }
    std::uint8_t subordinate() const { return windows_.subordinate(); }
    /// A memory window of this port holds [address, address + bytes).
    bool window_has(std::uint64_t address, std::uint64_t bytes) const {
        return windows_.claims(address, bytes);
    }
    bool link_up() const { return link_state_.up(); }
    /// Requests of CPUs go into the port: to the link, or to containment, which answers them.
    bool takes_requests() const { return link_up() || contained(); }
    bool contained() const { return dpc_ && dpc_->contained(); }
    base::place_id place() const { return place_; }
    /// Detected by the port itself: AER, Root Error Status (PCIe).
    void detect(pcie::error e, const pcie::tlp* t, bool advisory) {
        errors_.detect(e, t, advisory);
    }
    /// An error message of the port itself, whatever its registers say.
    void tell(pcie::msg_code code) { errors_.own_message(code); }
    void detect_correctable(unsigned bit, std::string_view text) {
        errors_.detect_correctable(bit, text);
    }
    /// A CPU's request failed, where Root Port Extensions log that in RP PIO.
    bool has_pio() const { return dpc_ && dpc_->has_pio(); }
    /// @return true: the CPU gets an exception
    bool pio_error(pio_space what, pio_failure how, const pcie::tlp& request);
    const port_errors& errors() const { return errors_; }
    const dpc* containment() const { return dpc_.get(); }
    /// PERST# of what is below: the link stays down while it is asserted.
    void set_fundamental_reset(bool asserted) {
        link_state_.set_hold(link_hold::fundamental_reset, asserted);
    }
    /// Null without a hot-plug capable slot.
    port_slot* slot() { return slot_.get(); }

    struct counters {
        std::uint64_t writes = 0, reads = 0, atomics = 0, translation_requests = 0, messages = 0,
                      interrupts = 0, interrupts_sent = 0, dropped = 0;
    };
    const counters& count() const { return count_; }

private:
    struct to_port_end {
        root_port* self;
        void operator()(pcie::tlp_ptr&& t) const { self->reach_link(std::move(t)); }
    };
    struct from_link {
        root_port* self;
        void operator()(pcie::tlp_ptr&& t) const { self->arrived(std::move(t)); }
    };
    /// What waits for the link in one virtual channel.
    struct egress {
        pcie::ordered_stores waiting;
        std::array<std::uint64_t, pcie::fc_classes> room{};
    };

    // link side
    void receive(pcie::tlp_ptr t) override;
    void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t data) override;
    void channel_credits(unsigned vc, pcie::fc_class c, std::uint32_t hdr,
                         std::uint32_t data) override;
    void channel_changed(unsigned vc, bool active) override;
    void link_changed(bool up) override;
    void link_in_recovery(bool begins) override { link_state_.set_recovery(begins); }
    void link_error_found(pcie::link_error e) override { errors_.detect(e); }
    void config_written(std::uint16_t offset) override;
    void slot_control_written() override;
    void on_time(std::uint64_t) override;
    void start_of_simulation() override;

    // errors, interrupts, containment, link: root_port_events.cpp
    void root_error_interrupt() override;
    bool may_contain(const pcie::logged_error& e) override;
    void dpc_interrupt() override;
    void own_message(pcie::msg_code code) override { errors_.own_message(code); }
    void write_msi(std::uint64_t address, std::uint32_t data) override;
    void number_messages();
    void contain() override;
    void release() override { link_state_.let_go(link_hold::containment); }
    void judged_up(pcie::tlp_ptr t, containment_verdict v) override;
    void judged_down(pcie::tlp_ptr t, containment_verdict v) override;
    void dispose(const pcie::tlp& t, containment_verdict v);
    bool blocked(const pcie::tlp& t);
    void drive_link(bool up) override { link.set_link(up); }
    void link_is(bool up) override;
    void link_active_changed() override;
    void slot_interrupt() override;
    void slot_serves(bool adapter_with_power) override;
    void end_downward(const pcie::tlp& t, pcie::cpl_status status, std::uint32_t reason);

    // downwards
    void from_smmu(upstream_lane& by, pcie::tlp_ptr t) override;
    void reach_link(pcie::tlp_ptr t);
    egress& egress_of(unsigned vc);
    void pump_down(egress& e);
    void to_link(pcie::tlp_ptr t);

    // upwards
    void arrived(pcie::tlp_ptr t);
    void posted_arrived(pcie::tlp_ptr t);
    void message_to_smmu(pcie::tlp_ptr);
    void message_arrived(pcie::tlp_ptr t);
    void non_posted_arrived(pcie::tlp_ptr t);
    void refuse(pcie::tlp_ptr t, pcie::error e);
    void answer_atomic(const upstream_request& r, base::ps when);
    void free_buffer(const pcie::tlp& t) { link.free_buffer(t); }
    /// Of the channel that it came in.
    upstream_lane& lane_of(const pcie::tlp& t) {
        return t.virtual_channel == 0 ? lane_ : lane(channels_->map().resource[t.virtual_channel]);
    }
    void to_cpu(pcie::tlp_ptr t) override;
    void update_intx();
    void look_for_pme();
    void answer(upstream_request& r, base::ps later) override;
    void pump_later() override;
    void emit_dropped(const pcie::tlp& t, std::uint32_t reason);

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    root_port_config config_;
    unsigned index_;
    root_port_owner& owner_;
    base::routing_id id_;
    base::ps latency_;
    base::place_id place_;
    base::timeline::client_id client_;
    base::timeline::handle soon_;
    upstream_lane lane_;
    std::vector<std::unique_ptr<upstream_lane>> other_lanes_;  ///< of VC resource 1, 2, ..
    pcie::config_space space_;
    port_errors errors_;
    port_link link_state_;
    port_msi msi_;
    std::unique_ptr<dpc> dpc_;
    std::unique_ptr<port_slot> slot_;
    bridge_windows windows_;
    access_control acs_;
    base::delay_line<pcie::tlp_ptr, to_port_end> down_;
    base::delay_line<pcie::tlp_ptr, from_link> up_;
    egress egress_;
    std::array<std::unique_ptr<egress>, pcie::most_channels> other_egress_;  ///< by VC ID
    std::unique_ptr<pcie::channel_end> channels_;  ///< null: one virtual channel
    unsigned writes_inside_ = 0;                   ///< of CPUs
    std::uint8_t intx_below_ = 0, intx_told_ = 0;  ///< virtual wires, bit 0: INTA
    bool pme_asked_ = false;
    bool digests_ = false, checks_ecrc_ = false;  ///< ECRC generation and check
    std::uint32_t reason_link_down_, reason_malformed_, reason_refused_, reason_not_routed_,
        reason_contained_, reason_blocked_, reason_ecrc_;
    counters count_;
};

}  // namespace drydock::root_complex
