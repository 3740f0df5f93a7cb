// SPDX-License-Identifier: Apache-2.0
// Virtual channels other than VC0 of one direction of a link, and of the link: stores and credits
// of their own, who is sent next, initialisation (PCIe).
#include <algorithm>

#include "tlm/pcie/link.h"
#include "tlm/pcie/timers.h"

namespace drydock::pcie {

// -- one direction -------------------------------------------------------------------------------

bool link_direction::others_idle() const {
    return std::all_of(others_->by_id.begin(), others_->by_id.end(),
                       [](const auto& ch) { return !ch || !ch->open || ch->stores.empty(); });
}

/// First those above the low-priority ones, the highest VC ID before the others; then the
/// low-priority ones in turn (PCIe, VC arbitration).
bool link_direction::send_next_of_all() {
    other_channels& o = *others_;
    const auto sends = [&](unsigned vc) {
        channel* const ch = find(vc);
        if (ch == nullptr || !ch->open || ch->stores.empty() || !send_next_of(*ch)) return false;
        if (vc != 0) ++o.sent;
        return true;
    };
    for (unsigned vc = most_channels - 1; vc > o.low_priority; --vc)
        if (sends(vc)) return true;
    const unsigned in_turn = o.low_priority + 1;
    for (unsigned i = 0; i < in_turn; ++i) {
        const unsigned vc = (o.next + i) % in_turn;
        if (!sends(vc)) continue;
        o.next = (vc + 1) % in_turn;
        return true;
    }
    return false;
}

bool link_direction::make_channel(unsigned vc) {
    if (!others_) others_ = std::make_unique<other_channels>();
    auto& ch = others_->by_id[vc];
    if (ch) return false;
    ch = std::make_unique<channel>();
    ch->vc = vc;
    ch->open = false;
    return true;
}

void link_direction::open_channel(unsigned vc, const credit_limits& limits) {
    channel& ch = *find(vc);
    if (ch.open) return;
    ch.open = true;
    for (std::size_t c = 0; c < fc_classes; ++c) {
        ch.gates[c].limit = limits[c];
        if (limits[c].header != 0 || limits[c].data != 0) ++finite_classes_;
    }
    tell_advertisement(ch);
    kick();
}

void link_direction::close_channel(unsigned vc) {
    channel* const ch = find(vc);
    if (ch == nullptr || !ch->open) return;
    ch->open = false;
    for (const gate& g : ch->gates)
        if (g.limit.header != 0 || g.limit.data != 0) --finite_classes_;
    reset_credits(*ch);
    ch->stores.clear([this](tlp_ptr t) { drop(std::move(t)); });
}

void link_direction::arbitrate(unsigned low) {
    if (others_) others_->low_priority = low;
}

// -- the link ------------------------------------------------------------------------------------

/// The receiving end's buffers of a channel: those of the VC resource that has its VC ID.
const credit_limits& link::buffers_of(unsigned vc, bool of_device) const {
    static const channel_buffers usual;
    const channel_map& m = of_device ? maps_below_ : maps_above_;
    const unsigned n = m.resource[vc];
    const channel_buffers& b =
        n != 0 && n <= config_.channels.size() ? config_.channels[n - 1] : usual;
    return of_device ? b.device : b.port;
}

void link::use_channels(bool above, const channel_map& m) {
    (above ? maps_above_ : maps_below_) = m;
    for (unsigned vc = 1; vc < most_channels; ++vc) {
        if (!m.has(vc)) continue;
        announce(vc);
    }
    down_.arbitrate(maps_above_.low_priority);
    up_.arbitrate(maps_below_.low_priority);
    agree();
}

/// Both senders learn of their stores for the channel, once.
void link::announce(unsigned vc) {
    if (!down_.make_channel(vc)) return;
    up_.make_channel(vc);
    for (std::size_t c = 0; c < fc_classes; ++c) {
        up.channel_credit_return(vc, static_cast<fc_class>(c), config_.store, UINT32_MAX);
        down.channel_credit_return(vc, static_cast<fc_class>(c), config_.store, UINT32_MAX);
    }
}

/// A channel works while the link is up and both ends have enabled it.
void link::agree() {
    const unsigned wanted = is_up_ ? maps_above_.enabled & maps_below_.enabled & ~1u : 0;
    for (unsigned vc = 1; vc < most_channels; ++vc) {
        const unsigned bit = 1u << vc;
        if ((wanted & bit) != 0) {
            if (((active_channels_ | negotiating_) & bit) != 0) continue;
            negotiating_ |= bit;
            channel_due_[vc] =
                ctx_.timeline.at(ctx_.now() + channel_init_, base::phase::arrive, id_, vc);
        } else {
            negotiating_ &= ~bit;
            ctx_.timeline.cancel(channel_due_[vc]);
            if ((active_channels_ & bit) != 0) set_channel(vc, false);
        }
    }
}

void link::set_channel(unsigned vc, bool active) {
    const unsigned bit = 1u << vc;
    active_channels_ = active ? active_channels_ | bit : active_channels_ & ~bit;
    if (active) {
        down_.open_channel(vc, buffers_of(vc, true));
        up_.open_channel(vc, buffers_of(vc, false));
    } else {
        down_.close_channel(vc);
        up_.close_channel(vc);
    }
    down_.set_refreshed_classes(up_.finite_classes());
    up_.set_refreshed_classes(down_.finite_classes());
    up.set_channel(vc, active);
    down.set_channel(vc, active);
}

/// Flow control initialisation is through.
void link::channel_initialised(unsigned vc) {
    negotiating_ &= ~(1u << vc);
    set_channel(vc, true);
}

}  // namespace drydock::pcie
