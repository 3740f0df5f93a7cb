// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "platform/devices/description.h"
#include "platform/scenario/build.h"
#include "platform/scenario/embedded.h"
#include "platform/scenario/matrix.h"
#include "platform/scenario/schema.h"
#include "platform/scenario/sha256.h"
#include "sw/iommu/reset_ops.h"

namespace drydock::scenario {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t most_runs = 100'000;
constexpr const char* order_path = "order";

/// The scenarios that come with the program are there without its source tree too.
std::string read_file(const std::string& path, const place& asked_at) {
    std::error_code error;
    if (fs::is_directory(path, error))
        throw bad_input(asked_at, "'" + path + "' is a folder; expected a scenario file");
    std::ifstream in(path, std::ios::binary);
    if (!in)
        for (const embedded::file& f : embedded::all())
            if (f.path == path) return std::string(f.text);
    if (!in)
        throw bad_input(asked_at,
                        "cannot read '" + path + "'; expected the path of a scenario file");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// The file with all it extends merged below it; `bytes` collects what was read.
node read_with_bases(const std::string& path, const place& asked_at,
                     std::vector<std::string>& chain, std::string& bytes) {
    std::error_code unreachable;  // read_file() says it better
    const std::string canonical = fs::weakly_canonical(path, unreachable).string();
    if (!unreachable && std::find(chain.begin(), chain.end(), canonical) != chain.end())
        throw bad_input(asked_at, "extends: '" + path + "' extends itself");
    chain.push_back(canonical);
    const std::string text = read_file(path, asked_at);
    bytes += text;
    node document = parse_yaml(text, path);
    if (document.is != node::type::map)
        throw bad_input({path, 1, 1, false},
                        "expected a scenario: machine:, clients:, timeline:, end:, expect:");
    const node* base = document.find("extends");
    if (base == nullptr) return document;
    if (base->is != node::type::scalar)
        throw bad_input(base->where, "extends: expected the path of one scenario file");
    const auto base_path =
        (fs::path(path).parent_path() / base->scalar).lexically_normal().string();
    const place where = base->where;
    document.erase("extends");
    return merge(read_with_bases(base_path, where, chain, bytes), document);
}

/// Axes of the file, then those of -m: one of the same path takes the file's place, a -c of it
/// fixes it.
std::vector<axis> axes_of(const node& document, const overrides& o,
                          const std::vector<assignment>& fixed) {
    std::vector<axis> axes;
    if (const node* matrix = document.find("matrix"))
        for (const member& m : matrix->members) axes.push_back({m.key, m.value.items, m.where});
    std::erase_if(axes, [&](const axis& a) {
        return std::any_of(fixed.begin(), fixed.end(),
                           [&](const assignment& s) { return s.path == a.path; });
    });
    for (const std::string& option : o.axes) {
        axis a = parse_axis(option);
        const auto same =
            std::find_if(axes.begin(), axes.end(), [&](const axis& x) { return x.path == a.path; });
        if (same != axes.end() && !same->where.command_line)
            *same = std::move(a);
        else
            axes.push_back(std::move(a));
    }
    // Where there are orders, each run takes one of them.
    const node* orders = document.find("orders");
    const bool chosen =
        std::any_of(fixed.begin(), fixed.end(),
                    [](const assignment& a) { return a.path == order_path; }) ||
        std::any_of(axes.begin(), axes.end(), [](const axis& a) { return a.path == order_path; });
    if (orders != nullptr && !chosen && document.find(order_path) == nullptr) {
        axis a{order_path, {}, orders->where};
        for (const member& m : orders->members) {
            node name;
            name.is = node::type::scalar;
            name.scalar = m.key;
            name.where = m.where;
            a.values.push_back(std::move(name));
        }
        axes.push_back(std::move(a));
    }
    return axes;
}

/// What `-c`, `-m` and `matrix:` may address.
void check_path(const std::string& path, const place& where) {
    const std::string top = path.substr(0, path.find('.'));
    if (top == "matrix")
        throw bad_input(where,
                        "an axis is no value; expected -m PATH=V1,V2, such as -m "
                        "software.reset.variant=none,M2");
    if (top == "extends")
        throw bad_input(where,
                        "'extends' is read before anything is replaced; expected it in a file");
}

/// Two that change the same place would depend on their order.
void check_disjoint(const std::vector<assignment>& fixed, const std::vector<axis>& axes) {
    std::vector<std::pair<std::string, place>> paths;
    paths.reserve(fixed.size() + axes.size());
    for (const assignment& a : fixed) paths.emplace_back(a.path, a.value.where);
    for (const axis& a : axes) paths.emplace_back(a.path, a.where);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        check_path(paths[i].first, paths[i].second);
        for (std::size_t k = 0; k < i; ++k)
            if (path_within(paths[i].first, paths[k].first) ||
                path_within(paths[k].first, paths[i].first))
                throw bad_input(
                    paths[i].second,
                    fmt::format("'{}' and '{}' ({}) change the same place; expected "
                                "one of them",
                                paths[i].first, paths[k].first, paths[k].second.text()));
    }
}

void check_values(const axis& a) {
    for (std::size_t i = 0; i < a.values.size(); ++i)
        for (std::size_t k = 0; k < i; ++k)
            if (a.values[i].to_json() == a.values[k].to_json())
                throw bad_input(a.values[i].where,
                                fmt::format("{}: {} stands in the axis for the second time", a.path,
                                            a.values[i].text()));
}

/// Of several -c of one path the last holds; sorted by path.
std::vector<std::string> settled(const std::vector<std::string>& set) {
    std::vector<std::string> last;
    const auto path = [](const std::string& s) { return s.substr(0, s.find('=')); };
    for (const std::string& s : set) {
        std::erase_if(last, [&](const std::string& x) { return path(x) == path(s); });
        last.push_back(s);
    }
    std::sort(last.begin(), last.end());
    return last;
}

/// A value of an axis as `-c` takes it: a path that a file gave relative to itself is then relative
/// to the working directory.
node from_here(node value, bool like) {
    if (like && value.is == node::type::scalar && !value.where.command_line &&
        devices::is_path(value.scalar))
        value.scalar = (fs::path(".") / devices::resolve(value.scalar, value.where)).string();
    for (member& m : value.members) m.value = from_here(std::move(m.value), m.key == "like");
    for (node& n : value.items) n = from_here(std::move(n), false);
    return value;
}

std::string seed_options(const overrides& o) {
    return o.seed_range ? fmt::format(" --seeds {}..{}", o.first_seed, o.last_seed)
                        : fmt::format(" --seed {}", o.first_seed);
}

std::string canonical_command(const std::string& file, const overrides& o) {
    std::string command = "drydock run " + shell_word(file);
    for (const std::string& s : settled(o.set)) command += " -c " + shell_word(s);
    for (const std::string& s : o.axes) command += " -m " + shell_word(s);
    if (o.until_violation) command += " --until violation";
    return command + seed_options(o);
}

/// The command that repeats one run: the choices of its axes are fixed by -c.
std::string run_command(const std::string& file, const overrides& o, const choice_of_axes& c,
                        std::uint64_t seed) {
    overrides alone = o;
    alone.axes.clear();
    for (std::size_t i = 0; i < c.paths.size(); ++i)
        alone.set.push_back(c.paths[i] + "=" +
                            from_here(c.values[i], c.paths[i].ends_with(".like")).text());
    alone.seed_range = false;
    alone.first_seed = seed;
    return canonical_command(file, alone);
}

/// The entries of the order that this run takes stand behind those of the timeline.
void take_order(node& document) {
    const node* orders = document.find("orders");
    const node* order = document.find("order");
    if (order != nullptr && orders == nullptr)
        throw bad_input(order->where, "order: of none; expected orders: {NAME: [entries]}");
    if (order == nullptr) return;
    std::vector<std::string> names;
    for (const member& m : orders->members) names.push_back(m.key);
    build::require_name(order->where, "order", order->scalar, names);
    const node entries = orders->at(order->scalar);
    node* timeline = document.find("timeline");
    if (timeline == nullptr) {
        document.members.push_back({"timeline", entries.where, {}});
        timeline = &document.members.back().value;
        timeline->is = node::type::list;
        timeline->where = entries.where;
    }
    timeline->items.insert(timeline->items.end(), entries.items.begin(), entries.items.end());
}

/// What tells the cells of one hazard apart, without the order.
void name_variant(const choice_of_axes& c, hazard& h) {
    for (std::size_t i = 0; i < c.paths.size(); ++i) {
        if (c.paths[i] == order_path) continue;
        const node& v = c.values[i];
        h.axes.emplace_back(c.paths[i], v.is == node::type::scalar ? v.scalar : v.text());
        h.variant += (h.variant.empty() ? "" : ",") + h.axes.back().second;
    }
}

run build_run(node document, const choice_of_axes& c, const std::vector<std::string>& all_words) {
    for (std::size_t i = 0; i < c.paths.size(); ++i) set_path(document, c.paths[i], c.values[i]);
    document.erase("matrix");
    scenario_schema().check(document);
    run r;
    if (const node* title = document.find("title")) r.title = title->scalar;
    take_order(document);
    build::machine(document, r);
    build::fidelity(document, r);
    build::software(document, r);
    build::clients(document, r);
    build::software_objects(document, r);
    build::timeline(document, r);
    build::end(document, r);
    build::outputs(document, r);
    std::vector<std::string> words{r.software.reset_variant};
    for (const node& v : c.values)
        words.push_back(v.is == node::type::scalar ? v.scalar : v.text());
    build::hazard(document, words, all_words, r);
    if (r.hazard)
        name_variant(c, *r.hazard);
    else
        build::expectations(document, words, all_words, r);
    r.name = c.paths.empty() ? r.software.reset_variant : folder_name(c);
    return r;
}

void add_run(loaded& l, run r, const overrides& o, const choice_of_axes& c) {
    for (const std::string& note : r.notes)
        if (std::find(l.notes.begin(), l.notes.end(), note) == l.notes.end())
            l.notes.push_back(note);
    const std::string name = r.name;
    for (std::uint64_t i = 0; i <= o.last_seed - o.first_seed; ++i) {
        const std::uint64_t seed = o.first_seed + i;
        r.seed = seed;
        r.name = o.seed_range ? fmt::format("{},seed={}", name, seed) : name;
        const auto used = [&](const run& x) { return x.name == r.name; };
        for (int n = 2; std::any_of(l.runs.begin(), l.runs.end(), used); ++n)
            r.name = fmt::format("{},{}", name, n);
        r.command = run_command(l.file, o, c, seed);
        l.runs.push_back(r);
    }
}

}  // namespace

