// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "platform/devices/description.h"
#include "platform/scenario/build.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"
#include "tlm/pcie/caps/acs.h"

namespace drydock::scenario::build {
namespace {

constexpr unsigned most_buses = 255;  // PCIe: 8-bit bus numbers, 0 is the root bus

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

/// `virtual_channels: {1: {tcs: [1, 7]}, 2: {tcs: [2]}, arbitration: strict}`
void read_channels(const fields& f, port& p) {
    if (!f.has("virtual_channels")) return;
    const fields list = f.sub("virtual_channels");
    unsigned taken = 1;  // TC0 stays in VC0
    for (const member& m : list.section()->members) {
        if (m.key == "arbitration") continue;
        const auto id = static_cast<unsigned>(m.key[0] - '0');
        if (id != p.channels.size() + 1)
            throw bad_input(m.where,
                            fmt::format("virtual channel {} behind {}; expected 1, 2, .. without "
                                        "a gap, in this order",
                                        id, p.channels.size()));
        const node& tcs = m.value.at("tcs");
        virtual_channel c;
        for (const node& item : tcs.items) {
            const auto tc = item.to_json().get<unsigned>();
            if ((taken >> tc & 1) != 0)
                throw bad_input(item.where,
                                tc == 0 ? "tcs: TC0 is always in VC0; expected TCs of 1..7"
                                        : fmt::format("tcs: TC{} is in two virtual channels; "
                                                      "expected it in one",
                                                      tc));
            taken |= 1u << tc;
            c.tcs = static_cast<std::uint8_t>(c.tcs | 1u << tc);
        }
        list.sub(m.key).tell("tcs", tcs.text());
        p.channels.push_back(c);
    }
    std::string arbitration = "round_robin";
    list.read("arbitration", arbitration);
    p.strict_channels = arbitration == "strict";
    if (p.channels.empty())
        throw bad_input(list.section()->where,
                        "virtual_channels: none is named; expected 1: {tcs: [1]}");
}

/// The device has as many VC resources as its link shall use.
void check_channels(const port& p, const fields& f) {
    const unsigned has = p.device->description->virtual_channels;
    if (p.channels.size() < has || p.channels.empty()) return;
    throw bad_input(f.where("virtual_channels"),
                    fmt::format("virtual_channels: '{}' has {} virtual channel{}, the link shall "
                                "have {}; expected overrides: {{virtual_channels: {}}} of the "
                                "device, or fewer here",
                                p.device->name, has, has == 1 ? "" : "s", p.channels.size() + 1,
                                p.channels.size() + 1));
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
    void take_names(const scenario::device& d);

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
    std::string slot = "false";
    f.read("hotplug", slot);
    p.hotplug = slot != "false";
    p.slot_empty = slot == "empty";
    if (name == key)
        p.smmu = smmu_of_port(f, run_);
    else
        f.tell("smmu", "as the root port");
    read_channels(f, p);
    const bool link_said = f.has("link");
    if (f.has("device")) {
        scenario::device d = device(f.sub("device"), run_);
        take_names(d);
        if (!link_said) p.link = *d.description->link;
        d.link = *d.description->link;
        p.device = std::move(d);
        check_channels(p, f);
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

void tree_reader::take_names(const scenario::device& d) {
    if (!devices_.insert(d.name).second)
        throw bad_input(d.where, fmt::format("a second device '{}'; names must differ", d.name));
    for (const scenario::device& f : d.functions) take_names(f);
    for (const scenario::device& vf : d.vfs) take_names(vf);
}

std::shared_ptr<const switch_tree> tree_reader::read_switch(const std::string& name,
                                                            const fields& f) {
    constexpr std::size_t most = 32;  // devices on one bus
    auto s = std::make_shared<switch_tree>();
    s->name = name + "_switch";
    s->acs = read_acs(f, pcie::acs_view::all);
    for (const member& m : f.section()->members) {
        if (m.key == "acs") continue;
        for (const char* key : {"acs", "smmu"})
            if (f.sub(m.key).has(key))
                throw bad_input(f.sub(m.key).where(key),
                                fmt::format("'{}' of a switch's port '{}'; expected it at a root "
                                            "port{}",
                                            key, m.key,
                                            key == std::string_view("acs")
                                                ? ", or at the switch for all its ports"
                                                : ""));
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
        // What a named configuration says of it does not count.
        std::erase_if(r.parameters, [&m](const auto& p) { return p.name == m.key; });
        r.parameters.push_back(parameter_of(m.key, m.value, from));
        r.effective.push_back({"machine.parameters." + m.key, m.value.scalar,
                               m.value.where.command_line ? "command line" : m.value.where.text()});
    }
}

}  // namespace

void machine(const node& document, run& r) {
    const fields f(document.find("machine"), "machine", r.effective);
    f.read("cpus", r.machine.cpus);
    smmus(*f.section(), r);
    read_irq(f.sub("irq"), r.machine);
    const fields ports = f.sub("ports");
    tree_reader reader(r);
    for (const member& m : ports.section()->members)
        r.machine.ports.push_back(reader.read_port(m.key, m.key, ports.sub(m.key)));
    fields(find_path(document, "software.pci"), "software.pci", r.effective)
        .read("hotplug_buses", r.machine.hotplug_buses);
    for (const crowded_slot& s : crowded_slots(r.machine))
        throw bad_input(
            f.where("ports"),
            fmt::format("what comes into the slot of '{}' needs {} buses; expected {}",
                        s.port->name, s.buses,
                        s.within ? "hotplug: true there: an empty slot below a slot has one bus"
                                 : fmt::format("software.pci.hotplug_buses: {}", s.buses)));
    if (const unsigned n = buses(r.machine); n > most_buses)
        throw bad_input(f.where("ports"), fmt::format("the tree needs {} buses below the root bus; "
                                                      "expected at most {}",
                                                      n, most_buses));
    read_parameters(document, r);
    check_streams(r);
}

}  // namespace drydock::scenario::build
