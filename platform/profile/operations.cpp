// SPDX-License-Identifier: Apache-2.0
#include "platform/profile/operations.h"

#include <algorithm>

#include "platform/latency/blame.h"
#include "platform/latency/stages.h"
#include "platform/profile/spread.h"
#include "waves/field_text.h"
#include "waves/json_lines.h"
#include "waves/transaction_id.h"

namespace drydock::profile {
namespace {

base::ps duration(const latency::transaction& t) { return t.end - t.begin; }

/// Its pieces are its own from now on.
kept_transaction copy_of(const latency::transaction& t) {
    kept_transaction k{t, {}, {t.pieces.begin(), t.pieces.end()}, {}, {}};
    k.what.pieces = {};
    return k;
}

}  // namespace

void span_owners::began(const base::event& e) {
    owner& o = recent_[e.span.value % remembered];
    const auto of = static_cast<base::span_class>(e.a);
    owner made{e.span, e.span, of, of, e.where, static_cast<std::uint16_t>(e.c)};
    if (const owner* outer = find(base::span_id{static_cast<std::uint32_t>(e.b)})) {
        made.operation = outer->operation;
        made.operation_of = outer->operation_of;
        made.client = outer->client;
        if (made.device == 0) made.device = outer->device;
    }
    o = made;
}

bool gallery::wants(const latency::transaction& t) const {
    if (t.ended == latency::ending::timed_out && lost_.size() < timed_out) return true;
    return worst_.size() < slowest || duration(t) > duration(worst_.back().what) ||
           !typical_.contains(spread::fine.bin(duration(t)));
}

void gallery::keep(kept_transaction&& t) {
    const base::ps took = duration(t.what);
    if (t.what.ended == latency::ending::timed_out && lost_.size() < timed_out) lost_.push_back(t);
    if (t.what.ended == latency::ending::completed) typical_.try_emplace(spread::fine.bin(took), t);
    const auto at = std::upper_bound(
        worst_.begin(), worst_.end(), took,
        [](base::ps d, const kept_transaction& k) { return d > duration(k.what); });
    worst_.insert(at, std::move(t));
    if (worst_.size() > slowest) worst_.pop_back();
}

const kept_transaction* gallery::nearest(base::ps took) const {
    const kept_transaction* best = nullptr;
    const auto off = [&](const kept_transaction& k) {
        return std::abs((duration(k.what) - took).count);
    };
    for (const auto& [bin, k] : typical_)
        if (best == nullptr || off(k) < off(*best)) best = &k;
    return best;
}

workbench::notes& workbench::of(base::span_id operation) {
    if (const std::uint32_t* slot = open_.find(operation.value)) return slots_[*slot];
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    open_[operation.value] = slot;
    return slots_[slot];
}

void workbench::waited(const named_wait& w) {
    const auto has_plan = [](base::span_class c) {
        return std::any_of(latency::stage_plans.begin(), latency::stage_plans.end(),
                           [c](const latency::stage_plan& p) { return p.of == c; });
    };
    if (has_plan(w.waiter.of)) of(w.waiter.span).waits.push_back(w);
    if (w.waiter.operation != w.waiter.span && has_plan(w.waiter.operation_of))
        of(w.waiter.operation).waits.push_back(w);
}

void workbench::part_ended(const latency::transaction& part, const span_owners::owner& parent) {
    kept_transaction& p = of(part.parent).parts.emplace_back(copy_of(part));
    p.parent = parent;
}

kept_transaction workbench::finish(const latency::transaction& t, bool wanted) {
    kept_transaction k;
    if (wanted) k = copy_of(t);
    if (const std::uint32_t* found = open_.find(t.span.value)) {
        const std::uint32_t slot = *found;
        if (wanted) {
            k.waits = slots_[slot].waits;
            k.parts = slots_[slot].parts;
        }
        slots_[slot].waits.clear();
        slots_[slot].parts.clear();
        free_.push_back(slot);
        open_.erase(t.span.value);
    }
    return k;
}

std::string words::client(base::place_id p) const { return latency::client_name(probe.name(p)); }

std::string words::device(std::uint16_t routing_id) const {
    return routing_id == 0 ? "" : names.name(base::routing_id{routing_id});
}

std::string words::whose(base::place_id c, std::uint16_t d) const {
    return d == 0 ? client(c) : client(c) + "@" + device(d);
}

void append_json(std::string& to, const named_wait& n, const words& w) {
    const auto id = [&](const char* key, base::span_class of, base::span_id span) {
        waves::append_id(to.append(",\"").append(key).append("\":\""), of, span);
        to += '"';
    };
    waves::append_decimal(to += "{\"began_ps\":", n.what.began.count);
    if (n.holder.span != base::no_span) {
        id("for", n.holder.of, n.holder.span);
        if (n.holder.operation != n.holder.span)
            id("for_operation", n.holder.operation_of, n.holder.operation);
        waves::append_quoted(to += ",\"for_who\":", w.whose(n.holder.client, n.holder.device));
    }
    id("id", n.waiter.of, n.waiter.span);
    if (n.waiter.operation != n.waiter.span)
        id("operation", n.waiter.operation_of, n.waiter.operation);
    waves::append_quoted(to += ",\"stage\":", latency::stage_name(n.what.boundary));
    waves::append_decimal(to += ",\"took_ps\":", (n.what.ended - n.what.began).count);
    to += '}';
}

nlohmann::json to_json(const kept_transaction& t, const words& w) {
    nlohmann::json j{{"id", waves::id_text(t.what.of, t.what.span)},
                     {"class", waves::word(t.what.of)},
                     {"who", w.whose(t.what.client, t.what.device)},
                     {"client", w.client(t.what.client)},
                     {"device", w.device(t.what.device)},
                     {"where", w.probe.name(t.what.where)},
                     {"begin_ps", t.what.begin.count},
                     {"took_ps", duration(t.what).count},
                     {"ended", latency::word(t.what.ended)}};
    if (t.parent.span != base::no_span) j["operation"] = waves::id_text(t.parent.of, t.parent.span);
    for (const latency::piece& p : t.pieces)
        j["pieces"].push_back({p.name, (p.until - p.from).count});
    for (const named_wait& n : t.waits) {
        std::string wait;
        append_json(wait, n, w);
        j["waits"].push_back(nlohmann::json::parse(wait));
    }
    for (const kept_transaction& p : t.parts) j["parts"].push_back(to_json(p, w));
    return j;
}

}  // namespace drydock::profile
