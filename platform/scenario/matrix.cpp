// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/matrix.h"

#include <cctype>

namespace drydock::scenario {
namespace {

std::pair<std::string, std::string> split(const std::string& option, const char* letter,
                                          const char* form) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals == 0)
        throw bad_input({std::string(letter) + " " + option, 0, 0, true},
                        "no PATH=; expected " + std::string(form));
    return {option.substr(0, equals), option.substr(equals + 1)};
}

/// Splits at commas that stand outside brackets and quotes.
std::vector<std::string> split_values(const std::string& s) {
    std::vector<std::string> parts{""};
    int depth = 0;
    char quote = 0;
    for (const char c : s) {
        if (quote != 0) {
            if (c == quote) quote = 0;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '[' || c == '{') {
            ++depth;
        } else if (c == ']' || c == '}') {
            --depth;
        } else if (c == ',' && depth == 0) {
            parts.emplace_back();
            continue;
        }
        parts.back() += c;
    }
    return parts;
}

}  // namespace

assignment parse_assignment(const std::string& option) {
    const auto [path, value] = split(option, "-c", "-c PATH=VALUE, such as -c machine.cpus=8");
    return {path, parse_value(value, "-c " + option)};
}

axis parse_axis(const std::string& option) {
    const auto [path, values] =
        split(option, "-m", "-m PATH=V1,V2, such as -m software.reset.variant=none,M2");
    axis a{path, {}, {"-m " + option, 0, 0, true}};
    for (const std::string& v : split_values(values))
        a.values.push_back(parse_value(v, "-m " + option));
    return a;
}

std::vector<choice_of_axes> cross(const std::vector<axis>& axes) {
    std::vector<choice_of_axes> all{{}};
    for (const axis& a : axes) {
        std::vector<choice_of_axes> longer;
        for (const choice_of_axes& c : all)
            for (const node& v : a.values) {
                longer.push_back(c);
                longer.back().paths.push_back(a.path);
                longer.back().values.push_back(v);
            }
        all = std::move(longer);
    }
    return all;
}

std::string folder_name(const choice_of_axes& c) {
    constexpr std::size_t longest = 120;  // a file system takes 255, and a seed comes behind
    std::string name;
    for (const node& v : c.values) {
        if (!name.empty()) name += ',';
        for (const char ch : v.is == node::type::scalar ? v.scalar : v.text()) {
            const bool plain = std::isalnum(static_cast<unsigned char>(ch)) != 0 || ch == '_' ||
                               ch == '-' || ch == '=' || ch == '+' || (ch == '.' && !name.empty());
            name += plain ? ch : '_';
        }
    }
    if (name.size() > longest) name.resize(longest);
    return name;
}

}  // namespace drydock::scenario
