// SPDX-License-Identifier: Apache-2.0
// `drydock list`: what there is to build scenarios from, or the runs and names of one.
#include <fmt/format.h>

#include "platform/cli/commands.h"
#include "platform/configs/named.h"
#include "platform/devices/description.h"
#include "platform/expect/metrics.h"
#include "platform/report/text_table.h"
#include "platform/scenario/nearest.h"
#include "sw/iommu/reset/policies.h"
#include "sw/iommu/reset_ops.h"
#include "sw/kernel/fail_sites.h"
#include "sw/kernel_calls.h"
#include "sw/switches.h"

namespace drydock::cli {
namespace {

using row = std::pair<std::string, std::string>;

void list_rows(const std::string& what, const std::vector<row>& rows, const tools& t) {
    report::text_table table(false, 2);
    for (const auto& [name, meaning] : rows) table.row({{"  " + name}, {meaning}});
    print(t.out, what + "\n" + table.text());
}

void list_things(const char* what, std::span<const sw::named_thing> things, const tools& t) {
    std::vector<row> rows;
    for (const sw::named_thing& x : things) rows.emplace_back(x.name, x.meaning);
    list_rows(what, rows, t);
}

std::vector<std::string> reset_methods() {
    std::vector<std::string> names;
    for (const sw::pci_reset_method m : sw::pci_reset_methods_all())
        names.emplace_back(sw::pci_reset_method_name(m));
    return names;
}

void list_hazards(const tools& t) {
    const hazards_options usual;
    const std::string& folder = usual.folder;
    const auto titles = hazard_titles(folder);
    if (titles.empty())
        return print(t.out, fmt::format("hazards: none in {}; `drydock hazards FOLDER` takes those "
                                        "of another folder\n",
                                        folder));
    print(t.out, fmt::format("hazards (drydock hazards --id), in {}\n", folder));
    for (const std::string& title : titles) print(t.out, "  " + title + "\n");
}

void list_all(const tools& t) {
    std::vector<row> rows;
    for (const std::string& name : devices::names())
        rows.emplace_back(name, devices::load(name, {})->title);
    list_rows("devices (like:)", rows, t);
    rows.clear();
    for (const std::string& name : configs::names())
        rows.emplace_back(name, configs::load(name, {}).title);
    list_rows("SMMUs (machine.smmu.like:)", rows, t);
    rows.clear();
    for (const sw::reset_variant& v : sw::reset_variants()) rows.emplace_back(v.name, v.what);
    list_rows("reset variants (software.reset.variant):", rows, t);
    list_things("reset policies (software.reset.policy)", sw::reset_policies(), t);
    print(t.out,
          "quarantine variants (software.quarantine): off, Q1, Q2, Q3, Q4, Q5\n"
          "page requests (software.pri): off, deny, handle\nreset methods: " +
              scenario::list_of(reset_methods()) + "\nclients (kind): dma_client, sva, vfio\n");
    list_things("functions (call:)", sw::kernel_calls(), t);
    list_things("sites of failures (fail:)", sw::fail_sites(), t);
    list_things("switches (software.switches)", sw::switches(), t);
    print(t.out, "monitors (expect): " + scenario::list_of(expect::monitors()) + "\n");
    list_hazards(t);
}

}  // namespace

int list_command(const std::string& scenario, const scenario::overrides& changes, const tools& t) {
    if (scenario.empty()) {
        if (!changes.set.empty() || !changes.axes.empty() || changes.seed_range)
            throw scenario::bad_input({"list", 0, 0, true},
                                      "-c, -m and --seeds change a scenario; expected its file");
        list_all(t);
        return as_expected;
    }
    const auto l = scenario::load(scenario, changes);
    print(t.out, "runs\n");
    for (const scenario::run& r : l.runs)
        print(t.out, fmt::format("  {}  {}\n", r.name, r.command));
    print(t.out, "names that expect: may use\n");
    for (const std::string& name : expect::names_of(l.runs.front()))
        print(t.out, "  " + name + "\n");
    return as_expected;
}

}  // namespace drydock::cli
