// SPDX-License-Identifier: Apache-2.0
// A device of the tree: its functions, their descriptions, their virtual functions.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>

#include "platform/devices/description.h"
#include "platform/scenario/build.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"

namespace drydock::scenario::build {
namespace {

constexpr unsigned last_plain_number = 7, last_number = 255;

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

void read_description(const fields& f, scenario::device& d, run& r) {
    f.read("like", d.like);
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
    if (over.has("virtual_channels")) {
        changes.virtual_channels.emplace();
        over.read("virtual_channels", *changes.virtual_channels);
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
}

/// Name, description, ATC, FLR: what every function says for itself.
void read_function(const fields& f, scenario::device& d, run& r) {
    f.read("name", d.name);
    d.where = f.section()->where;
    refuse_reserved(f.where("name"), d.name);
    read_description(f, d, r);
    read_atc(f.sub("atc"), d.atc);
    f.read("flr_time", d.flr_time, 1_us, 100_s);
}

/// "f3" is 3.
unsigned number_of(const member& m) {
    unsigned n = 0;
    const char* const end = m.key.data() + m.key.size();
    const auto got = std::from_chars(m.key.data() + 1, end, n);
    if (got.ec != std::errc{} || got.ptr != end || n < 1 || n > last_number)
        throw bad_input(m.where, fmt::format("function '{}' is out of range; expected f1..f{}",
                                             m.key, last_number));
    return n;
}

void read_others(const fields& f, scenario::device& first, run& r) {
    if (!f.has("functions")) return;
    const fields list = f.sub("functions");
    for (const member& m : list.section()->members) {
        scenario::device d = first;
        d.functions.clear();
        d.number = number_of(m);
        d.name = fmt::format("{}_f{}", first.name, d.number);
        const fields own = list.sub(m.key);
        const bool inherits = !own.has("like") && !own.has("overrides");
        if (inherits) {  // as function 0, its overrides included
            own.read("name", d.name);
            d.where = own.section()->where;
            refuse_reserved(own.where("name"), d.name);
            read_atc(own.sub("atc"), d.atc);
            own.read("flr_time", d.flr_time, 1_us, 100_s);
        } else {
            read_function(own, d, r);
        }
        first.functions.push_back(std::move(d));
    }
    std::sort(first.functions.begin(), first.functions.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
}

/// What `sriov:` of one function says, before places are given out.
struct wanted_vfs {
    scenario::device* of;
    fields f;
    unsigned vfs = 1, total = 0;
};

void read_sriov(const fields& f, scenario::device& d, std::vector<wanted_vfs>& all) {
    if (!f.has("sriov")) return;
    wanted_vfs w{&d, f.sub("sriov"), 1, 0};
    w.f.read("vfs", w.vfs);
    w.total = d.description->sriov ? d.description->sriov->total_vfs : w.vfs;
    if (!d.description->sriov) w.f.read("total_vfs", w.total);
    if (w.vfs > w.total)
        throw bad_input(w.f.where("vfs"),
                        fmt::format("vfs: {} is out of range; expected 1..{} ('{}' has TotalVFs "
                                    "{})",
                                    w.vfs, w.total, d.name, w.total));
    std::string atc = "own";
    w.f.read("atc", atc);
    d.share_atc = atc == "shared";
    if (d.description->sriov)
        for (const char* key : {"total_vfs", "first_offset", "stride"})
            if (w.f.has(key))
                throw bad_input(w.f.where(key),
                                fmt::format("'{}' beside the SR-IOV capability that '{}' has; "
                                            "expected it only where there is none",
                                            key, d.like));
    all.push_back(w);
}

void set_description(scenario::device& d, devices::description&& changed) {
    d.description = std::make_shared<devices::description>(std::move(changed));
}

/// Gives a capability to those that have none: behind all numbers that are taken so far, one after
/// another.
void place_vfs(wanted_vfs& w, unsigned& next_number) {
    scenario::device& d = *w.of;
    if (!d.description->sriov) {
        devices::description::sriov_facts s{w.total, next_number - d.number, 1};
        w.f.read("first_offset", s.first_offset);
        w.f.read("stride", s.stride);
        set_description(d, devices::with_sriov(*d.description, s, w.f.section()->where));
    }
    const auto& s = *d.description->sriov;
    next_number =
        std::max(next_number, d.number + s.first_offset + (s.total_vfs - 1) * s.stride + 1);
    const auto virtual_one =
        std::make_shared<devices::description>(devices::virtual_function(*d.description));
    scenario::device vf = d;
    vf.functions.clear();
    vf.description = virtual_one;
    for (vf.vf = 1; vf.vf <= w.vfs; ++vf.vf) {
        vf.name = fmt::format("{}_vf{}", d.name, vf.vf);
        d.vfs.push_back(vf);
    }
}

/// No two functions have one Routing ID.
void check_numbers(const scenario::device& first) {
    std::map<unsigned, std::string> taken{{0, first.name}};
    const auto take = [&](unsigned number, const scenario::device& d) {
        const auto [at, fresh] = taken.emplace(number, d.name);
        if (!fresh)
            throw bad_input(d.where,
                            fmt::format("'{}' and '{}' would have one Routing ID, function "
                                        "{}; expected other first_offset or stride",
                                        d.name, at->second, number));
    };
    for (const scenario::device& d : first.functions) take(d.number, d);
    const auto take_vfs = [&](const scenario::device& d) {
        for (const scenario::device& vf : d.vfs)
            take(d.number + d.description->sriov->first_offset +
                     (vf.vf - 1) * d.description->sriov->stride,
                 vf);
    };
    take_vfs(first);
    for (const scenario::device& d : first.functions) take_vfs(d);
}

}  // namespace

scenario::device device(const fields& f, run& r) {
    scenario::device first;
    read_function(f, first, r);
    read_others(f, first, r);
    std::vector<wanted_vfs> wanted;
    read_sriov(f, first, wanted);
    for (scenario::device& d : first.functions)
        read_sriov(f.sub("functions").sub(fmt::format("f{}", d.number)), d, wanted);
    unsigned next_number = (first.functions.empty() ? 0 : first.functions.back().number) + 1;
    const bool many = next_number > last_plain_number + 1;
    for (wanted_vfs& w : wanted) place_vfs(w, next_number);
    if (many || next_number > last_plain_number + 1) {  // more than device 0 has (PCIe, ARI)
        const auto add = [](scenario::device& d) {
            set_description(d, devices::with_ari(*d.description, d.where));
        };
        if (many || !wanted.empty()) add(first);
        for (scenario::device& d : first.functions) add(d);
    }
    check_numbers(first);
    return first;
}

}  // namespace drydock::scenario::build
