// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace drydock::smmu::test {

// Register offsets, written down again apart from the model's (SMMUv3 6.3).
namespace reg {
inline constexpr std::uint64_t idr0 = 0x0, idr1 = 0x4, idr3 = 0xc, idr5 = 0x14, cr0 = 0x20,
                               cr0ack = 0x24, cr1 = 0x28, cr2 = 0x2c, gbpa = 0x44, irq_ctrl = 0x50,
                               irq_ctrlack = 0x54, gerror = 0x60, gerrorn = 0x64,
                               gerror_irq0 = 0x68, gerror_irq1 = 0x70, strtab_base = 0x80,
                               strtab_base_cfg = 0x88, cmdq_base = 0x90, cmdq_prod = 0x98,
                               cmdq_cons = 0x9c, eventq_base = 0xa0, eventq_prod = 0x100a8,
                               eventq_cons = 0x100ac, eventq_irq0 = 0xb0, eventq_irq1 = 0xb8,
                               priq_base = 0xc0, priq_prod = 0x100c8, priq_cons = 0x100cc,
                               priq_irq0 = 0xd0, priq_irq1 = 0xd8, priq_irq2 = 0xdc;
}
inline constexpr std::uint32_t smmuen = 1, priqen = 2, eventqen = 4, cmdqen = 8, atschk = 16;
inline constexpr std::uint32_t overflow_flag = 1u << 31;  ///< OVFLG of PROD, OVACKFLG of CONS

}  // namespace drydock::smmu::test
