// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "sw/arm_smmu_v3/regs.h"

namespace drydock::sw {

/// Stream table entry and context descriptor: eight little-endian words each (SMMUv3 5.2, 5.4).
using entry_words = std::array<u64, 8>;

namespace ste {
// word 0
inline constexpr u64 V = 1;
inline constexpr u64 CFG = smmu_reg::genmask64(3, 1);
inline constexpr u64 CFG_ABORT = 0u << 1, CFG_BYPASS = 4u << 1, CFG_S1_TRANS = 5u << 1,
                     CFG_NESTED = 7u << 1;
inline constexpr u64 S1FMT = smmu_reg::genmask64(5, 4), S1FMT_LINEAR = 0, S1FMT_64K_L2 = 2u << 4;
inline constexpr u64 S1CTXPTR = smmu_reg::genmask64(51, 6);
inline constexpr u64 S1CDMAX = smmu_reg::genmask64(63, 59);
inline constexpr unsigned S1CDMAX_SHIFT = 59;
// word 1
inline constexpr u64 S1DSS = smmu_reg::genmask64(1, 0), S1DSS_TERMINATE = 0, S1DSS_BYPASS = 1,
                     S1DSS_SSID0 = 2;
inline constexpr u64 S1CIR = smmu_reg::genmask64(3, 2), S1CIR_WBRA = 1u << 2;
inline constexpr u64 S1COR = smmu_reg::genmask64(5, 4), S1COR_WBRA = 1u << 4;
inline constexpr u64 S1CSH = smmu_reg::genmask64(7, 6), S1CSH_ISH = 3u << 6;
inline constexpr u64 PPAR = u64{1} << 18;  ///< automatic responses carry the request's PASID
inline constexpr u64 S1STALLD = u64{1} << 27;
inline constexpr u64 EATS = smmu_reg::genmask64(29, 28), EATS_TRANS = u64{1} << 28,
                     EATS_S1CHK = u64{2} << 28;  ///< S1CHK: split stage
inline constexpr u64 STRW = smmu_reg::genmask64(31, 30);
inline constexpr u64 SHCFG = smmu_reg::genmask64(45, 44), SHCFG_INCOMING = u64{1} << 44;
/// word 2: S2T0SZ 16, S2SL0 2 (from level 0), S2IR0 S2OR0 write-back, S2SH0 inner, S2TG 4K, S2AA64,
/// S2PTW, S2R
inline constexpr u64 S2_48BIT_4K_WB = u64{16} << 32 | u64{2} << 38 | u64{1} << 40 | u64{1} << 42 |
                                      u64{3} << 44 | u64{1} << 51 | u64{1} << 54 | u64{1} << 58;
inline constexpr unsigned S2PS_SHIFT = 48;
inline constexpr u64 S2TTB = smmu_reg::genmask64(51, 4);  ///< word 3
}  // namespace ste

namespace cd {
// word 0
inline constexpr u64 T0SZ_48BIT = 16, TG0_4K = 0;
inline constexpr u64 IR0_WBWA = 1u << 8, OR0_WBWA = 1u << 10, SH0_ISH = 3u << 12;
inline constexpr u64 EPD0 = 1u << 14, EPD1 = 1u << 30;
inline constexpr u64 V = u64{1} << 31;
inline constexpr unsigned IPS_SHIFT = 32;
inline constexpr u64 AA64 = u64{1} << 41, R = u64{1} << 45, A = u64{1} << 46, ASET = u64{1} << 47;
inline constexpr unsigned ASID_SHIFT = 48;
// word 1
inline constexpr u64 TTB0 = smmu_reg::genmask64(51, 4);
/// word 3: attributes 0 Normal non-cacheable, 1 Normal write-back, 2 Device-nGnRE
inline constexpr u64 MAIR = u64{0x44} | u64{0xff} << 8 | u64{0x04} << 16;
}  // namespace cd

/// Denies everything, silently.
entry_words arm_smmu_make_abort_ste();
/// No translation; ATS is denied.
entry_words arm_smmu_make_bypass_ste();

struct cdtable_ste {
    u64 table = 0;  ///< physical address of the CD table
    u8 cdmax = 0;   ///< log2 of the number of CDs
    bool two_level = false;
    bool ats = false;
    bool ppar = false;
    u64 s1dss = ste::S1DSS_SSID0;
    bool stalls_supported = false;  ///< IDR0.STALL_MODEL 0: a PCIe stream must forbid them
};
entry_words arm_smmu_make_cdtable_ste(const cdtable_ste&);

struct s1_cd {
    u64 ttb = 0;
    u16 asid = 0;
    u8 ips = 5;  ///< code of IDR5.OAS
};
entry_words arm_smmu_make_s1_cd(const s1_cd&);

/// Bits that the SMMU looks at, given the entry's own words.
entry_words arm_smmu_get_ste_used(const entry_words&);
entry_words arm_smmu_get_cd_used(const entry_words&);

/// Where a live entry is and how the SMMU is told of a change. write(): one word, atomically.
struct arm_smmu_entry_writer {
    virtual void write(unsigned word, u64 value) = 0;
    /// CFGI + SYNC
    virtual void sync() = 0;
    virtual entry_words used(const entry_words&) const = 0;

protected:
    ~arm_smmu_entry_writer() = default;
};

/// Changes `entry` into `target` in steps after each of which the SMMU sees the old, the new, or,
/// if several words in use must change, an invalid entry: never a mixture. Each step ends with
/// sync().
/// @return number of syncs
unsigned arm_smmu_write_entry(arm_smmu_entry_writer&, entry_words& entry,
                              const entry_words& target);

}  // namespace drydock::sw
