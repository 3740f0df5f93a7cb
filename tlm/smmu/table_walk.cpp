// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/table_walk.h"

namespace drydock::smmu {
namespace {

constexpr unsigned bits_of(granule g) { return static_cast<unsigned>(g); }

constexpr bool block_possible(const table_shape& s, unsigned level) {
    switch (s.tg) {
        case granule::k4:
            return level == 1 || level == 2;
        case granule::k16:
            return level == 2;
        case granule::k64:
            return level == 2 || (level == 1 && s.wide);
        case granule::none:
            break;
    }
    return false;
}

/// Output address field [47:low], with [51:48] from [15:12] where 64K descriptors have them.
std::uint64_t output_address(const table_shape& s, std::uint64_t descriptor, unsigned low) {
    std::uint64_t oa = masked(descriptor, 47, low);
    if (s.wide && s.tg == granule::k64) oa |= field(descriptor, 15, 12) << 48;
    return oa;
}

}  // namespace

unsigned start_level(granule g, unsigned input_bits) {
    const unsigned stride = bits_of(g) - 3, indexed = input_bits - bits_of(g);
    unsigned level = 3;  // one level for each stride of index bits begun
    for (unsigned covered = stride; covered < indexed; covered += stride) --level;
    return level;
}

void table_walk::begin(const table_shape& s, std::uint64_t input_address) {
    input = input_address;
    level = s.start_level;
    const unsigned low = index_low(s.tg, level);
    const unsigned width = s.input_bits - low;  // concatenated tables widen the first index
    const std::uint64_t table = s.ttb >> (width + 3) << (width + 3);
    address = table + (field(input, low + width - 1, low) << 3);
}

void table_walk::resume(const table_shape& s, unsigned table_level, std::uint64_t table) {
    level = static_cast<std::uint8_t>(table_level);
    output = table;
    const unsigned low = index_low(s.tg, level);
    address = table + (field(input, low + bits_of(s.tg) - 4, low) << 3);
}

table_walk::step table_walk::next(const table_shape& s, std::uint64_t descriptor) {
    if (!bit(descriptor, 0)) return step::translation_fault;
    const bool table_or_page = bit(descriptor, 1);
    const bool is_table = table_or_page && level < 3;
    if (!is_table && (level == 3 ? !table_or_page : !block_possible(s, level)))
        return step::translation_fault;
    const unsigned low = index_low(s.tg, level);
    output = output_address(s, descriptor, is_table ? bits_of(s.tg) : low);
    if (!fits(output, s.output_bits)) return step::address_size_fault;
    if (!is_table) {
        log2_bytes = static_cast<std::uint8_t>(low);
        return step::leaf;
    }
    resume(s, level + 1u, output);
    return step::table;
}

}  // namespace drydock::smmu
