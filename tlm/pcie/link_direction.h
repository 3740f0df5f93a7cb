// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/pcie/link_timing.h"
#include "tlm/pcie/ordered_stores.h"

namespace drydock::pcie {

/// Receive buffer that one end advertises for one class: TLPs and units of 16 B; 0 = infinite.
struct credit_limit {
    std::uint32_t header = 0;
    std::uint32_t data = 0;
};
using credit_limits = std::array<credit_limit, fc_classes>;

struct link_config {
    unsigned gen = 4;
    unsigned width = 8;
    base::ps propagation{1'000};
    unsigned max_payload = 256;  ///< bytes; for the ACK limit and the check of data credits
    dllp_accounting dllp = dllp_accounting::mechanistic;
    unsigned tlps_per_ack = 1;        ///< mechanistic: one ACK for so many TLPs (PCIe)
    unsigned tlps_per_update_fc = 4;  ///< mechanistic: one UpdateFC for so many freed TLPs
    std::uint32_t store = 8;          ///< TLPs of each class that wait on the sending side
    /// Buffers of the device (for what goes down) and of the port (for what goes up). Endpoints and
    /// root complexes advertise infinite completion credits (PCIe).
    credit_limits device_buffers{{{64, 1024}, {64, 64}, {0, 0}}};
    credit_limits port_buffers{{{64, 1024}, {64, 64}, {0, 0}}};
    /// The link is the first that an Invalidate Request, or its completion on the way back, meets:
    /// it tells boundaries 7 and 12 of the invalidation. Not so between switches.
    bool first_of_requests = true, first_of_completions = true;
};

/// What a direction asks of the link it belongs to.
struct link_side {
    virtual void deliver(tlp_ptr t) = 0;
    /// The first byte of a TLP is on the wire: its place in the store is free.
    virtual void store_freed(fc_class c, std::uint32_t data) = 0;
    /// The receiver has a TLP and acknowledges it against this direction.
    virtual void acknowledge() = 0;

protected:
    ~link_side() = default;
};

/// One direction of a link: stores, credit gate, serialiser, wire. One timeline record per TLP on
/// an idle wire, two when it has to wait.
class link_direction final : base::timeline_client {
public:
    link_direction(base::context& ctx, const std::string& name, const link_config& config,
                   const credit_limits& limits, link_side& side);

    void accept(tlp_ptr t);
    /// The receiver freed buffer space; the sender learns of it a propagation and a DLLP later.
    void free_credits(fc_class c, std::uint32_t header, std::uint32_t data);
    /// Link Layer Packets of the other direction's making occupy this one.
    void charge_dllps(std::uint64_t count);
    /// Up or down; going down drops everything inside.
    void set_up(bool up);
    /// Tells the probe what the receiver gives at the start and after each training:
    /// credit_returned, before the first use.
    void tell_advertisement();

    struct counters {
        std::uint64_t tlps = 0, wire_bytes = 0, dllps = 0, dropped = 0, credit_stalls = 0,
                      fc_protocol_errors = 0;
    };
    const counters& count() const { return count_; }
    /// Classes with finite buffers at this direction's receiver: they need the periodic UpdateFC.
    unsigned finite_classes() const { return finite_classes_; }
    /// Number of finite classes of the opposite direction, whose UpdateFCs travel here.
    void set_refreshed_classes(unsigned n) { refreshed_classes_ = n; }
    base::place_id place() const { return place_; }

private:
    struct update {
        base::ps visible;
        std::uint32_t header, data;
    };
    struct gate {
        credit_limit limit;
        std::uint32_t header_used = 0, data_used = 0;  // as the sender knows
        std::uint32_t header_owed = 0,
                      data_owed = 0;  // consumed and not yet given back by the receiver
        // Of these, delivered and still in the receiver's buffer.
        std::uint32_t header_held = 0, data_held = 0;
        // Held since before the link went down: given back once, they count for nothing.
        std::uint32_t header_stale = 0, data_stale = 0;
        bool ever_used = false, stalled = false;
        unsigned freed_since_update = 0;
        ring<update> updates;
    };
    struct arrive {
        link_direction* self;
        void operator()(tlp_ptr&& t) const { self->arrived(std::move(t)); }
    };

    void on_time(std::uint64_t) override { kick(); }
    void kick();
    void start(fc_class c);
    void arrived(tlp_ptr t);
    void drop(tlp_ptr t);
    bool fits(fc_class c, const tlp& t);
    void consume(fc_class c, const tlp& t);
    void hold(const tlp& t);
    void apply_updates(gate& g);
    void arm(base::ps when);
    void refresh();
    void note_stalls();
    base::ps next_update() const;
    void emit(base::kind k, const tlp& t);
    void emit_stage(const tlp& t);

    base::context& ctx_;
    link_config config_;
    link_side& side_;
    serial_rate rate_;
    base::place_id place_;
    base::timeline::client_id id_;
    base::timeline::handle wake_;
    base::ps wake_at_{};
    base::delay_line<tlp_ptr, arrive> flight_;
    ordered_stores stores_;
    std::array<gate, fc_classes> gates_;
    base::fine_time free_at_;
    base::fine_time dllp_time_;
    base::ps next_refresh_;
    unsigned finite_classes_ = 0;
    unsigned refreshed_classes_ = 0;
    unsigned unacknowledged_ = 0;
    std::uint32_t reason_link_down_;
    bool up_ = true;
    counters count_;
};

}  // namespace drydock::pcie
