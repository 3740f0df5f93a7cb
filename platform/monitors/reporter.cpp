// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/reporter.h"

#include <algorithm>

namespace drydock::monitors {

reporter::reporter(base::context& ctx, const waves::device_names& names)
    : ctx_(ctx), names_(names), place_(ctx.probe.place("monitors")) {}

bool reporter::again(std::string_view monitor, const cause& c, base::span_id span) {
    const auto found = known_.find({monitor, c});
    if (found == known_.end()) return false;
    violation& v = all_[found->second];
    ++v.count;
    v.told = ctx_.now();
    if (v.spans.size() < violation::kept_spans && span != base::no_span &&
        std::find(v.spans.begin(), v.spans.end(), span) == v.spans.end())
        v.spans.push_back(span);
    return true;
}

void reporter::first(std::string_view monitor, const cause& c, finding f) {
    known_.emplace(std::tuple{monitor, c}, all_.size());
    violation v;
    v.monitor = monitor;
    v.severity = f.severity;
    v.device = std::move(f.device);
    v.time = f.time;
    v.told = ctx_.now();
    if (f.span != base::no_span) v.spans.push_back(f.span);
    v.rule = std::move(f.rule);
    v.text = std::move(f.text);
    v.count = 1;
    all_.push_back(std::move(v));
    if (ctx_.probe.wants(base::kind::violation))
        ctx_.probe.emit(base::kind::violation, place_, ctx_.now(), f.span, ctx_.probe.text(monitor),
                        f.function.value, ctx_.probe.text(all_.back().rule),
                        f.severity == violation_class::known_gap ? 1 : 0);
}

}  // namespace drydock::monitors
