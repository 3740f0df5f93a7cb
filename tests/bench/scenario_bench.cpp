// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>

#include "platform/scenario/load.h"
#include "platform/simulate.h"
#include "tests/bench/harness.h"
#include "tests/bench/table.h"

namespace drydock::bench {
namespace {

constexpr double seconds_limit = 5.0, mebibytes_limit = 200.0;

struct silent final : progress {
    void advance(base::ps, base::ps, std::uint64_t) override {}
    bool stop() const override { return false; }
};

/// One run of the default scenario, monitors on, no files.
measurement run_of(const std::string& variant) {
    const double start = cpu_seconds();
    const scenario::loaded all = scenario::load(DRYDOCK_SCENARIO, {});
    const auto found = std::find_if(all.runs.begin(), all.runs.end(),
                                    [&](const scenario::run& r) { return r.name == variant; });
    if (found == all.runs.end()) throw std::runtime_error("no run is named " + variant);
    silent nobody;
    const nlohmann::json result = simulate(*found, {}, nobody);
    measurement m;
    m.seconds = cpu_seconds() - start;
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    m.peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
    m.operations = 1;
    m.allocations = allocations();
    m.records = result.at("events").get<std::uint64_t>();
    m.bare_seconds = bare_timeline_seconds(m.records, bare_pending);
    return m;
}

void default_scenario(benchmark::State& state, const std::string& variant) {
    std::vector<double> seconds, ratios;
    measurement m;
    for (auto _ : state) {
        m = in_child([&] { return run_of(variant); });
        state.SetIterationTime(m.seconds);
        seconds.push_back(m.seconds);
        ratios.push_back(m.seconds / m.bare_seconds);
    }
    const double mebibytes = static_cast<double>(m.peak_bytes) / (1 << 20);
    state.counters["records"] = static_cast<double>(m.records);
    state.counters["allocations"] = static_cast<double>(m.allocations);
    state.counters["peak_MiB"] = mebibytes;
    state.counters["bare_ratio"] = median(ratios);
    note({"default scenario, " + variant + ": CPU time",
          text("%.2f s", median(seconds)) + text(", %.1f x bare", median(ratios)), "< 5 s",
          median(seconds) < seconds_limit});
    note({"default scenario, " + variant + ": peak memory", text("%.0f MiB", mebibytes),
          "< 200 MiB", mebibytes < mebibytes_limit});
}
BENCHMARK_CAPTURE(default_scenario, none, "none")
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(default_scenario, M2, "M2")
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
