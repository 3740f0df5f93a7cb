// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/config.h"
#include "tlm/smmu/structures.h"

namespace drydock::smmu {

/// What a transaction's SubstreamID leads to (SMMUv3 3.3.2; the SSID table of the specification's
/// section 3).
struct substream_choice {
    enum class kind : std::uint8_t {
        cd,               ///< the CD at `index`
        bypass,           ///< stage 1 is skipped
        bad_substreamid,  ///< C_BAD_SUBSTREAMID
        stream_disabled   ///< F_STREAM_DISABLED
    };
    kind what = kind::cd;
    std::uint32_t index = 0;
};
/// @pre s.stage1()
substream_choice choose_substream(const ste& s, std::optional<base::substream_id> ssid,
                                  const smmu_config&);

/// Where the CDs of an STE are.
struct cd_table {
    std::uint64_t base = 0;
    std::uint8_t leaf_log2 = 0;  ///< log2 of the CDs in a level-2 table; 0: linear
    bool two_level() const { return leaf_log2 != 0; }
    /// @pre two_level()
    base::phys_addr l1_address(std::uint32_t index) const {
        return base::phys_addr{base + (std::uint64_t{index >> leaf_log2} << 3)};
    }
    /// @pre !two_level()
    base::phys_addr cd_address(std::uint32_t index) const {
        return base::phys_addr{base + (std::uint64_t{index} << 6)};
    }
    /// Below the level-1 descriptor `word`; none: C_BAD_SUBSTREAMID. @pre two_level()
    std::optional<base::phys_addr> cd_address(std::uint32_t index, std::uint64_t word,
                                              unsigned oas_bits) const;
};
cd_table cd_table_of(const ste&, const smmu_config&);

/// Decodes only; `legal` is not set.
context_descriptor decode_cd(const structure_words&);
/// EL2 without E2H: the TTB1 fields and the ASID are neither used nor checked.
stream_world world_of(const ste&, const smmu_config&, bool e2h);
/// False: C_BAD_CD.
bool is_legal(const context_descriptor&, const ste&, stream_world, const smmu_config&);

}  // namespace drydock::smmu
