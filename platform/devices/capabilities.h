// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/scenario/document.h"
#include "tlm/pcie/config_image_builder.h"

namespace drydock::devices {

/// A value of a description if it is there.
template <class T>
void take(const scenario::node& map, std::string_view key, T& v) {
    if (const scenario::node* n = map.find(key)) v = n->to_json().get<T>();
}

/// A BAR as a description names it.
struct bar_facts {
    std::uint64_t bytes = 0;
    bool wide = true, prefetchable = true;
};
/// @throws scenario::bad_input for a size that is none
bar_facts bar_of(const scenario::node& n);

/// The capabilities whose keys in a description are fields of their registers.
std::vector<std::string> small_capabilities();

/// Adds the capability of that name.
/// @throws scenario::bad_input for a value that cannot be used
/// @throws pcie::config_error for one that the builder refuses
void add_small_capability(pcie::config_image_builder& b, const std::string& name,
                          const scenario::node& c, std::uint16_t at);

}  // namespace drydock::devices
