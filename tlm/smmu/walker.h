// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/config.h"
#include "tlm/smmu/memory_type.h"
#include "tlm/smmu/structures.h"
#include "tlm/smmu/table_walk.h"

namespace drydock::smmu {

/// What stage 1 does for one half of the address space: a CD as the walk sees it (VMSAv8-64).
struct stage1_regime {
    table_shape shape;
    cd_half half;
    bool affd = false, ha = false, hd = false, wxn = false, pan = false;
    bool el2 = false;  ///< EL2 without E2H: one privilege, AP[1] counts as 1
    std::uint64_t mair = 0;
};
/// @param va  bit 55 selects the half; EL2 has only the first
stage1_regime regime_of(const context_descriptor&, stream_world, std::uint64_t va,
                        const smmu_config&);
/// False: F_TRANSLATION without a walk. VA[top:64-TxSZ] must equal VA[55].
bool in_range(const stage1_regime&, std::uint64_t va);
/// The address that tables and TLB see: bits above 55 copy bit 55.
constexpr std::uint64_t canonical(std::uint64_t va) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(va << 8) >> 8);
}

/// What table descriptors take away from everything below them: APTable, PXNTable, UXNTable.
struct table_attributes {
    bool no_unprivileged = false;   ///< APTable[0]
    bool no_write = false;          ///< APTable[1]
    bool pxn = false, uxn = false;  ///< PXNTable, UXNTable
};

/// What a stage-1 page or block allows, with what the tables above it take away.
struct stage1_leaf {
    std::uint8_t ap = 3;            ///< AP[2:1]
    bool dbm = false;               ///< DBM: AP[2] may be cleared by hardware
    bool pxn = false, uxn = false;  ///< with the table attributes above
    bool no_unprivileged = false;   ///< APTable[0] above
    bool no_write = false;          ///< APTable[1] above
    bool accessed = false;          ///< AF, or AFFD
    bool non_global = false;        ///< nG
    memory_type type = memory_type::normal_wb;
};

/// What an access of one privilege may do.
struct rights {
    bool read = false, write = false, execute = false;
    bool clean = false;  ///< a write is possible once hardware has changed the descriptor
};
rights rights_of(const stage1_leaf&, const stage1_regime&, bool privileged);

/// Progress of one stage-1 walk.
struct stage1_walk {
    enum class outcome : std::uint8_t { read, found, translation_fault, address_size_fault };
    table_walk at;
    stage1_leaf leaf;  ///< valid with outcome::found

    /// Starts at the table of TTBx. @return read, or translation_fault with EPDx
    outcome begin(const stage1_regime&, std::uint64_t canonical_va);
    /// Goes on below a table that is known, after begin(). @param level  of the table
    void resume(const stage1_regime&, unsigned level, std::uint64_t table, const table_attributes&);
    /// Takes the descriptor that was read.
    outcome next(const stage1_regime&, std::uint64_t descriptor);

    table_attributes above;  ///< of the tables so far
};

}  // namespace drydock::smmu
