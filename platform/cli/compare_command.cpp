// SPDX-License-Identifier: Apache-2.0
// `drydock compare`: what changed from one run to another.
#include <fmt/format.h>

#include "platform/cli/commands.h"
#include "platform/compare/compare.h"
#include "platform/report/run_folder.h"
#include "platform/scenario/nearest.h"

namespace drydock::cli {
namespace {

using report::output_folder;
using pairs = std::vector<std::pair<std::size_t, std::size_t>>;  // indices of runs

std::string names_in(const output_folder& o) {
    std::vector<std::string> names;
    for (const std::size_t i : o.runs) names.push_back(o.name(i));
    return scenario::list_of(names);
}

/// One run against one, or those of the same name.
pairs pairs_of(const output_folder& a, const output_folder& b) {
    if (a.runs.size() == 1 && b.runs.size() == 1) return {{a.runs.front(), b.runs.front()}};
    pairs same;
    for (const std::size_t i : a.runs)
        for (const std::size_t k : b.runs)
            if (a.name(i) == b.name(k)) same.emplace_back(i, k);
    if (same.empty())
        throw scenario::bad_input(
            {}, fmt::format("no run is in both; '{}' has {}, '{}' has {}: name one run's folder of "
                            "each, such as '{}'",
                            a.folder.string(), names_in(a), b.folder.string(), names_in(b),
                            a.run_folder(a.runs.front()).string()));
    return same;
}

/// "unmap of net@nic, atc_inv of nic"
std::string groups_in(const nlohmann::json& profile) {
    std::vector<std::string> names;
    for (const nlohmann::json& g : profile.at("groups"))
        names.push_back(g.at("class").get<std::string>() + " of " + g.at("who").get<std::string>());
    return scenario::list_of(names);
}

/// Two runs with transactions of which no two are of the same client and device.
std::string nothing_in_common(const nlohmann::json& changes, const nlohmann::json& a,
                              const nlohmann::json& b) {
    if (!changes.at("groups").empty() || a.at("groups").empty() || b.at("groups").empty())
        return "";
    return fmt::format("{} has {}; {} has {}", changes.at("a").get<std::string>(), groups_in(a),
                       changes.at("b").get<std::string>(), groups_in(b));
}

}  // namespace

int compare_command(const compare_options& o, const tools& t) {
    const output_folder a = report::open_outputs(o.a), b = report::open_outputs(o.b);
    nlohmann::json all = nlohmann::json::array();
    std::string apart;  // of the first pair; empty: some pair can be compared
    for (const auto& [i, k] : pairs_of(a, b)) {
        const nlohmann::json of_a = report::read_profile(a.run_folder(i)),
                             of_b = report::read_profile(b.run_folder(k));
        std::string name_a = a.name(i), name_b = b.name(k);
        if (name_a == name_b) {
            name_a += " of " + a.folder.filename().string();
            name_b += " of " + b.folder.filename().string();
        }
        try {
            all.push_back(
                compare::changes({name_a, &a.entry(i), &of_a}, {name_b, &b.entry(k), &of_b}));
            const std::string why = nothing_in_common(all.back(), of_a, of_b);
            if (all.size() == 1 || why.empty()) apart = why;
        } catch (const nlohmann::json::exception&) {
            throw scenario::bad_input(
                {}, fmt::format("'{}' or '{}' is damaged: run them again", a.run_folder(i).string(),
                                b.run_folder(k).string()));
        }
    }
    if (!apart.empty())
        throw scenario::bad_input(
            {}, "the runs have no transactions in common: " + apart +
                    "; expected runs whose clients and devices have the same names");
    if (o.as_json) {
        print(t.out, all.dump(2) + "\n");
        return as_expected;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
        print(t.out, (i > 0 ? "\n" : "") + compare::render(all[i], wants_colour(t.out)));
    return as_expected;
}

}  // namespace drydock::cli
