// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "platform/devices/description.h"
#include "platform/scenario/build.h"
#include "platform/scenario/build_verbs.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"
#include "sw/pci/reset.h"

namespace drydock::scenario::build {
namespace {

constexpr std::array<std::string_view, 18> verbs{
    "reset", "start", "attach", "detach", "inject", "hold", "release", "set",  "unmap",
    "use",   "call",  "remove", "add",    "unbind", "bind", "map",     "free", "fail"};
/// Verbs that start no task; all others need one.
constexpr std::array<std::string_view, 7> without_task{"start", "inject", "hold", "release",
                                                       "set",   "use",    "fail"};
constexpr ps longest_run{86'400'000'000'000'000};  // a day of simulated time

std::string text_of(const node& map, std::string_view key, const std::string& otherwise = "") {
    const node* n = map.find(key);
    return n == nullptr ? otherwise : n->scalar;
}

/// A PASID that the device can have.
std::optional<std::uint32_t> pasid_of(const node& map, const run& r) {
    const node* n = map.find("pasid");
    if (n == nullptr) return std::nullopt;
    const auto pasid = n->to_json().get<std::uint32_t>();
    const std::string name = device_of(map, r);
    for (const leaf& l : leaves(r.machine))
        if (l.device->name == name) require_pasid(n->where, pasid, *l.device);
    return pasid;
}

/// What a device lacks for a reset that is its own; null: nothing.
const char* cannot_reset(const leaf& l, const std::string& method, const run& r) {
    const devices::description& d = *l.device->description;
    const auto& all = r.software.devices;
    const auto told = std::find_if(all.begin(), all.end(),
                                   [&](const auto& x) { return x.device == l.device->name; });
    const bool acpi = told != all.end() && told->acpi_reset;
    const bool power_off = told != all.end() && told->power_off;
    const bool quirk = (told != all.end() && told->quirk != "none") ||
                       sw::pci_quirk_of_ids(d.image.u16(0), d.image.u16(2)) != sw::pci_quirk::none;
    if (method == "acpi" && !acpi)
        return "reset by firmware; expected software.devices: acpi_reset";
    if (method == "d3cold" && !power_off)
        return "reset by taking its power away; expected software.devices: power_off";
    if (method == "device_specific" && !quirk)
        return "reset of its own kind; expected software.devices: quirk";
    bool af = false, soft = false;
    for (const auto& c : pcie::list_capabilities(d.image)) {
        if (c.extended) continue;
        if (c.id == 0x13) af = (d.image.bytes[c.offset + 3u] & 3) == 3;  // TP, FLR
        if (c.id == 0x01) soft = (d.image.u16(c.offset + 4u) & 8) == 0;  // No_Soft_Reset
    }
    if (method == "flr" && !d.flr) return "function level reset (DevCap FLReset-)";
    if (method == "af_flr" && !af) return "function level reset by Advanced Features (AF)";
    if (method == "pm" && !soft) return "reset by D3hot (PM NoSoftRst-)";
    return nullptr;
}

/// `method:` one, a list, or all that the device has: none is named then.
std::vector<std::string> methods_of(const node& v) {
    std::vector<std::string> known{"all"}, methods;
    for (const sw::pci_reset_method m : sw::pci_reset_methods_all())
        known.emplace_back(sw::pci_reset_method_name(m));
    const node* n = v.find("method");
    if (n == nullptr) return {"flr"};
    if (n->is == node::type::scalar) {
        require_name(n->where, "reset method", n->scalar, known);
        if (n->scalar != "all") methods.push_back(n->scalar);
        return methods;
    }
    known.erase(known.begin());
    for (const node& item : n->items) {
        require_name(item.where, "reset method", item.scalar, known);
        methods.push_back(item.scalar);
    }
    return methods;
}

do_reset read_reset(const node& entry, const node& v, const run& r) {
    const auto [task, cpu] = new_task(entry, r);
    do_reset reset{task, cpu, device_of(v, r), methods_of(v),
                   text_of(v, "call", "pci_reset_function")};
    const bool whole_bus = reset.call == "pci_reset_bus" || reset.call == "reset_subordinate";
    if (const node* n = v.find("method"); n != nullptr && whole_bus)
        throw bad_input(n->where, fmt::format("'method' beside call: {}, which resets a whole bus",
                                              reset.call));
    for (const leaf& l : leaves(r.machine))
        if (l.device->name == reset.device && reset.methods.size() == 1 && !whole_bus)
            if (const char* why = cannot_reset(l, reset.methods.front(), r))
                throw bad_input(v.at("device").where,
                                fmt::format("device '{}' ({}) cannot do a {}", reset.device,
                                            l.device->like, why));
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

/// A domain of software.domain, or a kind that needs no name.
std::string domain_of(const node& n, const run& r) {
    std::vector<std::string> names{"default", "identity", "blocked", "paging"};
    for (const domain& d : r.software.domains) names.push_back(d.name);
    require_name(n.where, "domain", n.scalar, names);
    return n.scalar;
}

std::vector<std::string> with_standing(std::vector<std::string> tasks) {
    for (const standing_task& s : standing_tasks()) tasks.emplace_back(s.name);
    return tasks;
}

do_hold read_hold(const node& v, const condition& when, const std::vector<std::string>& tasks) {
    require_name(v.where, "task", v.scalar, with_standing(tasks));
    const auto* point = std::get_if<at_point>(&when);
    if (point == nullptr || point->task != v.scalar)
        throw bad_input(
            v.where, fmt::format("hold: {0} needs a place to hold it; expected when: {0} at POINT",
                                 v.scalar));
    if (of_hardware(point->point))
        throw bad_input(v.where, fmt::format("hold: hardware passes {}, the task goes on; expected "
                                             "another point",
                                             point->point));
    return {v.scalar};
}

/// A task's own name, so that conditions and expectations mean one thing.
void check_task_name(const node& task, const run& r) {
    refuse_reserved(task.where, task.scalar);
    const auto taken = [&](const std::vector<std::string>& names, std::string_view whose) {
        if (std::find(names.begin(), names.end(), task.scalar) != names.end())
            throw bad_input(task.where, fmt::format("task '{}' has the name of a {}; names must "
                                                    "differ",
                                                    task.scalar, whose));
    };
    taken(device_names(r), "device");
    taken(client_names(r), "client");
}

/// `task:` and `cpu:` are of the verbs that start a task.
void refuse_task(const node& entry, std::string_view verb) {
    for (const char* key : {"task", "cpu"})
        if (const node* n = entry.find(key))
            throw bad_input(n->where,
                            fmt::format("'{}' beside '{}', which starts no task; expected "
                                        "it beside reset, attach, unmap or another that does",
                                        key, verb));
}

verb read_verb(const node& entry, std::string_view name, const condition& when, const run& r,
               const std::vector<std::string>& tasks) {
    const node& v = entry.at(name);
    if (std::find(without_task.begin(), without_task.end(), name) != without_task.end())
        refuse_task(entry, name);
    if (const auto other = software_verb(entry, name, r)) return *other;
    if (name == "reset") return read_reset(entry, v, r);
    if (name == "hold") return read_hold(v, when, tasks);
    if (name == "set") return read_set(v);
    if (name == "inject") return inject_verb(v, r);
    if (name == "release") {
        require_name(v.where, "task", v.scalar, with_standing(tasks));
        return do_release{v.scalar};
    }
    if (name == "start") {
        require_name(v.where, "client", v.scalar, client_names(r));
        return do_start{v.scalar};
    }
    const auto [task, cpu] = new_task(entry, r);
    if (name == "attach")
        return do_attach{task, cpu, device_of(v, r), pasid_of(v, r), domain_of(v.at("domain"), r)};
    return do_detach{task, cpu, device_of(v, r), pasid_of(v, r)};
}

/// The schema has seen to it that there is exactly one.
std::string_view verb_of(const node& entry) {
    return *std::find_if(verbs.begin(), verbs.end(),
                         [&](std::string_view v) { return entry.find(v) != nullptr; });
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
                check_task_name(*task, r);
                names.push_back(task->scalar);
            }
    const auto clients = client_names(r);
    names.insert(names.end(), clients.begin(), clients.end());
    return names;
}

/// The task or client that an entry brings to life, "" if none.
std::string started_by(const timeline_entry& e) {
    if (const auto* v = std::get_if<do_start>(&e.what)) return v->client;
    return task_of(e.what);
}

/// The task or client that must be there for a condition to come true, "" if none.
std::string awaited_by(const condition& c) {
    if (const auto* p = std::get_if<at_point>(&c)) return p->task;
    if (const auto* p = std::get_if<on_return>(&c)) return p->task;
    return "";
}

/// Tasks that wait for each other in a ring, and releases of what nobody holds.
void refuse_what_cannot_happen(const node& list, const run& r) {
    std::map<std::string, std::string> waits;  // what an entry starts: what the entry waits for
    std::set<std::string> held;
    for (const timeline_entry& e : r.timeline) {
        if (const auto started = started_by(e); !started.empty())
            waits[started] = awaited_by(e.when);
        if (const auto* h = std::get_if<do_hold>(&e.what)) held.insert(h->task);
    }
    for (std::size_t i = 0; i < r.timeline.size(); ++i) {
        const timeline_entry& e = r.timeline[i];
        const node& entry = list.items[i];
        const std::string own = started_by(e);
        std::string at = own.empty() ? "" : waits[own];
        for (std::size_t steps = 0; !at.empty() && steps <= waits.size(); ++steps) {
            if (at == own)
                throw bad_input(entry.at("when").where,
                                fmt::format("'{}' starts only after itself: '{}' never comes true",
                                            own, entry.at("when").scalar));
            const auto next = waits.find(at);
            at = next == waits.end() ? "" : next->second;
        }
        if (const auto* v = std::get_if<do_release>(&e.what); v && !held.contains(v->task))
            throw bad_input(entry.at("release").where,
                            fmt::format("nothing holds '{0}'; expected an entry {{when: {0} at "
                                        "POINT, hold: {0}}}",
                                        v->task));
    }
}

void read_timeline(const node* list, run& r) {
    const auto tasks = declared_tasks(list, r);
    if (list == nullptr) return;
    for (const node& entry : list->items) {
        const condition when = parse_condition(entry.at("when"), r, tasks);
        const node* optional = entry.find("optional");
        r.timeline.push_back({when, read_verb(entry, verb_of(entry), when, r, tasks), entry.where,
                              optional != nullptr && optional->scalar == "true"});
        if (const auto* s = std::get_if<do_start>(&r.timeline.back().what))
            for (client& c : r.clients)
                if (c.name == s->client) {
                    if (c.starts_by_timeline)
                        throw bad_input(entry.at("start").where,
                                        fmt::format("a second start of client '{}'", c.name));
                    c.starts_by_timeline = true;
                }
    }
    refuse_what_cannot_happen(*list, r);
}

/// A client works by itself, or the timeline has a use for its buffer.
void refuse_idle_clients(const node& document, const run& r) {
    std::set<std::string> used;
    for (const timeline_entry& e : r.timeline) {
        if (const auto* v = std::get_if<do_use>(&e.what)) used.insert(v->client);
        if (const auto* v = std::get_if<do_unmap>(&e.what)) used.insert(v->client);
    }
    for (const client& c : r.clients)
        if (!c.dma && !c.unmap && !used.contains(c.name))
            throw bad_input(
                document.at("clients").at(c.name).where,
                fmt::format("client '{}' does nothing; expected burst: and every:, dma: or unmap:, "
                            "or an entry of the timeline that says use: or unmap: of it",
                            c.name));
}

}  // namespace

std::string device_of(const node& map, const run& r) {
    const node& n = map.at("device");
    require_name(n.where, "device", n.scalar, device_names(r));
    return n.scalar;
}

std::pair<std::string, unsigned> new_task(const node& entry, const run& r) {
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

void timeline(const node& document, run& r) {
    read_timeline(document.find("timeline"), r);
    refuse_idle_clients(document, r);
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
    for (const condition& c : r.end.when)
        if (const auto* t = std::get_if<at_time>(&c); t && t->time + r.end.plus > r.end.limit)
            throw bad_input(when.where,
                            fmt::format("the run ends at its limit of {} before that; raise "
                                        "end.limit",
                                        to_text(r.end.limit)));
}

namespace {

/// A file that a run may write: true, false or a window; or, where there is a difference, `all`.
std::optional<waves_window> file_output(const fields& f, const char* name, bool* all = nullptr) {
    std::string text = "false";
    f.read(name, text);
    if (all != nullptr) *all = text == "all";
    if (text == "true" || (all != nullptr && *all)) return waves_window{};
    if (text == "false") return std::nullopt;
    const auto window = parse_window(text);
    if (!window)
        throw bad_input(f.where(name),
                        fmt::format("{}: '{}' cannot be used; expected {}{}", name, text,
                                    all != nullptr ? "all, or " : "", expected_window));
    return window;
}

}  // namespace

void outputs(const node& document, run& r) {
    const fields f(document.find("outputs"), "outputs", r.effective);
    std::string level = "life";
    f.read("events", level);
    constexpr std::array<std::string_view, 4> names{"off", "life", "detail", "tlp"};
    r.outputs.events =
        static_cast<events_level>(std::find(names.begin(), names.end(), level) - names.begin());
    r.outputs.waves = file_output(f, "waves");
    r.outputs.trace = file_output(f, "trace", &r.outputs.trace_all);
    r.outputs.pcap = file_output(f, "pcap");
    f.read("report", r.outputs.report);
    if (const node* of = document.find("outputs"); of != nullptr && of->find("waves_of") != nullptr)
        for (const node& n : of->find("waves_of")->items) r.outputs.waves_of.push_back(n.scalar);
    f.tell("waves_of", r.outputs.waves_of.empty()
                           ? "all"
                           : fmt::format("[{}]", fmt::join(r.outputs.waves_of, ", ")));
}

}  // namespace drydock::scenario::build
