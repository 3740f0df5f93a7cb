// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tlm/base/ids.h"
#include "tlm/smmu/config.h"

namespace drydock::smmu {

/// Bits [high:low] of a word.
constexpr std::uint64_t field(std::uint64_t word, unsigned high, unsigned low) {
    return word >> low &
           (high - low >= 63 ? ~std::uint64_t{0} : (std::uint64_t{1} << (high - low + 1)) - 1);
}
constexpr bool bit(std::uint64_t word, unsigned n) { return (word >> n & 1) != 0; }
/// The word with everything outside [high:low] cleared.
constexpr std::uint64_t masked(std::uint64_t word, unsigned high, unsigned low) {
    return field(word, high, low) << low;
}
/// True if the address needs no more than `size` bits.
constexpr bool fits(std::uint64_t address, unsigned size) {
    return size >= 64 || address >> size == 0;
}
/// Bits of an address size code (IDR5.OAS, CD.IPS, STE.S2PS); 7 acts as 6.
constexpr unsigned address_bits(std::uint64_t code) {
    constexpr std::uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 52};
    return bits[code & 7];
}

/// A translation granule by the bits of its page offset; `none` is a reserved code.
enum class granule : std::uint8_t { none = 0, k4 = 12, k16 = 14, k64 = 16 };
/// IDR5.GRANx.
constexpr bool implemented(granule g, const smmu_config& c) {
    return (g == granule::k4 && c.gran4k) || (g == granule::k16 && c.gran16k) ||
           (g == granule::k64 && c.gran64k);
}

/// A 64-byte structure as it lies in memory.
using structure_words = std::array<std::uint64_t, 8>;

/// Stream Table Entry (SMMUv3 5.2), decoded. Reserved codes are already replaced by what they act
/// as.
struct ste {
    // word 0
    bool valid = false;
    std::uint8_t config = 0;  ///< 0..3 abort, 4 bypass, 5 stage 1, 6 stage 2, 7 both
    std::uint8_t s1fmt = 0;   ///< 0 linear, 1 4 KiB leaves, 2 64 KiB leaves
    std::uint64_t s1contextptr = 0;
    std::uint8_t s1cdmax = 0;  ///< log2 of the number of CDs
    // word 1
    std::uint8_t s1dss = 0;  ///< 0 terminate, 1 bypass stage 1, 2 CD 0
    bool ppar = false;       ///< PASID on automatic PRG responses
    bool mev = false;        ///< its events may be merged
    bool s1stalld = false;
    std::uint8_t eats = 0;     ///< 0 none, 1 full, 2 split-stage, 3 reserved
    std::uint8_t strw = 0;     ///< 0 NS-EL1, 2 EL2
    std::uint8_t privcfg = 0;  ///< 0 incoming, 2 unprivileged, 3 privileged
    std::uint8_t instcfg = 0;  ///< 0 incoming, 2 data, 3 instruction
    // word 2
    std::uint16_t s2vmid = 0;
    std::uint8_t s2t0sz = 0, s2sl0 = 0;
    granule s2tg = granule::none;
    std::uint8_t s2ps = 0;
    bool s2aa64 = false, s2endi = false, s2affd = false, s2ptw = false, s2hd = false, s2ha = false,
         s2s = false, s2r = false;
    bool s2fwb = false;  ///< word 1
    // word 3
    std::uint64_t s2ttb = 0;
    /// Not ILLEGAL under the configuration it was checked with (2.2 of the specification, 5.2.2).
    bool legal = false;

    bool stage1() const { return (config & 5) == 5; }
    bool stage2() const { return (config & 6) == 6; }
};

/// Level-1 stream table descriptor (5.1).
struct l1_stream_descriptor {
    std::uint8_t span = 0;    ///< 0 invalid, 1..11: 2^(span-1) STEs
    std::uint64_t l2ptr = 0;  ///< aligned to the size of the table it points to
};

/// What one translation table base of a CD says.
struct cd_half {
    std::uint8_t tsz = 0;
    granule tg = granule::none;
    bool epd = false, tbi = false, had = false;
    std::uint64_t ttb = 0;  ///< TTBx[51:4]
};

/// Context Descriptor (SMMUv3 5.4), decoded.
struct context_descriptor {
    bool valid = false;
    std::array<cd_half, 2> half;
    std::uint8_t ips = 0;
    bool endi = false, affd = false, wxn = false, pan = false, aa64 = false, hd = false, ha = false;
    bool stall = false, record = false, abort = false;  ///< S, R, A
    bool aset = false;
    std::uint16_t asid = 0;
    std::uint64_t mair = 0;
    /// Not ILLEGAL under the configuration and STE it was checked with (SMMUv3 5.4.1).
    bool legal = false;
};

/// Translation regime whose entries a TLB tag names (STE.STRW, CR2.E2H). stage2 holds what stage 2
/// alone gave: its entries are found by IPA.
enum class stream_world : std::uint8_t { nh, el2, el2_e2h, stage2 };

}  // namespace drydock::smmu
