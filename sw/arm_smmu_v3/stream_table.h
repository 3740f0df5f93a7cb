// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "sw/arm_smmu_v3/tables.h"
#include "sw/kernel/kernel.h"

namespace drydock::sw {

class arm_smmu_device;

/// Stream table in RAM: linear, or two levels with 256 STEs to a leaf that is made when a StreamID
/// first needs it.
class stream_table {
public:
    static constexpr u32 split = 8;

    explicit stream_table(kernel& k) : kernel_(k) {}
    /// Allocates the first level; all streams are invalid or, in a leaf, denied.
    void init(u32 sid_bits, bool two_level);
    u64 base_register() const;
    u32 config_register() const;
    /// Makes the leaf of this StreamID.
    void init_sid(u32 sid);
    /// Address of the STE. @pre init_sid(sid) was called
    phys_addr_t ste(u32 sid) const;
    u32 sids() const { return 1u << sid_bits_; }

private:
    kernel& kernel_;
    phys_addr_t table_ = 0;
    u32 sid_bits_ = 0;
    bool two_level_ = false;
    std::map<u32, phys_addr_t> leaves_;  ///< by sid >> split
};

/// Context descriptors of one device: linear up to 1024, else leaves of 1024.
class cd_table {
public:
    cd_table(kernel& k, u8 ssid_bits, bool two_level_supported);
    phys_addr_t base() const { return table_; }
    u8 cdmax() const { return ssid_bits_; }
    bool two_level() const { return two_level_; }
    /// @return address of the CD, 0 if its leaf is not there
    phys_addr_t cd(u32 ssid) const;
    /// Makes the leaf if need be. @param made set if a first-level entry was written: CFGI_CD with
    /// Leaf=0 is due
    phys_addr_t alloc_cd(u32 ssid, bool& made);

    u32 used_ssids = 0;  ///< PASIDs with a valid CD (Linux: arm_smmu_ssids_in_use)
    bool in_ste = false;

private:
    static constexpr u32 leaf_bits = 10;  // 64 KiB of CDs
    kernel& kernel_;
    phys_addr_t table_ = 0;
    u8 ssid_bits_;
    bool two_level_;
    std::map<u32, phys_addr_t> leaves_;
};

}  // namespace drydock::sw
