// SPDX-License-Identifier: Apache-2.0
#include "platform/profile/recorder.h"

#include "platform/latency/stages.h"
#include "waves/field_text.h"

namespace drydock::profile {

using nlohmann::json;

recorder::recorder(base::context& ctx, latency::collector& from, const waves::device_names& names,
                   unsigned cpus, const std::filesystem::path& folder, json identity)
    : ctx_(ctx),
      from_(from),
      words_{ctx.probe, names},
      file_(folder / "profile.json"),
      identity_(std::move(identity)),
      waits_(folder / "waits.jsonl"),
      lanes_(ctx, names, cpus) {
    waits_.line().append("{\"drydock\":").append(identity_.dump()).append("}");
    waits_.end_line();
    for (const base::kind k : swim_lanes::kinds()) ctx_.probe.subscribe(*this, k);
    from_.tell(this);
}

recorder::~recorder() {
    ctx_.probe.unsubscribe(*this);
    from_.tell(nullptr);
}

void recorder::on_event(const base::event& e) {
    if (e.what == base::kind::span_begin) {
        if (static_cast<base::span_class>(e.a) == base::span_class::dma) return;
        owners_.began(e);
    }
    lanes_.on_event(e);
}

void recorder::held(const latency::hold& h) { lanes_.held(h, owners_.find(h.owner)); }

void recorder::waited(const latency::wait& w) {
    const span_owners::owner* waiter = owners_.find(w.waiter);
    if (waiter == nullptr) return;
    named_wait n{w, *waiter, {}};
    if (const span_owners::owner* holder = owners_.find(w.holder)) n.holder = *holder;
    append_json(waits_.line(), n, words_);
    waits_.end_line();
    bench_.waited(n);
}

void recorder::ended(const latency::transaction& t) {
    const bool of_a_client = t.of == base::span_class::unmap;
    group& g = groups_[{t.of, of_a_client ? t.client : 0, t.device}];
    if (t.ended == latency::ending::completed) g.completed.add(t);
    g.timed_out += t.ended == latency::ending::timed_out ? 1 : 0;
    g.abandoned += t.ended == latency::ending::abandoned ? 1 : 0;
    g.open += t.ended == latency::ending::open ? 1 : 0;
    const span_owners::owner* parent = owners_.find(t.parent);
    // An invalidation of an unmap is shown inside of it too.
    if (t.of == base::span_class::atc_inv && parent != nullptr &&
        parent->of == base::span_class::unmap && t.ended != latency::ending::open)
        bench_.part_ended(t, *parent);
    const bool wanted = g.kept.wants(t);
    kept_transaction k = bench_.finish(t, wanted);
    if (!wanted) return;
    if (parent != nullptr) k.parent = *parent;
    g.kept.keep(std::move(k));
}

json recorder::group_json(const group_key& k, const group& g) const {
    json j = g.completed.to_json();
    j["class"] = waves::word(k.of);
    const bool of_a_client = k.of == base::span_class::unmap;
    j["who"] = of_a_client ? words_.whose(k.client, k.device) : words_.device(k.device);
    j["client"] = of_a_client ? words_.client(k.client) : "";
    j["device"] = words_.device(k.device);
    j["timed_out"] = g.timed_out;
    j["abandoned"] = g.abandoned;
    j["open"] = g.open;
    j["slowest"] = json::array();
    for (const kept_transaction& t : g.kept.worst()) j["slowest"].push_back(to_json(t, words_));
    j["lost"] = json::array();
    for (const kept_transaction& t : g.kept.lost()) j["lost"].push_back(to_json(t, words_));
    if (const kept_transaction* t = g.kept.nearest(g.completed.median()))
        j["typical"] = to_json(*t, words_);
    return j;
}

void recorder::close(base::ps began, base::ps now, json parameters) {
    ctx_.probe.unsubscribe(*this);
    lanes_.finish(now);
    json j{{"drydock", identity_}, {"began_ps", began.count}, {"ended_ps", now.count}};
    j["groups"] = json::array();
    for (const auto& [key, g] : groups_) j["groups"].push_back(group_json(key, g));
    for (const auto& [device, name] : words_.names.all())
        j["devices"][waves::routing_id_text(base::routing_id{device})] = name;
    j["parameters"] = std::move(parameters);
    j["lanes"] = lanes_.to_json(words_);
    waves::json_lines out(file_);
    out.line() += j.dump();
    out.end_line();
    out.close();
    waits_.close();
}

}  // namespace drydock::profile
