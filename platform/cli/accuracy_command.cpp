// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <variant>

#include "platform/accuracy/calibration.h"
#include "platform/accuracy/report.h"
#include "platform/accuracy/transport.h"
#include "platform/cli/commands.h"
#include "platform/runner/progress_bar.h"
#include "platform/runner/signals.h"
#include "platform/scenario/nearest.h"

namespace drydock::cli {
namespace {

using accuracy::fidelity;
using nlohmann::json;

/// Work for a child; `run` names it.
struct task {
    scenario::run run;
    std::function<json(const scenario::run&, progress&)> work;
};

/// The runs of a scenario file, once with each kind of blocks: two tasks, rtl first.
struct machine_runs {
    scenario::loaded loaded;
    std::size_t first_task = 0;
};

struct chosen_patterns {
    std::vector<accuracy::pattern> blocks;
    std::vector<accuracy::dpc_pattern> containment;
};

/// "atc.probe_cycles=2": what the models shall have.
accuracy::model_times times_of(const std::vector<std::string>& set) {
    accuracy::model_times times;
    std::vector<std::string> names;
    names.reserve(accuracy::all_model_times.size());
    for (const accuracy::model_time& t : accuracy::all_model_times) names.emplace_back(t.name);
    for (const std::string& option : set) {
        const scenario::place where{"-c " + option, 0, 0, true};
        const std::size_t equals = option.find('=');
        const std::string name = option.substr(0, equals);
        const auto t =
            std::ranges::find(accuracy::all_model_times, name, &accuracy::model_time::name);
        if (t == accuracy::all_model_times.end())
            throw scenario::bad_input(where, "no time of the models '" + name + "'" +
                                                 scenario::did_you_mean(name, names) +
                                                 "; expected one of " + scenario::list_of(names));
        const std::string text = equals == std::string::npos ? "" : option.substr(equals + 1);
        const bool whole = !text.empty() && text.size() <= 2 &&
                           text.find_first_not_of("0123456789") == std::string::npos;
        const unsigned cycles = whole ? static_cast<unsigned>(std::stoul(text)) : 0;
        if (!whole || cycles < t->least || cycles > accuracy::most_model_cycles)
            throw scenario::bad_input(
                where, fmt::format("'{}' is no number of cycles; expected {}..{}", text, t->least,
                                   accuracy::most_model_cycles));
        times.*(t->value) = cycles;
    }
    return times;
}

chosen_patterns patterns_of(const accuracy_options& o) {
    chosen_patterns chosen;
    if (!o.scenario.empty()) return chosen;
    const accuracy::model_times times = times_of(o.set);
    std::vector<std::string> names;
    const auto take = [&](const auto& table, auto& to) {
        for (const auto& p : table) {
            names.emplace_back(p.name);
            if (!(o.pattern.empty() || o.pattern == p.name) || (o.calibrate && !p.calibrates))
                continue;
            to.push_back(p);
            to.back().times = times;
        }
    };
    take(accuracy::patterns(), chosen.blocks);
    take(accuracy::dpc_patterns(), chosen.containment);
    if (chosen.blocks.empty() && chosen.containment.empty())
        throw scenario::bad_input({"--pattern " + o.pattern, 0, 0, true},
                                  "no pattern '" + o.pattern + "'" +
                                      scenario::did_you_mean(o.pattern, names) +
                                      "; expected one of " + scenario::list_of(names));
    return chosen;
}

/// A task a pattern. @return the place of the first
template <class Pattern, class Work>
std::size_t add_tasks(const std::vector<Pattern>& patterns, std::vector<task>& tasks,
                      const Work& work) {
    const std::size_t first = tasks.size();
    for (const Pattern& p : patterns) {
        task& of = tasks.emplace_back();
        of.run.name = p.name;
        of.work = [&p, work](const scenario::run&, progress&) { return work(p); };
    }
    return first;
}

std::vector<machine_runs> machines_of(const accuracy_options& o) {
    std::vector<machine_runs> all;
    if (!o.pattern.empty() || (o.scenario.empty() && !o.set.empty())) return all;
    if (!o.scenario.empty()) {
        scenario::overrides changes;
        changes.set = o.set;
        changes.axes = o.axes;
        all.push_back({scenario::load(o.scenario, changes)});
        return all;
    }
    for (const accuracy::machine_of& m : accuracy::built_in_machines()) {
        scenario::overrides changes;
        changes.set = m.changes;
        all.push_back({scenario::load(m.file, changes)});
    }
    return all;
}

void add_machine_tasks(machine_runs& m, std::vector<task>& tasks, const tools& t) {
    m.first_task = tasks.size();
    for (const scenario::run& r : m.loaded.runs)
        for (const fidelity f : {fidelity::rtl, fidelity::tlm}) {
            task& of = tasks.emplace_back(task{accuracy::with_fidelity(r, f), {}});
            of.run.name += f == fidelity::rtl ? " in rtl" : " in tlm";
            of.work = [&t](const scenario::run& run, progress& p) {
                return accuracy::run_machine(run, p, t.simulate_told);
            };
        }
}

std::vector<runner::outcome> run_all(const std::vector<task>& tasks, unsigned jobs,
                                     const tools& t) {
    std::vector<runner::job> work;
    work.reserve(tasks.size());
    for (const task& of : tasks) work.push_back({&of.run, {}});
    const auto do_one = [&](const scenario::run& r, const run_files&, progress& p) {
        const auto of =
            std::find_if(tasks.begin(), tasks.end(), [&](const task& x) { return &x.run == &r; });
        return of->work(r, p);
    };
    std::optional<runner::progress_bar> bar;
    if (::isatty(::fileno(t.err)) != 0) bar.emplace(t.err);
    return runner::run_all(work, jobs, do_one, false, bar ? &*bar : nullptr);
}

/// @return the outcomes, or the exit code if something went wrong
std::variant<std::vector<runner::outcome>, int> done(const std::vector<task>& tasks, unsigned jobs,
                                                     const tools& t) {
    auto outcomes = run_all(tasks, jobs, t);
    if (const int failed = report_failures(outcomes, t); failed != as_expected) return failed;
    if (runner::signal_flag::count() > 0) {
        print(t.err, "drydock: interrupted by a signal; nothing was judged\n");
        return unexpected;
    }
    return outcomes;
}

int calibrate(const accuracy_options& o, const tools& t) {
    const chosen_patterns patterns = patterns_of(o);
    const auto observe = [](const auto& p) { return accuracy::packed(accuracy::observe(p)); };
    std::vector<task> tasks;
    add_tasks(patterns.blocks, tasks, observe);
    add_tasks(patterns.containment, tasks, observe);
    const auto result = done(tasks, o.jobs, t);
    if (const int* failed = std::get_if<int>(&result)) return *failed;
    accuracy::calibration_samples samples;
    for (const runner::outcome& of : std::get<0>(result))
        samples.add(accuracy::samples_of(of.entry));
    const auto estimates = accuracy::estimates(samples, times_of(o.set));
    print(t.out,
          o.as_json ? accuracy::as_json(estimates).dump(2) + "\n" : accuracy::as_text(estimates));
    return std::ranges::all_of(estimates, &accuracy::estimate::agrees) ? as_expected : unexpected;
}

}  // namespace

int accuracy_command(const accuracy_options& o, const tools& t) {
    if (o.calibrate) return calibrate(o, t);
    const chosen_patterns patterns = patterns_of(o);
    std::vector<machine_runs> machines = machines_of(o);
    const auto measure = [](const auto& p) { return accuracy::packed(accuracy::measure(p)); };
    std::vector<task> tasks;
    for (machine_runs& m : machines) add_machine_tasks(m, tasks, t);  // the longest first
    const std::size_t first_pattern = add_tasks(patterns.blocks, tasks, measure);
    const std::size_t first_containment = add_tasks(patterns.containment, tasks, measure);
    const auto result = done(tasks, o.jobs, t);
    if (const int* failed = std::get_if<int>(&result)) return *failed;
    const auto entry = [&](std::size_t n) -> const json& { return std::get<0>(result)[n].entry; };
    accuracy::results r;
    for (std::size_t n = 0; n < patterns.blocks.size(); ++n)
        r.patterns.push_back(accuracy::unpacked(entry(first_pattern + n), patterns.blocks[n]));
    for (std::size_t n = 0; n < patterns.containment.size(); ++n)
        r.containments.push_back(
            accuracy::unpacked(entry(first_containment + n), patterns.containment[n]));
    for (const machine_runs& m : machines)
        for (std::size_t n = 0; n < m.loaded.runs.size(); ++n)
            r.machines.push_back(accuracy::compare_runs(m.loaded.runs[n], m.loaded.file,
                                                        entry(m.first_task + 2 * n),
                                                        entry(m.first_task + 2 * n + 1)));
    print(t.out, o.as_json ? accuracy::as_json(r).dump(2) + "\n" : accuracy::as_text(r));
    return accuracy::missed_targets(r).empty() ? as_expected : unexpected;
}

}  // namespace drydock::cli
