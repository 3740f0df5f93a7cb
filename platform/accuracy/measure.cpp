// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "platform/accuracy/bench_machine.h"
#include "platform/accuracy/replay.h"

namespace drydock::accuracy {
namespace {

constexpr auto cycle = static_cast<double>(block_clock.count);
constexpr double most_mean_per_cent = 1, most_p99_per_cent = 3, most_cycles = 4,
                 most_closed_per_cent = 2;

void compare_atc(const atc_answers& twin, const atc_answers& rtl, open_loop& to) {
    const auto at = [&](stage s) -> error_samples& { return to.by_stage[static_cast<size_t>(s)]; };
    for (std::size_t n = 0; n < rtl.times.size(); ++n) {
        const atc_times &t = twin.times[n], &r = rtl.times[n];
        to.atc.add(t.completed - r.taken, r.completed - r.taken);
        at(stage::atc_queue).add(t.started - t.taken, r.started - r.taken);
        at(stage::atc_process).add(t.processed - t.started, r.processed - r.started);
        at(stage::drain).add(t.drained - t.processed, r.drained - r.processed);
        at(stage::completion_queue).add(t.completed - t.drained, r.completed - r.drained);
    }
    to.same_order = to.same_order && twin.order == rtl.order;
}

void compare_tracker(const tracker_answers& twin, const tracker_answers& rtl, open_loop& to) {
    const auto at = [&](stage s) -> error_samples& { return to.by_stage[static_cast<size_t>(s)]; };
    for (std::size_t n = 0; n < rtl.times.size(); ++n) {
        const tracker_times &t = twin.times[n], &r = rtl.times[n];
        to.tracker.add(t.finished - r.accepted, r.finished - r.accepted);
        at(stage::itag_wait).add(t.sent - t.accepted, r.sent - r.accepted);
        at(stage::match).add(t.finished - t.answered, r.finished - r.answered);
    }
    to.same_order = to.same_order && twin.order == rtl.order;
}

open_loop replay_both(const pattern& p, const recording& r, unsigned n) {
    open_loop o;
    const atc_answers atc_twin = replay_atc(fidelity::tlm, p, r.atc, n);
    const atc_answers atc_rtl = replay_atc(fidelity::rtl, p, r.atc, n);
    compare_atc(atc_twin, atc_rtl, o);
    const tracker_answers tracker_twin = replay_tracker(fidelity::tlm, p, r.tracker, n);
    const tracker_answers tracker_rtl = replay_tracker(fidelity::rtl, p, r.tracker, n);
    compare_tracker(tracker_twin, tracker_rtl, o);
    o.calls = r.atc.size() + r.tracker.size();
    o.twin_seconds = atc_twin.seconds + tracker_twin.seconds;
    o.rtl_seconds = atc_rtl.seconds + tracker_rtl.seconds;
    return o;
}

std::vector<std::int64_t> lengths(const run_times& r) {
    std::vector<std::int64_t> all;
    for (const tracker_times& t : r.tracker) all.push_back((t.finished - t.accepted).count);
    return all;
}

/// Neighbours in the order of the block in SystemVerilog that the twin finishes the other way.
void count_inversions(const run_times& twin, const run_times& rtl, closed_loop& to) {
    std::vector<std::size_t> place(twin.order.size());
    for (std::size_t i = 0; i < twin.order.size(); ++i) place[twin.order[i]] = i;
    for (std::size_t i = 1; i < rtl.order.size(); ++i) {
        const std::uint32_t a = rtl.order[i - 1], b = rtl.order[i];
        if (place[a] < place[b]) continue;
        if (to.inversions++ > 0) continue;
        const bool in_drain =
            rtl.atc[a].drained < rtl.atc[b].drained && twin.atc[a].drained >= twin.atc[b].drained;
        to.first_inversion = fmt::format(
            "invalidates {} and {}: {} apart in rtl, {} in tlm; they part in the {}", a, b,
            fmt::format("{} ns", (rtl.tracker[b].finished - rtl.tracker[a].finished).count / 1000),
            fmt::format("{} ns",
                        (twin.tracker[a].finished - twin.tracker[b].finished).count / 1000),
            in_drain ? "drain: DMA of another instant held the one" : "order of completions");
    }
}

struct timed_run {
    run_times times;
    double seconds;
};

timed_run run_machine(const pattern& p, fidelity f, unsigned n, recording* into) {
    const auto begin = std::chrono::steady_clock::now();
    run_times t = bench_machine(p, f, n).run(into);
    return {std::move(t),
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()};
}

void judge_completion(const std::string& what, const errors& e, std::vector<std::string>& missed) {
    if (e.per_cent() > most_mean_per_cent)
        missed.push_back(fmt::format("{}: mean absolute error {:.2f} %, target {} %", what,
                                     e.per_cent(), most_mean_per_cent));
    const double most = std::max(most_p99_per_cent / 100 * e.mean_time, most_cycles * cycle);
    if (static_cast<double>(e.p99) > most)
        missed.push_back(fmt::format("{}: p99 of the error {:.1f} ns, target {:.1f} ns", what,
                                     static_cast<double>(e.p99) / 1000, most / 1000));
}

void judge(const measurement& m, std::vector<std::string>& missed) {
    const std::string name = m.of->name;
    judge_completion(name + ", ATC", m.open.atc.result(), missed);
    judge_completion(name + ", tracker", m.open.tracker.result(), missed);
    if (!m.open.same_order) missed.push_back(name + ": another order of completions");
    for (std::size_t s = 0; s < stages; ++s) {
        const errors e = m.open.by_stage[s].result();
        if (e.mean_absolute > most_cycles * cycle)
            missed.push_back(fmt::format("{}, {}: mean absolute error {:.1f} cycles, target {}",
                                         name, stage_names[s], e.mean_absolute / cycle,
                                         most_cycles));
    }
    const closed_loop& c = m.closed;
    if (!within_closed_loop(c.twin_p50, c.rtl_p50) || !within_closed_loop(c.twin_p99, c.rtl_p99))
        missed.push_back(fmt::format("{}: closed loop p50 {} against {} ps, p99 {} against {} ps",
                                     name, c.twin_p50, c.rtl_p50, c.twin_p99, c.rtl_p99));
}

}  // namespace

bool within_closed_loop(std::int64_t twin, std::int64_t rtl) {
    const auto off = static_cast<double>(std::abs(twin - rtl));
    return off <=
           std::max(most_closed_per_cent / 100 * static_cast<double>(rtl), most_cycles * cycle);
}

double off_per_cent(std::int64_t twin, std::int64_t rtl) {
    return rtl == 0 ? 0 : 100 * static_cast<double>(twin - rtl) / static_cast<double>(rtl);
}

measurement measure(const pattern& p, unsigned n) {
    measurement m;
    m.of = &p;
    m.invalidations = n;
    recording stimulus;
    const timed_run rtl = run_machine(p, fidelity::rtl, n, &stimulus);
    const timed_run twin = run_machine(p, fidelity::tlm, n, nullptr);
    m.open = replay_both(p, stimulus, n);
    m.closed.twin_p50 = percentile(lengths(twin.times), 50);
    m.closed.twin_p99 = percentile(lengths(twin.times), 99);
    m.closed.rtl_p50 = percentile(lengths(rtl.times), 50);
    m.closed.rtl_p99 = percentile(lengths(rtl.times), 99);
    m.closed.twin_seconds = twin.seconds;
    m.closed.rtl_seconds = rtl.seconds;
    count_inversions(twin.times, rtl.times, m.closed);
    return m;
}

std::vector<std::string> missed_targets(const std::vector<measurement>& all) {
    std::vector<std::string> missed;
    for (const measurement& m : all)
        if (!m.of->calibrates) judge(m, missed);
    return missed;
}

}  // namespace drydock::accuracy
