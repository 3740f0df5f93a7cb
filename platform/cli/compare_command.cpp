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

}  // namespace

int compare_command(const compare_options& o, const tools& t) {
    const output_folder a = report::open_outputs(o.a), b = report::open_outputs(o.b);
    nlohmann::json all = nlohmann::json::array();
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
        } catch (const nlohmann::json::exception&) {
            throw scenario::bad_input(
                {}, fmt::format("'{}' or '{}' is damaged: run them again", a.run_folder(i).string(),
                                b.run_folder(k).string()));
        }
    }
    if (o.as_json) {
        print(t.out, all.dump(2) + "\n");
        return as_expected;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
        print(t.out, (i > 0 ? "\n" : "") + compare::render(all[i], wants_colour(t.out)));
    return as_expected;
}

}  // namespace drydock::cli
