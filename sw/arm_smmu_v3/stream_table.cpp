// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/stream_table.h"

#include <algorithm>

#include "sw/arm_smmu_v3/queue.h"

namespace drydock::sw {

namespace {
constexpr u64 entry_bytes = 64;
constexpr u64 page = 4096;
constexpr u64 l1_span = stream_table::split + 1;  // 2^(span - 1) STEs to a leaf
constexpr u64 l1std_pointer = smmu_reg::genmask64(51, 6);
constexpr u64 l1cd_valid = 1, l1cd_pointer = smmu_reg::genmask64(51, 12);
}  // namespace

void stream_table::init(u32 sid_bits, bool two_level) {
    sid_bits_ = sid_bits;
    two_level_ = two_level && sid_bits > split;
    const u64 bytes = two_level_ ? u64{8} << (sid_bits - split) : entry_bytes << sid_bits;
    table_ = alloc_aligned(kernel_, bytes, bytes, "strtab");
}

u64 stream_table::base_register() const {
    return smmu_reg::STRTAB_BASE_RA | (table_ & smmu_reg::STRTAB_BASE_ADDR);
}

u32 stream_table::config_register() const {
    return sid_bits_ | (two_level_ ? 1u << 16 | split << 6 : 0);
}

void stream_table::init_sid(u32 sid) {
    const auto abort = arm_smmu_make_abort_ste();
    if (!two_level_) {
        if (kernel_.load64(ste(sid)) == 0) kernel_.store64(ste(sid), abort[0]);
        return;
    }
    const u32 index = sid >> split;
    if (leaves_.count(index)) return;
    const u64 bytes = entry_bytes << split;
    const phys_addr_t leaf = alloc_aligned(kernel_, bytes, bytes, "strtab_l2");
    for (u64 i = 0; i < 1u << split; ++i) kernel_.store64(leaf + i * entry_bytes, abort[0]);
    kernel_.store64(table_ + u64{index} * 8, (leaf & l1std_pointer) | l1_span);
    leaves_[index] = leaf;
}

phys_addr_t stream_table::ste(u32 sid) const {
    if (!two_level_) return table_ + sid * entry_bytes;
    return leaves_.at(sid >> split) + (sid & ((1u << split) - 1)) * entry_bytes;
}

cd_table::cd_table(kernel& k, u8 ssid_bits, bool two_level_supported)
    : kernel_(k), ssid_bits_(ssid_bits), two_level_(two_level_supported && ssid_bits > leaf_bits) {
    if (!two_level_) ssid_bits_ = std::min<u8>(ssid_bits_, leaf_bits);
    const u64 bytes = two_level_ ? u64{8} << (ssid_bits_ - leaf_bits) : entry_bytes << ssid_bits_;
    table_ = alloc_aligned(kernel_, bytes, std::max<u64>(bytes, page), "cd_table");
}

phys_addr_t cd_table::cd(u32 ssid) const {
    if (!two_level_) return table_ + ssid * entry_bytes;
    const auto it = leaves_.find(ssid >> leaf_bits);
    return it == leaves_.end() ? 0 : it->second + (ssid & ((1u << leaf_bits) - 1)) * entry_bytes;
}

phys_addr_t cd_table::alloc_cd(u32 ssid, bool& made) {
    made = false;
    if (const phys_addr_t at = cd(ssid)) return at;
    const u64 bytes = entry_bytes << leaf_bits;
    const phys_addr_t leaf = alloc_aligned(kernel_, bytes, bytes, "cd_leaf");
    leaves_[ssid >> leaf_bits] = leaf;
    kernel_.store64(table_ + u64{ssid >> leaf_bits} * 8, (leaf & l1cd_pointer) | l1cd_valid);
    made = true;
    return cd(ssid);
}

}  // namespace drydock::sw
