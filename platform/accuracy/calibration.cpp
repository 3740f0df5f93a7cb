// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/calibration.h"

#include <fmt/format.h>

#include <cmath>

#include "platform/accuracy/bench_machine.h"
#include "platform/accuracy/dpc_machine.h"
#include "platform/accuracy/replay.h"

namespace drydock::accuracy {
namespace {

using base::ps;
using nlohmann::json;

/// From the edge that samples what came at `in`.
std::int64_t cycles_since(ps in, ps out, ps clock) {
    return (out - base::clock_domain(clock).next_edge(in)) / clock;
}

void add_atc(const atc_answers& block, const atc_answers& twin, calibration_samples& to) {
    to.of(&model_times::lookup).add(block.hits);
    to.of(&model_times::fill).add(block.fills);
    for (std::size_t n = 0; n < block.times.size(); ++n) {
        const atc_times& t = block.times[n];
        if (t.completed == base::never || t.drained == base::never) continue;
        to.of(&model_times::completion)
            .add((t.completed - base::clock_domain(block_clock).edge_at_or_after(t.drained)) /
                 block_clock);
        // How many sets a request reaches follows from what is cached, the same in both.
        to.work.add(twin.probes[n], static_cast<double>((t.processed - t.started).count) /
                                        static_cast<double>(block_clock.count));
    }
}

void add_tracker(const tracker_answers& block, calibration_samples& to) {
    for (const tracker_times& t : block.times) {
        if (t.sent != base::never)
            to.of(&model_times::issue).add(cycles_since(t.accepted, t.sent, block_clock));
        if (t.finished != base::never && t.answered != base::never)
            to.of(&model_times::match).add(cycles_since(t.answered, t.finished, block_clock));
    }
}

std::string share(const least& l) { return fmt::format("least, {} of {} are", l.alike, l.count); }

}  // namespace

void line::add(double px, double py) { add(line{1, px, py, px * px, px * py, py * py}); }

void line::add(const line& o) {
    n += o.n;
    x += o.x;
    y += o.y;
    xx += o.xx;
    xy += o.xy;
    yy += o.yy;
}

std::optional<line::fit> line::result() const {
    const double spread = n * xx - x * x;
    if (spread <= 0) return std::nullopt;
    const double slope = (n * xy - x * y) / spread, intercept = (y - slope * x) / n;
    const double squares = yy - slope * xy - intercept * y;
    return fit{slope, intercept, std::sqrt(std::max(0.0, squares / n))};
}

least& calibration_samples::of(unsigned model_times::*which) {
    for (std::size_t n = 0; n < all_model_times.size(); ++n)
        if (all_model_times[n].value == which) return latencies[n];
    throw std::logic_error("a time of the models without a name");
}

void calibration_samples::add(const calibration_samples& o) {
    for (std::size_t n = 0; n < latencies.size(); ++n) latencies[n].add(o.latencies[n]);
    work.add(o.work);
}

json packed(const calibration_samples& s) {
    json latencies = json::array();
    for (const least& l : s.latencies) latencies.push_back({l.cycles, l.alike, l.count});
    return {{"latencies", std::move(latencies)},
            {"work", {s.work.n, s.work.x, s.work.y, s.work.xx, s.work.xy, s.work.yy}}};
}

calibration_samples samples_of(const json& j) {
    calibration_samples s;
    for (std::size_t n = 0; n < s.latencies.size(); ++n) {
        const json& l = j.at("latencies").at(n);
        s.latencies[n] = {l.at(0), l.at(1), l.at(2)};
    }
    const json& w = j.at("work");
    s.work = {w.at(0), w.at(1), w.at(2), w.at(3), w.at(4), w.at(5)};
    return s;
}

calibration_samples observe(const pattern& p, fidelity f, unsigned n) {
    recording stimulus;
    bench_machine(p, f, n).run(&stimulus);
    calibration_samples s;
    add_atc(replay_atc(f, p, stimulus.atc, n), replay_atc(fidelity::tlm, p, stimulus.atc, n), s);
    add_tracker(replay_tracker(f, p, stimulus.tracker, n), s);
    return s;
}

calibration_samples observe(const dpc_pattern& p, fidelity f, unsigned n) {
    calibration_samples s;
    for (const dpc_answer& a : dpc_machine(p, f, n).run()) {
        const std::int64_t cycles = cycles_since(a.since, a.at, dpc_clock);
        switch (a.what) {
            case dpc_answer::kind::contained:
                s.of(&model_times::trigger).add(cycles);
                break;
            case dpc_answer::kind::released:
                s.of(&model_times::release).add(cycles);
                break;
            case dpc_answer::kind::up:
            case dpc_answer::kind::down:
                s.of(&model_times::verdict).add(cycles);
                break;
            default:
                break;
        }
    }
    return s;
}

bool estimate::agrees() const {
    constexpr double closely = 0.01;
    return measured && std::abs(*measured - model) < closely;
}

std::vector<estimate> estimates(const calibration_samples& s, const model_times& models) {
    std::vector<estimate> all;
    const auto work = s.work.result();
    for (std::size_t n = 0; n < all_model_times.size(); ++n) {
        const model_time& t = all_model_times[n];
        estimate e{t.name, t.origin, {}, models.*t.value, "not in the patterns"};
        const bool slope = t.value == &model_times::probe;
        if (slope || t.value == &model_times::invalidate) {
            if (work) {
                e.measured = slope ? work->slope : work->intercept;
                e.how = fmt::format("least squares of {:.0f}, residual {:.2f} cycles", s.work.n,
                                    work->residual);
            }
        } else if (const least& l = s.latencies[n]; l.count > 0) {
            e.measured = static_cast<double>(l.cycles);
            e.how = share(l);
        }
        all.push_back(std::move(e));
    }
    return all;
}

std::string as_text(const std::vector<estimate>& all) {
    std::string text = fmt::format("Calibration, pattern set A; cycles\n  {:<24} {:>8} {:>8}\n",
                                   "parameter", "measured", "model");
    unsigned differ = 0;
    for (const estimate& e : all) {
        text += fmt::format("  {:<24} {:>8} {:>8}  {}, {}{}\n", e.name,
                            e.measured ? fmt::format("{:.3f}", *e.measured) : "-", e.model, e.how,
                            e.origin, e.agrees() ? "" : "; DIFFERS");
        if (!e.agrees()) ++differ;
    }
    return text + (differ == 0 ? "\nThe models have the times that were measured.\n"
                               : fmt::format("\n{} of {} times of the models differ from what was "
                                             "measured.\n",
                                             differ, all.size()));
}

json as_json(const std::vector<estimate>& all) {
    json j = json::array();
    for (const estimate& e : all)
        j.push_back({{"parameter", e.name},
                     {"measured_cycles", e.measured ? json(*e.measured) : json()},
                     {"model_cycles", e.model},
                     {"how", e.how},
                     {"origin", e.origin},
                     {"agrees", e.agrees()}});
    return {{"calibration", std::move(j)}};
}

}  // namespace drydock::accuracy
