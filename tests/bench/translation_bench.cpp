// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "tests/bench/table.h"
#include "tests/bench/workloads.h"

namespace drydock::bench {
namespace {

constexpr unsigned atc_entries = 512, outstanding = 32;
/// More than the ATC holds, fewer than the SMMU's main TLB: every lookup misses here and hits
/// there.
constexpr std::uint64_t pages = 1024;
constexpr std::uint64_t warm_up = 8 * pages, lookups = 200'000;
constexpr double limit = 1.0;  // million a second

measurement round_trips() {
    harness h(atc_entries);
    h.map(pages);
    window w(h);
    lookup_load load(h, outstanding);
    load.run(pages, warm_up, lookups, &w);
    if (w.lookups() + outstanding < lookups || w.tlb_hits() != w.lookups())
        throw std::runtime_error("a translation did not go the whole way, or missed the TLB");
    return w.result();
}

void translation_round_trip(benchmark::State& state) {
    std::vector<double> rates, ratios;
    measurement m;
    for (auto _ : state) {
        m = in_child(round_trips);
        state.SetIterationTime(m.seconds);
        rates.push_back(static_cast<double>(m.operations) / m.seconds / 1e6);
        ratios.push_back(m.seconds / m.bare_seconds);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(m.operations) *
                            static_cast<std::int64_t>(state.iterations()));
    state.counters["records_per_op"] = m.per(m.records);
    state.counters["allocations_per_op"] = m.per(m.allocations);
    state.counters["bare_ratio"] = median(ratios);
    const double rate = median(rates);
    note({"ATS translation round trip, 32 outstanding",
          text("%.2f M/s", rate) + text(", %.1f x bare", median(ratios)), ">= 1.0 M/s",
          rate >= limit});
    note({"  timeline records per translation", text("%.2f", m.per(m.records)), "-", true});
    note({"  allocations in the window of translations",
          text("%.0f", static_cast<double>(m.allocations)), "0", m.allocations == 0});
}
BENCHMARK(translation_round_trip)->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
