// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/commands.h"

#include <bit>

#include "sw/pci/device.h"

namespace drydock::sw {

namespace {

constexpr unsigned page_shift = 12;
constexpr u64 page_mask = ~u64{0xfff};
constexpr u64 ssv = u64{1} << 11;
constexpr u64 range_num_max = 0x1f;  // NUM[16:12] holds pages - 1

u64 stream(const arm_smmu_cmdq_ent& e) { return u64{e.sid} << 32; }
u64 substream(const arm_smmu_cmdq_ent& e) {
    return e.substream_valid ? ssv | u64{e.ssid} << 12 : 0;
}

u64 vmid(const arm_smmu_cmdq_ent& e) { return u64{e.vmid} << 32; }

cmdq_words build_tlbi_va(const arm_smmu_cmdq_ent& e) {
    cmdq_words w{e.opcode | u64{e.num} << 12 | u64{e.scale} << 20 | vmid(e) | u64{e.asid} << 48, 0};
    w[1] = (e.addr & page_mask) | u64{e.leaf} | u64{e.ttl} << 8 | u64{e.tg} << 10;
    return w;
}

cmdq_words build_sync(const arm_smmu_cmdq_ent& e) {
    cmdq_words w{e.opcode | u64{static_cast<u8>(e.signal)} << 12, 0};
    // MSH inner shareable, MSIAttr write-back: also what Linux sets without an MSI. MSIData stays
    // 0.
    w[0] |= u64{3} << 22 | u64{0xf} << 24;
    if (e.signal == sync_signal::irq) w[1] = e.msiaddr & 0x000f'ffff'ffff'fffc;
    return w;
}

}  // namespace

cmdq_words arm_smmu_cmdq_build_cmd(const arm_smmu_cmdq_ent& e) {
    switch (e.opcode) {
        case CMDQ_OP_CFGI_STE:
            return {e.opcode | stream(e), u64{e.leaf}};
        case CMDQ_OP_CFGI_ALL:
            return {e.opcode, 31};  // Range 31 = all
        case CMDQ_OP_CFGI_CD:
            return {e.opcode | u64{e.ssid} << 12 | stream(e), u64{e.leaf}};
        case CMDQ_OP_TLBI_NH_ASID:
            return {e.opcode | vmid(e) | u64{e.asid} << 48, 0};
        case CMDQ_OP_TLBI_NH_VA:
            return build_tlbi_va(e);
        case CMDQ_OP_ATC_INV:
            return {e.opcode | substream(e) | stream(e), (e.addr & page_mask) | e.size};
        case CMDQ_OP_PRI_RESP:
            return {e.opcode | substream(e) | stream(e), u64{e.prg_index} | u64{e.resp} << 12};
        case CMDQ_OP_CMD_SYNC:
            return build_sync(e);
        case CMDQ_OP_TLBI_NH_ALL:
        case CMDQ_OP_TLBI_EL2_ALL:
        case CMDQ_OP_TLBI_NSNH_ALL:
            break;
    }
    return {e.opcode, 0};
}

arm_smmu_cmdq_ent arm_smmu_atc_inv_to_cmd(u32 ssid, u64 iova, u64 size) {
    arm_smmu_cmdq_ent e{
        .opcode = CMDQ_OP_ATC_INV, .ssid = ssid, .substream_valid = ssid != IOMMU_NO_PASID};
    if (size == 0) {
        e.size = ATC_INV_SIZE_ALL;
        return e;
    }
    const u64 first = iova >> page_shift;
    const u64 last = (iova + size - 1) >> page_shift;
    // The bit above the highest in which they differ gives the span that holds both.
    const auto log2_span = static_cast<u8>(std::bit_width(first ^ last));
    e.size = log2_span;
    e.addr = (first & ~((u64{1} << log2_span) - 1)) << page_shift;
    return e;
}

tlbi_range::tlbi_range(u16 asid, u64 iova, u64 size, bool leaf, bool ril, u16 vmid)
    : iova_(iova), end_(iova + size), pages_(size >> page_shift), ril_(ril) {
    cmd_ = {.opcode = CMDQ_OP_TLBI_NH_VA, .leaf = leaf, .asid = asid, .vmid = vmid};
    if (!ril_) return;
    cmd_.tg = 1;  // 4 KiB
    if (leaf)
        cmd_.ttl = 3;
    else if ((pages_ & range_num_max) == 1)
        ++pages_;  // NUM, SCALE and TTL all 0 would be illegal
}

std::optional<arm_smmu_cmdq_ent> tlbi_range::next() {
    if (iova_ >= end_) return std::nullopt;
    cmd_.addr = iova_;
    u64 covered = u64{1} << page_shift;
    if (ril_) {
        cmd_.scale = static_cast<u8>(std::countr_zero(pages_));
        const u64 num = pages_ >> cmd_.scale & range_num_max;
        cmd_.num = static_cast<u8>(num - 1);
        covered = num << (cmd_.scale + page_shift);
        pages_ -= num << cmd_.scale;
    }
    iova_ += covered;
    return cmd_;
}

}  // namespace drydock::sw
