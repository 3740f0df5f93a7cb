// SPDX-License-Identifier: Apache-2.0
#include "platform/profile/lanes.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "waves/transaction_id.h"

namespace drydock::profile {
namespace {

using nlohmann::json;

bool longer(const bar& a, const bar& b) {
    return std::make_tuple(a.until - a.from, b.from) > std::make_tuple(b.until - b.from, a.from);
}

constexpr std::array wanted{base::kind::sw_irqs_off,
                            base::kind::sw_irqs_on,
                            base::kind::function_state,
                            base::kind::link_state,
                            base::kind::sw_device_blocked,
                            base::kind::itag_timeout,
                            base::kind::invalidate_ignored,
                            base::kind::cerror,
                            base::kind::gerror,
                            base::kind::violation,
                            base::kind::action,
                            base::kind::span_begin,
                            base::kind::span_end};

}  // namespace

void lane::add(const bar& b) {
    add_interval(activity_, b.from, b.until);
    if (b.until - b.from < shortest) return;
    if (longest_.size() == most_bars) {
        if (!longer(b, longest_.front())) return;
        std::pop_heap(longest_.begin(), longest_.end(), longer);
        longest_.pop_back();
    }
    longest_.push_back(b);
    std::push_heap(longest_.begin(), longest_.end(), longer);
}

std::vector<bar> lane::bars() const {
    std::vector<bar> all = longest_;
    all.insert(all.end(), states_.begin(), states_.end());
    std::sort(all.begin(), all.end(), [](const bar& a, const bar& b) {
        return std::make_tuple(a.from, b.until, a.text) < std::make_tuple(b.from, a.until, b.text);
    });
    return all;
}

json lane::activity() const {
    json busy = json::array();
    for (std::size_t i = 0; i < activity_.used(); ++i) busy.push_back(activity_[i].time.count);
    return {{"width_ps", activity_.width().count}, {"busy", std::move(busy)}};
}

swim_lanes::swim_lanes(base::context& ctx, const waves::device_names& names, unsigned cpus)
    : ctx_(ctx),
      text_off_(ctx.probe.text("interrupts off")),
      text_held_(ctx.probe.text("held by a command")),
      text_blocked_(ctx.probe.text("blocked")),
      text_reset_(ctx.probe.text("reset")),
      text_error_(ctx.probe.text("error")),
      cpus_(cpus),
      irqs_off_(cpus) {
    for (const auto& [device, name] : names.all()) devices_[device];
}

std::span<const base::kind> swim_lanes::kinds() { return wanted; }

void swim_lanes::on_event(const base::event& e) {
    const auto first = static_cast<std::uint16_t>(e.a), second = static_cast<std::uint16_t>(e.b);
    switch (e.what) {
        case base::kind::sw_irqs_off:
        case base::kind::sw_irqs_on:
            return irqs(e);
        case base::kind::function_state:
            return function_state(e);
        case base::kind::sw_device_blocked:
            return blocked(e);
        case base::kind::span_begin:
        case base::kind::span_end:
            return reset(e);
        case base::kind::cerror:
        case base::kind::gerror:
            return error(e);
        case base::kind::itag_timeout:
            return put_mark(e, second, "timeout", 0);
        case base::kind::invalidate_ignored:
            return put_mark(e, first, "ignored", e.b);
        case base::kind::violation:
            return put_mark(e, second, e.d != 0 ? "known_gap" : "violation", e.a, e.c);
        case base::kind::link_state:
            return put_mark(e, 0, "link", e.a);
        default:
            return put_mark(e, 0, "action", e.a, e.b);
    }
}

void swim_lanes::put_mark(const base::event& e, std::uint16_t device, std::string_view kind,
                          std::uint64_t text, std::uint64_t more) {
    if (++mark_counts_[kind] > most_marks) return;
    marks_.push_back({e.time, device, kind, static_cast<std::uint32_t>(text),
                      static_cast<std::uint32_t>(more), e.span});
}

void swim_lanes::irqs(const base::event& e) {
    if (e.a >= cpus_.size()) return;
    std::optional<base::ps>& off = irqs_off_[e.a];
    if (e.what == base::kind::sw_irqs_on) {
        if (off) cpus_[e.a].add({*off, e.time, text_off_, e.span});
        off.reset();
    } else if (!off) {
        off = e.time;
    }
}

void swim_lanes::close(std::optional<interval>& i, lane& to, base::ps now) {
    if (i) to.add_state({i->since, now, i->text, i->span});
    i.reset();
}

void swim_lanes::function_state(const base::event& e) {
    device_lane& d = devices_[static_cast<std::uint16_t>(e.a)];
    close(d.state, d.states, e.time);
    const std::string& state = ctx_.probe.text_of(e.b);
    if (state != "ready" && state != "operational")
        d.state = {e.time, static_cast<std::uint32_t>(e.b), {}};
}

void swim_lanes::blocked(const base::event& e) {
    device_lane& d = devices_[static_cast<std::uint16_t>(e.a)];
    close(d.blocked, d.states, e.time);
    if (e.b != 0) d.blocked = {e.time, text_blocked_, {}};
}

void swim_lanes::reset(const base::event& e) {
    if (e.what == base::kind::span_begin) {
        if (static_cast<base::span_class>(e.a) != base::span_class::reset) return;
        const auto device = static_cast<std::uint16_t>(e.c);
        device_of_reset_[e.span.value] = device;
        devices_[device].resets[e.span.value] = {e.time, text_reset_, e.span};
        return;
    }
    if (device_of_reset_.empty()) return;
    const auto at = device_of_reset_.find(e.span.value);
    if (at == device_of_reset_.end()) return;
    device_lane& d = devices_[at->second];
    d.states.add_state(
        {d.resets[e.span.value].since, e.time, text_reset_, e.span, base::span_class::reset});
    d.resets.erase(e.span.value);
    device_of_reset_.erase(at);
}

/// From the SMMU's error to its acknowledge (SMMUv3 6.3.17 GERROR.CMDQ_ERR).
void swim_lanes::error(const base::event& e) {
    std::optional<interval>& open = errors_[e.where];
    if (e.what == base::kind::cerror) {
        if (!open) open = {e.time, text_error_, e.span};
    } else if (((e.a ^ e.b) & 1) == 0) {
        close(open, error_lanes_[e.where], e.time);
    }
}

void swim_lanes::held(const latency::hold& h, const span_owners::owner* owner) {
    bar b{h.from, h.until, text_held_, h.owner};
    if (owner != nullptr) {
        b.of = owner->of;
        b.client = owner->client;
        b.device = owner->device;
    }
    queues_[h.queue].add(b);
}

void swim_lanes::finish(base::ps now) {
    for (std::size_t i = 0; i < cpus_.size(); ++i)
        if (irqs_off_[i]) cpus_[i].add({*irqs_off_[i], now, text_off_, {}});
    for (auto& [where, open] : errors_) close(open, error_lanes_[where], now);
    for (auto& [device, d] : devices_) {
        close(d.state, d.states, now);
        close(d.blocked, d.states, now);
        for (const auto& [span, r] : d.resets)
            d.states.add_state({r.since, now, text_reset_, r.span, base::span_class::reset});
        d.resets.clear();
    }
}

json swim_lanes::lane_json(const std::string& name, const lane& l, const words& w) const {
    json bars = json::array();
    for (const bar& b : l.bars()) {
        json one{b.from.count, (b.until - b.from).count, ctx_.probe.text_of(b.text),
                 b.of == base::span_class::none ? "" : waves::id_text(b.of, b.span)};
        if (b.of != base::span_class::none && b.of != base::span_class::reset)
            one.push_back(w.whose(b.client, b.device));
        bars.push_back(std::move(one));
    }
    return {{"name", name}, {"bars", std::move(bars)}, {"activity", l.activity()}};
}

json swim_lanes::to_json(const words& w) const {
    json j{{"cpus", json::array()},    {"queues", json::array()}, {"errors", json::array()},
           {"devices", json::array()}, {"marks", json::array()},  {"mark_counts", json::object()}};
    for (std::size_t i = 0; i < cpus_.size(); ++i)
        j["cpus"].push_back(lane_json("cpu" + std::to_string(i), cpus_[i], w));
    for (const auto& [where, l] : queues_)
        j["queues"].push_back(lane_json(ctx_.probe.name(where), l, w));
    for (const auto& [where, l] : error_lanes_)
        j["errors"].push_back(lane_json(ctx_.probe.name(where), l, w));
    for (const auto& [device, d] : devices_)
        j["devices"].push_back(lane_json(w.device(device), d.states, w));
    for (const mark& m : marks_) {
        json one{{"at_ps", m.at.count}, {"kind", m.kind}};
        if (m.device != 0) one["device"] = w.device(m.device);
        if (m.text != 0) one["text"] = ctx_.probe.text_of(m.text);
        if (m.more != 0) one["more"] = ctx_.probe.text_of(m.more);
        if (m.span != base::no_span) one["span"] = m.span.value;
        j["marks"].push_back(std::move(one));
    }
    for (const auto& [kind, n] : mark_counts_) j["mark_counts"][std::string(kind)] = n;
    return j;
}

}  // namespace drydock::profile
