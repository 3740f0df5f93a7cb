// SPDX-License-Identifier: Apache-2.0
// Verbs that act on software's own objects, and `use:`, which is the device's.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "platform/scenario/build.h"
#include "platform/scenario/build_verbs.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"
#include "sw/kernel/fail_sites.h"
#include "sw/kernel_calls.h"

namespace drydock::scenario::build {
namespace {

const client& client_of(const node& map, const run& r) {
    const node& n = map.at("client");
    require_name(n.where, "client", n.scalar, client_names(r));
    return *std::find_if(r.clients.begin(), r.clients.end(),
                         [&](const client& c) { return c.name == n.scalar; });
}

std::uint64_t page_of(const node& map, const client& c) {
    const node* n = map.find("page");
    const auto page = n == nullptr ? 0 : n->to_json().get<std::uint64_t>();
    const std::uint64_t pages = c.buffer_bytes / c.page_bytes;
    if (page >= pages)
        throw bad_input(n->where, fmt::format("page: {} is out of range; expected 0..{} (buffer of "
                                              "client '{}')",
                                              page, pages - 1, c.name));
    return page;
}

void refuse_peer(const node& map, const client& c, std::string_view verb) {
    if (!c.peer.empty())
        throw bad_input(map.at("client").where,
                        fmt::format("{}: the pages of client '{}' are {}'s BAR; expected a client "
                                    "with memory of its own",
                                    verb, c.name, c.peer));
}

do_unmap read_unmap(const node& entry, const node& v, const run& r) {
    const auto [task, cpu] = new_task(entry, r);
    const client& c = client_of(v, r);
    refuse_peer(v, c, "unmap");
    do_unmap u{task, cpu, c.name, page_of(v, c)};
    if (const node* context = v.find("context")) u.reclaim = context->scalar == "reclaim";
    const node* n = v.find("pages");
    if (n == nullptr) return u;
    u.pages = n->to_json().get<std::uint64_t>();
    const std::uint64_t behind = c.buffer_bytes / c.page_bytes - u.page;
    if (u.pages > behind)
        throw bad_input(n->where, fmt::format("pages: {} is out of range; expected 1..{} (from "
                                              "page {} on, buffer of client '{}')",
                                              u.pages, behind, u.page, c.name));
    return u;
}

do_use read_use(const node& v, const run& r) {
    const client& c = client_of(v, r);
    do_use u;
    u.client = c.name;
    u.device = v.find("device") == nullptr ? c.device : device_of(v, r);
    u.page = page_of(v, c);
    if (const node* n = v.find("op")) u.write = n->scalar == "write";
    if (const node* n = v.find("count")) u.count = n->to_json().get<unsigned>();
    if (const node* n = v.find("bytes")) {
        const auto bytes = parse_bytes(n->scalar);
        if (!bytes || *bytes == 0 || *bytes > c.page_bytes)
            throw bad_input(n->where, fmt::format("bytes: {} is out of range; expected 1B..{}",
                                                  n->scalar, bytes_to_text(c.page_bytes)));
        u.bytes = static_cast<unsigned>(*bytes);
    }
    return u;
}

std::vector<std::string> words(std::span<const sw::named_thing> things) {
    std::vector<std::string> names;
    for (const sw::named_thing& t : things) names.emplace_back(t.name);
    return names;
}

do_call read_call(const node& entry, const node& v, const run& r) {
    const auto [task, cpu] = new_task(entry, r);
    const node& f = v.at("function");
    require_name(f.where, "function to call", f.scalar, words(sw::kernel_calls()));
    return {task, cpu, device_of(v, r), f.scalar};
}

do_free read_free(const node& entry, const node& v, const run& r) {
    const auto [task, cpu] = new_task(entry, r);
    const node& d = v.at("domain");
    std::vector<std::string> names;
    for (const domain& x : r.software.domains)
        if (x.kind != "identity") names.push_back(x.name);
    require_name(d.where, "domain to free", d.scalar, names);
    return {task, cpu, d.scalar};
}

do_fail read_fail(const node& v, const run& r) {
    do_fail f;
    const node& site = v.at("site");
    require_name(site.where, "site of failures", site.scalar, words(sw::fail_sites()));
    f.site = site.scalar;
    if (v.find("device") != nullptr) f.device = device_of(v, r);
    const node* error = v.find("error");
    const auto number = error_number(error == nullptr ? "ENOMEM" : error->scalar);
    if (!number || *number == 0)
        throw bad_input(error->where, fmt::format("error: '{}' is none that can be made to happen; "
                                                  "expected a name such as ENOMEM, EINVAL, EBUSY",
                                                  error->scalar));
    f.error = *number;
    if (const node* n = v.find("count")) f.count = n->to_json().get<std::uint32_t>();
    return f;
}

do_manage read_manage(const node& entry, const node& v, do_manage::action what, const run& r) {
    const auto [task, cpu] = new_task(entry, r);
    do_manage m{task, cpu, what, device_of(v, r)};
    for (const leaf& l : leaves(r.machine))
        if (l.device->name == m.device &&
            (what == do_manage::action::remove || what == do_manage::action::add) &&
            (l.device->vf != 0 || l.device != l.whole || !l.whole->functions.empty()))
            throw bad_input(v.at("device").where,
                            fmt::format("device '{}' is one of several functions; expected one "
                                        "that is alone below its port",
                                        m.device));
    return m;
}

}  // namespace

std::optional<verb> software_verb(const node& entry, std::string_view name, const run& r) {
    using action = do_manage::action;
    static constexpr std::array<std::pair<std::string_view, action>, 5> managed{
        {{"remove", action::remove},
         {"add", action::add},
         {"unbind", action::unbind},
         {"bind", action::bind},
         {"map", action::map}}};
    const node& v = entry.at(name);
    if (name == "unmap") return read_unmap(entry, v, r);
    if (name == "use") return read_use(v, r);
    if (name == "call") return read_call(entry, v, r);
    if (name == "free") return read_free(entry, v, r);
    if (name == "fail") return read_fail(v, r);
    for (const auto& [word, what] : managed)
        if (word == name) return read_manage(entry, v, what, r);
    return std::nullopt;
}

}  // namespace drydock::scenario::build
