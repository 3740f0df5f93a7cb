// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "platform/scenario/build.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"

namespace drydock::scenario::build {

std::vector<std::string> device_names(const run& r) {
    std::vector<std::string> names;
    for (const leaf& l : leaves(r.machine)) names.push_back(l.device->name);
    return names;
}

namespace {
void add_port(const port& p, std::vector<std::string>& names) {
    names.push_back(p.name);
    if (!p.below) return;
    for (const port& down : p.below->ports) add_port(down, names);
}
}  // namespace

std::vector<std::string> port_names(const run& r) {
    std::vector<std::string> names;
    for (const port& p : r.machine.ports) add_port(p, names);
    return names;
}

std::vector<std::string> client_names(const run& r) {
    std::vector<std::string> names;
    for (const client& c : r.clients) names.push_back(c.name);
    return names;
}

std::vector<std::string> task_names(const run& r) {
    std::vector<std::string> names;
    for (const timeline_entry& e : r.timeline) {
        if (const auto* v = std::get_if<do_reset>(&e.what)) names.push_back(v->task);
        if (const auto* v = std::get_if<do_attach>(&e.what)) names.push_back(v->task);
        if (const auto* v = std::get_if<do_detach>(&e.what)) names.push_back(v->task);
    }
    const auto clients = client_names(r);
    names.insert(names.end(), clients.begin(), clients.end());
    return names;
}

void refuse_reserved(const place& where, const std::string& name) {
    static const std::regex reserved(
        "all|any|counters|invalidation|unmap|translation|page_request|cpu[0-9]+");
    if (std::regex_match(name, reserved))
        throw bad_input(where, fmt::format("'{}' means something else where results are named; "
                                           "expected another name",
                                           name));
}

void require_name(const place& where, std::string_view what, const std::string& name,
                  const std::vector<std::string>& names) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    throw bad_input(where, fmt::format("no {} '{}'; expected one of {}{}", what, name,
                                       list_of(names), did_you_mean(name, names)));
}

}  // namespace drydock::scenario::build
