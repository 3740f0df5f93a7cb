// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/report_machines.h"

#include <fmt/format.h>

#include "platform/accuracy/measure.h"

namespace drydock::accuracy {
namespace {

using nlohmann::json;

constexpr double ns = 1'000;

double in_ns(std::int64_t t) { return static_cast<double>(t) / ns; }

std::string name_of(const machine_times& m) { return m.file + ", " + m.run; }

const char* what(const device_times& d) {
    return d.of == base::span_class::unmap ? "unmap" : "invalidation";
}

std::string causes_of(const inversions& i) {
    std::string text;
    for (const auto& [cause, count] : i.causes)
        text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", count, cause);
    return text;
}

std::string table_of(const machine_times& m) {
    std::string text = fmt::format("  {}: {:.1f} ms, rtl {:.2f} s, tlm {:.2f} s, {:.1f} times\n",
                                   name_of(m), static_cast<double>(m.sim_time.count) / 1e9,
                                   m.rtl_seconds, m.twin_seconds, m.rtl_seconds / m.twin_seconds);
    for (const device_times& d : m.devices)
        text += fmt::format(
            "    {:<8} {:<12} {:>7} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.1f} {:>+6.2f}% "
            "{:>+6.2f}% {:>5} {:>5} {:>7}\n",
            d.device, what(d), d.rtl.completed, in_ns(d.rtl.p50), in_ns(d.twin.p50),
            in_ns(d.rtl.p99), in_ns(d.twin.p99), off_per_cent(d.twin.p50, d.rtl.p50),
            off_per_cent(d.twin.p99, d.rtl.p99), d.rtl.lost, d.twin.lost, d.differ);
    for (const device_times& d : m.devices)
        if (d.differ > 0)
            text += fmt::format("    differ by at most {:.3f} ns; the first is {}\n", in_ns(d.most),
                                d.first_difference);
    if (m.order.count > 0)
        text += fmt::format("    inversions: {} ({}); the first is {}\n", m.order.count,
                            causes_of(m.order), m.order.first);
    if (m.rtl_outcome != m.twin_outcome)
        text += fmt::format("    outcome: {} in rtl, {} in tlm\n", m.rtl_outcome, m.twin_outcome);
    return text;
}

json side_of(const auto& s) {
    return {{"completed", s.completed},
            {"lost", s.lost},
            {"p50_ns", in_ns(s.p50)},
            {"p99_ns", in_ns(s.p99)}};
}

json of(const device_times& d) {
    const auto difference = [](std::int64_t twin, std::int64_t rtl) {
        return json{
            {"ns", in_ns(twin - rtl)},
            {"cycles", static_cast<double>(twin - rtl) / static_cast<double>(block_clock.count)},
            {"percent", off_per_cent(twin, rtl)}};
    };
    json j{{"device", d.device},
           {"what", what(d)},
           {"rtl", side_of(d.rtl)},
           {"tlm", side_of(d.twin)},
           {"p50_difference", difference(d.twin.p50, d.rtl.p50)},
           {"p99_difference", difference(d.twin.p99, d.rtl.p99)},
           {"compared", d.compared},
           {"differ", d.differ},
           {"differ_most_ns", in_ns(d.most)}};
    if (d.differ > 0) j["first_difference"] = d.first_difference;
    return j;
}

json of(const machine_times& m) {
    json j{{"scenario", m.file},
           {"run", m.run},
           {"command", m.command},
           {"sim_time_ns", in_ns(m.sim_time.count)},
           {"outcome", {{"rtl", m.rtl_outcome}, {"tlm", m.twin_outcome}}},
           {"devices", json::array()},
           {"inversions", m.order.count},
           {"seconds", {{"rtl", m.rtl_seconds}, {"tlm", m.twin_seconds}}}};
    for (const device_times& d : m.devices) j["devices"].push_back(of(d));
    if (m.order.count > 0) {
        j["inversion_causes"] = m.order.causes;
        j["first_inversion"] = m.order.first;
    }
    return j;
}

}  // namespace

std::string as_text(const std::vector<machine_times>& all) {
    if (all.empty()) return "";
    std::string text = fmt::format(
        "\nClosed loop, whole machines: ATC, tracker and DPC containment in rtl, then in tlm; ns\n"
        "    {:<8} {:<12} {:>7} {:>10} {:>10} {:>10} {:>10} {:>7} {:>7} {:>11} {:>7}\n",
        "device", "", "n", "p50 rtl", "p50 tlm", "p99 rtl", "p99 tlm", "p50", "p99", "lost rtl tlm",
        "differ");
    for (const machine_times& m : all) text += table_of(m);
    return text;
}

json as_json(const std::vector<machine_times>& all) {
    json j = json::array();
    for (const machine_times& m : all) j.push_back(of(m));
    return j;
}

std::vector<std::string> missed_targets(const std::vector<machine_times>& all) {
    std::vector<std::string> missed;
    for (const machine_times& m : all) {
        if (m.rtl_outcome != m.twin_outcome)
            missed.push_back(fmt::format("{}: outcome {} in rtl, {} in tlm", name_of(m),
                                         m.rtl_outcome, m.twin_outcome));
        for (const device_times& d : m.devices)
            if (!within_closed_loop(d.twin.p50, d.rtl.p50) ||
                !within_closed_loop(d.twin.p99, d.rtl.p99))
                missed.push_back(fmt::format(
                    "{}: {} of {}: p50 {:.3f} against {:.3f} ns, p99 {:.3f} against {:.3f} ns",
                    name_of(m), what(d), d.device, in_ns(d.twin.p50), in_ns(d.rtl.p50),
                    in_ns(d.twin.p99), in_ns(d.rtl.p99)));
    }
    return missed;
}

}  // namespace drydock::accuracy
