// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemc>

#include "tlm/pcie/link_direction.h"
#include "tlm/pcie/sockets.h"

namespace drydock::pcie {

/// A PCI Express link between a port above and a device below: rate, framing, DLLP share,
/// propagation and flow-control credits.
///
/// Senders: a TLP may be sent while the link's store for its class has room. The link advertises
/// the store at start of simulation by credit_return(class, n, UINT32_MAX), and gives a place back
/// when the TLP's first byte goes on the wire (possibly from inside send()) or the TLP is dropped.
/// Going down and up changes nothing about that account: every accepted TLP gives its place back
/// once. Receivers: credit_return frees the buffer of a TLP; their limits stand in link_config. A
/// TLP delivered before the link went down is still given back once; it counts for nothing.
///
/// Virtual channels: each end tells how it uses them. One that both have enabled is initialised,
/// which takes link_config::propagation and the InitFC DLLPs both ways twice; then both are told.
class link final : public sc_core::sc_module, base::timeline_client {
public:
    link(sc_core::sc_module_name name, base::context& ctx, tlp_pool& pool,
         const link_config& config);

private:
    struct end final : tlp_receiver, link_side {
        end(link& l, bool above) : owner(l), is_above(above) {}
        // as the end of a socket
        void receive(tlp_ptr t) override { sends().accept(std::move(t)); }
        void credits(fc_class c, std::uint32_t hdr, std::uint32_t data) override {
            receives().free_credits(c, hdr, data);
        }
        void channel_credits(unsigned vc, fc_class c, std::uint32_t hdr,
                             std::uint32_t data) override {
            receives().free_credits(vc, c, hdr, data);
        }
        void channels_changed(const channel_map& m) override { owner.use_channels(is_above, m); }
        void link_changed(bool up) override { owner.set_up(up); }
        /// Retrain Link at the port above.
        void link_in_recovery(bool) override { owner.retrain(); }
        // as the sending side of a direction
        void deliver(tlp_ptr t) override;
        void store_freed(unsigned vc, fc_class c, std::uint32_t data) override;
        base::ps send_dllp() override { return receives().carry_dllp(); }
        void found(link_error e, bool at_receiver) override;
        void retrain() override { owner.retrain(); }

        link_direction& sends() { return is_above ? owner.down_ : owner.up_; }
        link_direction& receives() { return is_above ? owner.up_ : owner.down_; }
        link& owner;
        bool is_above;
    };
    end above_{*this, true};
    end below_{*this, false};

public:
    upstream_socket up;      ///< bound by the socket of the port above
    downstream_socket down;  ///< binds to the device's socket

    /// Takes the link up or down; both ends are told. Going down drops everything inside.
    void set_up(bool up);
    bool is_up() const { return is_up_; }
    /// L0, Recovery, L0 without a change of speed: nothing is sent meanwhile, nothing is lost.
    void retrain();
    /// The next `count` occasions of an error in one direction; UINT32_MAX: all from here on. Bad
    /// DLLPs: what the other end sends about this direction.
    void inject(link_error e, bool downward, std::uint32_t count = 1);
    /// Sees the TLPs of both directions; null: nobody.
    void tap(tlp_tap* t) {
        down_.tap(t);
        up_.tap(t);
    }
    const link_config& config() const { return config_; }
    const link_direction::counters& downward() const { return down_.count(); }
    const link_direction::counters& upward() const { return up_.count(); }
    const link_retry& downward_retry() const { return down_.retry(); }
    const link_retry& upward_retry() const { return up_.retry(); }

private:
    void start_of_simulation() override;
    void on_time(std::uint64_t what) override;
    void tell(const char* state);
    // virtual channels: link_channels.cpp
    void use_channels(bool above, const channel_map& m);
    void announce(unsigned vc);
    void agree();
    void set_channel(unsigned vc, bool active);
    void channel_initialised(unsigned vc);
    const credit_limits& buffers_of(unsigned vc, bool of_device) const;

    base::context& ctx_;
    link_config config_;
    base::place_id place_;
    base::timeline::client_id id_;
    base::timeline::handle recovered_;
    link_direction down_;
    link_direction up_;
    bool is_up_ = true;
    channel_map maps_above_, maps_below_;             ///< as the two ends use channels
    unsigned active_channels_ = 0, negotiating_ = 0;  ///< bit v: VC v, from VC1 on
    std::array<base::timeline::handle, most_channels> channel_due_;
    base::ps channel_init_;
};

}  // namespace drydock::pcie
