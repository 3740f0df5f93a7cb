// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "platform/latency/collector.h"
#include "platform/latency/cpu_time.h"
#include "platform/latency/smmu_collector.h"
#include "platform/machine/machine.h"
#include "platform/monitors/monitor_set.h"

namespace drydock::machine {

/// Whoever watches a run and keeps what its entry of the summary needs.
struct watchers {
    watchers(base::context& ctx, unsigned cpus, const scenario::run& run);

    monitors::monitor_set monitors;
    latency::collector latency;
    latency::smmu_collector smmus;
    latency::cpu_time cpus;
};

/// runs[] entry without what add_verdict() and the expectations add. @param until when the
/// scenario's part ended
nlohmann::json results_of(machine& m, watchers& w, base::ps until, std::uint64_t records);

/// outcome, violations and gaps, after the monitors have finished.
void add_verdict(nlohmann::json& result, const watchers& w);

}  // namespace drydock::machine
