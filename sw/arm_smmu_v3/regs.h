// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sw/hal/types.h"

/// Registers of the SMMUv3 as the driver knows them (SMMUv3 6.3). The chip has its own definitions.
namespace drydock::sw::smmu_reg {

constexpr u32 genmask(unsigned high, unsigned low) {
    return (high == 31 ? ~0u : (1u << (high + 1)) - 1) & ~((1u << low) - 1);
}
constexpr u64 genmask64(unsigned high, unsigned low) {
    return (high == 63 ? ~u64{0} : (u64{1} << (high + 1)) - 1) & ~((u64{1} << low) - 1);
}
constexpr u32 field(u32 value, unsigned high, unsigned low) {
    return (value & genmask(high, low)) >> low;
}

inline constexpr u64 IDR0 = 0x00, IDR1 = 0x04, IDR3 = 0x0c, IDR5 = 0x14;
inline constexpr u64 CR0 = 0x20, CR0ACK = 0x24, CR1 = 0x28, CR2 = 0x2c, GBPA = 0x44;
inline constexpr u64 IRQ_CTRL = 0x50, IRQ_CTRLACK = 0x54, GERROR = 0x60, GERRORN = 0x64;
inline constexpr u64 GERROR_IRQ_CFG0 = 0x68, EVTQ_IRQ_CFG0 = 0xb0,
                     PRIQ_IRQ_CFG0 = 0xd0;  ///< CFG1 at +8, CFG2 at +12
inline constexpr u64 STRTAB_BASE = 0x80, STRTAB_BASE_CFG = 0x88;
inline constexpr u64 CMDQ_BASE = 0x90, CMDQ_PROD = 0x98, CMDQ_CONS = 0x9c;
inline constexpr u64 EVTQ_BASE = 0xa0, EVTQ_PROD = 0x100a8, EVTQ_CONS = 0x100ac;  // page 1
inline constexpr u64 PRIQ_BASE = 0xc0, PRIQ_PROD = 0x100c8, PRIQ_CONS = 0x100cc;

// IDR0
inline constexpr u32 IDR0_S2P = 1u << 0, IDR0_S1P = 1u << 1, IDR0_HYP = 1u << 9,
                     IDR0_ATS = 1u << 10, IDR0_NS1ATS = 1u << 11, IDR0_MSI = 1u << 13,
                     IDR0_SEV = 1u << 14, IDR0_PRI = 1u << 16, IDR0_CD2L = 1u << 19;
inline constexpr u32 IDR0_COHACC = 1u << 4, IDR0_ASID16 = 1u << 12;
inline constexpr u32 IDR3_RIL = 1u << 10;
inline constexpr u32 IDR5_GRAN4K = 1u << 4;

// CR0, CR0ACK
inline constexpr u32 CR0_SMMUEN = 1u << 0, CR0_PRIQEN = 1u << 1, CR0_EVTQEN = 1u << 2,
                     CR0_CMDQEN = 1u << 3, CR0_ATSCHK = 1u << 4;
// CR1: tables and queues inner shareable, write-back cacheable
inline constexpr u32 CR1_TABLES_AND_QUEUES_WB_ISH =
    3u << 10 | 1u << 8 | 1u << 6 | 3u << 4 | 1u << 2 | 1u << 0;
inline constexpr u32 CR2_RECINVSID = 1u << 1, CR2_PTM = 1u << 2;
inline constexpr u32 GBPA_ABORT = 1u << 20, GBPA_UPDATE = 1u << 31;
inline constexpr u32 IRQ_CTRL_GERROR = 1u << 0, IRQ_CTRL_PRIQ = 1u << 1, IRQ_CTRL_EVTQ = 1u << 2;
inline constexpr u32 MEMATTR_DEVICE_nGnRE = 1;

// GERROR, GERRORN
inline constexpr u32 GERROR_CMDQ_ERR = 1u << 0, GERROR_EVTQ_ABT_ERR = 1u << 2,
                     GERROR_PRIQ_ABT_ERR = 1u << 3, GERROR_MSI_CMDQ_ABT_ERR = 1u << 4,
                     GERROR_MSI_EVTQ_ABT_ERR = 1u << 5, GERROR_MSI_PRIQ_ABT_ERR = 1u << 6,
                     GERROR_MSI_GERROR_ABT_ERR = 1u << 7, GERROR_SFM_ERR = 1u << 8;
inline constexpr u32 GERROR_ERR_MASK = 0x1fd;

// CMDQ_CONS.ERR
inline constexpr u32 CONS_ERR = genmask(30, 24);
inline constexpr u32 CERROR_NONE = 0, CERROR_ILL = 1, CERROR_ABT = 2, CERROR_ATC_INV = 3;

inline constexpr u64 Q_BASE_RWA = u64{1} << 62;
inline constexpr u64 Q_BASE_ADDR = genmask64(51, 5);
inline constexpr u32 Q_OVERFLOW = 1u << 31;

inline constexpr u64 STRTAB_BASE_RA = u64{1} << 62;
inline constexpr u64 STRTAB_BASE_ADDR = genmask64(51, 6);

}  // namespace drydock::sw::smmu_reg
