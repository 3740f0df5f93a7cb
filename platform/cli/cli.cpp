// SPDX-License-Identifier: Apache-2.0
#include "platform/cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "platform/cli/commands.h"

namespace drydock::cli {
namespace {

/// "1..50" into the overrides. @throws scenario::bad_input
void take_seeds(const std::string& text, scenario::overrides& o) {
    const auto dots = text.find("..");
    const auto whole = [&](const std::string& s) {
        if (s.empty() || s.size() > 18 || s.find_first_not_of("0123456789") != std::string::npos)
            throw scenario::bad_input({"--seeds " + text, 0, 0, true},
                                      "no range of seeds; expected FIRST..LAST, such as 1..50");
        return std::stoull(s);
    };
    o.first_seed = whole(text.substr(0, dots));
    o.last_seed = dots == std::string::npos ? o.first_seed : whole(text.substr(dots + 2));
    o.seed_range = true;
    if (o.first_seed > o.last_seed || o.last_seed - o.first_seed >= 100'000)
        throw scenario::bad_input(
            {"--seeds " + text, 0, 0, true},
            "no usable range; expected FIRST..LAST with at most 100000 seeds");
}

struct parsed {
    run_options run;
    std::string seeds, until, folder;
};

void add_changes(CLI::App& a, parsed& p, bool optional_scenario = false) {
    auto* s = a.add_option("scenario", p.run.scenario, "scenario file");
    if (!optional_scenario) s->required();
    a.add_option("-c,--config", p.run.changes.set, "PATH=VALUE, replaces a value of the scenario")
        ->allow_extra_args(false);
    a.add_option("-m,--matrix", p.run.changes.axes, "PATH=V1,V2, adds or replaces an axis")
        ->allow_extra_args(false);
}

void add_run(CLI::App& a, parsed& p) {
    add_changes(a, p);
    auto* seed = a.add_option("--seed", p.run.changes.first_seed, "seed of all random streams")
                     ->capture_default_str();
    a.add_option("--seeds", p.seeds, "FIRST..LAST, one run per seed")->excludes(seed);
    a.add_option("--jobs,-j", p.run.jobs, "runs at a time; changes no result")
        ->check(CLI::Range(1u, 1024u))
        ->capture_default_str();
    a.add_option("--until", p.until, "violation: stop at the first")
        ->check(CLI::IsMember({"violation"}));
    a.add_option("--out,-o", p.run.out, "folder for the outputs [out/NAME]");
    a.add_flag("--waves{on}", p.run.waves, "write waves.fst, --waves=FROM..TO a part of it");
    a.add_option("--events", p.run.events, "what events.jsonl holds")
        ->check(CLI::IsMember({"off", "life", "detail", "tlp"}));
    a.add_option("--junit", p.run.junit, "write the verdicts as JUnit XML");
    a.add_flag("-v,--verbose", p.run.verbose, "say what is run, and the effective configuration");
}

int dispatch(CLI::App& app, parsed& p, const tools& t) {
    if (!p.seeds.empty()) take_seeds(p.seeds, p.run.changes);
    if (!p.run.changes.seed_range) p.run.changes.last_seed = p.run.changes.first_seed;
    p.run.changes.until_violation = !p.until.empty();
    if (app.got_subcommand("run")) return run_command(p.run, t);
    if (app.got_subcommand("check")) return check_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("list")) return list_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("points")) return points_command(p.run.scenario, p.run.changes, t);
    if (app.got_subcommand("params")) return params_command(p.run.scenario, p.run.changes, t);
    return show_command(p.folder, t);
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
    app.add_subcommand("show", "print the report of an output folder again")
        ->add_option("folder", p.folder, "output folder")
        ->required();
    try {
        auto reversed = arguments;
        std::reverse(reversed.begin(), reversed.end());  // CLI11 takes a vector from its end
        app.parse(std::move(reversed));
        return dispatch(app, p, t);
    } catch (const CLI::ParseError& e) {
        std::ostringstream out, err;  // help and version come this way too, with exit code 0
        const int code = app.exit(e, out, err);
        print(t.out, out.str());
        if (code == 0) return as_expected;
        print(t.err, "drydock: " + err.str());
        return bad_input;
    } catch (const scenario::bad_input& e) {
        print(t.err, fmt::format("drydock: {}\n", e.what()));
        return bad_input;
    } catch (const std::exception& e) {
        print(t.err, fmt::format("drydock: internal fault: {}\n", e.what()));
        return internal_fault;
    }
}

}  // namespace drydock::cli
