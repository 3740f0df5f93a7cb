// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/config.h"
#include "tlm/smmu/structures.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu {

/// Where a StreamID's STE is (SMMUv3 3.3.1). Pure functions of the registers.
class stream_table {
public:
    /// @param c  SIDSIZE caps LOG2SIZE; ST_LEVEL=0 makes FMT act as linear
    explicit stream_table(const smmu_config& c)
        : sidsize_(c.sidsize), two_level_possible_(c.st_level == 1) {}
    void set(const stream_table_base&);

    /// False: C_BAD_STREAMID.
    bool in_range(base::stream_id sid) const { return fits(sid.value, log2size_); }
    bool two_level() const { return two_level_; }
    /// Address of the level-1 descriptor. @pre two_level() and in_range(sid)
    base::phys_addr l1_address(base::stream_id sid) const;
    /// Address of the STE in a linear table. @pre !two_level() and in_range(sid)
    base::phys_addr ste_address(base::stream_id sid) const;
    /// Address of the STE below a level-1 descriptor; none: C_BAD_STREAMID. @pre two_level()
    std::optional<base::phys_addr> ste_address(base::stream_id sid,
                                               const l1_stream_descriptor&) const;

private:
    std::uint8_t sidsize_;
    bool two_level_possible_;
    bool two_level_ = false;
    std::uint8_t split_ = 6;
    std::uint8_t log2size_ = 0;
    std::uint64_t base_ = 0;
};

l1_stream_descriptor decode_l1_stream_descriptor(std::uint64_t word);
/// Decodes only; `legal` is not set.
ste decode_ste(const structure_words&);
/// 0: legal; else the number of the first rule it breaks, in the order of the specification's
/// table 2.2: 1 V, 2 stages, 3 EATS=2, 4 EATS=1 with S2S, 5 STRW, 6 S1STALLD, 7 S1CDMax, 8 S1Fmt, 9
/// S1ContextPtr, 10 S2S, 11 S2AA64 and S2ENDI, 12 S2HA and S2HD, 13 S2TG, 14 S2TTB, 15 S2T0SZ, 16
/// S2SL0, 17 S2VMID.
unsigned illegal_ste_rule(const ste&, const smmu_config&);

}  // namespace drydock::smmu
