// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/report.h"

#include <fmt/format.h>
#include <algorithm>

#include "platform/accuracy/blocks.h"
#include "platform/accuracy/report_columns.h"
#include "platform/accuracy/report_dpc.h"
#include "platform/accuracy/report_machines.h"

namespace drydock::accuracy {
namespace {

using nlohmann::json;

constexpr auto cycle = static_cast<double>(block_clock.count);
constexpr double ns = 1'000;

/// Of all patterns that calibrate, or of all that judge.
struct total {
    error_samples atc, tracker;
    std::array<error_samples, stages> by_stage;

    total(const std::vector<measurement>& all, bool calibrating) {
        for (const measurement& m : all) {
            if (m.of->calibrates != calibrating) continue;
            atc.add(m.open.atc);
            tracker.add(m.open.tracker);
            for (std::size_t s = 0; s < stages; ++s) by_stage[s].add(m.open.by_stage[s]);
        }
    }
};

char set_of(const measurement& m) { return m.of->calibrates ? 'A' : 'B'; }

std::string open_table(const std::vector<measurement>& all) {
    std::string text = fmt::format(
        "Open loop: what the rtl was given into both; ATC, accepted to Invalidate Completion\n{}",
        error_heading("order"));
    for (const measurement& m : all)
        text += error_row(m.of->name, set_of(m), m.open.atc.result(), cycle,
                          m.open.same_order ? "same" : "DIFFERS");
    for (const bool calibrating : {true, false}) {
        if (std::ranges::none_of(all,
                                 [&](const auto& m) { return m.of->calibrates == calibrating; }))
            continue;
        const total t(all, calibrating);
        const char set = calibrating ? 'A' : 'B';
        text += error_row("all, ATC", set, t.atc.result(), cycle, "");
        text += error_row("all, tracker", set, t.tracker.result(), cycle, "");
        for (std::size_t s = 0; s < stages; ++s)
            text += error_row(fmt::format("  {}", stage_names[s]), set, t.by_stage[s].result(),
                              cycle, "");
    }
    return text;
}

std::string closed_table(const std::vector<measurement>& all) {
    std::string text =
        "\nClosed loop: the same machine with either; ATC_INV accepted to finished, ns\n" +
        closed_heading("inversions");
    for (const measurement& m : all)
        text += closed_row(m.of->name, set_of(m), m.closed, std::to_string(m.closed.inversions));
    for (const measurement& m : all)
        if (m.closed.inversions > 0)
            text += fmt::format("  {}: {}\n", m.of->name, m.closed.first_inversion);
    return text;
}

/// Wall time of all patterns.
struct speed {
    std::uint64_t calls = 0;
    double twin = 0, rtl = 0, machine_twin = 0, machine_rtl = 0;

    explicit speed(const std::vector<measurement>& all) {
        for (const measurement& m : all) {
            twin += m.open.twin_seconds;
            rtl += m.open.rtl_seconds;
            machine_twin += m.closed.twin_seconds;
            machine_rtl += m.closed.rtl_seconds;
            calls += m.open.calls;
        }
    }
    std::string text() const {
        return fmt::format(
            "\nSpeed: {} calls replayed, tlm {:.2f} s ({:.2f} M calls/s), rtl {:.2f} s ({:.2f} M "
            "calls/s), {:.1f} times; small machine {:.2f} s and {:.2f} s, {:.1f} times\n",
            calls, twin, static_cast<double>(calls) / twin / 1e6, rtl,
            static_cast<double>(calls) / rtl / 1e6, rtl / twin, machine_twin, machine_rtl,
            machine_rtl / machine_twin);
    }
    json to_json() const {
        return {{"calls", calls},
                {"open_loop_seconds", {{"rtl", rtl}, {"tlm", twin}}},
                {"closed_loop_seconds", {{"rtl", machine_rtl}, {"tlm", machine_twin}}}};
    }
};

std::string verdict(const results& r) {
    const auto judges = [](const auto& m) { return !m.of->calibrates; };
    const bool judged = !r.machines.empty() || std::ranges::any_of(r.patterns, judges) ||
                        std::ranges::any_of(r.containments, judges);
    if (!judged) return "\nNo pattern of set B was measured, the targets are not judged.\n";
    const auto missed = missed_targets(r);
    if (missed.empty()) return "\nAll targets are met.\n";
    std::string text = fmt::format("\nMissed targets: {}\n", missed.size());
    for (const std::string& m : missed) text += "  " + m + "\n";
    return text;
}

json stages_of(const std::array<error_samples, stages>& by_stage) {
    json j;
    for (std::size_t s = 0; s < stages; ++s)
        j[stage_names[s]] = error_json(by_stage[s].result(), cycle);
    return j;
}

json of(const measurement& m) {
    const closed_loop& c = m.closed;
    json closed = closed_json(c);
    closed["seconds"] = {{"rtl", c.rtl_seconds}, {"tlm", c.twin_seconds}};
    closed["inversions"] = c.inversions;
    if (c.inversions > 0) closed["first_inversion"] = c.first_inversion;
    return {{"name", m.of->name},
            {"text", m.of->text},
            {"set", std::string(1, set_of(m))},
            {"parameter_set", m.of->large ? "large" : "small"},
            {"invalidates", m.invalidations},
            {"open_loop",
             {{"calls", m.open.calls},
              {"seconds", {{"rtl", m.open.rtl_seconds}, {"tlm", m.open.twin_seconds}}},
              {"same_order", m.open.same_order},
              {"atc", error_json(m.open.atc.result(), cycle)},
              {"tracker", error_json(m.open.tracker.result(), cycle)},
              {"stages", stages_of(m.open.by_stage)}}},
            {"closed_loop", closed}};
}

}  // namespace

std::string as_text(const results& r) {
    const bool patterns = !r.patterns.empty();
    return (patterns ? open_table(r.patterns) + closed_table(r.patterns) : "") +
           as_text(r.containments) + as_text(r.machines) + verdict(r) +
           (patterns ? speed(r.patterns).text() : "");
}

json as_json(const results& r) {
    json j{{"block_clock_ns", cycle / ns},
           {"patterns", json::array()},
           {"containments", as_json(r.containments)},
           {"machines", as_json(r.machines)}};
    for (const measurement& m : r.patterns) j["patterns"].push_back(of(m));
    for (const bool calibrating : {true, false}) {
        const total t(r.patterns, calibrating);
        j["total"][calibrating ? "A" : "B"] = {{"atc", error_json(t.atc.result(), cycle)},
                                               {"tracker", error_json(t.tracker.result(), cycle)},
                                               {"stages", stages_of(t.by_stage)}};
    }
    j["speed"] = speed(r.patterns).to_json();
    j["missed"] = missed_targets(r);
    return j;
}

std::vector<std::string> missed_targets(const results& r) {
    std::vector<std::string> missed = missed_targets(r.patterns);
    for (const auto& more : {missed_targets(r.containments), missed_targets(r.machines)})
        missed.insert(missed.end(), more.begin(), more.end());
    return missed;
}

}  // namespace drydock::accuracy
