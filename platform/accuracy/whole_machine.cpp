// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/whole_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <tuple>

#include "platform/accuracy/errors.h"
#include "platform/scenario/tree.h"
#include "waves/device_names.h"

namespace drydock::accuracy {
namespace {

using base::ps;
using nlohmann::json;

constexpr double ns = 1'000;

/// The same transaction of both runs.
struct pair {
    const life* rtl = nullptr;
    const life* twin = nullptr;
    std::uint64_t number = 0;  ///< among those of its kind, device and client, by birth

    bool completed() const {
        return rtl->ended == latency::ending::completed &&
               twin->ended == latency::ending::completed;
    }
};

using kind_of_life = std::tuple<base::span_class, std::uint16_t, std::size_t>;

/// Clients are numbered by their places among all clients: a place's own number is the probe's.
std::map<kind_of_life, std::vector<const life*>> by_birth(const std::vector<life>& lives) {
    std::vector<base::place_id> clients;
    clients.reserve(lives.size());
    for (const life& l : lives) clients.push_back(l.client);
    std::sort(clients.begin(), clients.end());
    clients.erase(std::unique(clients.begin(), clients.end()), clients.end());
    std::map<kind_of_life, std::vector<const life*>> kinds;
    for (const life& l : lives) {
        const auto c = std::lower_bound(clients.begin(), clients.end(), l.client);
        kinds[{l.of, l.device, static_cast<std::size_t>(c - clients.begin())}].push_back(&l);
    }
    for (auto& [kind, all] : kinds)
        std::stable_sort(all.begin(), all.end(),
                         [](const life* a, const life* b) { return a->begin < b->begin; });
    return kinds;
}

std::vector<pair> matched(const std::vector<life>& rtl, const std::vector<life>& twin) {
    const auto of_rtl = by_birth(rtl);
    auto of_twin = by_birth(twin);
    std::vector<pair> pairs;
    for (const auto& [kind, all] : of_rtl) {
        const auto& others = of_twin[kind];
        for (std::size_t n = 0; n < std::min(all.size(), others.size()); ++n)
            pairs.push_back({all[n], others[n], n + 1});
    }
    return pairs;
}

class namer {
public:
    explicit namer(const scenario::run& r) {
        for (const scenario::leaf& l : scenario::leaves(r.machine))
            names_.add(l.id, l.device->name);
    }
    std::string device(std::uint16_t id) const {
        return id == 0 ? "all" : names_.name(base::routing_id{id});
    }
    std::string whole(const pair& p) const {
        return fmt::format("{} {} of {}",
                           p.rtl->of == base::span_class::unmap ? "unmap" : "invalidation",
                           p.number, device(p.rtl->device));
    }

private:
    waves::device_names names_;
};

/// Where two ways through the same stages part: at the end of which, and when it was first reached.
struct fork {
    ps at = base::never;
    std::string text;
};

fork fork_of(const pair& p) {
    ps rtl = p.rtl->begin, twin = p.twin->begin;
    if (rtl != twin) return {std::min(rtl, twin), "begin"};
    for (const life::mark& m : p.rtl->stages) {
        const ps other = p.twin->end_of(m.stage);
        const std::string_view stage = stage_word(p.rtl->of, m.stage);
        if (other == base::never) return {m.until, std::string(stage)};
        if (m.until != other)
            return {std::min(m.until, other),
                    fmt::format("{} ({:.3f} ns in rtl, {:.3f} in tlm)", stage,
                                static_cast<double>((m.until - rtl).count) / ns,
                                static_cast<double>((other - twin).count) / ns)};
        rtl = m.until;
        twin = other;
    }
    return {std::min(p.rtl->end, p.twin->end), "end"};
}

void add(device_times& d, const pair& p, ps& first, const namer& names) {
    if (!p.completed()) return;
    ++d.compared;
    const ps off = p.twin->took() - p.rtl->took();
    if (off == ps{0}) return;
    ++d.differ;
    d.most = std::max(d.most, std::abs(off.count));
    const fork f = fork_of(p);
    if (f.at >= first) return;
    first = f.at;
    d.first_difference = fmt::format("{} at {:.3f} us, in {}", names.whole(p),
                                     static_cast<double>(f.at.count) / 1e6, f.text);
}

template <class Side>
void percentiles(Side& s, const std::vector<life>& lives, base::span_class of,
                 std::uint16_t device) {
    std::vector<std::int64_t> took;
    for (const life& l : lives) {
        if (l.of != of || l.device != device) continue;
        if (l.ended == latency::ending::completed) took.push_back(l.took().count);
        if (l.ended == latency::ending::timed_out) ++s.lost;
    }
    s.completed = took.size();
    s.p50 = percentile(took, 50);
    s.p99 = percentile(std::move(took), 99);
}

std::vector<device_times> by_device(const std::vector<life>& rtl, const std::vector<life>& twin,
                                    const std::vector<pair>& pairs, const namer& names) {
    std::map<std::pair<base::span_class, std::uint16_t>, device_times> devices;
    for (const auto* lives : {&rtl, &twin})
        for (const life& l : *lives) devices[{l.of, l.device}];
    for (auto& [key, d] : devices) {
        std::tie(d.of, d.device) = std::pair(key.first, names.device(key.second));
        percentiles(d.rtl, rtl, key.first, key.second);
        percentiles(d.twin, twin, key.first, key.second);
        ps first = base::never;
        for (const pair& p : pairs)
            if (p.rtl->of == key.first && p.rtl->device == key.second) add(d, p, first, names);
    }
    std::vector<device_times> all;
    all.reserve(devices.size());
    for (auto& [key, d] : devices) all.push_back(std::move(d));
    return all;
}

/// Where two that finish in another order take their ways: the first stage that they leave in
/// another order, or their beginning.
std::string parting(const pair& a, const pair& b) {
    if ((a.rtl->begin <=> b.rtl->begin) != (a.twin->begin <=> b.twin->begin)) return "begin";
    for (const life::mark& m : a.rtl->stages) {
        const ps b_rtl = b.rtl->end_of(m.stage), a_twin = a.twin->end_of(m.stage),
                 b_twin = b.twin->end_of(m.stage);
        if (b_rtl == base::never || a_twin == base::never || b_twin == base::never) continue;
        if ((m.until <=> b_rtl) != (a_twin <=> b_twin))
            return std::string(stage_word(a.rtl->of, m.stage));
    }
    return "end";
}

inversions count_inversions(std::vector<pair> pairs, const namer& names) {
    std::erase_if(pairs, [](const pair& p) {
        return p.rtl->of != base::span_class::atc_inv || !p.completed();
    });
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const pair& a, const pair& b) { return a.rtl->end < b.rtl->end; });
    inversions found;
    for (std::size_t i = 1; i < pairs.size(); ++i) {
        const pair &a = pairs[i - 1], &b = pairs[i];
        if (a.rtl->end == b.rtl->end || a.twin->end <= b.twin->end) continue;
        const std::string cause = parting(a, b);
        ++found.causes[cause];
        if (found.count++ == 0)
            found.first = fmt::format(
                "{} and {}: {:.3f} ns apart in rtl, {:.3f} ns in tlm; they "
                "part in {}",
                names.whole(a), names.whole(b),
                static_cast<double>((b.rtl->end - a.rtl->end).count) / ns,
                static_cast<double>((a.twin->end - b.twin->end).count) / ns, cause);
    }
    return found;
}

}  // namespace

