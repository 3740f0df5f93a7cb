// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/link_direction.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tlm/pcie/timers.h"

namespace drydock::pcie {
namespace {

constexpr std::size_t index(fc_class c) { return static_cast<std::size_t>(c); }

void check_limits(const std::string& name, const link_config& config, const credit_limits& limits) {
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

}  // namespace

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
      reason_link_down_(ctx.probe.text("link down")) {
    check_limits(name, config, limits);
    for (std::size_t c = 0; c < fc_classes; ++c) {
        gates_[c].limit = limits[c];
        if (limits[c].header != 0 || limits[c].data != 0) ++finite_classes_;
    }
}

void link_direction::accept(tlp_ptr t) {
    if (!up_) return drop(std::move(t));
    stores_.push(std::move(t));
    kick();
}

void link_direction::kick() {
    while (!stores_.empty()) {
        refresh();
        if (const base::ps free = free_at_.rounded(); free > ctx_.now()) return arm(free);
        const auto c = stores_.pick([this](fc_class k, const tlp& t) { return fits(k, t); });
        if (!c) {
            note_stalls();
            if (const base::ps next = next_update(); next != base::never) arm(next);
            return;
        }
        start(*c);
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

void link_direction::start(fc_class c) {
    tlp_ptr t = stores_.pop(c);
    consume(c, *t);
    // Back to back TLPs follow each other without rounding; otherwise the wire starts now.
    const base::fine_time now = base::fine_time::from(ctx_.now());
    const base::fine_time begin = free_at_.rounded() == ctx_.now() ? free_at_ : now;
    const unsigned bytes = t->wire_bytes() + tlp_framing_bytes(config_.gen);
    free_at_ = begin + rate_.of(bytes);
    ++count_.tlps;
    count_.wire_bytes += bytes;
    if (ctx_.probe.wants(base::kind::tlp_sent)) emit(base::kind::tlp_sent, *t);
    if (t->span != base::no_span && ctx_.probe.wants(base::kind::stage)) emit_stage(*t);
    const std::uint32_t data = t->data_credits();
    flight_.push(free_at_.rounded() + config_.propagation, std::move(t));
    side_.store_freed(c, data);
}

void link_direction::arrived(tlp_ptr t) {
    if (ctx_.probe.wants(base::kind::tlp_arrived)) emit(base::kind::tlp_arrived, *t);
    hold(*t);
    if (config_.dllp == dllp_accounting::mechanistic && ++unacknowledged_ >= config_.tlps_per_ack) {
        unacknowledged_ = 0;
        side_.acknowledge();
    }
    side_.deliver(std::move(t));
}

void link_direction::drop(tlp_ptr t) {
    ++count_.dropped;
    if (ctx_.probe.wants(base::kind::tlp_dropped))
        ctx_.probe.emit(base::kind::tlp_dropped, place_, ctx_.now(), t->span,
                        static_cast<std::uint64_t>(t->type), reason_link_down_, t->bytes(),
                        (std::uint64_t{t->requester.value} << 16) | t->tag);
    const fc_class c = t->flow_class();
    const std::uint32_t data = t->data_credits();
    t.reset();
    side_.store_freed(c, data);
}

void link_direction::set_up(bool up) {
    if (up == up_) return;
    up_ = up;
    if (up) {
        free_at_ = base::fine_time::from(ctx_.now());
        return tell_advertisement();
    }
    ctx_.timeline.cancel(wake_);
    for (gate& g : gates_) {  // credits start again from the initial advertisement (P-139)
        g.header_stale += std::exchange(g.header_held, 0);
        g.data_stale += std::exchange(g.data_held, 0);
        g.header_used = g.data_used = g.header_owed = g.data_owed = 0;
        g.ever_used = g.stalled = false;
        g.updates.clear();
    }
    unacknowledged_ = 0;
    flight_.clear([this](tlp_ptr t) {
        ++count_.dropped;
        if (ctx_.probe.wants(base::kind::tlp_dropped))
            ctx_.probe.emit(base::kind::tlp_dropped, place_, ctx_.now(), t->span,
                            static_cast<std::uint64_t>(t->type), reason_link_down_, t->bytes(),
                            (std::uint64_t{t->requester.value} << 16) | t->tag);
    });
    stores_.clear([this](tlp_ptr t) { drop(std::move(t)); });
}

void link_direction::charge_dllps(std::uint64_t count) {
    count_.dllps += count;
    free_at_ = std::max(free_at_, base::fine_time::from(ctx_.now())) +
               dllp_time_ * static_cast<std::int64_t>(count);
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