loaded load(const std::string& file, const overrides& o) {
    loaded l;
    l.file = file;
    l.seed = o.first_seed;
    l.command = canonical_command(file, o);
    std::vector<std::string> chain;
    std::string bytes;
    node document = read_with_bases(file, {}, chain, bytes);
    l.sha256 = sha256(bytes);
    scenario_schema().check(document);
    if (const node* title = document.find("title")) l.title = title->scalar;

    std::vector<assignment> fixed;
    for (const std::string& option : settled(o.set)) fixed.push_back(parse_assignment(option));
    const auto axes = axes_of(document, o, fixed);
    check_disjoint(fixed, axes);
    std::for_each(axes.begin(), axes.end(), check_values);
    for (const assignment& a : fixed) set_path(document, a.path, a.value);

    const auto choices = cross(axes);
    if (choices.size() * (o.last_seed - o.first_seed + 1) > most_runs)
        throw bad_input(
            {file, 0, 0, true},
            fmt::format("the matrix has {} choices and {} seeds; expected at most {} runs in all",
                        choices.size(), o.last_seed - o.first_seed + 1, most_runs));
    // `expect:` may speak of variants that this command line leaves out.
    std::vector<std::string> all_words;
    if (!build::is_hazard(document))  // which says only of its own axes what is to come
        for (const sw::reset_variant& v : sw::reset_variants()) all_words.emplace_back(v.name);
    if (const node* matrix = document.find("matrix"))
        for (const member& m : matrix->members)
            for (const node& v : m.value.items) all_words.push_back(v.scalar);
    for (const axis& a : axes)
        for (const node& v : a.values) all_words.push_back(v.scalar);
    for (const choice_of_axes& c : choices) add_run(l, build_run(document, c, all_words), o, c);
    return l;
}

std::string shell_word(const std::string& s) {
    const auto safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!s.empty() && s.find_first_not_of(safe) == std::string::npos) return s;
    std::string quoted = "'";
    for (const char c : s) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

}  // namespace drydock::scenario
