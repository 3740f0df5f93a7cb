// SPDX-License-Identifier: Apache-2.0
#include "platform/expect/metrics.h"

#include <algorithm>
#include <array>

#include "platform/latency/stages.h"
#include "platform/scenario/build.h"
#include "platform/scenario/tree.h"

namespace drydock::expect {
namespace {

using json = nlohmann::json;

/// A number below a client's section. `a` and, if named, `b` are added.
struct client_metric {
    std::string_view name;
    std::string_view a, b;  ///< paths below the client
    std::string_view whole_a, whole_b;
    expect::unit unit;
    bool largest;  ///< of a and b, and of several clients, the largest instead of the sum
};

constexpr std::array<client_metric, 28> client_metrics{{
    {"due", "/unmap/due", "/dma/due", "", "", unit::count, false},
    {"done", "/unmap/done", "/dma/done", "/unmap/due", "/dma/due", unit::count, false},
    {"missed", "/unmap/missed", "/dma/missed", "/unmap/due", "/dma/due", unit::count, false},
    {"unmap_due", "/unmap/due", "", "", "", unit::count, false},
    {"unmap_done", "/unmap/done", "", "/unmap/due", "", unit::count, false},
    {"unmap_missed", "/unmap/missed", "", "/unmap/due", "", unit::count, false},
    {"unmap_atc", "/unmap/atc", "", "/unmap/done", "", unit::count, false},
    {"unmap_tlbi_only", "/unmap/tlbi_only", "", "/unmap/done", "", unit::count, false},
    {"unmap_none", "/unmap/none", "", "/unmap/done", "", unit::count, false},
    {"longest_unmap", "/unmap/longest_ps", "/unmap/in_progress_ps", "", "", unit::time, true},
    {"dma_due", "/dma/due", "", "", "", unit::count, false},
    {"dma_done", "/dma/done", "", "/dma/due", "", unit::count, false},
    {"dma_missed", "/dma/missed", "", "/dma/due", "", unit::count, false},
    {"dma_no_access", "/dma/no_access", "", "", "", unit::count, false},
    {"dma_errors", "/dma/errors", "", "", "", unit::count, false},
    {"pages_brought_in", "/page_faults/brought_in", "", "", "", unit::count, false},
    {"page_faults_spurious", "/page_faults/spurious", "", "", "", unit::count, false},
    {"page_faults_invalid", "/page_faults/invalid", "", "", "", unit::count, false},
    {"longest_dma", "/dma/longest_ps", "", "", "", unit::time, true},
    {"vm_due", "/vm/due", "", "", "", unit::count, false},
    {"vm_missed", "/vm/missed", "", "/vm/due", "", unit::count, false},
    {"vm_starts", "/vm/starts", "", "/vm/due", "", unit::count, false},
    {"vm_failed", "/vm/failed", "", "/vm/due", "", unit::count, false},
    {"attach_busy", "/vm/busy", "", "", "", unit::count, false},
    {"pasids_attached", "/vm/pasids", "", "", "", unit::count, false},
    {"longest_start", "/vm/longest_start_ps", "", "", "", unit::time, true},
    {"own_resets", "/vm/resets", "/ras/resets", "", "", unit::count, false},
    {"own_resets_failed", "/vm/resets_failed", "/ras/resets_failed", "/vm/resets", "/ras/resets",
     unit::count, false},
}};

constexpr std::array<std::string_view, 3> device_metrics{"issued", "completed", "timeouts"};
constexpr std::array<std::string_view, 4> operations{"invalidation", "unmap", "translation",
                                                     "page_request"};
/// A table walk of an SMMU: percentiles and count alone.
constexpr std::string_view walk = "walk";
constexpr std::array<std::string_view, 6> percentiles{"p50", "p90", "p99", "p999", "p9999", "max"};
constexpr auto counters = std::to_array<std::string_view>({"smmu.page_requests",
                                                           "smmu.page_requests_dropped",
                                                           "smmu.priq_overflows",
                                                           "smmu.prg_auto_success",
                                                           "smmu.prg_auto_failure",
                                                           "smmu.prg_responses",
                                                           "sw.page_requests",
                                                           "sw.priq_overflows",
                                                           "smmu.lookups",
                                                           "smmu.tlb_hits",
                                                           "smmu.micro_tlb_hits",
                                                           "smmu.config_hits",
                                                           "smmu.config_reads",
                                                           "smmu.ipa_cache_hits",
                                                           "smmu.walk_cache_hits",
                                                           "smmu.walk_cache_misses",
                                                           "smmu.joined_walks",
                                                           "smmu.walks",
                                                           "smmu.fetches",
                                                           "sw.polls",
                                                           "sw.switches",
                                                           "sw.syncs_timed_out",
                                                           "sw.cerror_atc_inv_sync",
                                                           "sw.gerror_interrupts",
                                                           "sw.smmu_events",
                                                           "sw.quarantine_fenced",
                                                           "sw.quarantine_reported",
                                                           "sw.quarantine_dropped",
                                                           "sw.quarantine_blocked",
                                                           "sw.quarantine_reset",
                                                           "sw.aer_correctable",
                                                           "sw.aer_nonfatal",
                                                           "sw.aer_fatal",
                                                           "sw.aer_recovered",
                                                           "sw.aer_failed",
                                                           "sw.dpc_interrupts",
                                                           "sw.dpc_recovered",
                                                           "sw.dpc_failed",
                                                           "sw.surprise_removals",
                                                           "sw.orderly_removals",
                                                           "sw.additions",
                                                           "sw.link_changes_ignored",
                                                           "rc.ended_ur",
                                                           "rc.ended_ca",
                                                           "rc.peer_requests",
                                                           "rc.atomic_ops",
                                                           "switch.peer_direct",
                                                           "switch.peer_redirected",
                                                           "switch.acs_violations"});
/// Of the driver of one of several SMMUs.
constexpr std::array<std::string_view, 6> driver_counters{
    ".page_requests",       ".priq_overflows",    ".syncs_timed_out",
    ".cerror_atc_inv_sync", ".gerror_interrupts", ".smmu_events"};
constexpr std::array<std::string_view, 3> operation_counts{"count", "timeouts", "censored"};

template <class Names>
bool one_of(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::pair<std::string, std::string> split(const std::string& name) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) return {"", name};
    return {name.substr(0, dot), name.substr(dot + 1)};
}

std::optional<std::int64_t> number(const json& j, std::string_view path) {
    if (path.empty()) return std::nullopt;
    const json::json_pointer p{std::string(path)};
    if (!j.contains(p) || !j.at(p).is_number_integer()) return std::nullopt;
    return j.at(p).get<std::int64_t>();
}

const client_metric* client_metric_named(std::string_view name) {
    for (const client_metric& m : client_metrics)
        if (m.name == name) return &m;
    return nullptr;
}

/// Sum or largest over those clients that are `owner` or use the device `owner`.
std::optional<measured> measure_clients(const json& result, const std::string& owner,
                                        const client_metric& m) {
    if (!result.contains("clients")) return std::nullopt;
    measured total{0, m.unit, std::nullopt};
    bool found = false;
    for (const auto& [name, client] : result.at("clients").items()) {
        if (name != owner && client.value("device", "") != owner) continue;
        for (const auto path : {m.a, m.b})
            if (const auto v = number(client, path)) {
                total.value = m.largest ? std::max(total.value, *v) : total.value + *v;
                found = true;
            }
        for (const auto path : {m.whole_a, m.whole_b})
            if (const auto v = number(client, path)) total.whole = total.whole.value_or(0) + *v;
    }
    return found ? std::optional(total) : std::nullopt;
}

std::optional<measured> measure_devices(const json& result, const std::string& owner,
                                        std::string_view name) {
    if (!result.contains("devices")) return std::nullopt;
    std::int64_t total = 0, issued = 0;
    bool found = false;
    for (const auto& [device, d] : result.at("devices").items()) {
        if (!owner.empty() && device != owner) continue;
        found = true;
        total += number(d, "/invalidations/" + std::string(name)).value_or(0);
        issued += number(d, "/invalidations/issued").value_or(0);
    }
    return found ? std::optional(measured{total, unit::count, issued}) : std::nullopt;
}

std::optional<measured> measure_task(const json& task, const std::string& metric) {
    const auto plain = [&](const char* path, unit u) -> std::optional<measured> {
        const auto v = number(task, path);
        return v ? std::optional(measured{*v, u, std::nullopt}) : std::nullopt;
    };
    if (metric == "result") return plain("/result", unit::count);
    if (metric == "started") return plain("/started_ps", unit::time);
    if (metric == "returned") return plain("/returned_ps", unit::time);
    const auto from = number(task, "/started_ps"), to = number(task, "/returned_ps");
    if (metric == "duration" && from && to) return measured{*to - *from, unit::time, std::nullopt};
    return std::nullopt;
}

/// "invalidation" to its stages; null for what is no operation.
const latency::stage_plan* plan_of(std::string_view operation) {
    for (const latency::stage_plan& p : latency::stage_plans)
        if (operation == (p.of == base::span_class::atc_inv        ? "invalidation"
                          : p.of == base::span_class::unmap        ? "unmap"
                          : p.of == base::span_class::page_request ? "page_request"
                                                                   : "translation"))
            return &p;
    return nullptr;
}

bool is_stage(std::string_view operation, std::string_view metric) {
    const latency::stage_plan* plan = plan_of(operation);
    return plan != nullptr && one_of(plan->names, metric);
}

/// Time that all completed ones spent in a stage, of all their time. Nothing if none completed.
std::optional<measured> measure_stage(const json& result, const std::string& operation,
                                      const std::string& stage) {
    const auto whole = number(result, "/latency/" + operation + "/total_ps");
    if (!whole || *whole == 0) return std::nullopt;
    const auto v = number(result, "/latency/" + operation + "/stages/" + stage + "/total_ps");
    return measured{v.value_or(0), unit::time, whole};
}

std::optional<measured> measure_latency(const json& result, const std::string& operation,
                                        const std::string& metric) {
    if (is_stage(operation, metric)) return measure_stage(result, operation, metric);
    const bool time = one_of(percentiles, metric);
    const auto v = number(result, "/latency/" + operation + "/" + metric + (time ? "_ps" : ""));
    return v ? std::optional(measured{*v, time ? unit::time : unit::count, std::nullopt})
             : std::nullopt;
}

std::optional<unsigned> cpu_number(const std::string& owner) {
    if (!owner.starts_with("cpu") || owner.size() < 4 ||
        owner.find_first_not_of("0123456789", 3) != std::string::npos || owner.size() > 5)
        return std::nullopt;
    return static_cast<unsigned>(std::stoul(owner.substr(3)));
}

std::int64_t count_in(const json& result, const char* list, std::string_view monitor,
                      std::string_view device) {
    std::int64_t n = 0;
    if (!result.contains(list)) return 0;
    for (const json& v : result.at(list))
        if ((monitor.empty() || v.value("monitor", "") == monitor) &&
            (device.empty() || v.value("device", "") == device))
            n += v.value("count", std::int64_t{1});
    return n;
}

}  // namespace

