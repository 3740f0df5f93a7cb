// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/dpc_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "platform/accuracy/measure.h"
#include "platform/accuracy/transport.h"

namespace drydock::accuracy {
namespace {

using base::ps;
using nlohmann::json;

constexpr double most_cycles = 4;

std::optional<dpc_stage> stage_of(const dpc_answer& a) {
    using kind = dpc_answer::kind;
    switch (a.what) {
        case kind::contained:
            return dpc_stage::trigger;
        case kind::rp_idle:
            return dpc_stage::rp_busy;
        case kind::released:
        case kind::too_early:
            return dpc_stage::release;
        case kind::up:
        case kind::down:  // containment_verdict: pass, discard, UR, CA
            return static_cast<dpc_stage>(static_cast<unsigned>(dpc_stage::pass) + a.detail);
        case kind::answered:
            break;  // told with containment
    }
    return std::nullopt;
}

/// Answers of one kind come in the order of what they answer.
std::size_t channel_of(const dpc_answer& a) {
    const auto k = a.what == dpc_answer::kind::too_early ? dpc_answer::kind::released : a.what;
    return static_cast<std::size_t>(k);
}

using channels = std::array<std::vector<const dpc_answer*>, 7>;

channels by_channel(const std::vector<dpc_answer>& answers) {
    channels all;
    for (const dpc_answer& a : answers) all[channel_of(a)].push_back(&a);
    return all;
}

/// What both answer alike is compared, the n-th of its kind with the n-th.
void compare(const std::vector<dpc_answer>& twin, const std::vector<dpc_answer>& rtl,
             dpc_measurement& to) {
    to.same_order = std::ranges::equal(
        twin, rtl, [](const dpc_answer& a, const dpc_answer& b) { return a.same_as(b); });
    const channels of_twin = by_channel(twin), of_rtl = by_channel(rtl);
    for (std::size_t c = 0; c < of_rtl.size(); ++c)
        for (std::size_t n = 0; n < std::min(of_rtl[c].size(), of_twin[c].size()); ++n) {
            const dpc_answer &t = *of_twin[c][n], &r = *of_rtl[c][n];
            const auto s = stage_of(r);
            if (s && t.same_as(r))
                to.by_stage[static_cast<std::size_t>(*s)].add(t.at - r.since, r.at - r.since);
        }
}

/// From each containment to its release.
std::vector<std::int64_t> lengths(const std::vector<dpc_answer>& answers) {
    std::vector<std::int64_t> all;
    ps began{};
    for (const dpc_answer& a : answers) {
        if (a.what == dpc_answer::kind::contained) began = a.at;
        if (a.what == dpc_answer::kind::released) all.push_back((a.at - began).count);
    }
    return all;
}

}  // namespace

dpc_measurement measure(const dpc_pattern& p, unsigned n) {
    dpc_measurement m;
    m.of = &p;
    m.containments = n;
    std::vector<dpc_stimulus> stimulus;
    const auto closed_rtl = lengths(dpc_machine(p, fidelity::rtl, n).run(&stimulus));
    const auto closed_twin = lengths(dpc_machine(p, fidelity::tlm, n).run());
    const dpc_replayed twin = replay_dpc(fidelity::tlm, p, stimulus);
    const dpc_replayed rtl = replay_dpc(fidelity::rtl, p, stimulus);
    compare(twin.answers, rtl.answers, m);
    m.calls = stimulus.size();
    m.twin_seconds = twin.seconds;
    m.rtl_seconds = rtl.seconds;
    m.twin_p50 = percentile(closed_twin, 50);
    m.twin_p99 = percentile(closed_twin, 99);
    m.rtl_p50 = percentile(closed_rtl, 50);
    m.rtl_p99 = percentile(closed_rtl, 99);
    return m;
}

std::vector<std::string> missed_targets(const std::vector<dpc_measurement>& all) {
    std::vector<std::string> missed;
    for (const dpc_measurement& m : all) {
        if (m.of->calibrates) continue;
        const std::string name = m.of->name;
        if (!m.same_order) missed.push_back(name + ": other answers, or in another order");
        for (std::size_t s = 0; s < dpc_stages; ++s) {
            const errors e = m.by_stage[s].result();
            const double cycles = e.mean_absolute / static_cast<double>(dpc_clock.count);
            if (cycles > most_cycles)
                missed.push_back(fmt::format("{}, {}: mean absolute error {:.1f} cycles, target {}",
                                             name, dpc_stage_names[s], cycles, most_cycles));
        }
        if (!within_closed_loop(m.twin_p50, m.rtl_p50) ||
            !within_closed_loop(m.twin_p99, m.rtl_p99))
            missed.push_back(
                fmt::format("{}: closed loop p50 {} against {} ps, p99 {} against {} ps", name,
                            m.twin_p50, m.rtl_p50, m.twin_p99, m.rtl_p99));
    }
    return missed;
}

json packed(const dpc_measurement& m) {
    json by_stage = json::array();
    for (const error_samples& s : m.by_stage) by_stage.push_back(packed(s));
    return {{"containments", m.containments},
            {"by_stage", std::move(by_stage)},
            {"same_order", m.same_order},
            {"calls", m.calls},
            {"seconds", {m.twin_seconds, m.rtl_seconds}},
            {"percentiles", {m.twin_p50, m.twin_p99, m.rtl_p50, m.rtl_p99}}};
}

dpc_measurement unpacked(const json& j, const dpc_pattern& of) {
    dpc_measurement m;
    m.of = &of;
    m.containments = j.at("containments");
    for (std::size_t s = 0; s < dpc_stages; ++s) m.by_stage[s] = unpacked(j.at("by_stage").at(s));
    m.same_order = j.at("same_order");
    m.calls = j.at("calls");
    m.twin_seconds = j.at("seconds").at(0);
    m.rtl_seconds = j.at("seconds").at(1);
    const json& p = j.at("percentiles");
    m.twin_p50 = p.at(0);
    m.twin_p99 = p.at(1);
    m.rtl_p50 = p.at(2);
    m.rtl_p99 = p.at(3);
    return m;
}

}  // namespace drydock::accuracy
