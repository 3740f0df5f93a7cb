// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "platform/devices/description.h"
#include "platform/scenario/build.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"
#include "tlm/pcie/caps/acs.h"

namespace drydock::scenario::build {
namespace {

constexpr ps longest_timeout = 90_s;  // PCIe ATS: 60 s -0 % +50 %
constexpr unsigned most_buses = 255;  // PCIe: 8-bit bus numbers, 0 is the root bus

void read_smmu(const fields& f, scenario::smmu& s) {
    f.read("invalidate_timeout", s.invalidate_timeout, 1_us, longest_timeout);
    f.read("sev", s.sev);
    f.read("cmdq_log2size", s.cmdq_log2size);
    f.read("evtq_log2size", s.evtq_log2size);
    f.read("priq_log2size", s.priq_log2size);
    f.read("itags", s.itags);
}

void check_cpu(const fields& f, unsigned cpu, unsigned cpus) {
    if (cpu >= cpus)
        throw bad_input(f.where("cpu"),
                        fmt::format("cpu: {} is out of range; expected 0..{} (machine.cpus is {})",
                                    cpu, cpus - 1, cpus));
}

void read_irq(const fields& f, scenario::machine& m) {
    const std::pair<std::string_view, unsigned*> lines[] = {
        {"gerror", &m.irq.gerror_cpu}, {"evtq", &m.irq.evtq_cpu}, {"priq", &m.irq.priq_cpu},
        {"aer", &m.irq.aer_cpu},       {"dpc", &m.irq.dpc_cpu},   {"hotplug", &m.irq.hotplug_cpu}};
    for (const auto& [name, cpu] : lines) {
        f.sub(name).read("cpu", *cpu);
        check_cpu(f.sub(name), *cpu, m.cpus);
    }
}

void read_atc(const fields& f, scenario::atc& a) {
    f.read("entries", a.entries);
    f.read("ways", a.ways);
    if (!std::has_single_bit(a.entries) && a.entries != 0)
        throw bad_input(f.where("entries"),
                        fmt::format("entries: {} cannot be used; expected 0 or a power of two, "
                                    "such as {}",
                                    a.entries, std::bit_ceil(a.entries)));
    if (!std::has_single_bit(a.ways) || (a.entries != 0 && a.ways > a.entries))
        throw bad_input(f.where("ways"),
                        fmt::format("ways: {} cannot be used; expected a power of two that divides "
                                    "the {} entries",
                                    a.ways, a.entries));
}

void read_device(const fields& f, scenario::device& d, run& r) {
    f.read("name", d.name);
    f.read("like", d.like);
    d.where = f.section()->where;
    refuse_reserved(f.where("name"), d.name);
    const fields over = f.sub("overrides");
    devices::overrides changes;
    if (over.has("port_type")) {
        std::string word;
        over.read("port_type", word);
        changes.type = port_type::endpoint;
    }
    if (over.has("link")) {
        changes.link.emplace();
        over.read("link", *changes.link);
    }
    auto description = devices::load(d.like, f.where("like"));
    auto changed = std::make_shared<devices::description>(
        devices::with_overrides(*description, changes, f.where("overrides")));
    if (changed->type == port_type::rc_integrated_endpoint)
        throw bad_input(
            f.where("like"),
            fmt::format(
                "'{}' is a root complex integrated endpoint and cannot stand below a root port; "
                "expected overrides: {{port_type: endpoint, link: gen4 x8}}",
                d.like));
    if (!changed->link)
        throw bad_input(
            f.where("like"),
            fmt::format("'{}' names no link; expected overrides: {{link: gen4 x8}}", d.like));
    d.type = changed->type;
    for (const std::string& note : changed->notes) r.notes.push_back(d.name + ": " + note);
    d.description = std::move(changed);
    read_atc(f.sub("atc"), d.atc);
    f.read("flr_time", d.flr_time, 1_us, 100_s);
}

/// `acs: off`, `acs: on`, or a list of services.
std::uint16_t read_acs(const fields& f, std::uint16_t all) {
    using v = pcie::acs_view;
    constexpr std::pair<std::string_view, std::uint16_t> services[] = {
        {"sv", v::source_validation},   {"tb", v::translation_blocking},
        {"rr", v::request_redirect},    {"cr", v::completion_redirect},
        {"uf", v::upstream_forwarding}, {"ec", v::egress_control},
        {"dt", v::direct_translated}};
    const node* n = f.section()->find("acs");
    std::string word = "off";
    if (n != nullptr && n->is == node::type::list) {
        std::uint16_t chosen = 0;
        for (const node& item : n->items)
            for (const auto& [name, bit] : services)
                if (item.scalar == name) {
                    if ((all & bit) == 0)
                        throw bad_input(item.where,
                                        fmt::format("acs: '{}' needs peers, which a root port "
                                                    "does not have; expected it at a switch",
                                                    name));
                    chosen |= bit;
                }
        f.tell("acs", n->text());
        return chosen;
    }
    f.read("acs", word);
    return word == "on" ? static_cast<std::uint16_t>(all & ~v::egress_control) : std::uint16_t{0};
}

/// Reads ports and what lies below them; keeps the names that must differ.
class tree_reader {
public:
    explicit tree_reader(run& r) : run_(r) {}
    /// @param name  of the port with the way to it
    /// @param key   as written
    port read_port(const std::string& name, const std::string& key, const fields& f);

private:
    std::shared_ptr<const switch_tree> read_switch(const std::string& name, const fields& f);

