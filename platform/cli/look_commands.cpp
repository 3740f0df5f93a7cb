// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "platform/cli/commands.h"
#include "platform/devices/description.h"
#include "platform/devices/dump_tree.h"
#include "platform/report/report.h"
#include "platform/scenario/build.h"
#include "platform/scenario/nearest.h"
#include "tlm/base/probe_kinds.h"

namespace drydock::cli {
namespace fs = std::filesystem;
namespace {

using json = nlohmann::json;
using report::text_table;

void print_settings(const std::vector<scenario::setting>& settings, const tools& t) {
    text_table table(false, 9);
    for (const scenario::setting& s : settings) table.row({{"  " + s.path}, {s.value}, {s.origin}});
    print(t.out, table.text());
}

/// Lines of b that differ from those of a.
std::vector<scenario::setting> difference(const std::vector<scenario::setting>& a,
                                          const std::vector<scenario::setting>& b) {
    std::vector<scenario::setting> d;
    for (const scenario::setting& s : b) {
        bool same = false;
        for (const scenario::setting& x : a)
            same = same || (x.path == s.path && x.value == s.value);
        if (!same) d.push_back(s);
    }
    return d;
}

std::vector<std::string> files_listed(const fs::path& folder) {
    std::vector<std::string> files;
    for (const auto& f : fs::recursive_directory_iterator(folder))
        if (f.is_regular_file()) files.push_back(fs::relative(f.path(), folder).string());
    std::sort(files.begin(), files.end());
    return files;
}

/// What only a built machine can refuse (a parameter that no component has): builds each run's, in
/// a child of its own, and runs none. @return bad_input or internal_fault if one was refused
int build_machines(const scenario::loaded& l, const scenario::overrides& changes, const tools& t) {
    std::vector<runner::job> jobs;
    for (const scenario::run& r : l.runs)
        if (r.seed == changes.first_seed) jobs.push_back({&r, {}});  // the seed builds nothing
    const auto build = [&](const scenario::run& r, const run_files&, progress&) {
        t.parameters(r);
        return json::object();
    };
    return report_failures(runner::run_all(jobs, 1, build, false, nullptr), t);
}

std::string value_text(const json& j) { return j.is_string() ? j.get<std::string>() : j.dump(); }

}  // namespace

bool wants_colour(std::FILE* f) {
    return ::isatty(::fileno(f)) != 0 && std::getenv("NO_COLOR") == nullptr;
}

void print(std::FILE* f, const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), f);
    std::fflush(f);
}

int check_command(const std::string& scenario, const scenario::overrides& changes, const tools& t) {
    const auto l = scenario::load(scenario, changes);
    if (const int failed = build_machines(l, changes, t); failed != as_expected) return failed;
    print(t.out, fmt::format("{}: good, {} run{}\n{}\n", scenario, l.runs.size(),
                             l.runs.size() == 1 ? "" : "s", l.command));
    for (const std::string& note : l.notes) print(t.out, "note: " + note + "\n");
    print(t.out, fmt::format("\neffective configuration of {}\n", l.runs.front().name));
    print_settings(l.runs.front().effective, t);
    for (std::size_t i = 1; i < l.runs.size(); ++i) {
        print(t.out, fmt::format("{} differs in\n", l.runs[i].name));
        print_settings(difference(l.runs.front().effective, l.runs[i].effective), t);
    }
    for (const scenario::run& r : l.runs) {
        print(t.out, fmt::format("{} is expected to have\n", r.name));
        text_table table(false, 9);
        for (const scenario::expectation& e : r.expect)
            table.row({{"  " + e.name}, {e.relation}, {e.where.text()}});
        print(t.out, table.text());
    }
    return as_expected;
}

int points_command(const std::string& scenario, const scenario::overrides& changes,
                   const tools& t) {
    const auto l = scenario::load(scenario, changes);
    print(t.out, "tasks (TASK at POINT, TASK returned): " +
                     scenario::list_of(scenario::build::task_names(l.runs.front())) + "\n");
    text_table standing(false, 2);
    for (const auto& s : scenario::build::standing_tasks())
        standing.row({{"  " + std::string(s.name)}, {std::string(s.meaning)}});
    print(t.out, "always there\n" + standing.text() + "points\n");
    text_table points(false, 2);
    for (const std::string& p : scenario::build::points())
        points.row({{"  " + p}, {std::string(scenario::build::meaning_of_point(p))}});
    print(t.out, points.text());
    print(t.out, "devices (EVENT of DEVICE): " +
                     scenario::list_of(scenario::build::device_names(l.runs.front())) +
                     "\nevents\n");
    for (const auto& k : base::kind_table) {
        std::string fields;
        for (const auto f : k.fields)
            if (!f.empty()) fields += (fields.empty() ? "" : ", ") + std::string(f);
        print(t.out,
              fmt::format("  {}{}  ({})\n", k.name,
                          k.formats.find('r') == std::string_view::npos ? "" : " [of DEVICE]",
                          fields));
    }
    return as_expected;
}

int params_command(const std::string& scenario, const scenario::overrides& changes,
                   const tools& t) {
    const auto l = scenario::load(scenario, changes);
    const json parameters = t.parameters(l.runs.front());
    text_table table(false, 9);
    for (const json& p : parameters)
        table.row({{p.value("name", "")},
                   {value_text(p.value("value", json("")))},
                   {p.value("unit", "")},
                   {p.value("range", "")},
                   {"default " + value_text(p.value("default", json("")))},
                   {p.value("origin", "")},
                   {p.value("description", "")}});
    print(t.out, table.text());
    return as_expected;
}

int lspci_command(const std::string& scenario, const scenario::overrides& changes, const tools& t) {
    const auto l = scenario::load(scenario, changes);
    const runner::job first{&l.runs.front(), {}};
    const auto configuration = [&](const scenario::run& r, const run_files&, progress&) {
        return t.configuration(r);
    };
    const auto outcomes = runner::run_all({&first, 1}, 1, configuration, false, nullptr);
    if (const int failed = report_failures(outcomes, t); failed != as_expected) return failed;
    if (outcomes.front().is != runner::outcome::state::done) return unexpected;  // a signal
    print(t.out, outcomes.front().entry.get<std::string>());
    return as_expected;
}

int import_command(const std::string& file, const tools& t) {
    const std::string tree =
        devices::tree_of_dump(contents_of(file, "the output of lspci -vvvxxxx"), file);
    print(t.out, tree);
    return as_expected;
}

int show_command(const std::string& folder, const tools& t) {
    const fs::path file = fs::path(folder) / "summary.json";
    std::ifstream in(file);
    if (!in)
        throw scenario::bad_input(
            {}, fmt::format("cannot read '{}'; expected a folder that `drydock run` wrote",
                            file.string()));
    const auto refuse = [&](std::string_view why) {
        throw scenario::bad_input(
            {}, fmt::format("'{}' {}; expected what `drydock run` wrote: run it again",
                            file.string(), why));
    };
    const json summary = json::parse(in, nullptr, false);
    if (summary.is_discarded()) refuse("is damaged: no JSON");
    if (!summary.is_object() || !summary.contains("drydock") || !summary.contains("runs") ||
        !summary.at("runs").is_array())
        refuse("is no summary of drydock");
    try {
        print(t.out, report::render(summary, {wants_colour(t.out), folder, files_listed(folder)}));
    } catch (const json::exception&) {
        refuse("is damaged: values of another kind than drydock writes");
    }
    return as_expected;
}

}  // namespace drydock::cli
