// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "platform/scenario/build.h"

namespace drydock::scenario::build {
namespace {

/// Named by docs and hazards alike; the software reaches them by kernel::point().
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> table{{
    {"p0", "prepare() before the group mutex"},
    {"p1", "prepare() holds the mutex, nothing changed yet"},
    {"p2", "RID attached to the blocking domain"},
    {"p3", "last PASID removed"},
    {"p4", "prepare() returned 0"},
    {"r0", "reset asserted"},
    {"r1", "the function answers configuration requests again"},
    {"d1", "done() holds the mutex"},
    {"d2", "RID attached again"},
    {"d3", "PASIDs set again"},
    {"d4", "done() returned"},
    {"s", "pci_restore_state() finished"},
    {"t0", "iommu_deferred_attach() has seen that the attach is still to come"},
    {"i1", "unmap: PTE cleared, TLBI and its SYNC done"},
    {"i2", "unmap: ATC_INV and its SYNC written"},
    {"i4", "CERROR_ATC_INV_SYNC and GERROR raised"},
    {"i5", "GERRORN acknowledge written"},
    {"i6", "flush returned, the page may be reused"},
}};

}  // namespace

const std::vector<std::string>& points() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> n;
        n.reserve(table.size());
        for (const auto& [name, meaning] : table) n.emplace_back(name);
        return n;
    }();
    return names;
}

std::string_view meaning_of_point(std::string_view point) {
    for (const auto& [name, meaning] : table)
        if (name == point) return meaning;
    return {};
}

}  // namespace drydock::scenario::build
