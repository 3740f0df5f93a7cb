// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/config.h"
#include "tlm/smmu/structures.h"

namespace drydock::smmu {

/// What stage 1 does for one half of the address space: a CD as the walk sees it (VMSAv8-64).
struct stage1_regime {
    cd_half half;
    std::uint8_t output_bits = 48;  ///< min(IPS, OAS)
    bool wide = false;              ///< 52-bit OAS: 64K descriptors hold OA[51:48] in [15:12]
    bool affd = false, ha = false, hd = false, wxn = false, pan = false;
    bool el2 = false;  ///< EL2 without E2H: one privilege, AP[1] counts as 1
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

/// A page or block as the walk found it and as the TLB keeps it.
struct leaf {
    std::uint64_t pa = 0;  ///< of the first byte
    std::uint8_t log2_bytes = 12;
    std::uint8_t ap = 0;            ///< AP[2:1]
    bool dbm = false;               ///< DBM: AP[2] may be cleared by hardware
    bool pxn = false, uxn = false;  ///< with the table attributes above
    bool no_unprivileged = false;   ///< APTable[0] above
    bool no_write = false;          ///< APTable[1] above
    bool accessed = false;          ///< AF, or AFFD
    bool non_global = false;        ///< nG
};

/// What an access of one privilege may do.
struct rights {
    bool read = false, write = false, execute = false;
    bool clean = false;  ///< a write is possible once hardware has cleared AP[2]
};
rights rights_of(const leaf&, const stage1_regime&, bool privileged);

/// Progress of one stage-1 walk. Holds no memory port: the caller reads `address` and calls next().
struct walk_progress {
    enum class outcome : std::uint8_t { read, found, translation_fault, address_size_fault };
    std::uint64_t va = 0;       ///< canonical
    std::uint64_t address = 0;  ///< of the descriptor to read, later of the leaf's
    std::uint8_t level = 0;
    bool ap_no_unprivileged = false, ap_no_write = false, pxn = false,
         uxn = false;  ///< from the tables above
    leaf found;        ///< valid with outcome::found

    /// Starts at the table of TTBx. @return read, or translation_fault with EPDx
    outcome begin(const stage1_regime&, std::uint64_t canonical_va);
    /// Takes the descriptor that was read.
    outcome next(const stage1_regime&, std::uint64_t descriptor);

private:
    outcome take_table(const stage1_regime&, std::uint64_t descriptor);
    outcome take_leaf(const stage1_regime&, std::uint64_t descriptor);
};

/// Descriptor bits that hardware changes.
inline constexpr std::uint64_t descriptor_af = 1u << 10;  // AF
inline constexpr std::uint64_t descriptor_ap2 = 1u << 7;  // AP[2], read-only

}  // namespace drydock::smmu
