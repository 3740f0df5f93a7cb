// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "platform/scenario/embedded.h"
#include "platform/scenario/nearest.h"

namespace drydock::scenario {
namespace {

using json = nlohmann::json;

const json& resolve(const json& root, const json& s) {
    const auto ref = s.find("$ref");
    if (ref == s.end()) return s;
    return resolve(root, root.at(json::json_pointer(ref->get<std::string>().substr(1))));
}

/// The subschema that governs `key` below `s`, null if the key is not foreseen.
const json* below(const json& root, const json& s, const std::string& key, bool list) {
    if (list) return s.contains("items") ? &resolve(root, s.at("items")) : nullptr;
    if (s.contains("properties") && s.at("properties").contains(key))
        return &resolve(root, s.at("properties").at(key));
    if (s.contains("patternProperties"))
        for (const auto& [pattern, rule] : s.at("patternProperties").items())
            if (std::regex_search(key, std::regex(pattern))) return &resolve(root, rule);
    if (s.contains("additionalProperties") && s.at("additionalProperties").is_object())
        return &resolve(root, s.at("additionalProperties"));
    return nullptr;
}

std::vector<std::string> keys_of(const json& s) {
    std::vector<std::string> names;
    if (s.contains("properties"))
        for (const auto& [key, value] : s.at("properties").items()) names.push_back(key);
    return names;
}

std::string type_names(const json& type) {
    static const std::map<std::string, std::string> words{
        {"boolean", "true or false"}, {"integer", "a whole number"},
        {"number", "a number"},       {"string", "a word"},
        {"array", "a list"},          {"object", "a mapping (KEY: VALUE)"}};
    if (type.is_string()) return words.at(type.get<std::string>());
    std::string s;
    for (const auto& t : type) s += (s.empty() ? "" : " or ") + words.at(t.get<std::string>());
    return s;
}

/// The values of an enumeration, numbers among them, as a file writes them.
std::vector<std::string> words_of(const json& values) {
    std::vector<std::string> words;
    for (const auto& v : values) words.push_back(v.is_string() ? v.get<std::string>() : v.dump());
    return words;
}

/// What a subschema wants, in words.
std::string wants(const json& s) {
    if (s.contains("x-expected")) return s.at("x-expected").get<std::string>();
    if (s.contains("enum")) {
        const std::vector<std::string> names = words_of(s.at("enum"));
        return names.size() == 1 ? "'" + names.front() + "'" : "one of " + list_of(names);
    }
    std::string range;
    if (s.contains("minimum") && s.contains("maximum"))
        range = fmt::format(", {}..{}", s.at("minimum").dump(), s.at("maximum").dump());
    return (s.contains("type") ? type_names(s.at("type")) : "something else") + range;
}

struct location {
    const node* value;
    const json* rule;  ///< null: not foreseen
    place where;       ///< of the key that leads to the value, where there is one
    std::string key;
};

/// "[name]" of valijson's context is a key, or an index.
std::string unbracket(const std::string& step) {
    return step.size() > 2 && step.front() == '[' ? step.substr(1, step.size() - 2) : step;
}

location locate(const json& root, const node& document, const std::vector<std::string>& context) {
    location at{&document, &root, document.where, ""};
    for (std::size_t i = 1; i < context.size() && at.rule != nullptr; ++i) {
        const std::string key = unbracket(context[i]);
        const bool list = at.value->is == node::type::list;
        const json* rule = below(root, *at.rule, key, list);
        if (list) {
            const auto index = std::stoul(key);
            if (index >= at.value->items.size()) break;
            const node& item = at.value->items[index];
            at = {&item, rule, item.where, at.key.empty() ? key : at.key + "." + key};
        } else {
            const node* child = at.value->find(key);
            if (child == nullptr) break;
            at = {child, rule, child->where, key};
        }
    }
    return at;
}

/// First key of a map that its schema does not foresee.
const member* unknown_key(const location& at) {
    if (at.value->is != node::type::map || !at.rule->contains("additionalProperties"))
        return nullptr;
    const json& rest = at.rule->at("additionalProperties");
    if (!rest.is_boolean() || rest.get<bool>()) return nullptr;
    for (const member& m : at.value->members)
        if (!at.rule->contains("properties") || !at.rule->at("properties").contains(m.key))
            return &m;
    return nullptr;
}

[[noreturn]] void refuse_key(const member& m, const json& rule, const std::string& parent) {
    const auto names = keys_of(rule);
    throw bad_input(m.where, fmt::format("unknown key '{}'{}; expected one of {}{}", m.key,
                                         parent.empty() ? "" : " in '" + parent + "'",
                                         list_of(names), did_you_mean(m.key, names)));
}

/// Validators say of a key that is no name only that it is somewhere below: looks for the first.
void refuse_names_of_keys(const json& root, const node& n, const json& rule) {
    const std::string letters = "letters, digits and underscores, not starting with a digit";
    // Names are whatever propertyNames says; of a switch, every key that is not its own.
    const bool all = rule.contains("propertyNames");
    if (all || rule.contains("patternProperties")) {
        const std::regex pattern(all ? rule.at("propertyNames").at("pattern").get<std::string>()
                                     : rule.at("patternProperties").items().begin().key());
        for (const member& m : n.members)
            if (!std::regex_search(m.key, pattern) &&
                (all || below(root, rule, m.key, false) == nullptr))
                throw bad_input(
                    m.where, fmt::format("'{}' is no name; expected {}", m.key,
                                         all ? rule.at("propertyNames").value("x-expected", letters)
                                             : letters));
    }
    for (const member& m : n.members)
        if (const json* r = below(root, rule, m.key, false))
            refuse_names_of_keys(root, m.value, *r);
    for (const node& item : n.items)
        if (const json* r = below(root, rule, "", true)) refuse_names_of_keys(root, item, *r);
}

/// Of a map that must have exactly one of several keys: none, or a second one.
void refuse_alternatives(const location& at) {
    if (at.value->is != node::type::map || !at.rule->contains("oneOf")) return;
    std::vector<std::string> keys;
    for (const json& choice : at.rule->at("oneOf"))
        if (choice.contains("required")) keys.push_back(choice.at("required")[0]);
    const std::string what = at.rule->value("x-one", "key");
    const member* first = nullptr;
    for (const member& m : at.value->members) {
        if (std::find(keys.begin(), keys.end(), m.key) == keys.end()) continue;
        if (first != nullptr)
            throw bad_input(
                m.where, fmt::format("a second {} '{}' beside '{}'; expected one per entry", what,
                                     m.key, first->key));
        first = &m;
    }
    if (first == nullptr)
        throw bad_input(at.where, fmt::format("no {}; expected one of {}", what, list_of(keys)));
}

void refuse_missing(const location& at) {
    if (at.value->is != node::type::map || !at.rule->contains("required")) return;
    for (const auto& key : at.rule->at("required"))
        if (at.value->find(key.get<std::string>()) == nullptr)
            throw bad_input(
                at.where,
                fmt::format("'{}' is missing{}; expected {}", key.get<std::string>(),
                            at.key.empty() ? "" : " in '" + at.key + "'",
                            list_of(at.rule->at("required").get<std::vector<std::string>>())));
}

[[noreturn]] void refuse(const location& at) {
    if (const member* m = unknown_key(at)) refuse_key(*m, *at.rule, at.key);
    refuse_missing(at);
    refuse_alternatives(at);
    std::vector<std::string> names;
    if (at.rule->contains("enum")) names = words_of(at.rule->at("enum"));
    const std::string value =
        at.value->is == node::type::scalar ? at.value->scalar : at.value->text();
    std::string what = at.key.empty() ? "" : at.key + ": ";
    if (at.value->is == node::type::map && at.rule->contains("minProperties"))
        what +=
            fmt::format("{}; expected {}", at.value->members.empty() ? "no key" : "a second key",
                        at.rule->value("maxProperties", 0) == 1 ? "exactly one" : "at least one");
    else if (at.value->is == node::type::list && at.value->items.empty())
        what += "the list is empty; expected at least one element";
    else
        what += fmt::format("'{}' cannot be used; expected {}", value, wants(*at.rule));
    throw bad_input(at.where, what + did_you_mean(value, names));
}

}  // namespace

struct schema::impl {
    json text;
    valijson::Schema compiled;
};

schema::schema(std::string_view text) : impl_(std::make_unique<impl>()) {
    try {
        impl_->text = json::parse(text);
        valijson::SchemaParser parser;
        const valijson::adapters::NlohmannJsonAdapter adapter(impl_->text);
        parser.populateSchema(adapter, impl_->compiled);
    } catch (const std::exception& e) {
        throw std::logic_error(std::string("built-in schema: ") + e.what());
    }
}

schema::~schema() = default;

void schema::check(const node& document) const {
    const json instance = document.to_json();
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter adapter(instance);
    if (validator.validate(impl_->compiled, adapter, &results)) return;
    refuse_names_of_keys(impl_->text, document, impl_->text);
    const valijson::ValidationResults::Error* deepest = nullptr;
    for (const auto& error : results)
        if (deepest == nullptr || error.context.size() > deepest->context.size()) deepest = &error;
    const location at = locate(impl_->text, document, deepest->context);
    if (at.rule == nullptr) throw bad_input(at.where, deepest->description);
    refuse(at);
}

const schema& scenario_schema() {
    static const schema s(embedded::find("scenario.schema.json").text);
    return s;
}

const schema& smmu_schema() {
    static const schema s(embedded::find("smmu.schema.json").text);
    return s;
}

const schema& device_schema() {
    static const schema s(embedded::find("device.schema.json").text);
    return s;
}

}  // namespace drydock::scenario
