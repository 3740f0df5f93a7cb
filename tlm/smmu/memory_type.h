// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace drydock::smmu {

/// Memory type of a location, the weakest first: where two stages meet, the weaker wins unless
/// STE.S2FWB says otherwise (VMSAv8-64; SMMUv3 13.1).
enum class memory_type : std::uint8_t {
    device_ngnrne,
    device_ngnre,
    device_ngre,
    device_gre,
    normal_nc,
    normal_wt,
    normal_wb
};
constexpr bool is_device(memory_type t) { return t <= memory_type::device_gre; }

/// Type of a MAIR attribute byte: the inner cacheability (Armv8 MAIR_ELx).
constexpr memory_type type_of_mair(std::uint8_t attr) {
    if ((attr & 0xf0) == 0) return static_cast<memory_type>(attr >> 2 & 3);
    switch (attr & 0x0c) {
        case 0x04:
            return (attr & 3) == 0 ? memory_type::normal_nc : memory_type::normal_wb;
        case 0x00:
        case 0x08:
            return memory_type::normal_wt;
        default:
            return memory_type::normal_wb;
    }
}

/// Type of a 4-bit MemAttr code: stage-2 descriptors without S2FWB, STE, GBPA and MSI.
constexpr memory_type type_of_code(std::uint8_t code) {
    if ((code & 0xc) == 0) return static_cast<memory_type>(code & 3);
    switch (code & 3) {
        case 1:
            return memory_type::normal_nc;
        case 2:
            return memory_type::normal_wt;
        case 3:
            return memory_type::normal_wb;
        default:  // 0x4, 0x8, 0xC
            return memory_type::device_ngnrne;
    }
}

/// What both stages make of a location.
/// @param code  MemAttr of the stage-2 descriptor, bits [5:2]
constexpr memory_type combined(memory_type stage1, std::uint8_t code, bool s2fwb) {
    if (!s2fwb) {
        const memory_type stage2 = type_of_code(code);
        return stage1 < stage2 ? stage1 : stage2;
    }
    if (code < 4) return static_cast<memory_type>(code);
    switch (code) {
        case 5:
            return is_device(stage1) ? stage1 : memory_type::normal_nc;
        case 6:
            return memory_type::normal_wb;
        case 7:
            return stage1;
        default:  // reserved (choice)
            return memory_type::device_ngnrne;
    }
}
/// What No_snoop makes of it: no cacheable type stays.
constexpr memory_type not_snooped(memory_type t) {
    return is_device(t) ? t : memory_type::normal_nc;
}

}  // namespace drydock::smmu
