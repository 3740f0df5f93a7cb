// SPDX-License-Identifier: Apache-2.0
#include "sw/iommu/reset/policies.h"

#include <array>
#include <stdexcept>
#include <string>

#include "sw/iommu/reset/variants.h"

namespace drydock::sw {

namespace {

struct entry {
    named_thing thing;
    std::unique_ptr<reset_ops> (*make)();  ///< null: as the variant has it
};

constexpr std::string_view asynchronous = "async_invalidation";

constexpr auto table = std::to_array<entry>({
    {{"disable_and_block_ats", "the device is blocked around its reset, as the variant has it"},
     nullptr},
    {{"ignore_timeouts", "the IOMMU is told nothing, what does not answer is forgotten"},
     make_reset_none},
    {{"block_page_table_mutation", "who maps or unmaps for the device waits for its reset"},
     make_reset_block_mutation},
    {{asynchronous, "the IOMMU is told nothing; unmaps leave ATC_INVs to a worker and return"},
     make_reset_none},
    {{"hold_group_mutex", "the device is blocked and its group's mutex kept, as R1 has it"},
     make_reset_r1},
});

}  // namespace

std::span<const named_thing> reset_policies() {
    static constexpr auto names = things_of(table);
    return names;
}

std::unique_ptr<reset_ops> make_reset_policy(std::string_view policy, std::string_view variant) {
    std::string known;
    for (const entry& e : table) {
        if (e.thing.name == policy) return e.make ? e.make() : make_reset_variant(variant);
        known += (known.empty() ? "" : ", ") + std::string(e.thing.name);
    }
    throw std::invalid_argument("reset policy '" + std::string(policy) +
                                "' is unknown; there are: " + known);
}

bool policy_is_asynchronous(std::string_view policy) { return policy == asynchronous; }

}  // namespace drydock::sw
