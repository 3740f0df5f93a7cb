// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>

#include "platform/scenario/build.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/quantity.h"
#include "tlm/base/probe_kinds.h"

namespace drydock::scenario::build {
namespace {

const base::kind_info* kind_named(std::string_view name) {
    for (const auto& k : base::kind_table)
        if (k.name == name) return &k;
    return nullptr;
}

/// "R at p4", "R at p4 of ep0 #2", "U in flight"; nothing for anything else.
std::optional<at_point> parse_point(const node& text, const run& r,
                                    const std::vector<std::string>& tasks) {
    static const std::regex at_form(R"(^(\w+) at (\w+)( of (\w+))?( #([0-9]{1,18}))?$)"),
        in_form(R"(^(\w+) in (\w+)$)");
    // Where an ATC_INV can be: in software's batch, in the command queue, on its way to the device.
    static const std::map<std::string, std::string> whereabouts{
        {"batch", "i1"}, {"queue", "i2"}, {"flight", "i3"}};
    std::smatch m;
    at_point p;
    if (std::regex_match(text.scalar, m, in_form)) {
        const auto known = whereabouts.find(m[2]);
        if (known == whereabouts.end())
            throw bad_input(text.where, fmt::format("'{}' is no place of an ATC_INV; expected one "
                                                    "of batch, queue, flight",
                                                    m[2].str()));
        p = {m[1], known->second};
    } else if (std::regex_match(text.scalar, m, at_form)) {
        require_name(text.where, "point", m[2], points());
        p = {m[1], m[2], m[4], m[6].matched ? std::stoull(m[6]) : 1};
        if (p.nth == 0) throw bad_input(text.where, "points count from #1");
        if (!p.device.empty()) require_name(text.where, "device", p.device, device_names(r));
    } else {
        return std::nullopt;
    }
    std::vector<std::string> all = tasks;
    for (const standing_task& s : standing_tasks()) all.emplace_back(s.name);
    require_name(text.where, "task", p.task, all);
    return p;
}

on_event parse_event(const node& text, const std::smatch& m, const run& r) {
    const on_event e{m[1], m[3], m[5].matched ? std::stoull(m[5]) : 1};
    const auto* kind = kind_named(e.kind);
    if (kind == nullptr) {
        std::vector<std::string> names{"returned"};
        for (const auto& k : base::kind_table) names.emplace_back(k.name);
        throw bad_input(
            text.where,
            fmt::format("'{}' is no time, no TASK at POINT, no TASK returned and no event{}; "
                        "`drydock points` lists them",
                        text.scalar, did_you_mean(e.kind, names)));
    }
    if (!e.device.empty()) {
        require_name(text.where, "device", e.device, device_names(r));
        if (kind->formats.find('r') == std::string_view::npos)
            throw bad_input(text.where, fmt::format("event '{}' tells no device", e.kind));
    }
    if (e.nth == 0) throw bad_input(text.where, "events count from #1");
    return e;
}

}  // namespace

condition parse_condition(const node& text, const run& r, const std::vector<std::string>& tasks) {
    static const std::regex returned_form(R"(^(\w+) returned$)"),
        event_form(R"(^(\w+)( of (\w+))?( #([0-9]{1,18}))?$)"), number_form(R"(^[0-9].*$)");
    const std::string& s = text.scalar;
    if (const auto t = parse_time(s)) return at_time{*t};
    std::smatch m;
    if (std::regex_match(s, number_form))
        throw bad_input(text.where,
                        fmt::format("'{}' cannot be used; expected {}", s, expected_time));
    if (auto p = parse_point(text, r, tasks)) return *p;
    if (std::regex_match(s, m, returned_form)) {
        require_name(text.where, "task", m[1], tasks);
        const auto clients = client_names(r);
        if (std::find(clients.begin(), clients.end(), m[1]) != clients.end())
            throw bad_input(text.where,
                            fmt::format("client '{}' works until the run ends and never "
                                        "returns; expected a task",
                                        m[1].str()));
        return on_return{m[1]};
    }
    if (std::regex_match(s, m, event_form)) return parse_event(text, m, r);
    throw bad_input(
        text.where,
        fmt::format(
            "'{}' cannot be used; expected a time (20ms), TASK at POINT (R at p4), TASK returned, "
            "TASK in batch, queue or flight, or an event (itag_timeout of ep0 #3)",
            s));
}

}  // namespace drydock::scenario::build
