// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "tlm/base/ids.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::endpoint {

/// Log2 of the smallest page that ATS knows (PCIe ATS: STU 0 = 4 KiB).
inline constexpr unsigned min_page_log2 = 12;
/// Log2 of the largest page that an ATC keeps: 1 GiB, as rtl/atc.sv does.
inline constexpr unsigned max_page_log2 = 30;

/// All ones below bit n, n = 0..64.
constexpr std::uint64_t below_bit(unsigned n) {
    return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

/// One 64-bit entry of a Translation Completion, decoded (PCIe ATS; PCIe), its size as a
/// logarithm. N[10] needs nothing here: no request of ours sets No Snoop.
struct ats_entry {
    std::uint64_t base = 0;        ///< translated address, aligned to its size
    std::uint8_t log2_bytes = 12;  ///< 12..64
    bool read = false;             ///< R[0]
    bool write = false;            ///< W[1]
    bool untranslated = false;     ///< U[2]: only untranslated access to the range
    bool execute = false;          ///< [3]
    bool privileged = false;       ///< [4]
    bool global = false;           ///< [5]
};

constexpr ats_entry decode_entry(std::uint64_t word) {
    const pcie::translation_entry e = pcie::translation_entry::decode(word);
    const int n = e.bytes == 0 ? 64 : std::countr_zero(e.bytes);
    return {e.address,
            static_cast<std::uint8_t>(n),
            e.read,
            e.write,
            e.untranslated_only,
            e.execute,
            e.privileged,
            e.global};
}

/// Of an entry larger than 1 GiB the part around `va`; any other as it is.
constexpr ats_entry part_of(ats_entry e, std::uint64_t va) {
    if (e.log2_bytes <= max_page_log2) return e;
    e.base = (e.base | (va & below_bit(e.log2_bytes))) & ~below_bit(max_page_log2);
    e.log2_bytes = max_page_log2;
    return e;
}

}  // namespace drydock::endpoint
