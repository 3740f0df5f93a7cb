// SPDX-License-Identifier: Apache-2.0
#include "tlm/base/probe.h"

#include <algorithm>

namespace drydock::base {
namespace {

/// Index of `text` in `list`, appended if it is new. Linear: for elaboration and rare events.
std::uint32_t intern(std::vector<std::string>& list, std::string_view text) {
    const auto found = std::find(list.begin(), list.end(), text);
    if (found != list.end()) return static_cast<std::uint32_t>(found - list.begin());
    list.emplace_back(text);
    return static_cast<std::uint32_t>(list.size() - 1);
}

}  // namespace

place_id probe::place(std::string_view hierarchical_name) {
    return intern(names_, hierarchical_name);
}

std::uint32_t probe::text(std::string_view s) { return intern(texts_, s); }

void probe::subscribe(observer& o, kind k) {
    auto& list = observers_[index(k)];
    if (std::find(list.begin(), list.end(), &o) != list.end()) return;
    list.push_back(&o);
    wanted_[index(k) / 64] |= std::uint64_t{1} << (index(k) % 64);
}

void probe::unsubscribe(observer& o) {
    for (std::size_t k = 0; k < kind_count; ++k) {
        std::erase(observers_[k], &o);
        if (observers_[k].empty()) wanted_[k / 64] &= ~(std::uint64_t{1} << (k % 64));
    }
}

}  // namespace drydock::base
