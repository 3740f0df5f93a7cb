// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/results.h"

#include "platform/hal/time.h"
#include "platform/scenario/tree.h"
#include "tlm/smmu/invalidation_tracker_if.h"
#include "tlm/smmu/pri_queue.h"
#include "tlm/smmu/translator.h"

namespace drydock::machine {
namespace {

using hal_systemc::to_base;
using nlohmann::json;

json operation(const sw::operation_counts& o, base::ps until) {
    json j{{"due", o.due},
           {"done", o.done},
           {"missed", o.missed},
           {"longest_ps", to_base(o.longest).count}};
    if (o.begun) j["in_progress_ps"] = (until - to_base(*o.begun)).count;
    return j;
}

json client(const sw::client& c, const std::string& device, base::ps until) {
    const sw::client_results& r = c.results();
    json j{{"kind", c.config().kind == sw::client_kind::sva ? "sva" : "dma_client"},
           {"device", device}};
    if (c.config().unmap) {
        j["unmap"] = operation(r.unmap, until);
        j["unmap"]["none"] = r.unmaps_of_class[0];
        j["unmap"]["tlbi_only"] = r.unmaps_of_class[1];
        j["unmap"]["atc"] = r.unmaps_of_class[2];
    }
    if (c.config().dma) {
        j["dma"] = operation(r.dma, until);
        j["dma"]["no_access"] = r.dma_no_access;
        j["dma"]["errors"] = r.dma_errors;
        j["dma"]["bytes"] = r.dma_bytes;
    }
    if (c.config().page_faults)
        j["page_faults"] = {{"brought_in", r.pages_brought_in},
                            {"spurious", r.page_faults_spurious},
                            {"invalid", r.page_faults_invalid}};
    return j;
}

json clients(machine& m, base::ps until) {
    json all = json::object();
    for (const auto& c : m.sw().clients()) {
        std::string device;  // one that was pulled has its name still
        for (const seat& s : m.hw().seats())
            if (s.id.value == c->config().device) device = s.name;
        all[c->config().name] = client(*c, device, until);
    }
    for (const auto& v : m.sw().vms()) {
        const sw::vfio_results& r = v->results();
        all[v->guest().config().name]["vm"] = {
            {"due", r.due},
            {"missed", r.missed},
            {"starts", r.starts},
            {"busy", r.busy},
            {"pasids", r.pasids},
            {"failed", r.failed},
            {"resets", r.resets},
            {"resets_failed", r.resets_failed},
            {"longest_start_ps", to_base(r.longest_start).count}};
    }
    for (const auto& h : m.sw().watched()) {
        const sw::health_results& r = h->results();
        all[h->of().config().name]["ras"] = {{"looks", r.looks},
                                             {"bad", r.bad},
                                             {"resets", r.resets},
                                             {"resets_failed", r.resets_failed}};
    }
    return all;
}

json tasks(machine& m) {
    json all = json::object();
    for (const auto& [name, t] : m.sw().tasks()) {
        json j{{"started_ps", to_base(t.started).count}};
        if (t.result) {
            j["result"] = *t.result;
            j["returned_ps"] = to_base(t.returned).count;
        }
        all[name] = std::move(j);
    }
    return all;
}

void count_services(machine& m, json& c) {
    sw::aer_service::counters aer;
    sw::dpc_service::counters dpc;
    sw::hotplug_service::counters slot;
    for (const auto& p : m.sw().port_driver().ports()) {
        if (p->aer) {
            aer.correctable += p->aer->count().correctable;
            aer.nonfatal += p->aer->count().nonfatal;
            aer.fatal += p->aer->count().fatal;
            aer.recovered += p->aer->count().recovered;
            aer.failed += p->aer->count().failed;
        }
        if (p->dpc) {
            dpc.interrupts += p->dpc->count().interrupts;
            dpc.recovered += p->dpc->count().recovered;
            dpc.failed += p->dpc->count().failed;
        }
        if (p->hotplug) {
            slot.surprise_removals += p->hotplug->count().surprise_removals;
            slot.orderly_removals += p->hotplug->count().orderly_removals;
            slot.additions += p->hotplug->count().additions;
            slot.ignored_for_dpc += p->hotplug->count().ignored_for_dpc;
        }
    }
    c["sw.aer_correctable"] = aer.correctable;
    c["sw.aer_nonfatal"] = aer.nonfatal;
    c["sw.aer_fatal"] = aer.fatal;
    c["sw.aer_recovered"] = aer.recovered;
    c["sw.aer_failed"] = aer.failed;
    c["sw.dpc_interrupts"] = dpc.interrupts;
    c["sw.dpc_recovered"] = dpc.recovered;
    c["sw.dpc_failed"] = dpc.failed;
    c["sw.surprise_removals"] = slot.surprise_removals;
    c["sw.orderly_removals"] = slot.orderly_removals;
    c["sw.additions"] = slot.additions;
    c["sw.link_changes_ignored"] = slot.ignored_for_dpc;
}

void count_hierarchy(machine& m, json& c) {
    const root_complex::root_complex::counters& rc = m.hw().rc().count();
    c["rc.ended_ur"] = rc.ended_ur;
    c["rc.ended_ca"] = rc.ended_ca;
    c["rc.peer_requests"] = rc.peer_requests;
    std::uint64_t atomics = 0;
    for (unsigned p = 0; p < m.hw().rc().ports(); ++p)
        atomics += m.hw().rc().root(p).count().atomics;
    c["rc.atomic_ops"] = atomics;
    root_complex::pcie_switch::counters all;
    for (const junction& j : m.hw().junctions()) {
        all.peer_direct += j.at->count().peer_direct;
        all.peer_redirected += j.at->count().peer_redirected;
        all.acs_violations += j.at->count().acs_violations;
    }
    c["switch.peer_direct"] = all.peer_direct;
    c["switch.peer_redirected"] = all.peer_redirected;
    c["switch.acs_violations"] = all.acs_violations;
}

/// Of one SMMU and of its driver, without prefix.
struct smmu_counts {
    std::vector<std::pair<std::string_view, std::uint64_t>> hardware, driver;
};

smmu_counts count_smmu(machine& m, unsigned n) {
    const smmu::smmu& hw = *m.hw().smmus()[n].device;
    sw::arm_smmu_device& drv = m.sw().smmus().smmu(n);
    const auto& t = hw.translation().counters();
    const smmu::pri_queue::counters& pages = hw.page_requests().count();
    return {{{"lookups", t.lookups},
             {"tlb_hits", t.tlb_hits},
             {"micro_tlb_hits", t.micro_hits},
             {"config_hits", t.config_hits},
             {"config_reads", t.config_reads},
             {"ipa_cache_hits", t.ipa_hits},
             {"walk_cache_hits", t.walk_cache_hits},
             {"walk_cache_misses", t.walk_cache_misses},
             {"joined_walks", t.joined_walks},
             {"walks", t.walks},
             {"fetches", t.fetches},
             {"page_requests", pages.requests},
             {"page_requests_dropped", pages.dropped},
             {"priq_overflows", pages.overflows},
             {"prg_auto_success", pages.auto_success},
             {"prg_auto_failure", pages.auto_failure},
             {"prg_responses", pages.responses}},
            {{"page_requests", drv.page_requests_read()},
             {"priq_overflows", drv.priq_overflows()},
             {"syncs_timed_out", drv.cmdq().syncs_timed_out()},
             {"cerror_atc_inv_sync", drv.cmdq().cerror_atc_inv()},
             {"gerror_interrupts", drv.gerror_interrupts()},
             {"smmu_events", drv.events_read()}}};
}

/// smmu.*, sw.*: of all SMMUs together; with several, each by its name as well.
void count_smmus(machine& m, json& c) {
    const auto& seats = m.hw().smmus();
    const auto add = [&c](const std::string& name, std::uint64_t v) {
        c[name] = c.value(name, std::uint64_t{0}) + v;
    };
    for (unsigned n = 0; n < seats.size(); ++n) {
        const smmu_counts counts = count_smmu(m, n);
        for (const auto& [name, v] : counts.hardware) add("smmu." + std::string(name), v);
        for (const auto& [name, v] : counts.driver) add("sw." + std::string(name), v);
        if (seats.size() == 1) continue;
        for (const auto& [name, v] : counts.hardware)
            c[seats[n].name + "." + std::string(name)] = v;
        for (const auto& [name, v] : counts.driver)
            c["sw." + seats[n].name + "." + std::string(name)] = v;
    }
}

void count_quarantine(machine& m, json& c) {
    const sw::quarantine_ops* q = m.sw().quarantine();
    const auto n = q ? q->count() : sw::quarantine_ops::counters{};
    c["sw.quarantine_fenced"] = n.fenced;
    c["sw.quarantine_reported"] = n.reported;
    c["sw.quarantine_dropped"] = n.dropped;
    c["sw.quarantine_blocked"] = n.blocked;
    c["sw.quarantine_reset"] = n.reset;
}

json counters(machine& m) {
    json c = json::object();
    count_smmus(m, c);
    count_quarantine(m, c);
    c["sw.polls"] = m.kernel().polls_counted();
    c["sw.switches"] = m.hw().hal().switches();
    count_services(m, c);
    count_hierarchy(m, c);
    for (const seat& s : m.hw().seats()) {
        if (!s.first) continue;
        const std::string link = s.name + ".link.";
        c[link + "tlps_down"] = s.link->downward().tlps;
        c[link + "tlps_up"] = s.link->upward().tlps;
    }
    return c;
}

}  // namespace

watchers::watchers(base::context& ctx, unsigned cpu_count, const scenario::run& run)
    : monitors(ctx, drydock::monitors::monitor_parameters::declared_in(ctx.parameters)),
      latency(ctx, monitors.names()),
      smmus(ctx),
      cpus(ctx, cpu_count) {
    for (const scenario::leaf& l : scenario::leaves(run.machine))
        monitors.names().add(l.id, l.device->name);
}

json results_of(machine& m, watchers& w, base::ps until, std::uint64_t records) {
    json r;
    r["sim_time_ps"] = until.count;
    r["booted_ps"] = m.booted().count;
    r["events"] = records;
    r["replay"] = json::array();
    r["clients"] = clients(m, until);
    r["cpus"] = w.cpus.to_json();
    r["devices"] = w.latency.devices();
    r["tasks"] = tasks(m);
    r["latency"] = w.latency.latency();
    r["latency"]["walk"] = w.smmus.walks();
    r["smmu_stalls"] = w.smmus.stalls();
    r["blame"] = w.latency.blame_table();
    r["counters"] = counters(m);
    if (auto lockstep = m.hw().blocks().lockstep(); !lockstep.empty())
        r["lockstep"] = std::move(lockstep);
    return r;
}

void add_verdict(json& result, const watchers& w) {
    result["outcome"] = w.monitors.broken() ? "violations" : "clean";
    result["violations"] = w.monitors.violations();
    result["gaps"] = w.monitors.gaps();
}

}  // namespace drydock::machine
