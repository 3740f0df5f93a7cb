// SPDX-License-Identifier: Apache-2.0
#include "platform/cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <sstream>
#include <thread>

#include "platform/cli/commands.h"
#include "platform/runner/output_folder.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/quantity.h"

namespace drydock::cli {
namespace {

std::optional<std::uint64_t> whole(const std::string& s) {
    if (s.empty() || s.size() > 18 || s.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return std::stoull(s);
}

void take_seed(const std::string& text, scenario::overrides& o) {
    const auto seed = whole(text);
    if (!seed)
        throw scenario::bad_input(
            {"--seed " + text, 0, 0, true},
            "no seed; expected a whole number of at most 18 digits, such as 7");
    o.first_seed = o.last_seed = *seed;
}

/// "1..50" into the overrides. @throws scenario::bad_input
void take_seeds(const std::string& text, scenario::overrides& o) {
    const auto dots = text.find("..");
    const auto first = whole(text.substr(0, dots));
    const auto last = dots == std::string::npos ? first : whole(text.substr(dots + 2));
    const scenario::place where{"--seeds " + text, 0, 0, true};
    if (!first || !last)
        throw scenario::bad_input(where, "no range of seeds; expected FIRST..LAST, such as 1..50");
    if (*first > *last || *last - *first >= 100'000)
        throw scenario::bad_input(
            where,
            "no usable range; expected FIRST..LAST with at most 100000 seeds, such as 1..50");
    o.first_seed = *first;
    o.last_seed = *last;
    o.seed_range = true;
}

struct parsed {
    run_options run;
    hazards_options hazards;
    accuracy_options accuracy;
    explain_options explain;
    compare_options compare;
    view_options view;
    std::string seed = "1", seeds, until, folder, table;
    std::vector<std::string> vectors;
    bool deviations = false;
};

/// What every command that reads a scenario takes.
void add_changes(CLI::App& a, parsed& p, bool optional_scenario = false) {
    auto* s = a.add_option("scenario", p.run.scenario, "scenario file");
    if (!optional_scenario) s->required();
    a.add_option("-c,--config", p.run.changes.set, "PATH=VALUE, replaces a value of the scenario")
        ->allow_extra_args(false);
    a.add_option("-m,--matrix", p.run.changes.axes, "PATH=V1,V2, adds or replaces an axis")
        ->allow_extra_args(false);
    auto* seed =
        a.add_option("--seed", p.seed, "seed of all random streams")->capture_default_str();
    a.add_option("--seeds", p.seeds, "FIRST..LAST, one run per seed")->excludes(seed);
}

void add_run(CLI::App& a, parsed& p) {
    add_changes(a, p);
    a.add_option("--jobs,-j", p.run.jobs, "runs at a time; changes no result")
        ->check(CLI::Range(1u, 1024u))
        ->capture_default_str();
    a.add_option("--until", p.until, "violation: stop at the first")
        ->check(CLI::IsMember({"violation"}));
    a.add_option("--out,-o", p.run.out, "folder for the outputs [out/NAME]");
    a.add_flag("--waves{on}", p.run.waves, "write waves.fst, --waves=FROM..TO a part of it");
    a.add_option("--waves-of", p.run.waves_of, "only these instances in waves.fst, ep0,smmu");
    a.add_flag("--trace{on}", p.run.trace,
               "write trace.json.gz for Perfetto, --trace=FROM..TO a part of it, --trace=all with "
               "TLPs and "
               "credits");
    a.add_flag("--pcap{on}", p.run.pcap, "write tlps.pcap for Wireshark, --pcap=FROM..TO");
    a.add_option("--events", p.run.events, "what events.jsonl holds")
        ->check(CLI::IsMember({"off", "life", "detail", "tlp"}));
    a.add_option("--junit", p.run.junit, "write the verdicts as JUnit XML");
    a.add_flag_function(
        "--report,!--no-report", [&p](std::int64_t how) { p.run.report = how > 0; },
        "write report.html, and what explain and compare read; default as the scenario says, else "
        "on");
    a.add_flag("-v,--verbose", p.run.verbose,
               "say what is run, the effective configuration and each event of interest; -vv each "
               "transaction too");
}

void add_view(CLI::App& a, parsed& p) {
    a.add_option("folder", p.view.folder, "output folder of a run with waves.fst")->required();
    a.add_option("--view", p.view.view,
                 "what to look at: overview, invalidation, reset, containment, software, rtl_atc, "
                 "rtl_tracker, rtl_containment")
        ->capture_default_str();
    a.add_flag("--only-write", p.view.only_write, "write the save files, do not start GTKWave");
}

void add_hazards(CLI::App& a, parsed& p) {
    a.add_option("folder", p.hazards.folder, "where the hazards' files are")->capture_default_str();
    a.add_option("--id", p.hazards.ids, "only these, H-01,H-12");
    a.add_option("--variant", p.hazards.variants, "only these variants, M1,M2");
    a.add_option("--jobs,-j", p.hazards.jobs, "runs at a time; changes no result")
        ->check(CLI::Range(1u, 1024u))
        ->capture_default_str();
    a.add_flag("--json", p.hazards.as_json, "print the cells as JSON");
}

void add_accuracy(CLI::App& a, parsed& p) {
    auto* pattern =
        a.add_option("--pattern", p.accuracy.pattern, "only this pattern of traffic, no machine");
    auto* scenario = a.add_option("--scenario", p.accuracy.scenario,
                                  "only the machines of this scenario file, no pattern of traffic")
                         ->excludes(pattern);
    a.add_flag("--calibrate", p.accuracy.calibrate,
               "measure the models' times by pattern set A, compare them with what they are")
        ->excludes(pattern)
        ->excludes(scenario);
    a.add_option("-c,--config", p.accuracy.set,
                 "PATH=VALUE, replaces a value of the scenario; without one a time of the models "
                 "in cycles, atc.probe_cycles=2")
        ->allow_extra_args(false);
    a.add_option("-m,--matrix", p.accuracy.axes, "PATH=V1,V2, adds or replaces an axis of it")
        ->allow_extra_args(false)
        ->needs(scenario);
    p.accuracy.jobs = std::max(1u, std::thread::hardware_concurrency());
    a.add_option("--jobs,-j", p.accuracy.jobs,
                 "runs at a time, as many as there are processors; changes no result but the speed")
        ->check(CLI::Range(1u, 1024u));
    a.add_flag("--json", p.accuracy.as_json, "print every figure as JSON");
}

void add_explain(CLI::App& a, parsed& p) {
    a.add_option("folder", p.explain.folder, "output folder, or a run's folder inside")->required();
    auto* id = a.add_option("--id", p.explain.id, "a transaction, such as INV-17");
    auto* slowest = a.add_option("--slowest", p.explain.slowest, "the N slowest")
                        ->check(CLI::Range(1u, 12u))
                        ->excludes(id);
    a.add_option("--violation", p.explain.violation, "the Nth violation of the run")
        ->check(CLI::Range(1u, 1'000'000u))
        ->excludes(id)
        ->excludes(slowest);
    a.add_option("--out,-o", p.explain.out, "folder for the charts [explain/ in the run's]");
}

void add_compare(CLI::App& a, parsed& p) {
    constexpr const char* what = "output folder, or a run's folder inside";
    a.add_option("a", p.compare.a, what)->required();
    a.add_option("b", p.compare.b, what)->required();
    a.add_flag("--json", p.compare.as_json, "print the changes as JSON");
}

/// An option that is given must say something: `--out ''` is a slip of a script.
void refuse_empty(const CLI::App& a) {
    for (const char* name : {"--seed", "--seeds", "--out", "--junit", "--id", "--variant",
                             "--waves-of", "--pattern", "--scenario"}) {
        const CLI::Option* o = a.get_option_no_throw(name);
        if (o != nullptr && o->count() != 0 && o->results().back().empty())
            throw scenario::bad_input({name, 0, 0, true},
                                      "no value; expected " + o->get_description());
    }
}

int conform(const CLI::App& which, const parsed& p, const tools& t) {
    if (which.got_subcommand("lspci")) return conform_lspci_command(p.table, t);
    if (which.got_subcommand("pcie-bw")) return conform_pcie_bw_command(p.table, t);
    if (p.deviations) return conform_smmu_deviations_command(t);
    if (p.vectors.empty())
        throw scenario::bad_input({"conform smmu", 0, 0, true},
                                  "no file; expected recorded vectors, or --list-deviations");
    return conform_smmu_command(p.vectors, t);
}

int dispatch(CLI::App& app, parsed& p, const tools& t) {
    refuse_empty(*app.get_subcommands().front());
    if (p.seeds.empty())
        take_seed(p.seed, p.run.changes);
    else
        take_seeds(p.seeds, p.run.changes);
    p.run.changes.until_violation = !p.until.empty();
    if (app.got_subcommand("run")) return run_command(p.run, t);
    if (app.got_subcommand("hazards")) return hazards_command(p.hazards, t);
    if (app.got_subcommand("accuracy")) return accuracy_command(p.accuracy, t);
    if (app.got_subcommand("explain")) return explain_command(p.explain, t);
    if (app.got_subcommand("compare")) return compare_command(p.compare, t);
    if (app.got_subcommand("check")) return check_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("view")) return view_command(p.view, t);
    if (app.got_subcommand("list")) return list_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("points")) return points_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("lspci")) return lspci_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("import")) return import_command(p.table, t);
    if (app.got_subcommand("params")) return params_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("conform")) return conform(*app.get_subcommand("conform"), p, t);
    return show_command(p.folder, t);
}

