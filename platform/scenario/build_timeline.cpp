// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>

#include "platform/devices/description.h"
#include "platform/scenario/build.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "tlm/base/probe_kinds.h"

namespace drydock::scenario::build {
namespace {

constexpr std::array<std::string_view, 8> verbs{"reset",  "start", "attach",  "detach",
                                                "inject", "hold",  "release", "set"};
constexpr ps longest_run{86'400'000'000'000'000};  // a day of simulated time

std::string text_of(const node& map, std::string_view key, const std::string& otherwise = "") {
    const node* n = map.find(key);
    return n == nullptr ? otherwise : n->scalar;
}

std::optional<std::uint32_t> pasid_of(const node& map) {
    const node* n = map.find("pasid");
    if (n == nullptr) return std::nullopt;
    return n->to_json().get<std::uint32_t>();
}

std::string device_of(const node& map, const run& r) {
    const node& n = map.at("device");
    require_name(n.where, "device", n.scalar, device_names(r));
    return n.scalar;
}

/// Name and CPU of the task that an entry starts.
std::pair<std::string, unsigned> task_of(const node& entry, const run& r) {
    const node* task = entry.find("task");
    if (task == nullptr)
        throw bad_input(entry.where,
                        "'task' is missing; expected a name for the task, such as task: R");
    const node* cpu = entry.find("cpu");
    const unsigned number = cpu == nullptr ? 0 : cpu->to_json().get<unsigned>();
    if (number >= r.machine.cpus)
        throw bad_input(cpu->where,
                        fmt::format("cpu: {} is out of range; expected 0..{} (machine.cpus is {})",
                                    number, r.machine.cpus - 1, r.machine.cpus));
    return {task->scalar, number};
}

do_reset read_reset(const node& entry, const node& v, const run& r) {
    const auto [task, cpu] = task_of(entry, r);
    do_reset reset{task, cpu, device_of(v, r), text_of(v, "method", "flr"),
                   text_of(v, "call", "pci_reset_function")};
    for (const port& p : r.machine.ports)
        if (p.device && p.device->name == reset.device && !p.device->description->flr)
            throw bad_input(
                v.at("device").where,
                fmt::format("device '{}' ({}) cannot do a function level reset (DevCap FLReset-)",
                            reset.device, p.device->like));
    return reset;
}

do_set read_set(const node& v) {
    const member& m = v.members.front();
    const auto json = m.value.to_json();
    if (json.is_boolean()) return {m.key, json.get<bool>()};
    if (json.is_number_integer()) return {m.key, json.get<std::int64_t>()};
    if (const auto t = parse_time(m.value.scalar)) return {m.key, *t};
    return {m.key, m.value.scalar};
}

do_hold read_hold(const node& v, const condition& when, const std::vector<std::string>& tasks) {
    require_name(v.where, "task", v.scalar, tasks);
    const auto* point = std::get_if<at_point>(&when);
    if (point == nullptr || point->task != v.scalar)
        throw bad_input(
            v.where, fmt::format("hold: {0} needs a place to hold it; expected when: {0} at POINT",
                                 v.scalar));
    return {v.scalar};
}

verb read_verb(const node& entry, std::string_view name, const condition& when, const run& r,
               const std::vector<std::string>& tasks) {
    const node& v = entry.at(name);
    if (name == "reset") return read_reset(entry, v, r);
    if (name == "hold") return read_hold(v, when, tasks);
    if (name == "set") return read_set(v);
    if (name == "inject") return do_inject{device_of(v, r), v.at("fault").scalar};
    if (name == "release") {
        require_name(v.where, "task", v.scalar, tasks);
        return do_release{v.scalar};
    }
    if (name == "start") {
        require_name(v.where, "client", v.scalar, client_names(r));
        return do_start{v.scalar};
    }
    const auto [task, cpu] = task_of(entry, r);
    if (name == "attach")
        return do_attach{task, cpu, device_of(v, r), pasid_of(v), v.at("domain").scalar};
    return do_detach{task, cpu, device_of(v, r), pasid_of(v)};
}

std::string_view verb_of(const node& entry) {
    std::string_view found;
    for (const std::string_view v : verbs) {
        if (entry.find(v) == nullptr) continue;
        if (!found.empty())
            throw bad_input(
                entry.find(v)->where,
                fmt::format("a second verb '{}' beside '{}'; expected one per entry", v, found));
        found = v;
    }
    if (found.empty())
        throw bad_input(entry.where, fmt::format("no verb; expected one of {}",
                                                 list_of({verbs.begin(), verbs.end()})));
    return found;
}

/// Tasks that entries name, before the entries are read: one may wait for a task of a later one.
std::vector<std::string> declared_tasks(const node* list, const run& r) {
    std::vector<std::string> names;
    if (list != nullptr)
        for (const node& entry : list->items)
            if (const node* task = entry.find("task")) {
                if (std::find(names.begin(), names.end(), task->scalar) != names.end())
                    throw bad_input(
                        task->where,
                        fmt::format("a second task '{}'; names must differ", task->scalar));
                names.push_back(task->scalar);
            }
    const auto clients = client_names(r);
    names.insert(names.end(), clients.begin(), clients.end());
    return names;
}

const base::kind_info* kind_named(std::string_view name) {
    for (const auto& k : base::kind_table)
        if (k.name == name) return &k;
    return nullptr;
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
    static const std::regex at_form(R"(^(\w+) at (\w+)$)"), returned_form(R"(^(\w+) returned$)"),
        event_form(R"(^(\w+)( of (\w+))?( #([0-9]{1,18}))?$)"), number_form(R"(^[0-9].*$)");
    const std::string& s = text.scalar;
    if (const auto t = parse_time(s)) return at_time{*t};
    std::smatch m;
    if (std::regex_match(s, number_form))
        throw bad_input(text.where,
                        fmt::format("'{}' cannot be used; expected {}", s, expected_time));
    if (std::regex_match(s, m, at_form)) {
        require_name(text.where, "task", m[1], tasks);
        require_name(text.where, "point", m[2], points());
        return at_point{m[1], m[2]};
    }
    if (std::regex_match(s, m, returned_form)) {
        require_name(text.where, "task", m[1], tasks);
        return on_return{m[1]};
    }
    if (std::regex_match(s, m, event_form)) return parse_event(text, m, r);
    throw bad_input(
        text.where,
        fmt::format(
            "'{}' cannot be used; expected a time (20ms), TASK at POINT (R at p4), TASK returned, "
            "or an event (itag_timeout of ep0 #3)",
            s));
}

void timeline(const node& document, run& r) {
    const node* list = document.find("timeline");
    const auto tasks = declared_tasks(list, r);
    if (list == nullptr) return;
    for (const node& entry : list->items) {
        const condition when = parse_condition(entry.at("when"), r, tasks);
        r.timeline.push_back({when, read_verb(entry, verb_of(entry), when, r, tasks), entry.where});
        if (const auto* s = std::get_if<do_start>(&r.timeline.back().what))
            for (client& c : r.clients)
                if (c.name == s->client) c.starts_by_timeline = true;
    }
}

void end(const node& document, run& r) {
    const node& section = document.at("end");
    const fields f(&section, "end", r.effective);
    const auto tasks = task_names(r);
    const node& when = section.at("when");
    if (when.is == node::type::list) {
        for (const node& n : when.items) r.end.when.push_back(parse_condition(n, r, tasks));
    } else {
        r.end.when.push_back(parse_condition(when, r, tasks));
    }
    r.effective.push_back({"end.when", when.text(),
                           when.where.command_line
                               ? "command line"
                               : when.where.file + ":" + std::to_string(when.where.line)});
    f.read("plus", r.end.plus, 0_ps, longest_run);
    f.read("limit", r.end.limit, 1_ns, longest_run);
}

void outputs(const node& document, run& r) {
    const fields f(document.find("outputs"), "outputs", r.effective);
    std::string level = "life", waves = "false";
    f.read("events", level);
    f.read("waves", waves);
    constexpr std::array<std::string_view, 4> names{"off", "life", "detail", "tlp"};
    r.outputs.events =
        static_cast<events_level>(std::find(names.begin(), names.end(), level) - names.begin());
    if (waves == "true") r.outputs.waves = waves_window{};
    if (waves == "true" || waves == "false") return;
    r.outputs.waves = parse_window(waves);
    if (!r.outputs.waves)
        throw bad_input(f.where("waves"), fmt::format("waves: '{}' cannot be used; expected {}",
                                                      waves, expected_window));
}

std::vector<std::string> device_names(const run& r) {
    std::vector<std::string> names;
    for (const port& p : r.machine.ports)
        if (p.device) names.push_back(p.device->name);
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

void require_name(const place& where, std::string_view what, const std::string& name,
                  const std::vector<std::string>& names) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    throw bad_input(where, fmt::format("no {} '{}'; expected one of {}{}", what, name,
                                       list_of(names), did_you_mean(name, names)));
}

}  // namespace drydock::scenario::build
