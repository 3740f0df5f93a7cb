// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "tlm/smmu/tagged_cache.h"
#include "tlm/smmu/walker.h"

namespace drydock::smmu {

/// A table descriptor as the walk caches keep it: where the next table is, and what the tables so
/// far take away.
struct table_pointer {
    std::uint64_t table = 0;  ///< stage 1 below which there is stage 2: an IPA
    table_attributes above;
    std::uint8_t log2_bytes = 0;  ///< of the addresses that it leads to
    constexpr bool global() const { return false; }
};

/// The walk caches of one stage, one for each level that holds table descriptors (0, 1, 2). A walk
/// begins at the deepest table that is known.
class walk_cache {
public:
    static constexpr unsigned levels = 3;

    walk_cache(const std::array<std::uint32_t, levels>& entries, std::uint32_t ways,
               tlb_stamps& stamps)
        : levels_{tables{entries[0], ways, stamps}, tables{entries[1], ways, stamps},
                  tables{entries[2], ways, stamps}} {}

    struct hit {
        const table_pointer* pointer = nullptr;  ///< null: nothing is known
        unsigned level = 0;                      ///< of the table it leads to
    };
    /// @param shape  the tree that is walked for `input`
    hit find(const tlb_context& c, const table_shape& shape, std::uint64_t input) {
        for (unsigned l = levels; l-- > shape.start_level;)
            if (const auto* p = levels_[l].find_block(c, input, index_low(shape.tg, l)))
                return {p, l + 1};
        return {};
    }
    /// A table descriptor of `level` has been read.
    void fill(const tlb_context& c, granule g, unsigned level, std::uint64_t input,
              std::uint64_t table, const table_attributes& above) {
        levels_[level].fill(c, input,
                            {table, above, static_cast<std::uint8_t>(index_low(g, level))});
    }
    /// @return false if the range is too long: the caller invalidates by stamp
    bool invalidate(const tlb_context& c, std::uint64_t first, std::uint64_t last) {
        for (tables& t : levels_)
            if (!t.invalidate(c, first, last)) return false;
        return true;
    }
    std::uint64_t sets_probed() const {
        return levels_[0].sets_probed() + levels_[1].sets_probed() + levels_[2].sets_probed();
    }

private:
    using tables = tagged_cache<table_pointer>;
    std::array<tables, levels> levels_;
};

}  // namespace drydock::smmu