const std::vector<std::string>& monitors() {
    static const std::vector<std::string> names{"stale_access",
                                                "blocked_dma",
                                                "invalidate_in_reset",
                                                "innocent_harmed",
                                                "sw_hw_domain_mismatch",
                                                "unblocked_in_reset",
                                                "stuck",
                                                "use_after_free",
                                                "refcount_balance",
                                                "lock_order",
                                                "deadlock",
                                                "sleep_in_atomic",
                                                "long_hold",
                                                "warn",
                                                "itag_protocol",
                                                "credit_conservation",
                                                "tlp_ordering",
                                                "rule_check"};
    return names;
}

std::int64_t violations(const json& result, std::string_view monitor, std::string_view device) {
    return count_in(result, "violations", monitor, device);
}

std::int64_t fired(const json& result, std::string_view monitor, std::string_view device) {
    return violations(result, monitor, device) + count_in(result, "gaps", monitor, device);
}

std::optional<measured> measure(const json& result, const std::string& name) {
    const auto [owner, metric] = split(name);
    if (owner.empty()) {
        if (metric == "violations")
            return measured{violations(result, ""), unit::count, std::nullopt};
        if (metric == "gaps")
            return measured{count_in(result, "gaps", "", ""), unit::count, std::nullopt};
        if (one_of(monitors(), metric))
            return measured{violations(result, metric), unit::count, std::nullopt};
        return measure_devices(result, "", metric);
    }
    if (const auto cpu = cpu_number(owner)) {
        const auto v = number(result, "/cpus/" + std::to_string(*cpu) + "/" + metric + "_ps");
        return v ? std::optional(measured{*v, unit::time, std::nullopt}) : std::nullopt;
    }
    if (result.contains("tasks") && result.at("tasks").contains(owner))
        return measure_task(result.at("tasks").at(owner), metric);
    if (owner == "counters") {
        const auto v = result.contains("counters") ? number(result.at("counters"), "/" + metric)
                                                   : std::nullopt;
        return v ? std::optional(measured{*v, unit::count, std::nullopt}) : std::nullopt;
    }
    if (one_of(operations, owner) || owner == walk) return measure_latency(result, owner, metric);
    if (one_of(device_metrics, metric)) return measure_devices(result, owner, metric);
    const client_metric* m = client_metric_named(metric);
    return m == nullptr ? std::nullopt : measure_clients(result, owner, *m);
}

