// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/base/register_file.h"
#include "tlm/smmu/config.h"

namespace drydock::smmu {

/// Fields of the registers (SMMUv3 6.3).
namespace cr0 {
inline constexpr std::uint64_t smmuen = 1u << 0, priqen = 1u << 1, eventqen = 1u << 2,
                               cmdqen = 1u << 3, atschk = 1u << 4, vmw = 7u << 6;
}
namespace cr1 {
inline constexpr std::uint64_t queue = base::bit_mask(5, 0), table = base::bit_mask(11, 6);
}
namespace cr2 {
inline constexpr std::uint64_t e2h = 1u << 0, recinvsid = 1u << 1, ptm = 1u << 2,
                               rec_cfg_ats = 1u << 3;
}
namespace gbpa {
inline constexpr std::uint64_t abort = 1u << 20, update = 1u << 31;
}
namespace irq_ctrl {
inline constexpr std::uint64_t gerror = 1u << 0, priq = 1u << 1, eventq = 1u << 2;
}
namespace cmdq_cons {
using err = base::bit_field<30, 24>;
}
namespace queue_index {
inline constexpr std::uint64_t position = base::bit_mask(19, 0);  ///< WR or RD, wrap bit included
inline constexpr std::uint64_t overflow = 1u << 31;               ///< OVFLG or OVACKFLG
}  // namespace queue_index
namespace queue_base {
using log2size = base::bit_field<4, 0>;
inline constexpr std::uint64_t address = base::bit_mask(51, 5);
}  // namespace queue_base

/// MSI configuration of one interrupt source: x_IRQ_CFG0..2.
struct msi_registers {
    base::reg address;     ///< CFG0: ADDR[51:2]; 0 = no MSI
    base::reg data;        ///< CFG1: DATA[31:0]
    base::reg attributes;  ///< CFG2: MemAttr[3:0] SH[5:4], PRIQ also LO[31]
};

/// The registers of both pages as a datasheet lists them; reserved bits read as zero.
/// Offsets are those that software uses; the page-0 twins of the page-1 registers are aliases.
struct register_map {
    explicit register_map(const smmu_config&);

    using reg = base::reg;
    static constexpr auto ro = base::register_access::ro;
    static constexpr auto rw = base::register_access::rw;

    reg idr0, idr1, idr2, idr3, idr4, idr5;  ///< from the configuration
    reg iidr{"IIDR", 0x18, 4, ro, 0, 0x0};
    reg aidr{"AIDR", 0x1c, 4, ro, 0, 0x02};  ///< architecture v3.2

    reg cr0;                            ///< SMMUEN PRIQEN EVENTQEN CMDQEN ATSCHK VMW
    reg cr0ack{"CR0ACK", 0x24, 4, ro};  ///< follows CR0 field by field
    reg cr1{"CR1", 0x28, 4, rw, base::bit_mask(11, 0)};  ///< table and queue attributes
    reg cr2;   ///< E2H RECINVSID PTM REC_CFG_ATS; SMMUEN=0 only
    reg gbpa;  ///< bypass attributes; ABORT[20] Update[31]
    reg irq_ctrl{"IRQ_CTRL", 0x50, 4, rw, base::bit_mask(2, 0)};
    reg irq_ctrlack{"IRQ_CTRLACK", 0x54, 4, ro};
    reg gerror{"GERROR", 0x60, 4, ro};  ///< toggled by hardware
    reg gerrorn{"GERRORN", 0x64, 4, rw,
                base::bit_mask(8, 2) | 1u};  ///< made equal to acknowledge; bit 1 is reserved
    msi_registers gerror_irq;                ///< 0x68

    reg strtab_base{"STRTAB_BASE", 0x80, 8, rw, base::bit_mask(51, 6) | base::bit_mask(62, 62)};
    reg strtab_base_cfg{"STRTAB_BASE_CFG", 0x88, 4, rw,
                        base::bit_mask(10, 0) | base::bit_mask(17, 16)};

    reg cmdq_base{"CMDQ_BASE", 0x90, 8, rw,
                  base::bit_mask(4, 0) | base::bit_mask(51, 5) | base::bit_mask(62, 62)};
    reg cmdq_prod{"CMDQ_PROD", 0x98, 4, rw,
                  base::bit_mask(19, 0)};  ///< a write makes the SMMU look for commands
    reg cmdq_cons{"CMDQ_CONS", 0x9c, 4, rw, base::bit_mask(19, 0) | base::bit_mask(30, 24)};

    reg eventq_base{"EVENTQ_BASE", 0xa0, 8, rw,
                    base::bit_mask(4, 0) | base::bit_mask(51, 5) | base::bit_mask(62, 62)};
    reg eventq_prod{"EVENTQ_PROD", 0x100a8, 4, rw, base::bit_mask(19, 0) | queue_index::overflow};
    reg eventq_cons{"EVENTQ_CONS", 0x100ac, 4, rw, base::bit_mask(19, 0) | queue_index::overflow};
    msi_registers eventq_irq;  ///< 0xb0

    reg priq_base{"PRIQ_BASE", 0xc0, 8, rw,
                  base::bit_mask(4, 0) | base::bit_mask(51, 5) | base::bit_mask(62, 62)};
    reg priq_prod{"PRIQ_PROD", 0x100c8, 4, rw, base::bit_mask(19, 0) | queue_index::overflow};
    reg priq_cons{"PRIQ_CONS", 0x100cc, 4, rw, base::bit_mask(19, 0) | queue_index::overflow};
    msi_registers priq_irq;  ///< 0xd0, LO[31] in CFG2

    reg cidr0{"CIDR0", 0xff0, 4, ro, 0, 0x0d};  ///< CoreSight component identification
    reg cidr1{"CIDR1", 0xff4, 4, ro, 0, 0xf0};
    reg cidr2{"CIDR2", 0xff8, 4, ro, 0, 0x05};
    reg cidr3{"CIDR3", 0xffc, 4, ro, 0, 0xb1};

    /// Puts all of them, and the aliases of page 1, in a file of 128 KiB.
    void add_to(base::register_file&);
};

/// Size of the block, bytes: two pages of 64 KiB (SMMUv3 6.1).
inline constexpr std::uint64_t register_bytes = 0x2'0000;

}  // namespace drydock::smmu
