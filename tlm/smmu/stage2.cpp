// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/stage2.h"

#include <algorithm>

namespace drydock::smmu {

std::optional<std::uint8_t> stage2_start_level(const ste& s, const smmu_config& c) {
    const unsigned oas = c.oas_bits();
    if (s.s2sl0 == 3) return std::nullopt;
    const auto level = static_cast<std::uint8_t>((s.s2tg == granule::k4 ? 2 : 3) - s.s2sl0);
    if (s.s2tg == granule::k4 && level == 0 && oas < 44) return std::nullopt;
    if (s.s2tg == granule::k16 && level == 1 && oas <= 40) return std::nullopt;
    if (s.s2tg == granule::k64 && level == 1 && oas <= 42) return std::nullopt;
    return level;
}

stage2_regime stage2_regime_of(const ste& s, const smmu_config& c) {
    stage2_regime r;
    r.shape = {s.s2tg,
               stage2_start_level(s, c).value_or(0),
               static_cast<std::uint8_t>(64 - s.s2t0sz),
               static_cast<std::uint8_t>(std::min(address_bits(s.s2ps), c.oas_bits())),
               c.oas == 6,
               s.s2ttb};
    r.affd = s.s2affd;
    r.ha = s.s2ha && c.httu >= 1;
    r.hd = r.ha && s.s2hd && c.httu >= 2;
    r.ptw = s.s2ptw;
    r.fwb = s.s2fwb;
    r.record = s.s2r;
    r.stall = s.s2s;
    return r;
}

stage2_leaf stage2_leaf_of(const stage2_regime& r, std::uint64_t descriptor) {
    stage2_leaf l;
    l.code = static_cast<std::uint8_t>(field(descriptor, 5, 2));
    l.s2ap = static_cast<std::uint8_t>(field(descriptor, 7, 6));
    l.xn = static_cast<std::uint8_t>(field(descriptor, 54, 53));  // XNX is 1 where stage 2 is
    l.dbm = bit(descriptor, 51);
    l.accessed = (descriptor & descriptor_af) != 0 || (!r.ha && r.affd);
    return l;
}

rights rights_of(const stage2_leaf& l, const stage2_regime& r, bool privileged) {
    rights out;
    out.read = (l.s2ap & 1) != 0;
    out.write = (l.s2ap & 2) != 0;
    out.clean = !out.write && l.dbm && r.hd;
    out.execute = out.read && (l.xn == 0 || l.xn == (privileged ? 3 : 1));
    return out;
}

}  // namespace drydock::smmu
