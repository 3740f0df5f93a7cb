// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "platform/configs/named.h"
#include "platform/scenario/build.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"

namespace drydock::scenario::build {
namespace {

constexpr ps longest_timeout = 90_s;  // PCIe ATS: 60 s -0 % +50 %
constexpr std::size_t most_smmus = 16;
constexpr unsigned requester_ids = 0x10000;

/// "03:00.1", or the same as a number.
std::optional<unsigned> requester_id(const node& n) {
    const auto json = n.to_json();
    if (json.is_number_integer() && json.get<std::int64_t>() >= 0 &&
        json.get<std::int64_t>() < requester_ids)
        return json.get<unsigned>();
    unsigned bus = 0, device = 0, function = 0;
    const std::string& s = n.scalar;
    const auto part = [&s](std::size_t from, std::size_t n_chars, int base, unsigned& v) {
        const char* const end = s.data() + from + n_chars;
        const auto r = std::from_chars(s.data() + from, end, v, base);
        return r.ec == std::errc{} && r.ptr == end;
    };
    if (s.size() != 7 || s[2] != ':' || s[5] != '.' || !part(0, 2, 16, bus) ||
        !part(3, 2, 16, device) || !part(6, 1, 10, function) || device > 31 || function > 7)
        return std::nullopt;
    return bus << 8 | device << 3 | function;
}

stream_range read_range(const node& item) {
    stream_range m;
    m.where = item.where;
    const auto whole = [&item](const char* key, auto& v) {
        if (const node* n = item.find(key))
            v = n->to_json().get<std::remove_reference_t<decltype(v)>>();
    };
    const node& rid = item.at("rid");
    const auto first = requester_id(rid);
    if (!first)
        throw bad_input(rid.where, fmt::format("rid: '{}' cannot be used; expected a Requester ID "
                                               "such as 03:00.0 or 0x300",
                                               rid.scalar));
    m.rid = *first;
    whole("count", m.count);
    whole("sid", m.sid);
    whole("mask", m.mask);
    if (m.rid + m.count > requester_ids)
        throw bad_input(item.where,
                        fmt::format("stream_ids: {} Requester IDs from {:#x} on end at {:#x}; "
                                    "expected at most 0xffff",
                                    m.count, m.rid, m.rid + m.count - 1));
    return m;
}

void read_stream_ids(const fields& f, scenario::smmu& s) {
    const node* list = f.section() == nullptr ? nullptr : f.section()->find("stream_ids");
    f.tell("stream_ids", list == nullptr ? "as the Requester IDs" : list->text());
    if (list == nullptr) return;
    for (const node& item : list->items) {
        const stream_range m = read_range(item);
        for (const stream_range& other : s.stream_ids)
            if (m.rid < other.rid + other.count && other.rid < m.rid + m.count)
                throw bad_input(item.where,
                                fmt::format("stream_ids: Requester IDs {:#x}..{:#x} overlap "
                                            "{:#x}..{:#x} of line {}; expected each in one range",
                                            m.rid, m.rid + m.count - 1, other.rid,
                                            other.rid + other.count - 1, other.where.line));
        s.stream_ids.push_back(m);
    }
}

scenario::smmu read_one(const std::string& name, const std::string& path, const node* section,
                        run& r) {
    scenario::smmu s;
    s.name = name;
    node merged;
    if (const node* like = section == nullptr ? nullptr : section->find("like")) {
        const configs::configuration c = configs::load(like->scalar, like->where);
        s.like = like->scalar;
        merged = merge(c.smmu, *section);
        section = &merged;
        for (const member& m : c.parameters.members)
            r.parameters.push_back(parameter_of(name + "." + m.key, m.value, base::origin::device));
    }
    const fields f(section, path, r.effective);
    f.read("like", s.like);
    f.read("invalidate_timeout", s.invalidate_timeout, 1_us, longest_timeout);
    f.read("sev", s.sev);
    f.read("cmdq_log2size", s.cmdq_log2size);
    f.read("evtq_log2size", s.evtq_log2size);
    f.read("priq_log2size", s.priq_log2size);
    f.read("itags", s.itags);
    read_stream_ids(f, s);
    return s;
}

void check_name(const member& m) {
    static const std::set<std::string> taken{"smmu", "rc",       "bus",      "memory", "msi",
                                             "hal",  "timeline", "scenario", "sw",     "counters"};
    refuse_reserved(m.where, m.key);
    if (taken.contains(m.key))
        throw bad_input(m.where, fmt::format("'{}' means another part of the machine; expected "
                                             "another name, such as smmu0",
                                             m.key));
}

}  // namespace

parameter_setting parameter_of(const std::string& name, const node& n, base::origin from) {
    base::parameter_value value = n.scalar;
    const auto json = n.to_json();
    if (json.is_boolean())
        value = json.get<bool>();
    else if (json.is_number_integer())
        value = json.get<std::int64_t>();
    else if (const auto t = parse_time(n.scalar))
        value = *t;
    return {name, value, from, n.where};
}

void smmus(const node& machine, run& r) {
    const node* common = machine.find("smmu");
    const node* several = machine.find("smmus");
    if (several == nullptr) {
        r.machine.smmus.push_back(read_one("smmu", "machine.smmu", common, r));
        return;
    }
    if (several->members.size() > most_smmus)
        throw bad_input(several->where, fmt::format("{} SMMUs; expected at most {}",
                                                    several->members.size(), most_smmus));
    for (const member& m : several->members) {
        check_name(m);
        const node whole = common == nullptr ? m.value : merge(*common, m.value);
        r.machine.smmus.push_back(read_one(m.key, "machine.smmus." + m.key, &whole, r));
    }
}

unsigned smmu_of_port(const fields& f, run& r) {
    std::vector<std::string> names;
    for (const scenario::smmu& s : r.machine.smmus) names.push_back(s.name);
    std::string name = names.front();
    f.read("smmu", name);
    require_name(f.where("smmu"), "SMMU", name, names);
    return static_cast<unsigned>(std::find(names.begin(), names.end(), name) - names.begin());
}

void check_streams(run& r) {
    std::set<std::string> used;
    for (const auto& name : port_names(r)) used.insert(name);
    for (const auto& name : device_names(r)) used.insert(name);
    for (const scenario::smmu& s : r.machine.smmus)
        if (used.contains(s.name))
            throw bad_input({}, fmt::format("machine.smmus: '{}' is also a port or device; names "
                                            "must differ",
                                            s.name));
    std::map<std::pair<unsigned, std::uint32_t>, std::string> taken;
    for (const leaf& l : leaves(r.machine)) {
        const unsigned n = r.machine.ports[l.root].smmu;
        const scenario::smmu& s = r.machine.smmus[n];
        if (s.stream_ids.empty()) continue;
        const auto sid = stream_of(s, l.id.value);
        if (!sid)
            throw bad_input(s.stream_ids.front().where,
                            fmt::format("stream_ids: no range has the Requester ID {:#x} of '{}', "
                                        "which is behind {}",
                                        l.id.value, l.device->name, s.name));
        const auto [other, fresh] = taken.emplace(std::pair(n, *sid), l.device->name);
        if (!fresh)
            throw bad_input(s.stream_ids.front().where,
                            fmt::format("stream_ids: '{}' and '{}' would both be StreamID {:#x}; "
                                        "expected each its own",
                                        other->second, l.device->name, *sid));
    }
    std::set<unsigned> led_to;
    for (const port& p : r.machine.ports) led_to.insert(p.smmu);
    for (unsigned n = 0; n < r.machine.smmus.size(); ++n) {
        if (led_to.contains(n)) continue;
        const std::string& name = r.machine.smmus[n].name;
        r.notes.push_back(name + ": no port leads to it: it is not built");
        std::erase_if(r.parameters,
                      [&name](const auto& p) { return p.name.starts_with(name + "."); });
    }
}

}  // namespace drydock::scenario::build
