// SPDX-License-Identifier: Apache-2.0
// The flow-control credits of one direction of a link (PCIe), and what it tells the probe.
#include <algorithm>
#include <utility>

#include "tlm/pcie/ats_messages.h"
#include "tlm/pcie/link_direction.h"
#include "tlm/pcie/timers.h"

namespace drydock::pcie {

void link_direction::apply_updates(gate& g) {
    if ((g.header_lost | g.data_lost) != 0 && g.lost_until <= ctx_.now()) {
        g.header_used -= std::exchange(g.header_lost, 0);
        g.data_used -= std::exchange(g.data_lost, 0);
    }
    while (!g.updates.empty() && g.updates.front().visible <= ctx_.now()) {
        const update u = g.updates.pop();
        g.header_used -= u.header;
        g.data_used -= u.data;
    }
}

bool link_direction::fits(gate& g, const tlp& t) {
    apply_updates(g);
    return (g.limit.header == 0 || g.header_used < g.limit.header) &&
           (g.limit.data == 0 || g.data_used + t.data_credits() <= g.limit.data);
}

/// The oldest of a class that has no credits stalls it; one behind it only waits.
bool link_direction::fits_or_waits(channel& ch, const ordered_stores::place& p, const tlp& t) {
    gate& g = ch.gates[static_cast<std::size_t>(p.c)];
    if (fits(g, t)) return true;
    g.wanted = true;
    if (p.index != 0 || g.stalled) return false;
    g.stalled = true;
    ++count_.credit_stalls;
    if (ctx_.probe.wants(base::kind::credit_stall))
        ctx_.probe.emit(base::kind::credit_stall, place_, ctx_.now(), t.span,
                        static_cast<std::uint64_t>(p.c), 1, ch.vc);
    return false;
}

void link_direction::consume(channel& ch, const ordered_stores::place& p, const tlp& t) {
    gate& g = ch.gates[static_cast<std::size_t>(p.c)];
    const std::uint32_t data = t.data_credits();
    g.header_used += 1, g.header_owed += 1;
    g.data_used += data, g.data_owed += data;
    g.ever_used = true;
    if (p.index == 0) g.wanted = false;
    if (g.stalled && p.index == 0) {
        g.stalled = false;
        if (ctx_.probe.wants(base::kind::credit_stall))
            ctx_.probe.emit(base::kind::credit_stall, place_, ctx_.now(), t.span,
                            static_cast<std::uint64_t>(p.c), 0, ch.vc);
    }
    if (ctx_.probe.wants(base::kind::credit_consumed))
        ctx_.probe.emit(base::kind::credit_consumed, place_, ctx_.now(), t.span,
                        static_cast<std::uint64_t>(p.c), 1, data, ch.vc);
}

void link_direction::hold(const tlp& t) {
    channel* const ch = find(t.virtual_channel);
    if (ch == nullptr || !ch->open) return;
    gate& g = ch->gates[static_cast<std::size_t>(t.flow_class())];
    g.header_held += 1;
    g.data_held += t.data_credits();
}

void link_direction::tell_advertisement() { tell_advertisement(first_); }

void link_direction::tell_advertisement(const channel& ch) {
    if (!ctx_.probe.wants(base::kind::credit_returned)) return;
    const auto given = [](std::uint32_t n) { return n == 0 ? UINT32_MAX : n; };
    for (std::size_t c = 0; c < fc_classes; ++c)
        ctx_.probe.emit(base::kind::credit_returned, place_, ctx_.now(), base::no_span, c,
                        given(ch.gates[c].limit.header), given(ch.gates[c].limit.data), ch.vc);
}

/// Back to the initial advertisement (P-139). What the receiver holds counts for nothing when it
/// comes back.
void link_direction::reset_credits(channel& ch) {
    for (gate& g : ch.gates) {
        g.header_stale += std::exchange(g.header_held, 0);
        g.data_stale += std::exchange(g.data_held, 0);
        g.header_used = g.data_used = g.header_owed = g.data_owed = 0;
        g.header_lost = g.data_lost = 0;
        g.ever_used = g.stalled = g.wanted = false;
        g.updates.clear();
    }
}

void link_direction::free_credits(channel& ch, fc_class c, std::uint32_t header,
                                  std::uint32_t data) {
    gate& g = ch.gates[static_cast<std::size_t>(c)];
    const auto take = [](std::uint32_t& from, std::uint32_t& wanted) {
        const std::uint32_t n = std::min(from, wanted);
        from -= n;
        wanted -= n;
    };
    take(g.header_stale, header);
    take(g.data_stale, data);
    if (header == 0 && data == 0) return;
    if (header > g.header_owed || data > g.data_owed) {
        // Before the first TLP this is the receiver's advertisement, which the link's own limits
        // stand for. Later it grants more than was ever taken: FC Protocol Error (P-037).
        const bool wrong = g.ever_used;
        header = std::min(header, g.header_owed);
        data = std::min(data, g.data_owed);
        if (wrong) {
            grant(ch, c, header, data);
            return wrong_update();
        }
    }
    grant(ch, c, header, data);
}

void link_direction::wrong_update() {
    ++count_.fc_protocol_errors;
    found(link_error::fc_protocol, false);
}

/// The receiver gives back what it held; the sender learns of it by an UpdateFC.
void link_direction::grant(channel& ch, fc_class c, std::uint32_t header, std::uint32_t data) {
    if (header == 0 && data == 0) return;
    gate& g = ch.gates[static_cast<std::size_t>(c)];
    g.header_owed -= header;
    g.data_owed -= data;
    g.header_held -= std::min(g.header_held, header);
    g.data_held -= std::min(g.data_held, data);
    if (ctx_.probe.wants(base::kind::credit_returned))
        ctx_.probe.emit(base::kind::credit_returned, place_, ctx_.now(), base::no_span,
                        static_cast<std::uint64_t>(c), header, data, ch.vc);
    const bool finite = g.limit.header != 0 || g.limit.data != 0;
    if (!finite) {  // nothing to wait for, no UpdateFC (P-035)
        g.header_used -= header;
        g.data_used -= data;
        return;
    }
    if (config_.dllp == dllp_accounting::mechanistic &&
        (g.freed_since_update += header) >= config_.tlps_per_update_fc) {
        g.freed_since_update = 0;
        side_.send_dllp();  // one more DLLP against this direction
    }
    if (retry_.active() && retry_.dllp_is_hit()) {
        g.header_lost += header;
        g.data_lost += data;
        g.lost_until = update_fc_interval * (ctx_.now() / update_fc_interval + 1);
        if (g.wanted) arm(g.lost_until);
        return found(link_error::bad_dllp, false);
    }
    // Credits are counted from the start: an UpdateFC says what a lost one said.
    header += std::exchange(g.header_lost, 0);
    data += std::exchange(g.data_lost, 0);
    const base::ps visible = ctx_.now() + config_.propagation + dllp_time_.rounded();
    if (!g.updates.empty() && g.updates.back().visible == visible) {
        g.updates.back().header += header;
        g.updates.back().data += data;
    } else {
        g.updates.push({visible, header, data});
    }
    if (!ch.stores.empty() && g.wanted) arm(visible);
}

base::ps link_direction::next_update() const {
    base::ps next = next_update(first_);
    if (others_)
        for (const auto& ch : others_->by_id)
            if (ch) next = std::min(next, next_update(*ch));
    return next;
}

base::ps link_direction::next_update(const channel& ch) {
    base::ps next = base::never;
    for (const gate& g : ch.gates) {
        if (!g.wanted) continue;
        if (!g.updates.empty()) next = std::min(next, g.updates.front().visible);
        if ((g.header_lost | g.data_lost) != 0) next = std::min(next, g.lost_until);
    }
    return next;
}

void link_direction::emit(base::kind k, const tlp& t) {
    ctx_.probe.emit(k, place_, ctx_.now(), t.span, static_cast<std::uint64_t>(t.type), t.address,
                    t.bytes(), (std::uint64_t{t.requester.value} << 16) | t.tag);
}

void link_direction::emit_sent(const tlp& t) {
    emit(base::kind::tlp_sent, t);
    if (tap_ != nullptr) tap_->sent(place_, ctx_.now(), t);
}

void link_direction::emit_queued(const tlp& t) {
    std::uint64_t attributes = (t.relaxed_ordering ? 1u : 0u) | (t.id_based_ordering ? 2u : 0u) |
                               static_cast<std::uint64_t>(t.flow_class()) << 2 |
                               std::uint64_t{t.virtual_channel} << 4 | (t.has_data() ? 0x80u : 0u);
    if (t.pasid) attributes |= 0x100 | std::uint64_t{t.pasid->pasid.value} << 12;
    if (t.is_completion()) attributes |= std::uint64_t{t.completer.value} << 32;
    ctx_.probe.emit(base::kind::tlp_queued, place_, ctx_.now(), t.span,
                    static_cast<std::uint64_t>(t.type), t.address, attributes,
                    (std::uint64_t{t.requester.value} << 16) | t.tag);
}

void link_direction::emit_stage(const tlp& t) {
    // Boundaries 7 and 12: first byte of the Invalidate Request and of its completion on the link.
    if (t.type == tlp_type::msg_d && t.code == msg_code::invalidate_request &&
        config_.first_of_requests)
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), t.span, 7);
    else if (t.type == tlp_type::msg && t.code == msg_code::invalidate_completion &&
             config_.first_of_completions)
        for_each_completed_span(t, [&](base::span_id span) {
            ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), span, 12);
        });
}

}  // namespace drydock::pcie
