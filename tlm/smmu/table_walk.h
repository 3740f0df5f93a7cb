// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/smmu/structures.h"

namespace drydock::smmu {

/// Shape of a tree of translation tables, of either stage (VMSAv8-64).
struct table_shape {
    granule tg = granule::k4;
    std::uint8_t start_level = 0;   ///< 0..3
    std::uint8_t input_bits = 48;   ///< 64 - TxSZ or 64 - S2T0SZ
    std::uint8_t output_bits = 48;  ///< more in a descriptor: F_ADDR_SIZE
    bool wide = false;              ///< 52-bit OAS: 64K descriptors hold OA[51:48] in [15:12]
    std::uint64_t ttb = 0;          ///< aligned by the walk to the size of the start table
};
/// 4 - ceil((64 - TxSZ - g) / (g - 3))
unsigned start_level(granule, unsigned input_bits);
/// Lowest input address bit that selects an entry at a level.
constexpr unsigned index_low(granule g, unsigned level) {
    return static_cast<unsigned>(g) + (3 - level) * (static_cast<unsigned>(g) - 3);
}

/// Progress of a walk through one tree. Holds no memory port: the caller reads `address` and calls
/// next().
struct table_walk {
    enum class step : std::uint8_t { table, leaf, translation_fault, address_size_fault };
    std::uint64_t input = 0;    ///< the address that is translated
    std::uint64_t address = 0;  ///< of the descriptor to read, later of the leaf's
    std::uint64_t output = 0;   ///< of the leaf: its first byte
    std::uint8_t level = 0;
    std::uint8_t log2_bytes = 12;  ///< of the leaf

    void begin(const table_shape&, std::uint64_t input_address);
    /// Goes on at a table below the start. @param table_level  1..3
    void resume(const table_shape&, unsigned table_level, std::uint64_t table);
    /// Takes the descriptor that was read.
    step next(const table_shape&, std::uint64_t descriptor);
};

/// Descriptor bits of both stages that hardware changes.
inline constexpr std::uint64_t descriptor_af = 1u << 10;  // AF
inline constexpr std::uint64_t descriptor_ap2 = 1u << 7;  // stage 1: AP[2]; stage 2: S2AP[1]

}  // namespace drydock::smmu
