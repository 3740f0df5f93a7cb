// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>
#include <type_traits>

#include "platform/devices/description.h"
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
    for (const timeline_entry& e : r.timeline)
        if (const std::string task = task_of(e.what); !task.empty()) names.push_back(task);
    const auto clients = client_names(r);
    names.insert(names.end(), clients.begin(), clients.end());
    return names;
}

std::string task_of(const verb& v) {
    return std::visit(
        [](const auto& x) -> std::string {
            using what = std::decay_t<decltype(x)>;
            constexpr bool others =
                std::is_same_v<what, do_hold> || std::is_same_v<what, do_release>;
            // cppcheck-suppress constStatement  ; a requirement, no statement
            if constexpr (requires { x.task; } && !others)
                return x.task;
            else
                return {};
        },
        v);
}

std::optional<int> error_number(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, int>, 16> known{{{"0", 0},
                                                                             {"EPERM", 1},
                                                                             {"ENOENT", 2},
                                                                             {"EIO", 5},
                                                                             {"EAGAIN", 11},
                                                                             {"ENOMEM", 12},
                                                                             {"EFAULT", 14},
                                                                             {"EBUSY", 16},
                                                                             {"EEXIST", 17},
                                                                             {"ENODEV", 19},
                                                                             {"EINVAL", 22},
                                                                             {"ENOSPC", 28},
                                                                             {"ENOTTY", 25},
                                                                             {"ENOSYS", 38},
                                                                             {"EOPNOTSUPP", 95},
                                                                             {"ETIMEDOUT", 110}}};
    if (name.starts_with('-')) name.remove_prefix(1);
    for (const auto& [word, number] : known)
        if (word == name) return -number;
    return std::nullopt;
}

void refuse_reserved(const place& where, const std::string& name) {
    static const std::regex reserved(
        "all|any|counters|invalidation|unmap|translation|page_request|cpu[0-9]+");
    if (std::regex_match(name, reserved))
        throw bad_input(where, fmt::format("'{}' means something else where results are named; "
                                           "expected another name",
                                           name));
}

void require_pasid(const place& where, std::uint32_t pasid, const scenario::device& d) {
    const auto bits = d.description->pasid_bits;
    if (!bits)
        throw bad_input(
            where, fmt::format("pasid: device '{}' ({}) has no PASID capability", d.name, d.like));
    if (pasid >= (1u << *bits))
        throw bad_input(where, fmt::format("pasid: {} is out of range; expected 1..{} (device "
                                           "'{}' has {} bits)",
                                           pasid, (1u << *bits) - 1, d.name, *bits));
}

void require_name(const place& where, std::string_view what, const std::string& name,
                  const std::vector<std::string>& names) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    throw bad_input(where, fmt::format("no {} '{}'; expected one of {}{}", what, name,
                                       list_of(names), did_you_mean(name, names)));
}

}  // namespace drydock::scenario::build
