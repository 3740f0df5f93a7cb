// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace drydock::scenario {
namespace {

/// All of s as a number, base 10 or 0x..
std::optional<std::int64_t> whole_number(std::string_view s) {
    std::string digits(s);
    int base = 10;
    if (s.starts_with("0x") || s.starts_with("0X")) {
        digits.erase(0, 2);
        base = 16;
    }
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::optional<double> decimal(std::string_view s) {
    double value = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
    if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
    return value;
}

nlohmann::json scalar_to_json(const node& n) {
    if (n.quoted) return n.scalar;
    if (n.scalar == "true") return true;
    if (n.scalar == "false") return false;
    if (const auto i = whole_number(n.scalar)) return *i;
    if (n.scalar.find_first_of("0123456789") != std::string::npos)
        if (const auto d = decimal(n.scalar)) return *d;
    return n.scalar;
}

/// The keys of a dotted path. A parameter's name has dots of its own: what follows
/// `machine.parameters.` or `timeline.N.set.` is one key.
std::vector<std::string_view> keys_of(std::string_view path) {
    std::vector<std::string_view> keys;
    while (true) {
        const bool parameter =
            (keys.size() == 2 && keys[0] == "machine" && keys[1] == "parameters") ||
            (keys.size() == 3 && keys[0] == "timeline" && keys[2] == "set");
        const auto dot = parameter ? std::string_view::npos : path.find('.');
        keys.push_back(path.substr(0, dot));
        if (dot == std::string_view::npos) return keys;
        path.remove_prefix(dot + 1);
    }
}

std::optional<std::size_t> index_in(const node& list, std::string_view key) {
    const auto i = whole_number(key);
    if (!i || *i < 0 || static_cast<std::size_t>(*i) >= list.items.size()) return std::nullopt;
    return static_cast<std::size_t>(*i);
}

node& child_for_writing(node& parent, std::string_view key, std::string_view path,
                        const place& where) {
    if (parent.is == node::type::list) {
        if (const auto i = index_in(parent, key)) return parent.items[*i];
        throw bad_input(where, fmt::format("no element '{}' in '{}', which has {}", key, path,
                                           parent.items.size()));
    }
    if (parent.is == node::type::scalar)
        throw bad_input(where, fmt::format("'{}' leads through the value '{}', which has no keys",
                                           path, parent.scalar));
    parent.is = node::type::map;
    if (node* found = parent.find(key)) return *found;
    parent.members.push_back({std::string(key), where, node{}});
    parent.members.back().value.where = where;
    return parent.members.back().value;
}

bool plain_in_flow(const std::string& s) {
    return !s.empty() && s.find_first_of(",[]{}:#'\"\\\n\t") == std::string::npos &&
           std::string_view("-?*&!|>%@` ").find(s.front()) == std::string_view::npos &&
           s.back() != ' ' && s != "null" && s != "~";
}

/// In double quotes, as YAML reads it back.
std::string quoted_text(const std::string& s) {
    std::string text = "\"";
    for (const char c : s) {
        if (c == '\n')
            text += "\\n";
        else if (c == '\t')
            text += "\\t";
        else
            text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return text + '"';
}

}  // namespace

const node* node::find(std::string_view key) const {
    for (const member& m : members)
        if (m.key == key) return &m.value;
    return nullptr;
}

node* node::find(std::string_view key) {
    return const_cast<node*>(static_cast<const node*>(this)->find(key));
}

const node& node::at(std::string_view key) const {
    const node* found = find(key);
    if (found == nullptr) throw std::logic_error("no key '" + std::string(key) + "'");
    return *found;
}

void node::erase(std::string_view key) {
    std::erase_if(members, [&](const member& m) { return m.key == key; });
}

nlohmann::json node::to_json() const {
    switch (is) {
        case type::null:
            return nullptr;
        case type::scalar:
            return scalar_to_json(*this);
        case type::list: {
            auto list = nlohmann::json::array();
            for (const node& n : items) list.push_back(n.to_json());
            return list;
        }
        case type::map:
            break;
    }
    auto object = nlohmann::json::object();
    for (const member& m : members) object[m.key] = m.value.to_json();
    return object;
}

std::string node::text() const {
    switch (is) {
        case type::null:
            return "null";
        case type::scalar:
            return plain_in_flow(scalar) && !quoted ? scalar : quoted_text(scalar);
        case type::list: {
            std::string s;
            for (const node& n : items) s += (s.empty() ? "" : ", ") + n.text();
            return '[' + s + ']';
        }
        case type::map:
            break;
    }
    std::string s;
    for (const member& m : members) s += (s.empty() ? "" : ", ") + m.key + ": " + m.value.text();
    return '{' + s + '}';
}

node merge(const node& base, const node& over) {
    if (base.is != node::type::map || over.is != node::type::map) return over;
    node result = base;
    result.where = over.where;
    for (const member& m : over.members) {
        node* mine = result.find(m.key);
        if (m.value.is == node::type::null)
            result.erase(m.key);
        else if (mine != nullptr)
            *mine = merge(*mine, m.value);
        else
            result.members.push_back(m);
    }
    return result;
}

void set_path(node& root, std::string_view path, const node& value) {
    node* at = &root;
    for (const auto key : keys_of(path)) {
        if (key.empty())
            throw bad_input(value.where,
                            fmt::format("'{}' is no path; expected KEY.KEY=VALUE", path));
        at = &child_for_writing(*at, key, path, value.where);
    }
    *at = value;
}

const node* find_path(const node& root, std::string_view path) {
    const node* at = &root;
    for (const auto key : keys_of(path)) {
        if (at == nullptr) return nullptr;
        if (at->is == node::type::list) {
            const auto i = index_in(*at, key);
            at = i ? &at->items[*i] : nullptr;
        } else {
            at = at->find(key);
        }
    }
    return at;
}

bool path_within(std::string_view path, std::string_view outer) {
    const auto a = keys_of(path), b = keys_of(outer);
    return a.size() >= b.size() && std::equal(b.begin(), b.end(), a.begin());
}

}  // namespace drydock::scenario
