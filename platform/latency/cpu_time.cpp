// SPDX-License-Identifier: Apache-2.0
#include "platform/latency/cpu_time.h"

#include <algorithm>

namespace drydock::latency {

cpu_time::cpu_time(base::context& ctx, unsigned cpus) : ctx_(ctx), cpus_(cpus) {
    ctx.probe.subscribe(*this, base::kind::sw_irqs_off);
    ctx.probe.subscribe(*this, base::kind::sw_irqs_on);
}

cpu_time::~cpu_time() { ctx_.probe.unsubscribe(*this); }

void cpu_time::on_event(const base::event& e) {
    if (e.a >= cpus_.size()) return;
    cpu& c = cpus_[e.a];
    if (e.what == base::kind::sw_irqs_on) return close(c, e.time);
    if (!c.off) c.since = e.time;
    c.off = true;
}

void cpu_time::close(cpu& c, base::ps now) {
    if (!c.off) return;
    c.off = false;
    c.total += now - c.since;
    c.longest = std::max(c.longest, now - c.since);
}

void cpu_time::finish(base::ps now) {
    for (cpu& c : cpus_) close(c, now);
}

nlohmann::json cpu_time::to_json() const {
    nlohmann::json result = nlohmann::json::array();
    for (const cpu& c : cpus_)
        result.push_back(
            {{"irqs_off_total_ps", c.total.count}, {"irqs_off_longest_ps", c.longest.count}});
    return result;
}

}  // namespace drydock::latency
