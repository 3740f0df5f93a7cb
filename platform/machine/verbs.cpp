// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "platform/machine/machine.h"
#include "platform/scenario/nearest.h"

namespace drydock::machine {
namespace {

using endpoint::faults;

// Of the link, beside pcie::link_fault_table; all others are of the device and stand in
// endpoint::fault_table.
constexpr std::string_view link_up = "up";
constexpr std::string_view link_down_fault = "link_down", link_up_fault = "link_up",
                           death_with_link_down = "death_with_link_down";

std::vector<std::string> fault_names() {
    std::vector<std::string> names{std::string(link_down_fault), std::string(link_up_fault),
                                   std::string(death_with_link_down)};
    names.insert(names.end(), port_fault_names().begin(), port_fault_names().end());
    for (const pcie::link_fault_info& f : pcie::link_fault_table) names.emplace_back(f.name);
    for (const endpoint::fault_info& f : endpoint::fault_table) names.emplace_back(f.name);
    return names;
}

/// Null: no port names it, so that it was not built.
const smmu_seat* smmu_named(const hardware& hw, std::string_view name) {
    for (const smmu_seat& s : hw.smmus())
        if (s.name == name) return &s;
    return nullptr;
}

}  // namespace

void machine::inject(const scenario::do_inject& v) {
    if (!v.error.empty()) return inject_error(v);
    if (!v.smmu.empty()) return smmu_named(hardware_, v.smmu)->device->fail_service();
    pcie::link& link =
        v.port.empty() ? *hardware_.seat_of(v.device).link : *hardware_.link_below(v.port);
    if (v.fault == link_down_fault || v.fault == link_up_fault)
        return link.set_up(v.fault == link_up_fault);
    for (const pcie::link_fault_info& f : pcie::link_fault_table)
        if (f.name == v.fault) return link.inject(f.what, v.downward, v.count);
    if (inject_at_port(v)) return;
    seat& s = hardware_.seat_of(v.device);
    faults& f = s.device->inject();
    if (v.delay) f.delay = *v.delay;
    if (v.fault == death_with_link_down) f.silent_death = 1;
    for (const endpoint::fault_info& i : endpoint::fault_table)
        if (i.name == v.fault) f.*i.count = v.count;
    s.device->injected();
    if (v.fault == death_with_link_down) s.link->set_up(false);
}

/// `set: {PORT_link.up: false}`: the link goes down or comes back.
void machine::set(const scenario::do_set& v) {
    for (const std::string& port : hardware_.port_names())
        if (v.parameter == port + "_link." + std::string(link_up))
            hardware_.link_below(port)->set_up(std::get<bool>(v.value));
}

void machine::check_inject(const scenario::do_inject& v, const scenario::place& where) {
    if (!v.smmu.empty()) {
        if (smmu_named(hardware_, v.smmu) == nullptr)
            throw scenario::bad_input(where, "SMMU '" + v.smmu +
                                                 "' translates for no port, and is "
                                                 "not built; expected one that a port names");
        return;
    }
    const auto names = fault_names();
    if (std::find(names.begin(), names.end(), v.fault) == names.end())
        throw scenario::bad_input(
            where, "there is no fault '" + v.fault + "'" + scenario::did_you_mean(v.fault, names));
    check_port_fault(v, where);
}

void machine::check_verbs() {
    for (const scenario::timeline_entry& entry : run_.timeline) {
        if (const auto* inject = std::get_if<scenario::do_inject>(&entry.what)) {
            if (inject->error.empty())
                check_inject(*inject, entry.where);
            else
                check_error(*inject, entry.where);
        }
        if (const auto* set = std::get_if<scenario::do_set>(&entry.what)) {
            std::vector<std::string> names;
            for (const std::string& port : hardware_.port_names())
                names.push_back(port + "_link." + std::string(link_up));
            if (std::find(names.begin(), names.end(), set->parameter) == names.end())
                throw scenario::bad_input(entry.where,
                                          "'" + set->parameter + "' cannot be set during a run" +
                                              scenario::did_you_mean(set->parameter, names));
            if (!std::holds_alternative<bool>(set->value))
                throw scenario::bad_input(entry.where, "'" + set->parameter + "' is true or false");
        }
    }
}

}  // namespace drydock::machine
