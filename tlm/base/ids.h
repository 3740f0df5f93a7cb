// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace drydock::base {

/// An integer that does not mix with others: `stream_id{5}`, `.value` to read it.
template <class Tag, class T>
struct strong {
    T value{};

    constexpr strong() = default;
    constexpr explicit strong(T v) : value(v) {}
    friend constexpr auto operator<=>(strong, strong) = default;
};

using stream_id = strong<struct stream_id_tag, std::uint32_t>;  ///< SMMU StreamID
using substream_id =
    strong<struct substream_id_tag, std::uint32_t>;  ///< SubstreamID = PASID, 20 bits
using routing_id =
    strong<struct routing_id_tag, std::uint16_t>;     ///< PCIe bus[15:8] device[7:3] function[2:0]
using iova = strong<struct iova_tag, std::uint64_t>;  ///< untranslated (I/O virtual) address
using phys_addr = strong<struct phys_addr_tag, std::uint64_t>;  ///< system physical address
using itag = strong<struct itag_tag, std::uint8_t>;  ///< Invalidate Request tag, 0..31 (PCIe ATS)

/// Identity of a transaction as it travels beside the data; 0 means none. Born in software.
using span_id = strong<struct span_id_tag, std::uint32_t>;
inline constexpr span_id no_span{};

}  // namespace drydock::base

template <class Tag, class T>
struct std::hash<drydock::base::strong<Tag, T>> {
    std::size_t operator()(drydock::base::strong<Tag, T> v) const noexcept {
        return std::hash<T>{}(v.value);
    }
};
