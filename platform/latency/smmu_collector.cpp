// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/smmu_collector.h"

namespace drydock::latency {

smmu_collector::smmu_collector(base::context& ctx) : ctx_(ctx) {
    ctx_.probe.subscribe(*this, base::kind::walk_done);
    ctx_.probe.subscribe(*this, base::kind::smmu_stall);
}

smmu_collector::~smmu_collector() { ctx_.probe.unsubscribe(*this); }

void smmu_collector::on_event(const base::event& e) {
    if (e.what == base::kind::walk_done)
        walks_.add(base::ps{static_cast<std::int64_t>(e.c)});
    else if (e.c == 0)  // the end of a wait
        stalls_[e.a].add(base::ps{static_cast<std::int64_t>(e.d)});
}

nlohmann::json smmu_collector::stalls() const {
    nlohmann::json all = nlohmann::json::object();
    for (const auto& [reason, s] : stalls_) all[ctx_.probe.text_of(reason)] = to_json(s.summary());
    return all;
}

}  // namespace drydock::latency
