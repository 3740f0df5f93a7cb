// SPDX-License-Identifier: Apache-2.0
// `drydock hazards`: every hazard of a folder against every variant that its file speaks of.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "platform/cli/commands.h"
#include "platform/expect/hazard.h"
#include "platform/report/hazard_table.h"
#include "platform/runner/progress_bar.h"
#include "platform/runner/signals.h"
#include "platform/scenario/document.h"
#include "platform/scenario/nearest.h"

namespace drydock::cli {
namespace fs = std::filesystem;
namespace {

using json = nlohmann::json;
using state = runner::outcome::state;

struct hazard_file {
    std::string id;
    scenario::loaded loaded;
    std::vector<std::size_t> cells;  ///< runs that the file says something of, and that are asked
};

std::vector<fs::path> files_of(const std::string& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& f : fs::directory_iterator(folder, error))
        if (f.path().extension() == ".yaml") files.push_back(f.path());
    if (error || files.empty())
        throw scenario::bad_input({folder, 0, 0, true},
                                  "no hazards are here; expected the folder of the hazards' files, "
                                  "such as platform/hazards of the project");
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> words;
    for (std::size_t from = 0; from <= list.size() && !list.empty();) {
        const auto comma = std::min(list.find(',', from), list.size());
        words.push_back(list.substr(from, comma - from));
        from = comma + 1;
    }
    return words;
}

/// Each word asked for is there. @throws scenario::bad_input
void require_all(const std::string& option, const std::vector<std::string>& asked,
                 const std::set<std::string>& there) {
    const std::vector<std::string> names(there.begin(), there.end());
    for (const std::string& word : asked)
        if (!there.contains(word))
            throw scenario::bad_input(
                {option + " " + word, 0, 0, true},
                fmt::format("no such one; expected one of {}{}", scenario::list_of(names),
                            scenario::did_you_mean(word, names)));
}

bool asked_for(const scenario::hazard& h, const std::vector<std::string>& variants) {
    return variants.empty() || std::any_of(h.axes.begin(), h.axes.end(), [&](const auto& axis) {
               return std::find(variants.begin(), variants.end(), axis.second) != variants.end();
           });
}

std::vector<hazard_file> load_all(const hazards_options& o) {
    const auto ids = split(o.ids), variants = split(o.variants);
    const auto paths = files_of(o.folder);
    std::set<std::string> known_ids, known_variants;
    for (const fs::path& p : paths) known_ids.insert(p.stem().string());
    require_all("--id", ids, known_ids);
    std::vector<hazard_file> all;
    for (const fs::path& p : paths) {
        const std::string id = p.stem().string();
        if (!ids.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) continue;
        hazard_file f{id, scenario::load(p.string(), {}), {}};
        for (std::size_t i = 0; i < f.loaded.runs.size(); ++i) {
            const auto& h = f.loaded.runs[i].hazard;
            if (!h)
                throw scenario::bad_input({p.string(), 0, 0, true},
                                          "this is no hazard: it has no oracle:");
            for (const auto& axis : h->axes) known_variants.insert(axis.second);
            if (!h->expected.empty() && asked_for(*h, variants)) f.cells.push_back(i);
        }
        all.push_back(std::move(f));
    }
    require_all("--variant", variants, known_variants);
    return all;
}

/// What a cell sends to its parent.
json cell_of(const scenario::run& r, const run_files& files, progress& p, const tools& t) {
    json entry = t.simulate(r, files, p);
    expect::judge_hazard(r, entry);
    return entry.at("hazard");
}

json told(const hazard_file& f, const scenario::run& r, const json& cell) {
    json j = cell;
    json axes = json::object();
    for (const auto& [path, value] : r.hazard->axes) axes[path] = value;
    j["axes"] = std::move(axes);
    j["id"] = f.id;
    j["command"] = r.command;
    return j;
}

}  // namespace

std::vector<std::string> hazard_titles(const std::string& folder) {
    std::vector<std::string> titles;
    if (std::error_code none; !fs::is_directory(folder, none)) return titles;
    for (const fs::path& p : files_of(folder)) {
        const auto document = scenario::parse_yaml(contents_of(p.string(), "a hazard"), p.string());
        const scenario::node* title = document.find("title");
        if (title != nullptr && document.find("oracle") != nullptr) titles.push_back(title->scalar);
    }
    return titles;
}

int hazards_command(const hazards_options& o, const tools& t) {
    const std::vector<hazard_file> files = load_all(o);
    std::vector<runner::job> jobs;
    for (const hazard_file& f : files)
        for (const std::size_t i : f.cells) jobs.push_back({&f.loaded.runs[i], {}});
    const auto cell = [&](const scenario::run& r, const run_files& to, progress& p) {
        return cell_of(r, to, p, t);
    };
    std::vector<runner::outcome> outcomes;
    {
        std::optional<runner::progress_bar> bar;
        if (::isatty(::fileno(t.err)) != 0) bar.emplace(t.err);
        outcomes = runner::run_all(jobs, o.jobs, cell, false, bar ? &*bar : nullptr);
    }
    if (const int failed = report_failures(outcomes, t); failed != as_expected) return failed;
    json result{{"drydock", {{"version", DRYDOCK_VERSION}, {"folder", o.folder}}},
                {"hazards", json::array()}};
    std::size_t next = 0;
    for (const hazard_file& f : files) {
        json cells = json::array();
        for (const std::size_t i : f.cells) {
            const runner::outcome& done = outcomes[next++];
            if (done.is != state::done) {
                print(t.err, "drydock: interrupted by a signal; nothing was judged\n");
                return unexpected;
            }
            cells.push_back(told(f, f.loaded.runs[i], done.entry));
        }
        if (!cells.empty())
            result["hazards"].push_back({{"id", f.id},
                                         {"title", f.loaded.title},
                                         {"file", f.loaded.file},
                                         {"cells", std::move(cells)}});
    }
    const report::hazard_summary sum = report::sum_up(result);
    result["summary"] = report::to_json(sum);
    print(t.out, o.as_json ? result.dump(2, ' ', false, json::error_handler_t::replace) + "\n"
                           : report::hazard_table(result, sum, wants_colour(t.out)));
    return sum.unexpected == 0 ? as_expected : unexpected;
}

}  // namespace drydock::cli
