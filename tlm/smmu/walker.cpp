// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/walker.h"

#include <algorithm>

namespace drydock::smmu {
namespace {

constexpr unsigned bits_of(granule g) { return static_cast<unsigned>(g); }

/// Lowest input address bit that selects an entry at a level.
constexpr unsigned index_low(granule g, unsigned level) {
    return bits_of(g) + (3 - level) * (bits_of(g) - 3);
}

/// 4 - ceil((64 - TxSZ - g) / (g - 3))
constexpr unsigned start_level(granule g, unsigned tsz) {
    const unsigned stride = bits_of(g) - 3;
    return 4 - (64 - tsz - bits_of(g) + stride - 1) / stride;
}

constexpr bool block_possible(const stage1_regime& r, unsigned level) {
    switch (r.half.tg) {
        case granule::k4:
            return level == 1 || level == 2;
        case granule::k16:
            return level == 2;
        case granule::k64:
            return level == 2 || (level == 1 && r.wide);
        case granule::none:
            break;
    }
    return false;
}

/// Output address field [47:low], with [51:48] from [15:12] where 64K descriptors have them.
std::uint64_t output_address(const stage1_regime& r, std::uint64_t descriptor, unsigned low) {
    std::uint64_t oa = masked(descriptor, 47, low);
    if (r.wide && r.half.tg == granule::k64) oa |= field(descriptor, 15, 12) << 48;
    return oa;
}

}  // namespace

stage1_regime regime_of(const context_descriptor& cd, stream_world world, std::uint64_t va,
                        const smmu_config& c) {
    stage1_regime r;
    r.el2 = world == stream_world::el2;
    r.half = cd.half[!r.el2 && bit(va, 55) ? 1 : 0];
    r.output_bits = static_cast<std::uint8_t>(std::min(address_bits(cd.ips), c.oas_bits()));
    r.wide = c.oas == 6;
    r.affd = cd.affd;
    r.ha = cd.ha && c.httu >= 1;
    r.hd = r.ha && cd.hd && c.httu >= 2;
    r.wxn = cd.wxn;
    r.pan = cd.pan && !r.el2;
    return r;
}

bool in_range(const stage1_regime& r, std::uint64_t va) {
    if (r.half.epd) return true;  // TxSZ is not checked and not used: the walk itself is refused
    const unsigned top = r.half.tbi ? 55 : 63;
    const std::uint64_t upper = field(va, top, 64u - r.half.tsz);
    const std::uint64_t ones = field(~std::uint64_t{0}, top, 64u - r.half.tsz);
    return upper == (bit(va, 55) && !r.el2 ? ones : 0);
}

rights rights_of(const leaf& l, const stage1_regime& r, bool privileged) {
    const bool user = r.el2 || ((l.ap & 1) != 0 && !l.no_unprivileged);
    const bool read_only = (l.ap & 2) != 0;
    const bool reach = r.el2 || privileged || user;
    const bool may_write = reach && !l.no_write;
    rights out;
    out.read = reach;
    out.write = may_write && !read_only;
    out.clean = may_write && read_only && l.dbm && r.hd;
    if (r.el2) {
        out.execute = !l.uxn;
    } else {
        const bool user_writable = user && !read_only && !l.no_write;
        out.execute = privileged ? !l.pxn && !user_writable : !l.uxn;
    }
    if (r.wxn && out.write) out.execute = false;
    if (r.pan && privileged && user) out.read = out.write = out.clean = false;
    return out;
}

walk_progress::outcome walk_progress::begin(const stage1_regime& r, std::uint64_t canonical_va) {
    *this = {};
    va = canonical_va;
    if (r.half.epd) return outcome::translation_fault;
    level = static_cast<std::uint8_t>(start_level(r.half.tg, r.half.tsz));
    const unsigned low = index_low(r.half.tg, level);
    const unsigned width = 64u - r.half.tsz - low;
    const std::uint64_t table = r.half.ttb >> (width + 3) << (width + 3);
    address = table + (field(va, low + width - 1, low) << 3);
    return outcome::read;
}

walk_progress::outcome walk_progress::next(const stage1_regime& r, std::uint64_t descriptor) {
    if (!bit(descriptor, 0)) return outcome::translation_fault;
    const bool table_or_page = bit(descriptor, 1);
    if (level == 3) return table_or_page ? take_leaf(r, descriptor) : outcome::translation_fault;
    if (table_or_page) return take_table(r, descriptor);
    return block_possible(r, level) ? take_leaf(r, descriptor) : outcome::translation_fault;
}

walk_progress::outcome walk_progress::take_table(const stage1_regime& r, std::uint64_t descriptor) {
    const std::uint64_t table = output_address(r, descriptor, bits_of(r.half.tg));
    if (!fits(table, r.output_bits)) return outcome::address_size_fault;
    if (!r.half.had) {  // PXNTable[59] UXNTable[60] APTable[62:61]
        pxn |= bit(descriptor, 59);
        uxn |= bit(descriptor, 60);
        ap_no_unprivileged |= bit(descriptor, 61);
        ap_no_write |= bit(descriptor, 62);
    }
    ++level;
    const unsigned low = index_low(r.half.tg, level);
    address = table + (field(va, low + bits_of(r.half.tg) - 4, low) << 3);
    return outcome::read;
}

walk_progress::outcome walk_progress::take_leaf(const stage1_regime& r, std::uint64_t descriptor) {
    const unsigned low = index_low(r.half.tg, level);
    const std::uint64_t oa = output_address(r, descriptor, low);
    if (!fits(oa, r.output_bits)) return outcome::address_size_fault;
    found.pa = oa;
    found.log2_bytes = static_cast<std::uint8_t>(low);
    found.ap = static_cast<std::uint8_t>(field(descriptor, 7, 6));
    found.accessed = (descriptor & descriptor_af) != 0 || (!r.ha && r.affd);
    found.non_global = bit(descriptor, 11);
    found.dbm = bit(descriptor, 51);
    found.pxn = bit(descriptor, 53) || pxn;
    found.uxn = bit(descriptor, 54) || uxn;
    found.no_unprivileged = ap_no_unprivileged;
    found.no_write = ap_no_write;
    return outcome::found;
}

}  // namespace drydock::smmu
