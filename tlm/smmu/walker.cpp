// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/walker.h"

#include <algorithm>

namespace drydock::smmu {
namespace {

/// The attributes byte of MAIR that a leaf names (AttrIndx[4:2]).
memory_type type_of(const stage1_regime& r, std::uint64_t descriptor) {
    return type_of_mair(static_cast<std::uint8_t>(r.mair >> 8 * field(descriptor, 4, 2)));
}

}  // namespace

stage1_regime regime_of(const context_descriptor& cd, stream_world world, std::uint64_t va,
                        const smmu_config& c) {
    stage1_regime r;
    r.el2 = world == stream_world::el2;
    r.half = cd.half[!r.el2 && bit(va, 55) ? 1 : 0];
    if (!r.half.epd) {
        const unsigned input = 64u - r.half.tsz;
        r.shape = {r.half.tg,
                   static_cast<std::uint8_t>(start_level(r.half.tg, input)),
                   static_cast<std::uint8_t>(input),
                   static_cast<std::uint8_t>(std::min(address_bits(cd.ips), c.oas_bits())),
                   c.oas == 6,
                   r.half.ttb};
    }
    r.mair = cd.mair;
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

rights rights_of(const stage1_leaf& l, const stage1_regime& r, bool privileged) {
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

stage1_walk::outcome stage1_walk::begin(const stage1_regime& r, std::uint64_t canonical_va) {
    *this = {};
    if (r.half.epd) return outcome::translation_fault;
    at.begin(r.shape, canonical_va);
    return outcome::read;
}

void stage1_walk::resume(const stage1_regime& r, unsigned level, std::uint64_t table,
                         const table_attributes& known) {
    above = known;
    at.resume(r.shape, level, table);
}

stage1_walk::outcome stage1_walk::next(const stage1_regime& r, std::uint64_t descriptor) {
    switch (at.next(r.shape, descriptor)) {
        case table_walk::step::translation_fault:
            return outcome::translation_fault;
        case table_walk::step::address_size_fault:
            return outcome::address_size_fault;
        case table_walk::step::table:
            if (!r.half.had) {  // PXNTable[59] UXNTable[60] APTable[62:61]
                above.pxn |= bit(descriptor, 59);
                above.uxn |= bit(descriptor, 60);
                above.no_unprivileged |= bit(descriptor, 61);
                above.no_write |= bit(descriptor, 62);
            }
            return outcome::read;
        case table_walk::step::leaf:
            break;
    }
    leaf.ap = static_cast<std::uint8_t>(field(descriptor, 7, 6));
    leaf.accessed = (descriptor & descriptor_af) != 0 || (!r.ha && r.affd);
    leaf.non_global = bit(descriptor, 11);
    leaf.dbm = bit(descriptor, 51);
    leaf.pxn = bit(descriptor, 53) || above.pxn;
    leaf.uxn = bit(descriptor, 54) || above.uxn;
    leaf.no_unprivileged = above.no_unprivileged;
    leaf.no_write = above.no_write;
    leaf.type = type_of(r, descriptor);
    return outcome::found;
}

}  // namespace drydock::smmu