    run& run_;
    std::set<std::string> ports_, devices_;
};

port tree_reader::read_port(const std::string& name, const std::string& key, const fields& f) {
    port p;
    p.name = name;
    if (!ports_.insert(name).second)
        throw bad_input(f.section()->where,
                        fmt::format("a second port whose components would be called '{}'; expected "
                                    "another name",
                                    name));
    if (f.has("device") == f.has("switch"))
        throw bad_input(
            f.section()->where,
            fmt::format("port '{}' has {}; expected one of device, switch", key,
                        f.has("device") ? "a device and a switch" : "neither device nor switch"));
    f.read("dpc", p.dpc);
    p.acs = read_acs(f, pcie::acs_view::all & ~pcie::acs_view::egress_control &
                            ~pcie::acs_view::direct_translated);
    f.read("surprise_down", p.surprise_down);
    f.read("hotplug", p.hotplug);
    const bool link_said = f.has("link");
    if (f.has("device")) {
        scenario::device d;
        read_device(f.sub("device"), d, run_);
        if (!devices_.insert(d.name).second)
            throw bad_input(d.where,
                            fmt::format("a second device '{}'; names must differ", d.name));
        if (!link_said) p.link = *d.description->link;
        d.link = *d.description->link;
        p.device = std::move(d);
    }
    f.read("link", p.link);
    if (p.device) {  // both ends train to what both can (PCIe 4.2.6)
        p.device->link = {std::min(p.link.gen, p.device->link.gen),
                          std::min(p.link.width, p.device->link.width)};
    } else {
        p.below = read_switch(name, f.sub("switch"));
    }
    return p;
}

std::shared_ptr<const switch_tree> tree_reader::read_switch(const std::string& name,
                                                            const fields& f) {
    constexpr std::size_t most = 32;  // devices on one bus
    auto s = std::make_shared<switch_tree>();
    s->name = name + "_switch";
    s->acs = read_acs(f, pcie::acs_view::all);
    for (const member& m : f.section()->members) {
        if (m.key == "acs") continue;
        for (const char* key : {"dpc", "surprise_down", "hotplug", "acs"})
            if (f.sub(m.key).has(key))
                throw bad_input(
                    f.sub(m.key).where(key),
                    fmt::format("'{}' of a switch's port '{}'; expected it at a root port", key,
                                m.key));
        s->ports.push_back(read_port(name + "_" + m.key, m.key, f.sub(m.key)));
    }
    if (s->ports.empty() || s->ports.size() > most)
        throw bad_input(f.section()->where,
                        fmt::format("the switch has {} downstream ports; expected 1..{}, such as "
                                    "dsp0: {{device: ...}}",
                                    s->ports.size(), most));
    return s;
}

void read_parameters(const node& document, run& r) {
    const node* list = find_path(document, "machine.parameters");
    if (list == nullptr) return;
    for (const member& m : list->members) {
        const base::origin from =
            m.value.where.command_line ? base::origin::command_line : base::origin::scenario;
        base::parameter_value value = m.value.scalar;
        const auto json = m.value.to_json();
        if (json.is_boolean())
            value = json.get<bool>();
        else if (json.is_number_integer())
            value = json.get<std::int64_t>();
        else if (const auto t = parse_time(m.value.scalar))
            value = *t;
        r.parameters.push_back({m.key, value, from, m.value.where});
        r.effective.push_back({"machine.parameters." + m.key, m.value.scalar,
                               m.value.where.command_line ? "command line" : m.value.where.text()});
    }
}

}  // namespace

void machine(const node& document, run& r) {
    const fields f(document.find("machine"), "machine", r.effective);
    f.read("cpus", r.machine.cpus);
    read_smmu(f.sub("smmu"), r.machine.smmu);
    read_irq(f.sub("irq"), r.machine);
    const fields ports = f.sub("ports");
    tree_reader reader(r);
    for (const member& m : ports.section()->members)
        r.machine.ports.push_back(reader.read_port(m.key, m.key, ports.sub(m.key)));
    if (const unsigned n = buses(r.machine); n > most_buses)
        throw bad_input(f.where("ports"), fmt::format("the tree needs {} buses below the root bus; "
                                                      "expected at most {}",
                                                      n, most_buses));
    read_parameters(document, r);
}

}  // namespace drydock::scenario::build
