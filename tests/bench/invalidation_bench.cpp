// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "tests/bench/table.h"
#include "tests/bench/workloads.h"
#include "tlm/smmu/invalidation_tracker.h"

namespace drydock::bench {
namespace {

constexpr unsigned per_batch = 32;
constexpr std::uint64_t invalidations = 100'000, warm_up = 8'192;
constexpr unsigned pairs = 11;
constexpr double rate_limit = 0.4, ratio_limit = 1.3;

/// @param filled  entries of the ATC that are valid; an empty ATC has 512
measurement batches(unsigned filled, unsigned batch) {
    harness h(std::max(filled, 512u));
    if (filled > 0) {
        h.map(filled);
        lookup_load fill(h, 32);
        fill.run(filled, 0, filled, nullptr);
    }
    if (h.atc.inner().store().valid() != filled)
        throw std::runtime_error("the ATC is not filled as it should be");
    window w(h);
    command_load load(h, batch);
    load.run(warm_up / batch, invalidations / batch, w);
    if (h.smmu.tracker().count().completed < invalidations || h.smmu.tracker().outstanding() != 0)
        throw std::runtime_error("Invalidate Requests without completions");
    if (h.atc.inner().store().valid() != filled)
        throw std::runtime_error("an invalidation hit a page that was not its own");
    return w.result();
}

void count(benchmark::State& state, const measurement& m) {
    state.counters["records_per_op"] = m.per(m.records);
    state.counters["allocations"] = static_cast<double>(m.allocations);
    state.counters["sets_per_op"] = m.per(m.sets_probed);
    state.counters["entries_per_op"] = m.per(m.entries_touched);
}

/// What must not depend on how many entries the ATC holds.
std::map<unsigned, measurement>& by_filled() {
    static std::map<unsigned, measurement> all;
    return all;
}

void note_counters() {
    auto& all = by_filled();
    const measurement& some = all.at(512);
    const bool same = std::all_of(all.begin(), all.end(), [&](const auto& e) {
        const measurement& m = e.second;
        if (e.first == 0)  // nothing is valid: nothing has to be looked into
            return m.records == some.records && m.sets_probed <= some.sets_probed &&
                   m.entries_touched <= some.entries_touched;
        return m.records == some.records && m.sets_probed == some.sets_probed &&
               m.entries_touched == some.entries_touched;
    });
    std::uint64_t allocated = 0;
    for (const auto& [filled, m] : all) {
        allocated = std::max(allocated, m.allocations);
        note({"  ATC entries " + std::to_string(filled) + ": records, sets, entries per op",
              text("%.4f", m.per(m.records)) + text(", %.4f", m.per(m.sets_probed)) +
                  text(", %.4f", m.per(m.entries_touched)),
              "-", true});
    }
    note({"  the same for 512, 4096 and 65536; for 0 no more", same ? "equal" : "different",
          "equal", same});
    note({"  allocations in the window of invalidations",
          text("%.0f", static_cast<double>(allocated)), "0", allocated == 0});
}

void invalidation_round_trip(benchmark::State& state) {
    const auto filled = static_cast<unsigned>(state.range(0));
    const auto batch = static_cast<unsigned>(state.range(1));
    std::vector<double> rates, ratios;
    measurement m;
    for (auto _ : state) {
        m = in_child([&] { return batches(filled, batch); });
        state.SetIterationTime(m.seconds);
        rates.push_back(static_cast<double>(m.operations) / m.seconds / 1e6);
        ratios.push_back(m.seconds / m.bare_seconds);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(m.operations) *
                            static_cast<std::int64_t>(state.iterations()));
    count(state, m);
    state.counters["bare_ratio"] = median(ratios);
    const double rate = median(rates);
    const std::string value = text("%.2f M/s", rate) + text(", %.1f x bare", median(ratios));
    if (batch == 1)
        return note({"one ATC_INV + SYNC at a time, 512 ATC entries", value, "-", true});
    note({"invalidation round trip, 32 + SYNC, " + std::to_string(filled) + " ATC entries", value,
          ">= 0.4 M/s", rate >= rate_limit});
    by_filled()[filled] = m;
    if (by_filled().size() == 4) note_counters();
}
BENCHMARK(invalidation_round_trip)
    ->ArgNames({"filled", "batch"})
    ->Args({0, per_batch})
    ->Args({512, per_batch})
    ->Args({4'096, per_batch})
    ->Args({65'536, per_batch})
    ->Args({512, 1})
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

/// Time with 65,536 entries over time with 512, pair by pair.
void invalidation_time_ratio(benchmark::State& state) {
    std::vector<double> ratios;
    for (auto _ : state) {
        const bool large_first = ratios.size() % 2 != 0;
        const double first =
            in_child([&] { return batches(large_first ? 65'536 : 512, per_batch); }).seconds;
        const double second =
            in_child([&] { return batches(large_first ? 512 : 65'536, per_batch); }).seconds;
        state.SetIterationTime(first + second);
        ratios.push_back(large_first ? first / second : second / first);
    }
    const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
    const double middle = median(ratios);
    state.counters["ratio_median"] = middle;
    state.counters["ratio_min"] = *low;
    state.counters["ratio_max"] = *high;
    note({"  time, 65536 entries over 512: median of 11 pairs",
          text("%.3f", middle) + text(" (%.3f", *low) + text("..%.3f)", *high), "<= 1.3",
          middle <= ratio_limit});
}
BENCHMARK(invalidation_time_ratio)
    ->UseManualTime()
    ->Iterations(pairs)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drydock::bench
