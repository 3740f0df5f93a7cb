// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/stage2.h"
#include "tlm/smmu/walker.h"

namespace drydock::smmu {

/// A page or block as the walks of one or both stages found it and as the TLB keeps it. Addresses
/// are of the first byte.
struct leaf {
    std::uint64_t pa = 0;
    std::uint64_t ipa = 0;         ///< where stage 2 took part: its input
    std::uint8_t log2_bytes = 12;  ///< of the smaller stage
    bool by_stage1 = true, by_stage2 = false;
    stage1_leaf s1;  ///< valid with by_stage1
    stage2_leaf s2;  ///< valid with by_stage2

    bool global() const { return by_stage1 && !s1.non_global; }
};

}  // namespace drydock::smmu
