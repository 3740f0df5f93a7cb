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
#include "tlm/pcie/errors.h"
#include "tlm/pcie/link_timing.h"
#include "tlm/pcie/ordered_stores.h"
#include "tlm/pcie/routing.h"
#include "tlm/pcie/sockets.h"
#include "tlm/root_complex/access_control.h"
#include "tlm/root_complex/bridge_windows.h"
#include "tlm/root_complex/dpc.h"
#include "tlm/root_complex/port_link.h"
#include "tlm/root_complex/port_msi.h"
#include "tlm/root_complex/port_slot.h"
#include "tlm/root_complex/switch_config.h"

namespace drydock::root_complex {

/// What a port tells its switch. Ingresses are ports by number; one more stands for what the
/// switch makes by itself.
struct switch_port_owner {
    /// A TLP is through the pipeline of `port` and wants its way.
    virtual void arrived(unsigned port, pcie::tlp_ptr t) = 0;
    /// A TLP of `ingress` cannot leave by `port`, whose link is down.
    virtual void undeliverable(unsigned ingress, unsigned port, pcie::tlp_ptr t) = 0;
    /// A TLP has left the switch: its buffer at `ingress`, of the virtual channel in which it came,
    /// is free.
    virtual void left(unsigned ingress, unsigned vc, pcie::fc_class c, std::uint32_t data) = 0;
    void left(unsigned ingress, const pcie::tlp& t) {
        left(ingress, t.virtual_channel, t.flow_class(), t.data_credits());
    }
    /// An error of the port itself wants to be told upwards.
    virtual void report(unsigned port, pcie::msg_code code) = 0;
    /// An interrupt of the port wants to be written upwards.
    virtual void interrupt(unsigned port, std::uint64_t address, std::uint32_t data) = 0;
    /// The port's own INTx, INTA, where it has no message interrupts.
    virtual void own_intx(unsigned port, bool asserted) = 0;
    virtual void link_changed(unsigned port, bool up) = 0;
    virtual void registers_changed(unsigned port) = 0;
    /// For the chooser: who an ingress is.
    virtual std::string_view ingress_name(unsigned ingress) const = 0;

protected:
    ~switch_port_owner() = default;
};

/// A port of a switch, upstream (number 0) or downstream: a type-1 function, the pipeline of what
/// comes in, and for what goes out one posted, non-posted and completion store for each ingress.
class switch_port final : public sc_core::sc_module,
                          private pcie::tlp_receiver,
                          private pcie::config_listener,
                          private dpc_owner,
                          private port_link_owner,
                          private port_slot_owner,
                          private msi_writer,
                          private base::timeline_client {
public:
    switch_port(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                const switch_config& config, unsigned number, switch_port_owner& owner);

    pcie::upstream_socket& upstream() { return *up_; }
    pcie::downstream_socket& downstream() { return *down_; }

    pcie::config_space& config() { return space_; }
    const bridge_windows& forwards() const { return windows_; }
    const access_control& acs() const { return acs_; }
    bool link_up() const { return link_up_; }
    bool contained() const { return dpc_ && dpc_->contained(); }
    /// What becomes of a TLP for the link while contained.
    containment_verdict down_verdict(const pcie::tlp& t) const { return dpc_->down_verdict(t); }
    /// Bus and device as captured from the last CfgWr0.
    base::routing_id id() const { return id_; }
    void capture(base::routing_id id) { id_ = id; }

    /// To be sent when its turn comes. @pre link_up()
    void send(unsigned ingress, pcie::tlp_ptr t);
    /// The buffer of a TLP that came in here is free.
    void free_buffer(unsigned vc, pcie::fc_class c, std::uint32_t data);
    void free_buffer(const pcie::tlp& t) {
        free_buffer(t.virtual_channel, t.flow_class(), t.data_credits());
    }
    /// The TLP came in the channel where this port has its TC.
    bool accepts(const pcie::tlp& t) const { return !channels_ || channels_->map().accepts(t); }
    /// This port has the TC in a channel that is enabled.
    bool carries(std::uint8_t tc) const {
        return !channels_ || channels_->map().of_tc[tc & 7] != pcie::channel_map::unmapped;
    }
    /// Detected by this port: Device Status, AER, message (PCIe).
    void detect(pcie::error e, const pcie::tlp* t, bool advisory);
    void detect_correctable(unsigned bit, std::string_view text);
    /// An error message of the port itself, whatever its registers say.
    void tell(pcie::msg_code code) { own_message(code); }
    void emit_dropped(const pcie::tlp& t, std::uint32_t reason);
    /// AtomicOp Routing Supported.
    bool routes_atomics() const { return routes_atomics_; }
    /// AtomicOp Egress Blocking and End-End TLP Prefix Blocking: what may not leave here; none.
    std::optional<pcie::error> blocks(const pcie::tlp& t) const {
        if (!blocks_atomics_ && !blocks_prefixes_) return std::nullopt;
        return blocked_error(t);
    }
    /// ECRC Generation Enable: what the port makes by itself has a digest.
    bool digests() const { return digests_; }
    /// ECRC Check Enable, and the digest of this TLP does not fit.
    bool finds_bad_digest(const pcie::tlp& t) const { return t.digest_bad && checks_ecrc_; }
    /// From above: registers as after reset, everything inside is dropped.
    void reset(pcie::reset_kind kind);
    /// Keeps the link below down. @pre a downstream port
    void set_hold(link_hold why, bool on) { link_->set_hold(why, on); }
    /// PERST# of what is below: the link stays down while it is asserted.
    void set_fundamental_reset(bool asserted) { set_hold(link_hold::fundamental_reset, asserted); }
    /// Null without a hot-plug capable slot.
    port_slot* slot() { return slot_.get(); }

    struct counters {
        std::uint64_t received = 0, sent = 0, dropped = 0, errors = 0;
    };
    const counters& count() const { return count_; }

private:
    struct pipeline_end {
        switch_port* self;
        void operator()(pcie::tlp_ptr&& t) const {
            self->owner_.arrived(self->number_, std::move(t));
        }
    };
    bool is_upstream() const { return number_ == 0; }
    void receive(pcie::tlp_ptr t) override;
    void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t data) override;
    void channel_credits(unsigned vc, pcie::fc_class c, std::uint32_t hdr,
                         std::uint32_t data) override;
    void channel_changed(unsigned vc, bool active) override { channels_->set_active(vc, active); }
    void use_channels();
    void link_in_recovery(bool begins) override {
        if (link_) link_->set_recovery(begins);
    }
    void link_changed(bool up) override;
    void link_error_found(pcie::link_error e) override;
    void config_written(std::uint16_t offset) override;
    void slot_control_written() override;
    void on_time(std::uint64_t) override;
    void apply_link_control();
    void apply_device_control();
    std::optional<pcie::error> blocked_error(const pcie::tlp& t) const;
    void into_pipeline(pcie::tlp_ptr t);
    // link and slot
    void drive_link(bool up) override { down_->set_link(up); }
    void link_is(bool up) override;
    void link_active_changed() override;
    void slot_interrupt() override {
        msi_.raise(slot_->message_number());
        update_intx();
    }
    void update_intx();
    void slot_serves(bool adapter_with_power) override {
        set_hold(link_hold::empty_slot, !adapter_with_power);
    }
    void number_messages();
    // containment
    void contain() override { set_hold(link_hold::containment, true); }
    void release() override { set_hold(link_hold::containment, false); }
    void judged_up(pcie::tlp_ptr t, containment_verdict v) override;
    void judged_down(pcie::tlp_ptr, containment_verdict) override {}  // nothing is put to it
    void dpc_interrupt() override {
        msi_.raise(dpc_->message_number());
        update_intx();
    }
    void own_message(pcie::msg_code code) override;
    void write_msi(std::uint64_t address, std::uint32_t data) override {
        owner_.interrupt(number_, address, data);
    }
    /// The way out in one virtual channel.
    struct lane {
        lane(unsigned channel, std::size_t ingresses) : vc(channel), out(ingresses) {}
        unsigned vc;
        std::vector<pcie::ordered_stores> out;               ///< by ingress
        std::uint64_t waiting = 0;                           ///< ingresses with something in out
        unsigned next = 0;                                   ///< whose turn it is
        std::array<std::uint64_t, pcie::fc_classes> room{};  ///< in the link's stores
    };
    lane& lane_of(unsigned vc);
    void pump_soon();
    void pump(lane& l);
    void flush(lane& l, bool deliverable_elsewhere);
    void flush(bool deliverable_elsewhere);

