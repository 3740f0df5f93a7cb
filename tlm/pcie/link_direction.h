// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/pcie/channels.h"
#include "tlm/pcie/link_config.h"
#include "tlm/pcie/link_retry.h"
#include "tlm/pcie/link_timing.h"
#include "tlm/pcie/ordered_stores.h"
#include "tlm/pcie/tap.h"

namespace drydock::pcie {

/// @throws std::invalid_argument for more than can be advertised, or less than one payload
void check_credits(const std::string& name, const link_config& config, const credit_limits& limits);

/// What a direction asks of the link it belongs to.
struct link_side {
    virtual void deliver(tlp_ptr t) = 0;
    /// The first byte of a TLP is on the wire: its place in the store is free.
    virtual void store_freed(unsigned vc, fc_class c, std::uint32_t data) = 0;
    /// A DLLP about this direction (ACK, NAK, UpdateFC) goes the opposite way. @return when it is
    /// with the sender
    virtual base::ps send_dllp() = 0;
    virtual void found(link_error e, bool at_receiver) = 0;
    virtual void retrain() = 0;

protected:
    ~link_side() = default;
};

/// One direction of a link: stores, credit gate, serialiser, wire. One timeline record per TLP on
/// an idle wire, two when it has to wait. With bit errors, or after the first fault that a test
/// asks for, TLPs go through ACK, NAK and replay (link_retry).
///
/// Virtual channels other than VC0 have stores and credits of their own, made when the channel is
/// first heard of; they share the wire and the sequence numbers.
class link_direction final : base::timeline_client, link_retry_owner {
public:
    link_direction(base::context& ctx, const std::string& name, const link_config& config,
                   const credit_limits& limits, link_side& side);

    void accept(tlp_ptr t);
    /// The receiver freed buffer space of VC0, or of any channel; the sender learns of it a
    /// propagation and a DLLP later.
    void free_credits(fc_class c, std::uint32_t header, std::uint32_t data) {
        free_credits(first_, c, header, data);
    }
    void free_credits(unsigned vc, fc_class c, std::uint32_t header, std::uint32_t data) {
        if (channel* ch = find(vc)) free_credits(*ch, c, header, data);
    }
    // -- virtual channels other than VC0: link_channels.cpp
    /// Room for the TLPs of a channel. @return false: it is there already
    bool make_channel(unsigned vc);
    /// Flow control is initialised, with these buffers at the receiver. @pre made
    void open_channel(unsigned vc, const credit_limits& limits);
    /// What is inside is dropped.
    void close_channel(unsigned vc);
    /// VC IDs up to `low` are served in turn, higher ones first (PCIe).
    void arbitrate(unsigned low);
    /// A DLLP of the other direction's making occupies this one. @return when it arrives
    base::ps carry_dllp();
    /// Recovery: nothing is sent until then.
    void hold_until(base::ps t);
    /// Up or down; going down drops everything inside.
    void set_up(bool up);
    /// Tells the probe what the receiver gives at the start and after each training:
    /// credit_returned, before the first use.
    void tell_advertisement();

