// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace drydock::sw {

/// Something that a user may name, and what it means.
struct named_thing {
    std::string_view name;
    std::string_view meaning;
};

/// Of a table whose entries have a `thing` each.
template <class Entry, std::size_t N>
constexpr std::array<named_thing, N> things_of(const std::array<Entry, N>& table) {
    std::array<named_thing, N> all;
    for (std::size_t i = 0; i < N; ++i) all[i] = table[i].thing;
    return all;
}

}  // namespace drydock::sw
