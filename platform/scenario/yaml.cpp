// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "platform/scenario/document.h"

namespace drydock::scenario {
namespace {

/// Aliases can make a small file expand without bound; no scenario needs as many values.
constexpr unsigned most_nodes = 100'000;
constexpr unsigned deepest = 64;

/// Turns yaml-cpp's nodes into ours, each with its place.
class converter {
public:
    explicit converter(place origin) : origin_(std::move(origin)) {}

    place at(const YAML::Mark& m) const {
        place p = origin_;
        if (!p.command_line && !m.is_null()) {
            p.line = m.line + 1;
            p.column = m.column + 1;
        }
        return p;
    }

    node convert(const YAML::Node& y, unsigned depth = 0) {
        node n;
        n.where = at(y.Mark());
        if (++count_ > most_nodes || depth > deepest)
            throw bad_input(n.where, "the file expands to too many values or too deep a tree");
        if (y.IsScalar()) {
            n.is = node::type::scalar;
            n.scalar = y.Scalar();
            n.quoted = y.Tag() == "!";
        } else if (y.IsSequence()) {
            n.is = node::type::list;
            for (const auto& item : y) n.items.push_back(convert(item, depth + 1));
        } else if (y.IsMap()) {
            convert_map(y, n, depth);
        }
        return n;
    }

private:
    void convert_map(const YAML::Node& y, node& n, unsigned depth) {
        n.is = node::type::map;
        for (const auto& pair : y) {
            const place where = at(pair.first.Mark());
            if (!pair.first.IsScalar()) throw bad_input(where, "a key must be a word");
            const std::string key = pair.first.Scalar();
            if (n.find(key) != nullptr)
                throw bad_input(where,
                                fmt::format("key '{}' stands here for the second time", key));
            n.members.push_back({key, where, convert(pair.second, depth + 1)});
        }
    }

    place origin_;
    unsigned count_ = 0;
};

node parse(const std::string& text, place origin) {
    converter c(std::move(origin));
    try {
        const auto documents = YAML::LoadAll(text);
        if (documents.empty()) throw bad_input(c.at(YAML::Mark()), "the file is empty");
        if (documents.size() > 1)
            throw bad_input(c.at(documents[1].Mark()), "a second document; expected one per file");
        return c.convert(documents.front());
    } catch (const YAML::Exception& e) {
        throw bad_input(c.at(e.mark), "not YAML: " + e.msg);
    }
}

}  // namespace

node parse_yaml(const std::string& text, const std::string& file) {
    return parse(text, {file, 1, 1, false});
}

node parse_value(const std::string& text, const std::string& option) {
    const place origin{option, 0, 0, true};
    if (text.find_first_not_of(' ') == std::string::npos)
        throw bad_input(origin, "no value; expected PATH=VALUE");
    return parse(text, origin);
}

}  // namespace drydock::scenario
