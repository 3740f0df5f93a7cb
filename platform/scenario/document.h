// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "platform/scenario/place.h"

namespace drydock::scenario {

struct member;

/// A value of a scenario or device file that remembers where it was written. A plain value: copies
/// are deep.
struct node {
    enum class type : std::uint8_t { null, scalar, map, list };

    type is = type::null;
    std::string scalar;           ///< text of a scalar
    bool quoted = false;          ///< a quoted scalar is always a string
    std::vector<member> members;  ///< of a map, in the file's order
    std::vector<node> items;      ///< of a list
    place where;

    const node* find(std::string_view key) const;
    node* find(std::string_view key);
    const node& at(std::string_view key) const;  ///< @pre find(key)
    void erase(std::string_view key);

    /// The scalar as JSON: true/false, whole numbers (also 0x..), decimals; anything else is a
    /// string.
    nlohmann::json to_json() const;
    /// As one line of YAML.
    std::string text() const;
};

struct member {
    std::string key;
    place where;  ///< of the key
    node value;
};

/// Parses a YAML file. @throws bad_input for YAML errors, keys used twice, aliases that expand
/// beyond reason
node parse_yaml(const std::string& text, const std::string& file);

/// Parses the VALUE of `-c path=VALUE`; all places are `option`. @throws bad_input
node parse_value(const std::string& text, const std::string& option);

/// `over` on top of `base`: maps merge key by key, anything else replaces; an explicit null takes a
/// key away.
node merge(const node& base, const node& over);

/// Puts value at a dotted path ("machine.smmu.sev", "timeline.0.when"), making maps on the way.
/// What follows "machine.parameters." or "timeline.N.set." is one key, a parameter's name.
/// @throws bad_input if the path leads through a scalar or past the end of a list
void set_path(node& root, std::string_view path, const node& value);

/// The node at a dotted path, null if there is none.
const node* find_path(const node& root, std::string_view path);

/// Whether `path` names the same place as `outer` or one within it.
bool path_within(std::string_view path, std::string_view outer);

}  // namespace drydock::scenario
