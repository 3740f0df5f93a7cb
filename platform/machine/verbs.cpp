// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "platform/machine/machine.h"
#include "platform/scenario/nearest.h"

namespace drydock::machine {
namespace {

using endpoint::faults;

/// Faults that a scenario may inject, by name.
constexpr std::array<std::pair<std::string_view, std::uint32_t faults::*>, 2> counted_faults{{
    {"swallow_invalidates", &faults::swallow_invalidates},
    {"lose_completions", &faults::lose_completions},
}};
constexpr std::string_view never_ready = "never_ready";
constexpr std::string_view link_up = "up";
constexpr std::string_view link_down_fault = "link_down", link_up_fault = "link_up";

std::vector<std::string> fault_names() {
    std::vector<std::string> names{std::string(never_ready), std::string(link_down_fault),
                                   std::string(link_up_fault)};
    for (const auto& [name, field] : counted_faults) names.emplace_back(name);
    return names;
}

/// Whether `fault` exists; if so it is set to hit every occasion.
bool set_fault(faults& f, std::string_view fault, bool apply) {
    if (fault == link_down_fault || fault == link_up_fault) return true;
    if (fault == never_ready) {
        if (apply) f.never_ready = true;
        return true;
    }
    for (const auto& [name, field] : counted_faults) {
        if (name != fault) continue;
        if (apply) f.*field = UINT32_MAX;
        return true;
    }
    return false;
}

}  // namespace

void machine::inject(const scenario::do_inject& v) {
    seat& s = hardware_.seat_of(v.device);
    if (v.fault == link_down_fault || v.fault == link_up_fault)
        s.link->set_up(v.fault == link_up_fault);
    else
        set_fault(s.device->inject(), v.fault, true);
}

/// `set: {PORT_link.up: false}`: the link goes down or comes back.
void machine::set(const scenario::do_set& v) {
    for (const std::string& port : hardware_.port_names())
        if (v.parameter == port + "_link." + std::string(link_up))
            hardware_.link_below(port)->set_up(std::get<bool>(v.value));
}

void machine::check_verbs() const {
    for (const scenario::timeline_entry& entry : run_.timeline) {
        if (const auto* inject = std::get_if<scenario::do_inject>(&entry.what)) {
            faults none;
            if (!set_fault(none, inject->fault, false))
                throw scenario::bad_input(entry.where,
                                          "there is no fault '" + inject->fault + "'" +
                                              scenario::did_you_mean(inject->fault, fault_names()));
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
