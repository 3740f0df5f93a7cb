// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "tlm/base/ids.h"
#include "tlm/pcie/tlp.h"

/// Fields of the ATS and PRI messages, as they lie in tlp::address and tlp::payload (PCIe
/// ATS and PRI).
namespace drydock::pcie {

/// A naturally aligned power-of-two range, [first, last] inclusive.
struct ats_range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    friend bool operator==(const ats_range&, const ats_range&) = default;
};
inline constexpr ats_range ats_range_all{0, UINT64_MAX};

namespace detail {
inline constexpr std::uint64_t page_mask = 0xfff;
inline constexpr std::uint64_t size_bit = 1u << 11;  // S, PCIe
/// Lowest zero bit at or above bit 12; 63 if there is none below it.
constexpr unsigned lowest_zero_from_12(std::uint64_t v) {
    return static_cast<unsigned>(std::countr_one(v | page_mask));
}
/// Puts the size code of a range of 2^n >= 8 KiB into its low address bits.
constexpr std::uint64_t with_size(std::uint64_t first, std::uint64_t bytes) {
    return bytes <= 4096 ? (first & ~page_mask)
                         : ((first & ~(bytes - 1)) | ((bytes / 2 - 1) & ~page_mask) | size_bit);
}
}  // namespace detail

/// Address and size coding shared by Translation Completion entries and Invalidate Request bodies:
/// S = 0 is 4 KiB; S = 1 is 2^(k+1) bytes, k >= 12 the lowest zero address bit. P-042, P-046.
constexpr ats_range decode_ats_range(std::uint64_t word) {
    if ((word & detail::size_bit) == 0) {
        const std::uint64_t first = word & ~detail::page_mask;
        return {first, first + detail::page_mask};
    }
    const unsigned k = detail::lowest_zero_from_12(word);
    if (k >= 63) return ats_range_all;
    const std::uint64_t bytes = std::uint64_t{2} << k;
    const std::uint64_t first = word & ~(bytes - 1);
    return {first, first + bytes - 1};
}

/// Body of an Invalidate Request: 4 KiB or a larger naturally aligned power of two; bytes = 0 means
/// all.
constexpr std::uint64_t encode_invalidate_body(std::uint64_t first, std::uint64_t bytes,
                                               bool global = false) {
    constexpr std::uint64_t everything = 0x7fff'ffff'ffff'f800;
    return (bytes == 0 ? everything : detail::with_size(first, bytes)) | (global ? 1 : 0);
}

/// One 8-byte entry of a Translation Completion (PCIe).
struct translation_entry {
    std::uint64_t address = 0;   ///< first byte of the translated range
    std::uint64_t bytes = 4096;  ///< power of two >= 4 KiB
    bool read = false, write = false, untranslated_only = false, execute = false,
         privileged = false, global = false, no_snoop_clear = false;

    constexpr std::uint64_t encode() const {
        return detail::with_size(address, bytes) | (std::uint64_t{no_snoop_clear} << 10) |
               (std::uint64_t{global} << 5) | (std::uint64_t{privileged} << 4) |
               (std::uint64_t{execute} << 3) | (std::uint64_t{untranslated_only} << 2) |
               (std::uint64_t{write} << 1) | std::uint64_t{read};
    }
    static constexpr translation_entry decode(std::uint64_t w) {
        const ats_range r = decode_ats_range(w);
        return {r.first,      r.last - r.first + 1, (w & 1) != 0,  (w & 2) != 0,   (w & 4) != 0,
                (w & 8) != 0, (w & 16) != 0,        (w & 32) != 0, (w & 1024) != 0};
    }
};

/// Page Request, bytes 8-15 (PCIe).
struct page_request_fields {
    std::uint64_t page = 0;   ///< address, [11:0] = 0
    std::uint16_t group = 0;  ///< PRG index, 9 bits
    bool last = false, write = false, read = false;

    constexpr std::uint64_t encode() const {
        return (page & ~detail::page_mask) | (std::uint64_t{group & 0x1ffu} << 3) |
               (std::uint64_t{last} << 2) | (std::uint64_t{write} << 1) | std::uint64_t{read};
    }
    static constexpr page_request_fields decode(std::uint64_t w) {
        return {w & ~detail::page_mask, static_cast<std::uint16_t>((w >> 3) & 0x1ff), (w & 4) != 0,
                (w & 2) != 0, (w & 1) != 0};
    }
};

/// PRG Response codes (PCIe); 2..14 act as response_failure.
enum class prg_code : std::uint8_t { success = 0, invalid_request = 1, response_failure = 15 };

/// PRG Response, bytes 10-15 as they lie in tlp::address: code B10[7:4], index B10[0],B11.
constexpr std::uint64_t encode_prg_response(std::uint8_t code, std::uint16_t group) {
    return (std::uint64_t{code & 0xfu} << 44) | (std::uint64_t{group & 0x1ffu} << 32);
}
constexpr std::uint8_t prg_response_code(std::uint64_t address) { return (address >> 44) & 0xf; }
constexpr std::uint16_t prg_response_group(std::uint64_t address) {
    return (address >> 32) & 0x1ff;
}

/// Invalidate Completion, bytes 10-15: CC in B11[2:0] (0 means 8), ITag vector in B12-15 (PCIe
/// ATS and PRI).
constexpr std::uint64_t encode_invalidate_completion(unsigned cc, std::uint32_t itag_vector) {
    return (std::uint64_t{cc & 7u} << 32) | itag_vector;
}
constexpr std::uint32_t completion_itag_vector(std::uint64_t address) {
    return static_cast<std::uint32_t>(address);
}
/// 1..8.
constexpr unsigned completion_cc(std::uint64_t address) {
    const unsigned cc = (address >> 32) & 7;
    return cc == 0 ? 8 : cc;
}

/// NW, the no-write bit of a Translation Request, is bit 0 of its address DW (PCIe).
inline constexpr std::uint64_t translation_request_nw = 1;

/// The 8-byte big-endian word at byte `at` of a payload: invalidate bodies, completion entries.
inline std::uint64_t payload_word(const tlp& t, std::size_t at = 0) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 8; ++i) v = (v << 8) | (*t.payload)[at + i];
    return v;
}
inline void set_payload_word(tlp& t, std::uint64_t v, std::size_t at = 0) {
    for (std::size_t i = 8; i-- > 0; v >>= 8) (*t.payload)[at + i] = static_cast<std::uint8_t>(v);
}

/// For observers: the span of every invalidation that an Invalidate Completion closes; a coalesced
/// one carries several.
template <class F>
void for_each_completed_span(const tlp& completion, F&& f) {
    if (completion.itag_spans == nullptr) {
        f(completion.span);
        return;
    }
    for (std::uint32_t left = completion_itag_vector(completion.address); left != 0;
         left &= left - 1)
        f(completion.itag_spans[std::countr_zero(left)]);
}

}  // namespace drydock::pcie
