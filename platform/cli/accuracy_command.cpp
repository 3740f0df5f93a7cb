// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "platform/accuracy/report.h"
#include "platform/cli/commands.h"
#include "platform/scenario/nearest.h"

namespace drydock::cli {

int accuracy_command(const accuracy_options& o, const tools& t) {
    std::vector<accuracy::measurement> all;
    for (const accuracy::pattern& p : accuracy::patterns())
        if (o.pattern.empty() || o.pattern == p.name) all.push_back(accuracy::measure(p));
    if (all.empty()) {
        std::vector<std::string> names;
        for (const accuracy::pattern& p : accuracy::patterns()) names.emplace_back(p.name);
        throw scenario::bad_input({"--pattern", 0, 0, true},
                                  "no pattern '" + o.pattern + "'" +
                                      scenario::did_you_mean(o.pattern, names) +
                                      "; expected one of " + scenario::list_of(names));
    }
    print(t.out, o.as_json ? accuracy::as_json(all).dump(2) + "\n" : accuracy::as_text(all));
    return accuracy::missed_targets(all).empty() ? as_expected : unexpected;
}

}  // namespace drydock::cli