std::span<const machine_of> built_in_machines() {
    // Shorter than the files say: the same machines, a part of their time.
    static const std::array machines{
        machine_of{"platform/scenarios/flr_under_unmap.yaml",
                   {"timeline.0.when=5ms", "end.plus=5ms"}},
        machine_of{"platform/scenarios/switch_fanout.yaml", {"software.reset.variant=none"}},
        machine_of{"platform/scenarios/itag_starvation.yaml", {"machine.smmu.itags=4"}},
        machine_of{"platform/scenarios/dpc_under_unmap.yaml", {"end.when=100ms"}},
    };
    return machines;
}

scenario::run with_fidelity(scenario::run r, fidelity f) {
    using kind = scenario::block_fidelity::kind;
    for (scenario::block_fidelity* b :
         {&r.fidelity.atc, &r.fidelity.invalidation_tracker, &r.fidelity.dpc})
        b->is = f == fidelity::rtl ? kind::rtl : kind::tlm;
    return r;
}

json run_machine(const scenario::run& r, progress& p, const simulate_told_function& simulate) {
    life_keeper keeper;
    const auto begin = std::chrono::steady_clock::now();
    const json entry = simulate(r, p, keeper);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return {{"lives", keeper.to_json()},
            {"seconds", took.count()},
            {"outcome", entry.at("outcome")},
            {"sim_time_ps", entry.at("sim_time_ps")}};
}

machine_times compare_runs(const scenario::run& r, const std::string& file, const json& rtl,
                           const json& twin) {
    const std::vector<life> of_rtl = lives_of(rtl.at("lives")),
                            of_twin = lives_of(twin.at("lives"));
    const std::vector<pair> pairs = matched(of_rtl, of_twin);
    const namer names(r);
    machine_times m;
    m.file = file;
    m.run = r.name;
    m.command = r.command;
    m.rtl_outcome = rtl.at("outcome");
    m.twin_outcome = twin.at("outcome");
    m.devices = by_device(of_rtl, of_twin, pairs, names);
    m.order = count_inversions(pairs, names);
    m.sim_time = ps{twin.at("sim_time_ps").get<std::int64_t>()};
    m.rtl_seconds = rtl.at("seconds");
    m.twin_seconds = twin.at("seconds");
    return m;
}

}  // namespace drydock::accuracy
