// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/link_direction.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tlm/pcie/timers.h"

namespace drydock::pcie {
namespace {

constexpr std::size_t index(fc_class c) { return static_cast<std::size_t>(c); }

}  // namespace

void check_credits(const std::string& name, const link_config& config,
                   const credit_limits& limits) {
    // PCIe: at most 127 header and 2047 data credits unused; a payload must fit.
    for (std::size_t c = 0; c < fc_classes; ++c) {
        if (limits[c].header > max_header_credits || limits[c].data > max_data_credits)
            throw std::invalid_argument(
                name + ": at most 127 header and 2047 data credits can be advertised");
        const bool carries_payload = c != index(fc_class::non_posted);
        if (limits[c].data != 0 &&
            limits[c].data < (carries_payload ? (config.max_payload + 15) / 16 : 1))
            throw std::invalid_argument(name + ": data credits below one payload of " +
                                        std::to_string(config.max_payload) +
                                        " B would block for ever");
    }
}

link_direction::link_direction(base::context& ctx, const std::string& name,
                               const link_config& config, const credit_limits& limits,
                               link_side& side)
    : ctx_(ctx),
      config_(config),
      side_(side),
      rate_(config.gen, config.width, config.max_payload, config.dllp),
      place_(ctx.probe.place(name)),
      id_(ctx.timeline.join(name + ".wire", *this)),
      flight_(ctx.timeline, name + ".flight", arrive{this}),
      dllp_time_(rate_.of(dllp_bytes(config.gen))),
      next_refresh_(update_fc_interval),
      ack_limit_(ack_limit(config.gen, config.width, config.max_payload)),
      flit_time_(config.gen >= 6 ? rate_.of(flit_tlp_bytes) : base::fine_time{}),
      retry_(ctx, name, config, *this),
      reason_link_down_(ctx.probe.text("link down")),
      reason_overflow_(ctx.probe.text("receiver overflow")) {
    check_credits(name, config, limits);
    for (std::size_t c = 0; c < fc_classes; ++c) {
        first_.gates[c].limit = limits[c];
        if (limits[c].header != 0 || limits[c].data != 0) ++finite_classes_;
    }
}

void link_direction::accept(tlp_ptr t) {
    channel* const ch = find(t->virtual_channel);
    if (!up_ || ch == nullptr) return drop(std::move(t));
    if (ctx_.probe.wants(base::kind::tlp_queued)) emit_queued(*t);
    ch->stores.push(std::move(t));
    kick();
}

/// Inlined: with VC0 alone a channel costs nothing.
[[gnu::always_inline]] inline bool link_direction::send_from(channel& ch) {
    const auto p = ch.stores.pick(
        config_.reorder_window,
        [&](const ordered_stores::place& at, const tlp& t) { return fits_or_waits(ch, at, t); });
    if (!p) return false;
    start(ch, *p);
    return true;
}

bool link_direction::send_next_of(channel& ch) { return send_from(ch); }

void link_direction::kick() {
    while (!idle() || retry_.replaying()) {
        refresh();
        if (const base::ps free = free_at_.rounded(); free > ctx_.now()) return arm(free);
        if (retry_.replaying()) {  // nothing new before the replay is through
            retry_.resend();
            continue;
        }
        if (retry_.full()) return;
        if (!(others_ ? send_next_of_all() : send_from(first_))) {
            if (const base::ps next = next_update(); next != base::never) arm(next);
            return;
        }
    }
}

void link_direction::arm(base::ps when) {
    if (ctx_.timeline.pending(wake_)) {
        if (wake_at_ <= when) return;
        ctx_.timeline.cancel(wake_);
    }
    wake_at_ = when;
    wake_ = ctx_.timeline.at(when, base::phase::serve, id_);
}

base::fine_time link_direction::occupy(unsigned bytes) {
    // Back to back TLPs follow each other without rounding; otherwise the wire starts now.
    const base::fine_time now = base::fine_time::from(ctx_.now());
    const base::fine_time begin = free_at_.rounded() == ctx_.now() ? free_at_ : now;
    count_.wire_bytes += bytes;
    return free_at_ = begin + rate_.of(bytes);
}

/// A flit is checked as a whole: what is in it is there when it ends (gen6).
base::ps link_direction::arrival(base::fine_time end) const {
    return (config_.gen < 6 ? end : end.up_to(flit_time_)).rounded() + config_.propagation;
}

void link_direction::start(channel& ch, const ordered_stores::place& p) {
    tlp_ptr t = ch.stores.pop(p);
    consume(ch, p, *t);
    const unsigned bytes = t->wire_bytes() + tlp_framing_bytes(config_.gen);
    const base::fine_time end = occupy(bytes);
    ++count_.tlps;
    if (ctx_.probe.wants(base::kind::tlp_sent)) emit_sent(*t);
    if (t->span != base::no_span && ctx_.probe.wants(base::kind::stage)) emit_stage(*t);
    const std::uint32_t data = t->data_credits();
    if (retry_.active())
        retry_.sent(std::move(t), bytes, end);
    else
        flight_.push(arrival(end), std::move(t));
    side_.store_freed(ch.vc, p.c, data);
}

void link_direction::arrived(tlp_ptr t) {
    if (config_.dllp == dllp_accounting::mechanistic) acknowledge();
    received(std::move(t));
}

/// What the ACK of a TLP costs the other direction. One that the ACK limit sent off alone is
/// charged when the next TLP comes.
void link_direction::acknowledge() {
    if (unacknowledged_ != 0 && ctx_.now() - oldest_unacknowledged_ >= ack_limit_) {
        unacknowledged_ = 0;
        side_.send_dllp();
    }
    if (unacknowledged_++ == 0) oldest_unacknowledged_ = ctx_.now();
    if (unacknowledged_ < config_.tlps_per_ack) return;
    unacknowledged_ = 0;
    side_.send_dllp();
}

void link_direction::received(tlp_ptr t) {
    if (ctx_.probe.wants(base::kind::tlp_arrived)) emit(base::kind::tlp_arrived, *t);
    hold(*t);
    side_.deliver(std::move(t));
}

void link_direction::overflowed(tlp_ptr t) {
    ++count_.overflows;
    drop_inside(*t, reason_overflow_);
    hold(*t);
    free_credits(t->virtual_channel, t->flow_class(), 1, t->data_credits());
    found(link_error::receiver_overflow, true);
}

void link_direction::found(link_error e, bool at_receiver) {
    if (ctx_.probe.wants(base::kind::link_error))
        ctx_.probe.emit(base::kind::link_error, place_, ctx_.now(), base::no_span,
                        ctx_.probe.text(info(e).name), at_receiver ? 1 : 0);
    side_.found(e, at_receiver);
}

void link_direction::replayed(std::uint16_t sequence, unsigned bytes) {
    if (ctx_.probe.wants(base::kind::tlp_replayed))
        ctx_.probe.emit(base::kind::tlp_replayed, place_, ctx_.now(), base::no_span, sequence,
                        bytes);
}

void link_direction::drop_inside(const tlp& t, std::uint32_t reason) {
    ++count_.dropped;
    if (ctx_.probe.wants(base::kind::tlp_dropped))
        ctx_.probe.emit(base::kind::tlp_dropped, place_, ctx_.now(), t.span,
                        static_cast<std::uint64_t>(t.type), reason, t.bytes(),
                        (std::uint64_t{t.requester.value} << 16) | t.tag);
}

void link_direction::drop(tlp_ptr t) {
    drop_inside(*t, reason_link_down_);
    const fc_class c = t->flow_class();
    const std::uint32_t data = t->data_credits();
    const unsigned vc = t->virtual_channel;
    t.reset();
    side_.store_freed(vc, c, data);
}

void link_direction::set_up(bool up) {
    if (up == up_) return;
    up_ = up;
    if (up) {
        free_at_ = base::fine_time::from(ctx_.now());
        held_until_ = {};
        return tell_advertisement();
    }
    ctx_.timeline.cancel(wake_);
    for_each_channel([this](channel& ch) { reset_credits(ch); });
    unacknowledged_ = 0;
    const auto lose = [this](tlp_ptr t) { drop_inside(*t, reason_link_down_); };
    flight_.clear(lose);
    retry_.reset(lose);
    for_each_channel(
        [this](channel& ch) { ch.stores.clear([this](tlp_ptr t) { drop(std::move(t)); }); });
}

base::ps link_direction::carry_dllp() {
    // In flits DLLPs have room of their own: nothing is charged, nothing is counted.
    const base::fine_time now = base::fine_time::from(ctx_.now());
    if (config_.dllp != dllp_accounting::mechanistic || config_.gen >= 6)
        return arrival(std::max(now, base::fine_time::from(held_until_)) + dllp_time_);
    ++count_.dllps;
    free_at_ = std::max(free_at_, now) + dllp_time_;
    return arrival(free_at_);
}

void link_direction::hold_until(base::ps t) {
    retry_.hold(t - std::max(ctx_.now(), held_until_));
    held_until_ = t;
    free_at_ = std::max(free_at_, base::fine_time::from(t));
}

void link_direction::refresh() {
    // UpdateFC of every finite class at least every 30 us (PCIe), counted when somebody looks.
    if (config_.dllp != dllp_accounting::mechanistic || refreshed_classes_ == 0 ||
        ctx_.now() < next_refresh_)
        return;
    const std::int64_t rounds = (ctx_.now() - next_refresh_) / update_fc_interval + 1;
    const base::fine_time last =
        base::fine_time::from(next_refresh_ + update_fc_interval * (rounds - 1));
    next_refresh_ += update_fc_interval * rounds;
    count_.dllps += static_cast<std::uint64_t>(rounds) * refreshed_classes_;
    free_at_ = std::max(free_at_, last) + dllp_time_ * refreshed_classes_;
}

}  // namespace drydock::pcie