/// What was probably meant by a command that there is not.
std::string meant_command(const CLI::App& of, std::string_view kind, const std::string& word) {
    std::vector<std::string> names;
    for (const CLI::App* s : of.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(s->get_name());
    if (word.empty() || word.starts_with("-"))
        return "; expected one of " + scenario::list_of(names);
    return fmt::format("; no {} '{}', expected one of {}{}", kind, word, scenario::list_of(names),
                       scenario::did_you_mean(word, names));
}

/// What was probably meant by a command or an option that there is not.
std::string meant(const CLI::App& app, const std::vector<std::string>& arguments) {
    if (app.get_subcommands().empty())
        return meant_command(app, "command", arguments.empty() ? "" : arguments.front());
    const CLI::App& command = *app.get_subcommands().front();
    const bool has_commands =
        !command.get_subcommands([](const CLI::App*) { return true; }).empty();
    if (has_commands && command.get_subcommands().empty())
        return meant_command(command, command.get_name() + " command",
                             arguments.size() < 2 ? "" : arguments[1]);
    std::vector<std::string> names;
    for (const CLI::Option* o : command.get_options())
        for (const std::string& n : o->get_lnames()) names.push_back("--" + n);
    for (const std::string& a : arguments) {
        const std::string word = a.substr(0, a.find('='));
        if (a.starts_with("--") && std::find(names.begin(), names.end(), word) == names.end())
            return scenario::did_you_mean(word, names);
    }
    return "";
}

}  // namespace

