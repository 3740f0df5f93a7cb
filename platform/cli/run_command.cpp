// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>

#include "platform/cli/commands.h"
#include "platform/expect/expect.h"
#include "platform/report/junit.h"
#include "platform/report/page.h"
#include "platform/report/report.h"
#include "platform/report/run_folder.h"
#include "platform/runner/output_folder.h"
#include "platform/runner/progress_bar.h"
#include "platform/runner/signals.h"
#include "platform/scenario/quantity.h"

namespace drydock::cli {
namespace fs = std::filesystem;
namespace {

using json = nlohmann::json;
using state = runner::outcome::state;

/// What --waves, --trace or --pcap says of its file; empty: as the scenario does.
std::optional<scenario::waves_window> window_of(const char* option, const std::string& given,
                                                std::optional<scenario::waves_window> otherwise,
                                                const char* or_else = "") {
    if (given.empty()) return otherwise;
    if (given == "on" || given == "true") return scenario::waves_window{};
    if (given == "false") return std::nullopt;
    const auto window = scenario::parse_window(given);
    if (!window)
        throw scenario::bad_input(
            {fmt::format("{}={}", option, given), 0, 0, true},
            fmt::format("no window; expected {}{}", or_else, scenario::expected_window));
    return window;
}

std::vector<std::string> instances_of(const run_options& o, const scenario::run& r,
                                      bool with_waves) {
    if (o.waves_of.empty()) return r.outputs.waves_of;
    const scenario::place where{"--waves-of " + o.waves_of, 0, 0, true};
    if (!with_waves)
        throw scenario::bad_input(where, "no waveform is asked for; expected --waves too");
    std::vector<std::string> names;
    std::istringstream in(o.waves_of);
    for (std::string name; std::getline(in, name, ',');)
        if (!name.empty()) names.push_back(name);
    if (names.empty())
        throw scenario::bad_input(where, "no name; expected instances such as ep0,smmu");
    return names;
}

scenario::events_level events_of(const run_options& o, const scenario::run& r) {
    if (o.events.empty()) return r.outputs.events;
    if (o.events == "off") return scenario::events_level::off;
    if (o.events == "detail") return scenario::events_level::detail;
    return o.events == "tlp" ? scenario::events_level::tlp : scenario::events_level::life;
}

run_files files_of(const run_options& o, const scenario::run& r, const json& header) {
    run_files f;
    f.waves = window_of("--waves", o.waves, r.outputs.waves);
    f.waves_of = instances_of(o, r, f.waves.has_value());
    f.trace_all = o.trace.empty() ? r.outputs.trace_all : o.trace == "all";
    f.trace = o.trace == "all" ? scenario::waves_window{}
                               : window_of("--trace", o.trace, r.outputs.trace, "all, or ");
    f.pcap = window_of("--pcap", o.pcap, r.outputs.pcap);
    f.events = events_of(o, r);
    f.header = header;
    f.profile = o.report.value_or(r.outputs.report);
    f.until_violation = o.changes.until_violation;
    f.log = o.verbose;
    f.log_in_colour = wants_colour(stderr);
    return f;
}

/// Before anything runs: whether the file can be written at the end.
void check_junit_place(const std::string& path) {
    if (path.empty()) return;
    const scenario::place where{"--junit " + path, 0, 0, true};
    const auto parent = fs::absolute(path).parent_path();
    if (!fs::is_directory(parent))
        throw scenario::bad_input(where, "there is no folder '" + parent.string() + "'");
    if (fs::is_directory(path))
        throw scenario::bad_input(where, "this is a folder; expected the name of a file");
    if (!runner::writable(path))
        throw scenario::bad_input(where, "cannot be written; expected a file in a folder that can");
}

/// Adds what the parent knows to the entry that the child sent.
json completed(const scenario::run& r, const runner::outcome& o) {
    json entry = o.entry;
    entry["name"] = r.name;
    entry["command"] = r.command;
    expect::judge(r, entry);
    if (o.is == state::interrupted) {
        entry["expectations"].push_back({{"name", "end"},
                                         {"expected", "reached"},
                                         {"actual", "interrupted by a signal"},
                                         {"ok", false}});
        entry["verdict"] = "unexpected";
    }
    return entry;
}

/// @return how many runs have outputs
std::size_t say_interrupted(const std::vector<runner::outcome>& outcomes, const tools& t) {
    std::size_t with_outputs = 0;
    for (const runner::outcome& o : outcomes) {
        if (o.is != state::not_run) ++with_outputs;
        if (!o.message.empty()) print(t.err, fmt::format("drydock: {}\n", o.message));
    }
    print(t.err, fmt::format("drydock: interrupted by a signal; {} of {} runs have outputs{}\n",
                             with_outputs, outcomes.size(),
                             with_outputs == 0 ? ", nothing was written" : ""));
    return with_outputs;
}

/// Waveforms of a run that failed are what one needs then; they get a place of their own.
void keep_what_failed(runner::output_folder& folder, const std::vector<runner::outcome>& outcomes,
                      const json& summary, const tools& t) {
    if (std::none_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.files; }))
        return;
    runner::write_file(folder.growing() / "summary.json", summary.dump(2) + "\n");
    const fs::path kept = folder.commit_as_fault();
    print(t.err, fmt::format("drydock: what the runs wrote until then is in {}\n", kept.string()));
}

