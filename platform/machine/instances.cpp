// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/instances.h"

#include <algorithm>
#include <set>

#include "platform/scenario/nearest.h"
#include "platform/scenario/place.h"

namespace drydock::machine {
namespace {

/// Scopes that come with the software, whose tasks are not there yet.
std::set<std::string> standing_scopes(const scenario::run& r) {
    std::set<std::string> names{"sw", "cpus", "devices", "monitors", "markers"};
    for (unsigned c = 0; c < r.machine.cpus; ++c) names.insert("cpu" + std::to_string(c));
    for (const scenario::client& c : r.clients) names.insert(c.name);
    for (const scenario::timeline_entry& e : r.timeline)
        if (const auto* reset = std::get_if<scenario::do_reset>(&e.what)) names.insert(reset->task);
    return names;
}

}  // namespace

void check_instances(const std::vector<std::string>& names, const base::probe& p,
                     const scenario::run& r) {
    if (names.empty()) return;
    std::set<std::string> known = standing_scopes(r);
    std::string paths;
    for (base::place_id i = 0; i < p.places(); ++i) {
        paths += "." + p.name(i) + ".\n";
        known.insert(p.name(i).substr(0, p.name(i).find('.')));
    }
    for (const std::string& n : names) {
        if (paths.find("." + n + ".") != std::string::npos) continue;
        // Below what is only there later, such as sw.sva0.unmap: by its first or second part.
        const auto dot = n.find('.');
        const std::string first = n.substr(0, dot);
        const bool below_software = first == "sw" && dot != std::string::npos;
        const std::string part =
            below_software ? n.substr(dot + 1, n.find('.', dot + 1) - dot - 1) : first;
        if (known.contains(part)) continue;
        const std::vector<std::string> all(known.begin(), known.end());
        throw scenario::bad_input({"waves_of", 0, 0, true},
                                  "no instance '" + n + "'; expected some of " +
                                      scenario::list_of(all) +
                                      ", or a part of one such as smmu.invalidation_tracker" +
                                      scenario::did_you_mean(part, all));
    }
}

}  // namespace drydock::machine