    struct counters {
        std::uint64_t tlps = 0, wire_bytes = 0, dllps = 0, dropped = 0, credit_stalls = 0,
                      fc_protocol_errors = 0, overflows = 0;
    };
    const counters& count() const { return count_; }
    link_retry& retry() { return retry_; }
    const link_retry& retry() const { return retry_; }
    /// An UpdateFC arrives that grants more than can be.
    void wrong_update();
    /// Sent in a channel other than VC0.
    std::uint64_t sent_beside_vc0() const { return others_ ? others_->sent : 0; }
    /// Classes with finite buffers at this direction's receiver: they need the periodic UpdateFC.
    unsigned finite_classes() const { return finite_classes_; }
    /// Number of finite classes of the opposite direction, whose UpdateFCs travel here.
    void set_refreshed_classes(unsigned n) { refreshed_classes_ = n; }
    base::place_id place() const { return place_; }
    /// Null: nobody.
    void tap(tlp_tap* t) { tap_ = t; }

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
        bool ever_used = false;
        bool stalled = false;  ///< the oldest TLP of the class lacks credits
        bool wanted = false;   ///< somebody waits for an UpdateFC
        // Granted by UpdateFCs that arrived wrong: known with the next one.
        std::uint32_t header_lost = 0, data_lost = 0;
        base::ps lost_until{};
        unsigned freed_since_update = 0;
        ring<update> updates;
    };
    struct channel {
        unsigned vc = 0;
        bool open = true;  ///< flow control is initialised
        ordered_stores stores;
        std::array<gate, fc_classes> gates;
    };
    /// VC1 to VC7.
    struct other_channels {
        std::array<std::unique_ptr<channel>, most_channels> by_id;
        unsigned low_priority = 7, next = 0;
        std::uint64_t sent = 0;
    };
    struct arrive {
        link_direction* self;
        void operator()(tlp_ptr&& t) const { self->arrived(std::move(t)); }
    };

    void on_time(std::uint64_t) override { kick(); }
    void kick();
    bool send_from(channel& ch);
    bool send_next_of(channel& ch);
    bool send_next_of_all();
    void start(channel& ch, const ordered_stores::place& p);
    bool idle() const { return first_.stores.empty() && (!others_ || others_idle()); }
    bool others_idle() const;
    channel* find(unsigned vc) {
        if (vc == 0) return &first_;
        return others_ ? others_->by_id[vc].get() : nullptr;
    }
    template <class F>
    void for_each_channel(F&& f) {
        f(first_);
        if (!others_) return;
        for (auto& ch : others_->by_id)
            if (ch) f(*ch);
    }
    void reset_credits(channel& ch);
    void tell_advertisement(const channel& ch);
    void arrived(tlp_ptr t);
    void acknowledge();
    void drop(tlp_ptr t);
    void drop_inside(const tlp& t, std::uint32_t reason);
    // link_retry_owner
    base::fine_time occupy(unsigned bytes) override;
    base::ps arrival(base::fine_time end) const override;
    base::ps send_acknowledge() override { return side_.send_dllp(); }
    void received(tlp_ptr t) override;
    void overflowed(tlp_ptr t) override;
    void found(link_error e, bool at_receiver) override;
    void replayed(std::uint16_t sequence, unsigned bytes) override;
    void retrain() override { side_.retrain(); }
    void go_on() override { kick(); }
    // credits: link_credits.cpp
    bool fits(gate& g, const tlp& t);
    bool fits_or_waits(channel& ch, const ordered_stores::place& p, const tlp& t);
    void consume(channel& ch, const ordered_stores::place& p, const tlp& t);
    void free_credits(channel& ch, fc_class c, std::uint32_t header, std::uint32_t data);
    void grant(channel& ch, fc_class c, std::uint32_t header, std::uint32_t data);
    void hold(const tlp& t);
    void apply_updates(gate& g);
    void arm(base::ps when);
    void refresh();
    static base::ps next_update(const channel& ch);
    base::ps next_update() const;
    void emit(base::kind k, const tlp& t);
    void emit_sent(const tlp& t);
    void emit_queued(const tlp& t);
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
    channel first_;
    std::unique_ptr<other_channels> others_;  ///< null while there is VC0 alone
    base::fine_time free_at_;
    base::fine_time dllp_time_;
    base::ps held_until_{};  ///< Recovery
    base::ps next_refresh_;
    unsigned finite_classes_ = 0;
    unsigned refreshed_classes_ = 0;
    unsigned unacknowledged_ = 0;
    base::ps oldest_unacknowledged_{};
    base::ps ack_limit_;
    base::fine_time flit_time_;  ///< 0: no flits
    link_retry retry_;
    tlp_tap* tap_ = nullptr;
    std::uint32_t reason_link_down_, reason_overflow_;
    bool up_ = true;
    counters count_;
};

}  // namespace drydock::pcie
