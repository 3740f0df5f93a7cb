// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/config.h"
#include "tlm/smmu/memory_type.h"
#include "tlm/smmu/structures.h"
#include "tlm/smmu/table_walk.h"
#include "tlm/smmu/walker.h"

namespace drydock::smmu {

/// What stage 2 does: an STE as the walk sees it (VMSAv8-64; SMMUv3 5.2).
struct stage2_regime {
    table_shape shape;
    bool affd = false, ha = false, hd = false, ptw = false, fwb = false;
    bool record = false, stall = false;  ///< S2R, S2S
};
/// @pre s.legal and s.stage2()
stage2_regime stage2_regime_of(const ste& s, const smmu_config&);
/// Level at which stage 2 starts; none: reserved or not possible with this OAS.
std::optional<std::uint8_t> stage2_start_level(const ste& s, const smmu_config&);

/// What a stage-2 page or block allows.
struct stage2_leaf {
    std::uint8_t s2ap = 3;    ///< bit 0 read, bit 1 write
    std::uint8_t xn = 0;      ///< 0 all execute, 1 unprivileged alone, 2 none, 3 privileged alone
    std::uint8_t code = 0xf;  ///< MemAttr, bits [5:2] of the descriptor
    bool dbm = false;
    bool accessed = true;
};
stage2_leaf stage2_leaf_of(const stage2_regime&, std::uint64_t descriptor);
/// Execution needs the right to read as well.
rights rights_of(const stage2_leaf&, const stage2_regime&, bool privileged);

}  // namespace drydock::smmu
