// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/report.h"

#include <fmt/format.h>
#include <algorithm>

#include "platform/accuracy/blocks.h"

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

std::string error_columns(const errors& e) {
    return fmt::format("{:>9.1f} {:>8.2f} {:>8.2f} {:>7.3f}% {:>7.1f} {:>7.1f}", e.mean_time / ns,
                       e.mean / ns, e.mean_absolute / ns, e.per_cent(),
                       static_cast<double>(e.p99) / ns, static_cast<double>(e.max) / ns);
}

std::string row(const std::string& name, char set, const errors& e, const std::string& note) {
    return fmt::format("  {:<20} {} {}  {}\n", name, set, error_columns(e), note);
}

char set_of(const measurement& m) { return m.of->calibrates ? 'A' : 'B'; }

std::string open_table(const std::vector<measurement>& all) {
    std::string text = fmt::format(
        "Open loop: what the rtl was given into both; ATC, accepted to Invalidate Completion, ns\n"
        "  {:<20} {} {:>9} {:>8} {:>8} {:>8} {:>7} {:>7}  order\n",
        "pattern", " ", "rtl mean", "error", "|error|", "", "p99", "max");
    for (const measurement& m : all)
        text +=
            row(m.of->name, set_of(m), m.open.atc.result(), m.open.same_order ? "same" : "DIFFERS");
    for (const bool calibrating : {true, false}) {
        const total t(all, calibrating);
        const char set = calibrating ? 'A' : 'B';
        text += row("all, ATC", set, t.atc.result(), "");
        text += row("all, tracker", set, t.tracker.result(), "");
        for (std::size_t s = 0; s < stages; ++s)
            text += row(fmt::format("  {}", stage_names[s]), set, t.by_stage[s].result(), "");
    }
    return text;
}

std::string closed_table(const std::vector<measurement>& all) {
    std::string text = fmt::format(
        "\nClosed loop: the same machine with either; ATC_INV accepted to finished, ns\n"
        "  {:<20} {} {:>10} {:>10} {:>10} {:>10} {:>7} {:>7}  inversions\n",
        "pattern", " ", "p50 rtl", "p50 tlm", "p99 rtl", "p99 tlm", "p50", "p99");
    const auto off = [](std::int64_t twin, std::int64_t rtl) {
        return rtl == 0 ? 0 : 100 * static_cast<double>(twin - rtl) / static_cast<double>(rtl);
    };
    const auto in_ns = [](std::int64_t t) { return static_cast<double>(t) / ns; };
    for (const measurement& m : all) {
        const closed_loop& c = m.closed;
        text += fmt::format(
            "  {:<20} {} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.1f} {:>+6.2f}% {:>+6.2f}%  {}\n",
            m.of->name, set_of(m), in_ns(c.rtl_p50), in_ns(c.twin_p50), in_ns(c.rtl_p99),
            in_ns(c.twin_p99), off(c.twin_p50, c.rtl_p50), off(c.twin_p99, c.rtl_p99),
            c.inversions);
    }
    for (const measurement& m : all)
        if (m.closed.inversions > 0)
            text += fmt::format("  {}: {}\n", m.of->name, m.closed.first_inversion);
    return text;
}

std::string speed(const std::vector<measurement>& all) {
    double twin = 0, rtl = 0, machine_twin = 0, machine_rtl = 0;
    std::uint64_t calls = 0;
    for (const measurement& m : all) {
        twin += m.open.twin_seconds;
        rtl += m.open.rtl_seconds;
        machine_twin += m.closed.twin_seconds;
        machine_rtl += m.closed.rtl_seconds;
        calls += m.open.calls;
    }
    return fmt::format(
        "\nSpeed: {} calls replayed, tlm {:.2f} s ({:.2f} M calls/s), rtl {:.2f} s ({:.2f} M "
        "calls/s), {:.1f} times; whole machine {:.2f} s and {:.2f} s, {:.1f} times\n",
        calls, twin, static_cast<double>(calls) / twin / 1e6, rtl,
        static_cast<double>(calls) / rtl / 1e6, rtl / twin, machine_twin, machine_rtl,
        machine_rtl / machine_twin);
}

std::string verdict(const std::vector<measurement>& all) {
    if (std::all_of(all.begin(), all.end(), [](const auto& m) { return m.of->calibrates; }))
        return "\nNo pattern of set B was measured, the targets are not judged.\n";
    const auto missed = missed_targets(all);
    if (missed.empty()) return "\nAll targets are met by the patterns of set B.\n";
    std::string text = fmt::format("\nMissed by the patterns of set B: {}\n", missed.size());
    for (const std::string& m : missed) text += "  " + m + "\n";
    return text;
}

json of(const errors& e) {
    return {{"count", e.count},
            {"rtl_mean_ns", e.mean_time / ns},
            {"mean_ns", e.mean / ns},
            {"mean_absolute_ns", e.mean_absolute / ns},
            {"mean_absolute_cycles", e.mean_absolute / cycle},
            {"mean_absolute_percent", e.per_cent()},
            {"p99_ns", static_cast<double>(e.p99) / ns},
            {"p99_cycles", static_cast<double>(e.p99) / cycle},
            {"max_ns", static_cast<double>(e.max) / ns},
            {"max_cycles", static_cast<double>(e.max) / cycle}};
}

json stages_of(const std::array<error_samples, stages>& by_stage) {
    json j;
    for (std::size_t s = 0; s < stages; ++s) j[stage_names[s]] = of(by_stage[s].result());
    return j;
}

json of(const measurement& m) {
    const closed_loop& c = m.closed;
    json closed{{"rtl", {{"p50_ns", c.rtl_p50 / ns}, {"p99_ns", c.rtl_p99 / ns}}},
                {"tlm", {{"p50_ns", c.twin_p50 / ns}, {"p99_ns", c.twin_p99 / ns}}},
                {"inversions", c.inversions}};
    if (c.inversions > 0) closed["first_inversion"] = c.first_inversion;
    return {{"name", m.of->name},
            {"text", m.of->text},
            {"set", std::string(1, set_of(m))},
            {"parameter_set", m.of->large ? "large" : "small"},
            {"invalidates", m.invalidations},
            {"open_loop",
             {{"calls", m.open.calls},
              {"same_order", m.open.same_order},
              {"atc", of(m.open.atc.result())},
              {"tracker", of(m.open.tracker.result())},
              {"stages", stages_of(m.open.by_stage)}}},
            {"closed_loop", closed}};
}

}  // namespace

std::string as_text(const std::vector<measurement>& all) {
    return open_table(all) + closed_table(all) + verdict(all) + speed(all);
}

json as_json(const std::vector<measurement>& all) {
    json j{{"block_clock_ns", cycle / ns}, {"patterns", json::array()}};
    for (const measurement& m : all) j["patterns"].push_back(of(m));
    for (const bool calibrating : {true, false}) {
        const total t(all, calibrating);
        j["total"][calibrating ? "A" : "B"] = {{"atc", of(t.atc.result())},
                                               {"tracker", of(t.tracker.result())},
                                               {"stages", stages_of(t.by_stage)}};
    }
    j["missed"] = missed_targets(all);
    return j;
}

}  // namespace drydock::accuracy
