// SPDX-License-Identifier: Apache-2.0
#include "platform/compare/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "platform/compare/bootstrap.h"
#include "platform/report/report.h"

namespace drydock::compare {
namespace {

using json = nlohmann::json;

json rounded(double ps) { return static_cast<std::int64_t>(std::llround(ps)); }

json parameters(const json& a, const json& b) {
    std::map<std::string, std::pair<json, json>> all;
    for (const json& p : a.at("parameters")) all[p.at("name")].first = p.at("value");
    for (const json& p : b.at("parameters")) all[p.at("name")].second = p.at("value");
    json changed = json::array();
    for (const auto& [name, v] : all)
        if (v.first != v.second)
            changed.push_back({{"name", name}, {"a", v.first}, {"b", v.second}});
    return changed;
}

json violations(const json& a, const json& b) {
    std::map<std::pair<std::string, std::string>, std::pair<std::int64_t, std::int64_t>> all;
    const auto key = [](const json& v) {
        return std::pair{v.value("monitor", "?"), v.value("device", "")};
    };
    for (const json& v : a.value("violations", json::array()))
        all[key(v)].first += v.value("count", 1);
    for (const json& v : b.value("violations", json::array()))
        all[key(v)].second += v.value("count", 1);
    json changed = json::array();
    for (const auto& [k, n] : all)
        if (n.first != n.second)
            changed.push_back(
                {{"monitor", k.first}, {"device", k.second}, {"a", n.first}, {"b", n.second}});
    return changed;
}

json clients(const json& a, const json& b) {
    json all = json::array();
    const json none = json::object();
    const json& of_a = a.contains("clients") ? a.at("clients") : none;
    const json& of_b = b.contains("clients") ? b.at("clients") : none;
    for (const auto& [name, c] : of_a.items()) {
        if (!of_b.contains(name)) continue;
        for (const char* operation : {"unmap", "dma"})
            for (const char* what : {"done", "missed", "longest_ps"}) {
                if (!c.contains(operation) || !of_b.at(name).contains(operation)) continue;
                const auto from = c.at(operation).value(what, std::int64_t{0});
                const auto to = of_b.at(name).at(operation).value(what, std::int64_t{0});
                if (from != to)
                    all.push_back({{"client", name},
                                   {"what", std::string(operation) + " " + what},
                                   {"a", from},
                                   {"b", to}});
            }
    }
    return all;
}

json stage_changes(const distribution& a, const distribution& b, double quantile) {
    std::map<std::string, std::pair<double, double>> all;
    for (const auto& [stage, ps] : stage_means(a, quantile)) all[stage].first = ps;
    for (const auto& [stage, ps] : stage_means(b, quantile)) all[stage].second = ps;
    json rows = json::array();
    for (const auto& [stage, v] : all)
        rows.push_back({{"stage", stage},
                        {"a", rounded(v.first)},
                        {"b", rounded(v.second)},
                        {"by", rounded(v.second - v.first)}});
    std::stable_sort(rows.begin(), rows.end(), [](const json& x, const json& y) {
        return std::abs(x.at("by").get<std::int64_t>()) > std::abs(y.at("by").get<std::int64_t>());
    });
    return rows;
}

json group_changes(const json& a, const json& b) {
    const distribution of_a = distribution_of(a), of_b = distribution_of(b);
    json g{{"class", a.at("class")},
           {"who", a.at("who")},
           {"stages_mean", stage_changes(of_a, of_b, 0)},
           {"stages_slowest", stage_changes(of_a, of_b, 0.99)},
           {"statistics", json::array()}};
    for (const char* n : {"count", "timed_out", "open"}) g[n] = {a.at(n), b.at(n)};
    for (const difference& d : differences(of_a, of_b)) {
        json s{{"name", d.statistic},   {"a", rounded(d.a)},  {"b", rounded(d.b)},
               {"by", rounded(d.by())}, {"clear", d.clear()}, {"low", nullptr},
               {"high", nullptr}};
        if (d.interval) {
            s["low"] = rounded(d.interval->low);
            s["high"] = rounded(d.interval->high);
        }
        g["statistics"].push_back(std::move(s));
    }
    return g;
}

}  // namespace

json changes(const side& a, const side& b) {
    json j{
        {"a", a.name},
        {"b", b.name},
        {"commands", {{"a", a.entry->value("command", "")}, {"b", b.entry->value("command", "")}}},
        {"parameters", parameters(*a.profile, *b.profile)},
        {"verdicts",
         {{"a", report::verdict_in_words(*a.entry)}, {"b", report::verdict_in_words(*b.entry)}}},
        {"violations", violations(*a.entry, *b.entry)},
        {"clients", clients(*a.entry, *b.entry)},
        {"groups", json::array()}};
    for (const json& of_a : a.profile->at("groups"))
        for (const json& of_b : b.profile->at("groups"))
            if (of_a.at("class") == of_b.at("class") && of_a.at("who") == of_b.at("who"))
                j["groups"].push_back(group_changes(of_a, of_b));
    return j;
}

}  // namespace drydock::compare
