// SPDX-License-Identifier: Apache-2.0
// What `software:` says of objects that are there by name: groups, domains, devices; switches.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "platform/scenario/build.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"
#include "sw/switches.h"

namespace drydock::scenario::build {
namespace {

const leaf* leaf_of(const std::vector<leaf>& all, const std::string& device) {
    for (const leaf& l : all)
        if (l.device->name == device) return &l;
    return nullptr;
}

/// Devices of one domain are behind one SMMU: a group cannot reach across.
void check_one_smmu(const node& list, const std::vector<leaf>& all, const run& r) {
    const auto smmu_of = [&](const node& n) {
        return r.machine.ports[leaf_of(all, n.scalar)->root].smmu;
    };
    for (const node& n : list.items)
        if (smmu_of(n) != smmu_of(list.items.front()))
            throw bad_input(n.where,
                            fmt::format("'{}' and '{}' are behind different SMMUs and cannot be "
                                        "in one group; expected devices behind one",
                                        list.items.front().scalar, n.scalar));
}

void read_groups(const fields& f, run& r) {
    if (f.section() == nullptr) return;
    const auto devices = device_names(r);
    const auto all = leaves(r.machine);
    std::map<std::string, std::string> taken;
    for (const member& m : f.section()->members) {
        group g{m.key, {}, m.where};
        for (const node& n : m.value.items) {
            require_name(n.where, "device", n.scalar, devices);
            const auto [other, fresh] = taken.emplace(n.scalar, m.key);
            if (!fresh)
                throw bad_input(n.where, fmt::format("'{}' is in group '{}' already; expected it "
                                                     "in one group",
                                                     n.scalar, other->second));
            g.devices.push_back(n.scalar);
        }
        check_one_smmu(m.value, all, r);
        if (std::find(devices.begin(), devices.end(), m.key) != devices.end())
            throw bad_input(m.where, fmt::format("group '{}' has the name of a device; names must "
                                                 "differ",
                                                 m.key));
        f.tell(m.key, m.value.text());
        r.software.groups.push_back(std::move(g));
    }
}

/// `attach:` is a device, or a group: then its first device.
std::string attached_device(const node& n, const run& r) {
    std::vector<std::string> names = device_names(r);
    for (const group& g : r.software.groups) {
        if (g.name == n.scalar) return g.devices.front();
        names.push_back(g.name);
    }
    require_name(n.where, "device or group", n.scalar, names);
    return n.scalar;
}

unsigned smmu_index(const node& n, const run& r) {
    std::vector<std::string> names;
    for (const smmu& s : r.machine.smmus) names.push_back(s.name);
    require_name(n.where, "SMMU", n.scalar, names);
    return static_cast<unsigned>(std::find(names.begin(), names.end(), n.scalar) - names.begin());
}

void check_smmu(const domain& d, const fields& f, const run& r) {
    if (!d.smmu) return;
    const auto all = leaves(r.machine);
    const leaf* l = d.device.empty() ? nullptr : leaf_of(all, d.device);
    if (l != nullptr && r.machine.ports[l->root].smmu != *d.smmu)
        throw bad_input(f.where("smmu"), fmt::format("domain '{}' is attached to '{}', which is "
                                                     "behind another SMMU",
                                                     d.name, d.device));
    if (d.kind == "identity")
        throw bad_input(f.where("smmu"), "smmu: there is one identity domain for all SMMUs");
}

void check_domain(const domain& d, const fields& f, const run& r) {
    if (d.pasid && d.device.empty())
        throw bad_input(f.where("pasid"),
                        "pasid: of a domain that is not attached at boot; "
                        "expected attach: beside it");
    if (d.kind == "sva" && !d.device.empty() && !d.pasid)
        throw bad_input(f.where("kind"), fmt::format("domain '{}' is a process; expected pasid: "
                                                     "beside attach:",
                                                     d.name));
    if (d.kind == "identity" && d.pasid)
        throw bad_input(f.where("kind"), fmt::format("domain '{}': a PASID is no place for an "
                                                     "identity domain; expected paging or sva",
                                                     d.name));
    check_smmu(d, f, r);
    for (const domain& other : r.software.domains)
        if (!d.device.empty() && other.device == d.device && other.pasid == d.pasid)
            throw bad_input(f.where("attach"),
                            fmt::format("'{}' and '{}' are attached at the same place; expected "
                                        "one domain there",
                                        other.name, d.name));
}

void read_domains(const fields& f, run& r) {
    static const std::set<std::string> kinds{"default", "identity", "blocked", "paging", "sva"};
    if (f.section() == nullptr) return;
    for (const member& m : f.section()->members) {
        if (kinds.contains(m.key))
            throw bad_input(m.where,
                            fmt::format("'{}' is a kind of domain; expected another name", m.key));
        const fields sub = f.sub(m.key);
        domain d;
        d.name = m.key;
        d.where = m.where;
        sub.read("kind", d.kind);
        if (const node* n = m.value.find("attach")) d.device = attached_device(*n, r);
        sub.tell("attach", d.device.empty() ? "nobody" : m.value.find("attach")->scalar);
        sub.tell("pasid", m.value.find("pasid") ? m.value.find("pasid")->scalar : "none");
        if (const node* n = m.value.find("pasid")) {
            d.pasid = n->to_json().get<std::uint32_t>();
            if (!d.device.empty())
                require_pasid(n->where, *d.pasid, *leaf_of(leaves(r.machine), d.device)->device);
        }
        if (const node* n = m.value.find("smmu")) d.smmu = smmu_index(*n, r);
        sub.tell("smmu", m.value.find("smmu") ? m.value.find("smmu")->scalar : "any");
        check_domain(d, sub, r);
        r.software.domains.push_back(std::move(d));
    }
}

/// A time without which the device lacks something.
void read_if_there(const fields& f, const char* key, std::optional<ps>& v) {
    if (!f.has(key)) return f.tell(key, "none");
    f.read(key, v.emplace(), 0_ps, 100_s);
}

void read_devices(const fields& f, run& r) {
    if (f.section() == nullptr) return;
    const auto devices = device_names(r);
    for (const member& m : f.section()->members) {
        require_name(m.where, "device", m.key, devices);
        const fields sub = f.sub(m.key);
        device_software d;
        d.device = m.key;
        d.where = m.where;
        if (const node* list = m.value.find("aliases"))
            for (const node& n : list->items) {
                require_name(n.where, "device", n.scalar, devices);
                if (n.scalar == m.key)
                    throw bad_input(n.where, fmt::format("'{}' is no alias of itself", n.scalar));
                d.aliases.push_back(n.scalar);
            }
        sub.tell("aliases", m.value.find("aliases") ? m.value.find("aliases")->text() : "none");
        sub.read("require_direct", d.require_direct);
        sub.read("attach_deferred", d.attach_deferred);
        sub.read("identity", d.identity);
        sub.read("driver", d.driver);
        sub.read("frozen", d.frozen);
        sub.read("remove", d.remove);
        sub.read("quirk", d.quirk);
        sub.read("firmware_time", d.firmware_time, 0_ps, 100_s);
        read_if_there(sub, "acpi_reset", d.acpi_reset);
        read_if_there(sub, "power_off", d.power_off);
        for (const client& c : r.clients)
            if (c.device == m.key && !d.driver)
                throw bad_input(sub.where("driver"),
                                fmt::format("client '{}' needs a driver of '{}'; expected driver: "
                                            "true, or no client",
                                            c.name, m.key));
        r.software.devices.push_back(std::move(d));
    }
}

void read_switches(const node* n, run& r) {
    if (n == nullptr || (n->is == node::type::scalar && n->scalar == "none")) return;
    std::vector<std::string> names;
    for (const sw::named_thing& s : sw::switches()) names.emplace_back(s.name);
    const auto read = [&](const node& word) {
        require_name(word.where, "switch", word.scalar, names);
        r.software.switches.push_back(word.scalar);
    };
    if (n->is == node::type::scalar) read(*n);
    for (const node& item : n->items) read(item);
    r.effective.push_back(
        {"software.switches", n->text(), n->where.command_line ? "command line" : n->where.text()});
}

}  // namespace

void software_objects(const node& document, run& r) {
    const fields f(document.find("software"), "software", r.effective);
    read_groups(f.sub("group"), r);
    read_domains(f.sub("domain"), r);
    read_devices(f.sub("devices"), r);
    const node* switches = f.section() == nullptr ? nullptr : f.section()->find("switches");
    read_switches(switches, r);
    f.tell("switches", switches == nullptr ? "none" : switches->text());
    f.read("require_direct", r.software.require_direct);
    std::string blocked = "static";
    f.sub("ops").read("blocked_domain", blocked);
    r.software.blocked_domain = blocked == "static";
}

}  // namespace drydock::scenario::build
