// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/tlm/smmu/images.h"
#include "tlm/smmu/config.h"

namespace drydock::smmu::test {

// First words of commands, written down again apart from the model's (SMMUv3 4).
inline constexpr std::uint64_t cmd_sync = 0x46;
/// CMD_SYNC that ends in an MSI.
constexpr std::uint64_t sync_msi(std::uint32_t data) {
    return cmd_sync | 1u << 12 | std::uint64_t{data} << 32;
}
/// TLBI_NH_VA of ASID 1.
constexpr std::uint64_t tlbi_va(std::uint64_t num = 0, std::uint64_t scale = 0) {
    return 0x12 | num << 12 | scale << 20 | at(1, 48);
}

inline constexpr base::ps short_timeout{100'000'000};  // 100 us
inline constexpr std::int64_t past_timeout = 120'000;  // ns
/// An SMMU whose ATC_INVs are lost after `t`.
inline smmu_config with_timeout(base::ps t = short_timeout) {
    smmu_config c;
    c.invalidate_timeout = t;
    return c;
}

}  // namespace drydock::smmu::test