std::vector<std::string> files_in(const fs::path& folder) {
    std::vector<std::string> files;
    for (const auto& f : fs::recursive_directory_iterator(folder))
        if (f.is_regular_file()) files.push_back(fs::relative(f.path(), folder).string());
    std::sort(files.begin(), files.end());
    return files;
}

/// report.html, of the runs that left something.
void write_page(const fs::path& folder, const json& summary, const scenario::loaded& l) {
    const json& entries = summary.at("runs");
    const std::vector<bool> told = report::told_runs(entries);
    std::vector<json> profiles(entries.size()), settings(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::string name = entries.at(i).at("name");
        if (!told[i]) continue;
        if (fs::exists(folder / name / "profile.json"))
            profiles[i] = report::read_profile(folder / name);
        settings[i] = json::array();
        for (const scenario::run& r : l.runs)
            if (r.name == name)
                for (const scenario::setting& s : r.effective)
                    settings[i].push_back(
                        {{"path", s.path}, {"value", s.value}, {"origin", s.origin}});
    }
    runner::write_file(folder / "report.html", report::page(summary, profiles, settings));
}

void say_plan(const scenario::loaded& l, const tools& t) {
    for (const scenario::run& r : l.runs)
        print(t.err, fmt::format("run {}: {}\n", r.name, r.command));
    for (const scenario::setting& s : l.runs.front().effective)
        print(t.err, fmt::format("  {} = {}  ({})\n", s.path, s.value, s.origin));
}

}  // namespace

int report_failures(const std::vector<runner::outcome>& outcomes, const tools& t) {
    int worst = as_expected;
    for (const runner::outcome& o : outcomes) {
        if (o.is != state::bad_input && o.is != state::fault) continue;
        print(t.err, fmt::format("drydock: {}{}\n", o.is == state::fault ? "internal fault: " : "",
                                 o.message));
        worst = std::max<int>(worst, o.is == state::fault ? internal_fault : bad_input);
    }
    return worst;
}

json header_of(const scenario::loaded& l, const scenario::overrides& changes) {
    json h{{"version", DRYDOCK_VERSION},
           {"command", l.command},
           {"seed", l.seed},
           {"scenario", l.file},
           {"scenario_sha256", l.sha256}};
    if (changes.seed_range)
        h["seed"] = fmt::format("{}..{}", changes.first_seed, changes.last_seed);
    if (!l.notes.empty()) h["notes"] = l.notes;
    return h;
}

int run_command(const run_options& o, const tools& t) {
    const scenario::loaded l = scenario::load(o.scenario, o.changes);
    json summary{{"drydock", header_of(l, o.changes)}, {"runs", json::array()}};
    std::vector<run_files> files;
    for (const scenario::run& r : l.runs) files.push_back(files_of(o, r, summary["drydock"]));
    check_junit_place(o.junit);
    if (o.verbose) say_plan(l, t);

    const fs::path place =
        o.out.empty() ? fs::path("out") / fs::path(o.scenario).stem() : fs::path(o.out);
    runner::output_folder folder(place);
    std::vector<runner::job> jobs;
    for (std::size_t i = 0; i < l.runs.size(); ++i) {
        files[i].folder = folder.make(l.runs[i].name);
        jobs.push_back({&l.runs[i], files[i]});
    }
    std::vector<runner::outcome> outcomes;
    {
        std::optional<runner::progress_bar> bar;
        if (::isatty(::fileno(t.err)) != 0) bar.emplace(t.err);
        outcomes = runner::run_all(jobs, o.jobs, t.simulate, o.changes.until_violation,
                                   bar ? &*bar : nullptr);
    }
    if (const int failed = report_failures(outcomes, t); failed != as_expected) {
        keep_what_failed(folder, outcomes, summary, t);
        return failed;
    }
    const bool signalled = runner::signal_flag::count() > 0;
    if (signalled && say_interrupted(outcomes, t) == 0) return unexpected;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i].is == state::not_run)
            fs::remove_all(files[i].folder);
        else
            summary["runs"].push_back(completed(l.runs[i], outcomes[i]));
    }
    runner::write_file(folder.growing() / "summary.json",
                       summary.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
    if (std::any_of(files.begin(), files.end(), [](const run_files& f) { return f.profile; }))
        write_page(folder.growing(), summary, l);
    folder.commit();
    if (!o.junit.empty()) runner::write_file(o.junit, report::junit(summary));
    print(t.out, report::render(summary, {wants_colour(t.out), place.string(), files_in(place)}));
    const auto good = [](const json& run) { return run.at("verdict") == "as_expected"; };
    return !signalled && std::all_of(summary["runs"].begin(), summary["runs"].end(), good)
               ? as_expected
               : unexpected;
}

}  // namespace drydock::cli
