// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>

#include "sw/hal/types.h"

namespace drydock::sw {

/// Command queue entry, little-endian words 0 and 1 (SMMUv3 4.1).
using cmdq_words = std::array<u64, 2>;

enum cmdq_op : u8 {
    CMDQ_OP_CFGI_STE = 0x03,
    CMDQ_OP_CFGI_ALL = 0x04,
    CMDQ_OP_CFGI_CD = 0x05,
    CMDQ_OP_TLBI_NH_ALL = 0x10,
    CMDQ_OP_TLBI_NH_ASID = 0x11,
    CMDQ_OP_TLBI_NH_VA = 0x12,
    CMDQ_OP_TLBI_EL2_ALL = 0x20,
    CMDQ_OP_TLBI_NSNH_ALL = 0x30,
    CMDQ_OP_ATC_INV = 0x40,
    CMDQ_OP_PRI_RESP = 0x41,
    CMDQ_OP_CMD_SYNC = 0x46,
};

enum pri_resp : u8 { PRI_RESP_DENY = 0, PRI_RESP_FAIL = 1, PRI_RESP_SUCC = 2 };

/// How a SYNC tells that it is done.
enum class sync_signal : u8 { none = 0, irq = 1, sev = 2 };

/// Size field of an ATC_INV that means all addresses (SMMUv3 4.5.1).
inline constexpr u8 ATC_INV_SIZE_ALL = 52;

/// A command before it is encoded; only the fields of its opcode count.
struct arm_smmu_cmdq_ent {
    cmdq_op opcode{};
    u32 sid = 0;
    std::optional<u16> rid = {};  ///< by which observers name the device; none: as the StreamID
    u32 ssid = 0;
    bool substream_valid = false;
    bool leaf = false;
    u16 asid = 0;
    u16 vmid = 0;
    u64 addr = 0;
    u8 num = 0, scale = 0, ttl = 0, tg = 0;  ///< range TLBI; tg 0: one address
    u8 size = 0;                             ///< ATC_INV: log2 of 4 KiB pages, or ATC_INV_SIZE_ALL
    u16 prg_index = 0;
    pri_resp resp = PRI_RESP_DENY;
    sync_signal signal = sync_signal::none;
    u64 msiaddr = 0;
};

cmdq_words arm_smmu_cmdq_build_cmd(const arm_smmu_cmdq_ent&);

/// ATC_INV for [iova, iova + size): the smallest power-of-two span of 4 KiB pages that holds it;
/// size 0 means everything. No PASID: hits entries of every PASID (linux-flow 3.4).
arm_smmu_cmdq_ent arm_smmu_atc_inv_to_cmd(u32 ssid, u64 iova, u64 size);

/// Walks a range as TLBI_NH_VA commands: with range invalidation each covers (num + 1) << scale
/// pages.
class tlbi_range {
public:
    /// @param leaf only the last level changed; @param ril IDR3.RIL
    tlbi_range(u16 asid, u64 iova, u64 size, bool leaf, bool ril, u16 vmid = 0);
    /// @return none when the range is covered
    std::optional<arm_smmu_cmdq_ent> next();

private:
    arm_smmu_cmdq_ent cmd_;
    u64 iova_;
    u64 end_;
    u64 pages_;
    bool ril_;
};

}  // namespace drydock::sw
