// SPDX-License-Identifier: Apache-2.0
// A hazard: `oracle:` says what makes a run a hit, `expect:` which runs are hits and which are
// clean.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "platform/expect/metrics.h"
#include "platform/scenario/build.h"
#include "platform/scenario/nearest.h"

namespace drydock::scenario::build {
namespace {

firing read_firing(const node& n, const run& r, const std::string& device) {
    firing f{n.scalar, device};
    place where = n.where;
    if (n.is == node::type::map) {
        f = {n.members.front().key, n.members.front().value.scalar};
        where = n.members.front().where;
        if (f.device == "any")
            f.device.clear();
        else if (!names_a_lock(f.device))
            require_name(n.members.front().value.where, "device", f.device, device_names(r));
    }
    require_name(where, "monitor", f.monitor, expect::monitors());
    return f;
}

std::vector<firing> read_firings(const node& section, std::string_view key, const run& r,
                                 const std::string& device) {
    std::vector<firing> all;
    if (const node* list = section.find(key))
        for (const node& n : list->items) all.push_back(read_firing(n, r, device));
    return all;
}

void read_results(const node& section, oracle& o, const std::vector<std::string>& tasks) {
    const node* map = section.find("result");
    if (map == nullptr) return;
    for (const member& m : map->members) {
        require_name(m.where, "task that returns", m.key, tasks);
        const auto number = error_number(m.value.scalar);
        if (!number)
            throw bad_input(m.value.where, fmt::format("result: '{}' is no error of the kernel; "
                                                       "expected a name such as EBUSY, or 0",
                                                       m.value.scalar));
        o.results.emplace_back(m.key, *number);
    }
}

std::vector<std::string> started_tasks(const run& r) {
    std::vector<std::string> names;
    for (const timeline_entry& e : r.timeline)
        if (const std::string task = task_of(e.what); !task.empty()) names.push_back(task);
    return names;
}

oracle read_oracle(const node& section, const run& r) {
    oracle o;
    o.where = section.where;
    const auto tasks = task_names(r);
    std::string device;
    if (const node* n = section.find("device")) {
        require_name(n->where, "device", n->scalar, device_names(r));
        device = n->scalar;
    }
    if (const node* after = section.find("after")) {
        if (after->is == node::type::list)
            for (const node& n : after->items) o.after.push_back(parse_condition(n, r, tasks));
        else
            o.after.push_back(parse_condition(*after, r, tasks));
    }
    o.fire = read_firings(section, "fire", r, device);
    o.any = read_firings(section, "any", r, device);
    o.silent = read_firings(section, "silent", r, device);
    read_results(section, o, started_tasks(r));
    if (o.fire.empty() && o.any.empty() && o.results.empty())
        throw bad_input(section.where,
                        "oracle: nothing would be a hit; expected fire:, any: or result:");
    return o;
}

/// Words of a key: "Q4+no_unfence".
std::vector<std::string> words_of(const std::string& key) {
    std::vector<std::string> words{""};
    for (const char c : key) {
        if (c == '+')
            words.emplace_back();
        else
            words.back() += c;
    }
    return words;
}

bool has(const std::vector<std::string>& all, const std::string& word) {
    return std::find(all.begin(), all.end(), word) != all.end();
}

/// How many words of the run the key names; 0: another run is meant.
/// @throws bad_input for a word that no run of this file has
std::size_t speaks_of(const member& m, const std::vector<std::string>& words,
                      const std::vector<std::string>& all_words) {
    const auto named = words_of(m.key);
    for (const std::string& w : named)
        if (!has(all_words, w) && !has(words, w)) {
            auto known = all_words;
            std::sort(known.begin(), known.end());
            known.erase(std::unique(known.begin(), known.end()), known.end());
            throw bad_input(m.where, fmt::format("no variant '{}'; expected one of {}, or several "
                                                 "with + between them{}",
                                                 w, list_of(known), did_you_mean(w, known)));
        }
    return std::all_of(named.begin(), named.end(),
                       [&](const std::string& w) { return has(words, w); })
               ? named.size()
               : 0;
}

/// `any`, an order, or a list of orders.
bool speaks_of_order(const node& n, const std::string& order,
                     const std::vector<std::string>& orders) {
    const auto check = [&](const node& word) {
        if (word.scalar == "any") return true;
        require_name(word.where, "order", word.scalar, orders);
        return word.scalar == order;
    };
    if (n.is != node::type::list) return check(n);
    bool found = false;
    for (const node& item : n.items) found = check(item) || found;
    return found;
}

struct claim {
    std::string outcome;
    std::size_t words = 0;
    place where;
};

/// What `hit:` and `clean:` of a section say of this run; the key with the most words counts.
claim claimed(const node* section, const std::vector<std::string>& words,
              const std::vector<std::string>& all_words, const std::string& order,
              const std::vector<std::string>& orders) {
    claim best;
    if (section == nullptr) return best;
    for (const member& outcome : section->members) {
        if (outcome.key != "hit" && outcome.key != "clean")
            throw bad_input(outcome.where, fmt::format("'{}' beside oracle:; expected hit: or "
                                                       "clean:, each with variants and orders",
                                                       outcome.key));
        if (outcome.value.is != node::type::map)
            throw bad_input(outcome.value.where,
                            fmt::format("{}: '{}' cannot be used; expected variants and orders, "
                                        "such as {{M1: any, N2: A_first}}",
                                        outcome.key, outcome.value.text()));
        for (const member& m : outcome.value.members) {
            const std::size_t n = speaks_of(m, words, all_words);
            const bool meant = speaks_of_order(m.value, order, orders);
            if (n == 0 || !meant || n < best.words) continue;
            if (n == best.words && best.outcome != outcome.key)
                throw bad_input(m.where, fmt::format("'{}' is both hit and clean; expected one of "
                                                     "them, or a key that says more",
                                                     m.key));
            best = {outcome.key, n, m.where};
        }
    }
    return best;
}

void read_explanation(const node* section, const std::vector<std::string>& words,
                      const std::vector<std::string>& all_words, scenario::hazard& h) {
    if (section == nullptr) return;
    std::size_t best = 0;
    for (const member& m : section->members) {
        const std::size_t n = speaks_of(m, words, all_words);
        if (n <= best) continue;
        best = n;
        h.explain = m.value.scalar;
    }
}

std::vector<std::string> orders_of(const node& document) {
    std::vector<std::string> names;
    if (const node* orders = document.find("orders"))
        for (const member& m : orders->members) names.push_back(m.key);
    return names;
}

}  // namespace

bool names_a_lock(std::string_view s) { return s.ends_with(")") || s.ends_with("_lock"); }

bool is_hazard(const node& document) { return document.find("oracle") != nullptr; }

void hazard(const node& document, const std::vector<std::string>& words,
            const std::vector<std::string>& all_words, run& r) {
    if (!is_hazard(document)) {
        for (const char* key : {"sheet", "explain"})
            if (const node* n = document.find(key))
                throw bad_input(n->where, fmt::format("'{}' without oracle:; expected it in a "
                                                      "hazard",
                                                      key));
        return;
    }
    scenario::hazard h;
    h.oracle = read_oracle(document.at("oracle"), r);
    if (const node* order = document.find("order")) h.order = order->scalar;
    const auto orders = orders_of(document);
    const claim expected = claimed(document.find("expect"), words, all_words, h.order, orders);
    const claim sheet = claimed(document.find("sheet"), words, all_words, h.order, orders);
    read_explanation(document.find("explain"), words, all_words, h);
    h.expected = expected.outcome;
    if (sheet.outcome != expected.outcome) h.sheet = sheet.outcome;
    if (!h.sheet.empty() && h.explain.empty())
        throw bad_input(sheet.where,
                        fmt::format("the sheet says {}, expect: says {}; expected "
                                    "explain: to say why",
                                    sheet.outcome, h.expected.empty() ? "nothing" : h.expected));
    r.hazard = std::move(h);
}

}  // namespace drydock::scenario::build