int program(const std::vector<std::string>& arguments, const tools& t) {
    parsed p;
    CLI::App app(
        "Times an invalidation's completion, and shows what could touch the memory afterwards.",
        "drydock");
    app.require_subcommand(1);
    app.set_version_flag("--version", "drydock " DRYDOCK_VERSION);
    add_run(*app.add_subcommand("run", "simulate all runs of a scenario and report"), p);
    add_accuracy(
        *app.add_subcommand(
            "accuracy", "how far the models' times are from those of the blocks in SystemVerilog"),
        p);
    add_hazards(
        *app.add_subcommand("hazards",
                            "the hazard library against all variants, as a table hazard x variant"),
        p);
    add_changes(
        *app.add_subcommand(
            "check", "validate a scenario and print the effective configuration with origins"),
        p);
    add_changes(*app.add_subcommand(
                    "list", "devices, variants, monitors; of a scenario: its runs and names"),
                p, true);
    add_changes(*app.add_subcommand("points", "points and events that a timeline can address"), p);
    add_changes(
        *app.add_subcommand("params", "all parameters of the machine with value, range and origin"),
        p);
    add_changes(*app.add_subcommand("lspci",
                                    "the configuration spaces after enumeration, as lspci -xxxx "
                                    "prints them; for lspci -F"),
                p);
    app.add_subcommand(
           "import",
           "the machine of a scenario, with the devices of a dump and the bridges above "
           "them")
        ->add_option("file", p.table, "output of lspci -vvvxxxx")
        ->required();
    add_view(*app.add_subcommand("view", "look at the waves of a run in GTKWave"), p);
    app.add_subcommand("show", "print the report of an output folder again")
        ->add_option("folder", p.folder, "output folder")
        ->required();
    add_explain(
        *app.add_subcommand("explain",
                            "the life of one transaction of a run: where its time went, and why"),
        p);
    add_compare(*app.add_subcommand("compare", "what changed from one run to another, and where"),
                p);
    auto* conform = app.add_subcommand("conform", "hold the models against what others published");
    conform->require_subcommand(1);
    conform->add_subcommand("pcie-bw", "a table of PCIe bandwidths against the simulated link")
        ->add_option("file", p.table, "table in CSV, such as pcie-bench's")
        ->required();
    conform
        ->add_subcommand("lspci",
                         "a dump of real devices against the configuration spaces made "
                         "of it, both read by lspci")
        ->add_option("file", p.table, "output of lspci -vvvxxxx")
        ->required();
    auto* smmu = conform->add_subcommand("smmu", "recorded vectors against the SMMU");
    smmu->add_option("files", p.vectors, "vectors, JSON, one a line (docs/conformance.md)");
    smmu->add_flag("--list-deviations", p.deviations,
                   "where the recorder differs from the architecture, and the model's side");
    try {
        auto reversed = arguments;
        std::reverse(reversed.begin(), reversed.end());  // CLI11 takes a vector from its end
        for (const char* windowed : {"--waves=", "--trace=", "--pcap="})
            if (std::find(arguments.begin(), arguments.end(), windowed) != arguments.end())
                throw scenario::bad_input(
                    {windowed, 0, 0, true},
                    fmt::format("no window; expected {}", scenario::expected_window));
        app.parse(std::move(reversed));
        return dispatch(app, p, t);
    } catch (const CLI::ParseError& e) {
        std::ostringstream out, err;  // help and version come this way too, with exit code 0
        const int code = app.exit(e, out, err);
        print(t.out, out.str());
        if (code == 0) return as_expected;
        print(t.err,
              fmt::format("drydock: {}{}; --help shows all\n", e.what(), meant(app, arguments)));
        return bad_input;
    } catch (const scenario::bad_input& e) {
        print(t.err, fmt::format("drydock: {}\n", e.what()));
        return bad_input;
    } catch (const runner::write_error& e) {
        print(t.err, fmt::format("drydock: {}; no outputs were kept\n", e.what()));
        return internal_fault;
    } catch (const std::exception& e) {
        print(t.err, fmt::format("drydock: internal fault: {}\n", e.what()));
        return internal_fault;
    }
}

}  // namespace drydock::cli
