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
            n.quoted = y.Tag() == "!" || y.Tag() == "tag:yaml.org,2002:str";
            if (!n.quoted && y.Tag() != "?" && !y.Tag().empty())
                throw bad_input(n.where, "a tag '" + y.Tag() + "'; expected a value without one");
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

/// Length of the UTF-8 character at s[i], 0 if there is none (RFC 3629).
std::size_t character(std::string_view s, std::size_t i) {
    const auto byte = [&](std::size_t k) {
        return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u;
    };
    const unsigned b = byte(i), next = byte(i + 1);
    if (b < 0x80) return b == 0x7f || (b < 0x20 && b != '\t' && b != '\n' && b != '\r') ? 0 : 1;
    const std::size_t n = b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b < 0xf5 ? 4 : 0;
    if (b < 0xc2 || n == 0) return 0;
    for (std::size_t k = 1; k < n; ++k)
        if ((byte(i + k) & 0xc0) != 0x80) return 0;
    const bool overlong = (b == 0xe0 && next < 0xa0) || (b == 0xf0 && next < 0x90);
    const bool beyond = (b == 0xed && next >= 0xa0) || (b == 0xf4 && next >= 0x90);
    return overlong || beyond ? 0 : n;
}

/// A binary file, or one in another encoding, is refused where that shows first.
void check_text(const std::string& text, place at) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t n = character(text, i);
        if (n == 0) throw bad_input(at, "this is no text; expected YAML in UTF-8");
        if (!at.command_line) {
            at.line += text[i] == '\n' ? 1 : 0;
            at.column = text[i] == '\n' ? 1 : at.column + 1;
        }
        i += n;
    }
}

/// Whether a tab stands in the indentation of a line (from 1).
bool indented_by_tab(const std::string& text, int line) {
    std::size_t from = 0;
    for (int i = 1; i < line && from != std::string::npos; ++i) {
        from = text.find('\n', from);
        if (from != std::string::npos) ++from;
    }
    if (from == std::string::npos) return false;
    const auto end = text.find_first_not_of(" \t", from);
    return text.find('\t', from) < end;
}

node parse(const std::string& text, place origin) {
    check_text(text, origin);
    converter c(std::move(origin));
    try {
        const auto documents = YAML::LoadAll(text);
        if (documents.empty()) throw bad_input(c.at(YAML::Mark()), "the file is empty");
        if (documents.size() > 1)
            throw bad_input(c.at(documents[1].Mark()), "a second document; expected one per file");
        return c.convert(documents.front());
    } catch (const YAML::Exception& e) {
        const place where = c.at(e.mark);
        throw bad_input(where, indented_by_tab(text, where.line)
                                   ? "not YAML: a tab in the indentation; expected spaces"
                                   : "not YAML: " + e.msg);
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