std::optional<named> lookup(const scenario::run& r, const std::string& name) {
    const auto [owner, metric] = split(name);
    const auto all = names_of(r);
    if (!one_of(all, name)) return std::nullopt;
    if (owner == "counters") return named{};
    if (owner.empty()) return named{unit::count, metric == "timeouts" || metric == "completed"};
    if (cpu_number(owner)) return named{unit::time, false};
    if (is_stage(owner, metric)) return named{unit::time, true};
    if (one_of(operations, owner) || owner == walk)
        return named{one_of(percentiles, metric) ? unit::time : unit::count, false};
    if (const client_metric* m = client_metric_named(metric))
        return named{m->unit, !m->whole_a.empty()};
    if (one_of(device_metrics, metric)) return named{unit::count, metric != "issued"};
    return named{metric == "result" ? unit::count : unit::time, false};
}

std::vector<std::string> names_of(const scenario::run& r) {
    std::vector<std::string> names{"violations", "gaps", "issued", "completed", "timeouts"};
    names.insert(names.end(), monitors().begin(), monitors().end());
    for (const std::string& device : scenario::build::device_names(r)) {
        for (const auto m : device_metrics) names.push_back(device + "." + std::string(m));
        for (const auto& m : client_metrics) names.push_back(device + "." + std::string(m.name));
    }
    const auto clients = scenario::build::client_names(r);
    for (const std::string& client : clients)
        for (const auto& m : client_metrics) names.push_back(client + "." + std::string(m.name));
    for (const std::string& task : scenario::build::task_names(r))
        if (!one_of(clients, task))
            for (const char* m : {".result", ".started", ".returned", ".duration"})
                names.push_back(task + m);
    for (unsigned cpu = 0; cpu < r.machine.cpus; ++cpu)
        for (const char* m : {".irqs_off_total", ".irqs_off_longest"})
            names.push_back("cpu" + std::to_string(cpu) + m);
    for (const auto operation : operations) {
        for (const auto p : percentiles)
            names.push_back(std::string(operation) + "." + std::string(p));
        for (const auto p : operation_counts)
            names.push_back(std::string(operation) + "." + std::string(p));
        for (const auto stage : plan_of(operation)->names)
            names.push_back(std::string(operation) + "." + std::string(stage));
    }
    for (const auto p : percentiles) names.push_back(std::string(walk) + "." + std::string(p));
    names.push_back(std::string(walk) + ".count");
    for (const auto c : counters) names.push_back("counters." + std::string(c));
    if (r.machine.smmus.size() > 1)
        for (const scenario::smmu& s : r.machine.smmus) {
            for (const auto c : counters)
                if (const auto dot = c.find('.'); c.substr(0, dot) == "smmu")
                    names.push_back("counters." + s.name + std::string(c.substr(dot)));
            for (const auto c : driver_counters)
                names.push_back("counters.sw." + s.name + std::string(c));
        }
    for (const scenario::leaf& l : scenario::leaves(r.machine))
        for (const char* direction : {"down", "up"})
            if (l.device == l.whole)  // a link has one name: that of function 0 below it
                names.push_back("counters." + l.device->name + ".link.tlps_" + direction);
    return names;
}

}  // namespace drydock::expect
