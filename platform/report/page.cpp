// SPDX-License-Identifier: Apache-2.0
#include "platform/report/page.h"

#include <algorithm>
#include <array>

#include "platform/compare/compare.h"
#include "platform/report/report.h"
#include "platform/report/sentence.h"
#include "platform/scenario/embedded.h"

namespace drydock::report {
namespace {

using json = nlohmann::json;

constexpr std::size_t most_in_full = 6;      // transactions of a group
constexpr std::size_t most_blame = 30;       // rows
constexpr std::size_t most_comparisons = 4;  // of the first run with another
constexpr std::size_t most_dotted = 12;      // groups of unmaps with dots, of a run

json first_of(const json& list, std::size_t n) {
    json some = json::array();
    for (std::size_t i = 0; i < std::min(n, list.size()); ++i) some.push_back(list.at(i));
    return some;
}

json group_data(const json& g, bool dots) {
    json j;
    for (const char* key : {"class", "who", "client", "device", "count", "timed_out", "abandoned",
                            "open", "total_ps", "max_ps"})
        j[key] = g.at(key);
    j["slowest"] = first_of(g.at("slowest"), most_in_full);
    j["lost"] = first_of(g.at("lost"), most_in_full);
    if (g.contains("typical")) j["typical"] = g.at("typical");
    for (const json& b : g.at("bins"))  // mean and count: all that the curves need
        j["bins"].push_back({b.at(2).get<std::int64_t>() / b.at(1).get<std::int64_t>(), b.at(1)});
    if (dots) j["dots"] = g.at("dots");
    return j;
}

json profile_data(const json& p) {
    json j{{"began_ps", p.at("began_ps")},
           {"ended_ps", p.at("ended_ps")},
           {"lanes", p.at("lanes")},
           {"groups", json::array()}};
    std::vector<const json*> unmaps;  // the worst have their dots shown
    for (const json& g : p.at("groups"))
        if (g.at("class") == "unmap") unmaps.push_back(&g);
    std::stable_sort(unmaps.begin(), unmaps.end(), [](const json* a, const json* b) {
        return a->at("max_ps").get<std::int64_t>() > b->at("max_ps").get<std::int64_t>();
    });
    unmaps.resize(std::min(unmaps.size(), most_dotted));
    for (const json& g : p.at("groups"))
        j["groups"].push_back(
            group_data(g, std::find(unmaps.begin(), unmaps.end(), &g) != unmaps.end()));
    return j;
}

/// Percentiles and counts alone: the stages are in the tables of the terminal.
json latency_data(const json& latency) {
    json j = json::object();
    for (const auto& [of, section] : latency.items())
        for (const auto& [key, value] : section.items())
            if (value.is_number() || key == "stages") j[of][key] = value;
    return j;
}

json run_data(const json& entry, const json& profile, bool full) {
    json j;
    for (const char* key : {"name", "command", "outcome", "verdict", "sim_time_ps", "violations",
                            "gaps", "expectations", "never_happened", "clients", "devices", "cpus"})
        if (entry.contains(key)) j[key] = entry.at(key);
    j["words"] = verdict_in_words(entry);
    if (entry.contains("latency")) j["latency"] = latency_data(entry.at("latency"));
    if (entry.contains("blame")) j["blame"] = first_of(entry.at("blame"), most_blame);
    if (profile.is_null()) return j;
    j["sentence"] = sentence(entry, profile);
    if (full) j["profile"] = profile_data(profile);
    return j;
}

/// Which runs are shown in full: what went wrong first, then what did not, in the matrix' order.
std::vector<bool> full_runs(const json& entries) {
    std::vector<bool> full(entries.size());
    std::size_t left = most_full_runs;
    const auto take = [&](auto&& wanted) {
        for (std::size_t i = 0; i < entries.size() && left > 0; ++i)
            if (!full[i] && wanted(entries.at(i))) {
                full[i] = true;
                --left;
            }
    };
    take([](const json& r) { return r.value("verdict", "") != "as_expected"; });
    take([&](const json& r) { return &r == &entries.at(0); });
    take([](const json& r) { return r.value("outcome", "") == "violations"; });
    take([](const json&) { return true; });
    return full;
}

/// Rows of the first list, and where another run's differ: row["others"][run].
json joined(const json& entries, const std::vector<json>& lists, const char* name) {
    json all = lists.empty() ? json::array() : lists.front();
    for (json& row : all)
        for (std::size_t i = 1; i < lists.size(); ++i)
            for (const json& other : lists[i].is_null() ? json::array() : lists[i])
                if (other.at(name) == row.at(name) && other.at("value") != row.at("value"))
                    row["others"][entries.at(i).value("name", "?")] = other.at("value");
    return all;
}

std::vector<json> parameters_of(const std::vector<json>& profiles) {
    std::vector<json> all;
    all.reserve(profiles.size());
    for (const json& p : profiles) all.push_back(p.is_null() ? json::array() : p.at("parameters"));
    return all;
}

json comparison_data(const json& entries, const std::vector<json>& profiles) {
    json all = json::array();
    for (std::size_t i = 1; i < entries.size() && all.size() < most_comparisons; ++i)
        if (!profiles[0].is_null() && !profiles[i].is_null())
            all.push_back(
                compare::changes({entries.at(0).value("name", "?"), &entries.at(0), &profiles[0]},
                                 {entries.at(i).value("name", "?"), &entries.at(i), &profiles[i]}));
    return all;
}

/// JSON that may stand inside of a script element.
std::string inline_json(const json& j) {
    std::string text;
    for (const char c : j.dump(-1, ' ', false, json::error_handler_t::replace)) {
        if (c == '<')
            text += "\\u003c";
        else
            text += c;
    }
    return text;
}

void put(std::string& page, std::string_view mark, std::string_view text) {
    const auto at = page.find(mark);
    if (at != std::string::npos) page.replace(at, mark.size(), text);
}

}  // namespace

std::vector<bool> told_runs(const json& entries) {
    std::vector<bool> told = full_runs(entries);
    for (std::size_t i = 0; i < std::min(entries.size(), most_told_runs); ++i) told[i] = true;
    return told;
}

json page_data(const json& summary, const std::vector<json>& profiles,
               const std::vector<json>& settings) {
    const json& entries = summary.at("runs");
    const std::vector<bool> full = full_runs(entries), told = told_runs(entries);
    json j{{"drydock", summary.at("drydock")},
           {"runs", json::array()},
           {"more", 0},
           {"more_unexpected", 0},
           {"parameters", joined(entries, parameters_of(profiles), "name")},
           {"settings", joined(entries, settings, "path")},
           {"comparisons", comparison_data(entries, profiles)}};
    const auto count = [&](const char* what) { j[what] = j[what].get<std::size_t>() + 1; };
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (told[i]) {
            j["runs"].push_back(run_data(entries.at(i), profiles[i], full[i]));
            continue;
        }
        count("more");
        if (entries.at(i).value("verdict", "") != "as_expected") count("more_unexpected");
    }
    return j;
}

std::string page(const json& summary, const std::vector<json>& profiles,
                 const std::vector<json>& settings) {
    constexpr std::array scripts{"format.js",      "canvas.js",    "timeline.js", "lanes.js",
                                 "percentiles.js", "waterfall.js", "tables.js",   "page.js"};
    using scenario::embedded::find;
    std::string style(find("uPlot.min.css").text), script(find("uPlot.iife.min.js").text);
    style += find("page.css").text;
    for (const char* name : scripts) script.append("\n").append(find(name).text);
    std::string page(find("page.html").text);
    put(page, "/*style*/", style);
    put(page, "/*script*/", script);
    put(page, "/*data*/", inline_json(page_data(summary, profiles, settings)));
    return page;
}

}  // namespace drydock::report