    base::context& ctx_;
    unsigned number_;
    switch_port_owner& owner_;
    unsigned gen_, width_;
    base::ps cut_through_;
    pcie::serial_rate rate_;
    base::place_id place_;
    base::timeline::client_id client_;
    base::timeline::handle soon_;
    std::optional<pcie::upstream_socket> up_;
    std::optional<pcie::downstream_socket> down_;
    pcie::config_space space_;
    bridge_windows windows_;
    access_control acs_;
    base::delay_line<pcie::tlp_ptr, pipeline_end> in_;
    lane lane_;
    std::array<std::unique_ptr<lane>, pcie::most_channels> other_lanes_;  ///< by VC ID
    std::unique_ptr<pcie::channel_end> channels_;  ///< null: one virtual channel
    base::routing_id id_{};
    std::uint32_t reason_reset_, reason_contained_;
    port_msi msi_;
    std::unique_ptr<port_link> link_;  ///< of a downstream port
    std::unique_ptr<dpc> dpc_;
    std::unique_ptr<port_slot> slot_;
    bool link_up_ = true, pumping_ = false, again_ = false;
    bool digests_ = false, checks_ecrc_ = false, intx_ = false;
    bool routes_atomics_ = false, blocks_atomics_ = false, blocks_prefixes_ = false;
    counters count_;
};

}  // namespace drydock::root_complex
