// SPDX-License-Identifier: Apache-2.0
#include "platform/simulate.h"

#include <cstdio>
#include <stdexcept>
#include <systemc>

#include "platform/latency/stages.h"
#include "platform/machine/calibrated.h"
#include "platform/machine/configuration.h"
#include "platform/machine/crash_guard.h"
#include "platform/machine/instances.h"
#include "platform/machine/machine.h"
#include "platform/machine/results.h"
#include "platform/machine/tlp_capture.h"
#include "platform/profile/recorder.h"
#include "platform/scenario/quantity.h"
#include "tlm/endpoint/atc.h"
#include "waves/log.h"
#include "waves/sink.h"
#include "waves/trace.h"

namespace drydock {
namespace {

using nlohmann::json;

/// Tests may have set it before; SystemC refuses a second time.
/// SC_FATAL throws instead of ending the process with its files half written.
void prepare_kernel() {
    sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
    if (sc_core::sc_get_time_resolution().to_seconds() != 1e-12)
        sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
}

/// What the scenario says of parameters, before any component declares them.
void preset(base::context& ctx, const scenario::run& r) {
    for (const auto& p : r.parameters) ctx.parameters.set(p.name, p.value, p.from);
}

/// A parameter that nobody declared was misspelt.
void check_claimed(const base::context& ctx, const scenario::run& r) {
    const auto left = ctx.parameters.unclaimed();
    for (const auto& p : r.parameters)
        if (left.contains(p.name))
            throw scenario::bad_input(p.where, "no component has a parameter '" + p.name +
                                                   "'; `drydock params` lists them");
}

/// Builds a part of the machine; a value that a component refuses is said where it was written.
template <class Part, class... Args>
std::unique_ptr<Part> built(const scenario::run& r, Args&&... args) {
    try {
        return std::make_unique<Part>(std::forward<Args>(args)...);
    } catch (const std::invalid_argument& e) {
        const std::string what = e.what();
        for (const auto& p : r.parameters)
            if (what.starts_with(p.name + ":")) throw scenario::bad_input(p.where, what);
        throw scenario::bad_input({}, "run '" + r.name + "': " + what);
    }
}

/// [{"name","value","default","unit","range","origin","description"}], sorted by name.
json parameters_json(const base::context& ctx) {
    json all = json::array();
    const auto text = [](const base::parameter_value& v) -> json {
        if (const auto* t = std::get_if<base::ps>(&v)) return scenario::to_text(*t);
        if (const auto* n = std::get_if<std::int64_t>(&v)) return *n;
        if (const auto* b = std::get_if<bool>(&v)) return *b;
        return std::get<std::string>(v);
    };
    constexpr std::string_view origins[] = {"default", "device", "scenario", "command line"};
    for (const auto& [name, q] : ctx.parameters.declared())
        all.push_back(
            {{"name", name},
             {"value", text(q.value)},
             {"default", text(q.default_value)},
             {"unit", q.unit},
             {"range", q.range},
             {"origin", q.from == base::origin::default_value ? machine::origin_of_default(name)
                                                              : origins[static_cast<int>(q.from)]},
             {"description", q.description}});
    return all;
}

/// The files that a run writes; all complete on every way out.
class files {
public:
    files(base::context& ctx, const scenario::run& r, const run_files& f,
          const waves::device_names& names, machine::hardware& hw) {
        waves::file_header header;
        json identity = f.header;
        identity["run"] = r.name;
        header.identity = identity.dump();
        header.version = identity.value("version", "");  // none: who asks for no file
        header.names = names;
        if (f.log != 0)
            sinks_.push_back(waves::open_log(
                ctx, stderr, header,
                {.transactions = f.log > 1, .colours = f.log_in_colour, .run = r.name}));
        if (f.folder.empty()) return;
        if (f.events != scenario::events_level::off)
            sinks_.push_back(
                waves::open_events(ctx, f.folder / "events.jsonl", level(f.events), header));
        if (f.waves)
            sinks_.push_back(waves::open_fst(ctx, f.folder / "waves.fst", window_of(*f.waves),
                                             header, {.instances = f.waves_of}));
        if (f.trace) {
            const bool part =
                f.trace->at_violation || f.trace->from.count > 0 || f.trace->to != base::never;
            sinks_.push_back(waves::open_trace(ctx, f.folder / "trace.json.gz", window_of(*f.trace),
                                               header,
                                               {.wire = part || f.trace_all,
                                                .stage_name = latency::stage_name,
                                                .gauges = gauges_of(hw)}));
        }
        if (f.pcap)
            sinks_.push_back(std::make_unique<machine::tlp_capture>(
                hw, waves::open_pcap(ctx, f.folder / "tlps.pcap", window_of(*f.pcap))));
        for (auto& s : sinks_)
            if (base::signal_recorder* to = s->signals()) {
                hw.blocks().record_to(to);
                hw.blocks_at_root().record_to(to);
            }
    }
    void close() {
        for (auto& s : sinks_) s->close();
    }
    /// After a crash: as many as will.
    void close_what_closes() {
        for (auto& s : sinks_) {
            try {
                s->close();
            } catch (const std::exception&) {  // the crash is what is told
            }
        }
    }

private:
    static waves::window window_of(const scenario::waves_window& w) {
        return {w.from, w.to, w.at_violation};
    }
    /// What the probe does not tell.
    static std::vector<waves::gauge> gauges_of(machine::hardware& hw) {
        std::vector<waves::gauge> all;
        for (const machine::seat& s : hw.seats())
            if (const auto* atc = dynamic_cast<const endpoint::atc*>(s.device->translations()))
                all.push_back({s.name + ".atc", "entries",
                               [atc] { return std::uint64_t{atc->store().valid()}; }});
        return all;
    }
    static base::event_level level(scenario::events_level l) {
        switch (l) {
            case scenario::events_level::tlp:
                return base::event_level::tlp;
            case scenario::events_level::detail:
                return base::event_level::detail;
            default:
                return base::event_level::life;
        }
    }
    std::vector<std::unique_ptr<waves::sink>> sinks_;
};

/// What the report is made of; null if the run writes no file.
std::unique_ptr<profile::recorder> recorder_of(const scenario::run& r, const run_files& f,
                                               base::context& ctx, machine::watchers& w) {
    if (f.folder.empty() || !f.profile) return nullptr;
    json identity = f.header;
    identity["run"] = r.name;
    return std::make_unique<profile::recorder>(ctx, w.latency, w.monitors.names(), r.machine.cpus,
                                               f.folder, std::move(identity));
}

/// Tells the progress bar where the run is; asked whether it shall stop.
struct reporter final : base::timeline::ticker {
    reporter(machine::machine& m, base::context& c, progress& p) : machine(m), ctx(c), told(p) {
        ctx.timeline.set_ticker(this);
    }
    ~reporter() { ctx.timeline.set_ticker(nullptr); }
    void tick(std::uint64_t records) override {
        told.advance(ctx.now(), machine.director().end(), records);
        if (told.stop()) ctx.timeline.stop();
    }
    machine::machine& machine;
    base::context& ctx;
    progress& told;
};

/// Stops the run at the first violation that decides its outcome.
struct stopper final : base::observer {
    stopper(base::context& c, bool on) : ctx(c) {
        if (on) ctx.probe.subscribe(*this, base::kind::violation);
    }
    ~stopper() { ctx.probe.unsubscribe(*this); }
    void on_event(const base::event& e) override {
        if (e.d == 0) ctx.timeline.stop();
    }
    base::context& ctx;
};

void check_consistent(const machine::watchers& w) {
    if (w.latency.inconsistent() != 0)
        throw std::logic_error("stages do not sum to their span: " +
                               w.latency.first_inconsistency());
}

}  // namespace

namespace {

json simulate_for(const scenario::run& r, const run_files& f, progress& p,
                  const std::function<void(base::context&)>& companions, latency::listener* told) {
    prepare_kernel();
    base::context ctx(r.seed);
    preset(ctx, r);
    companions(ctx);
    const auto watching = built<machine::watchers>(r, ctx, r.machine.cpus, r);
    const auto building = built<machine::machine>(r, ctx, r);
    machine::watchers& w = *watching;
    machine::machine& m = *building;
    check_claimed(ctx, r);
    machine::check_instances(f.waves_of, ctx.probe, r);
    w.monitors.connect(static_cast<monitors::hardware_view&>(m));
    w.monitors.connect(static_cast<monitors::retry&>(m));
    files out(ctx, r, f, w.monitors.names(), m.hw());
    const auto record = recorder_of(r, f, ctx, w);
    if (told != nullptr) w.latency.tell(told);
    const machine::crash_guard at_crash([&out] { out.close_what_closes(); });
    try {
        const reporter bar(m, ctx, p);
        const stopper at_violation(ctx, f.until_violation);
        m.run();
    } catch (const scenario::bad_input&) {
        throw;
    } catch (const std::exception& e) {
        out.close();
        throw run_fault(e.what());
    }
    const base::ps until = ctx.now();
    const std::uint64_t records = ctx.timeline.records_run();
    w.latency.finish(until);
    w.cpus.finish(until);
    check_consistent(w);
    json result = machine::results_of(m, w, until, records);
    if (const json pairs = m.hw().blocks_at_root().findings(); !pairs.empty())
        result["lockstep"].update(pairs);
    m.hw().blocks_at_root().check();
    result["never_happened"] = m.director().never_happened();
    if (const auto since = m.director().oracle_since(); r.hazard && since)
        result["oracle_since_ps"] = since->count;
    w.monitors.finish(until);  // may let the machine run on for a retry
    out.close();
    if (record) record->close(m.booted(), until, parameters_json(ctx));
    machine::add_verdict(result, w);
    return result;
}

}  // namespace

json simulate(const scenario::run& r, const run_files& f, progress& p) {
    return simulate_with(r, f, p, [](base::context&) {});
}

json simulate_with(const scenario::run& r, const run_files& f, progress& p,
                   const std::function<void(base::context&)>& companions) {
    return simulate_for(r, f, p, companions, nullptr);
}

json simulate_told(const scenario::run& r, progress& p, latency::listener& l) {
    return simulate_for(
        r, {}, p, [](base::context&) {}, &l);
}

json configuration_of(const scenario::run& r) {
    prepare_kernel();
    scenario::run booting = r;  // ends when it would begin
    for (scenario::client& c : booting.clients) c.starts_by_timeline = true;
    booting.timeline.clear();
    booting.end = {};
    base::context ctx(booting.seed);
    preset(ctx, booting);
    const auto watching = built<machine::watchers>(booting, ctx, booting.machine.cpus, booting);
    const auto building = built<machine::machine>(booting, ctx, booting);
    check_claimed(ctx, booting);
    building->run();
    return machine::configuration_text(building->hw());
}

json parameters_of(const scenario::run& r) {
    prepare_kernel();
    base::context ctx(r.seed);
    preset(ctx, r);
    const auto watching = built<machine::watchers>(r, ctx, r.machine.cpus, r);
    const auto building = built<machine::machine>(r, ctx, r);
    check_claimed(ctx, r);
    return parameters_json(ctx);
}

}  // namespace drydock
