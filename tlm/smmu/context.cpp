// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/context.h"

#include <algorithm>

namespace drydock::smmu {
namespace {

constexpr granule decode_tg0(std::uint64_t code) {  // 0 4K, 1 64K, 2 16K, 3 reserved
    constexpr granule of[] = {granule::k4, granule::k64, granule::k16, granule::none};
    return of[code & 3];
}
constexpr granule decode_tg1(std::uint64_t code) {  // 0 reserved, 1 16K, 2 4K, 3 64K
    constexpr granule of[] = {granule::none, granule::k16, granule::k4, granule::k64};
    return of[code & 3];
}

bool half_legal(const cd_half& h, std::uint8_t ips, const smmu_config& c) {
    if (h.epd) return true;
    const bool wide = h.tg == granule::k64 && c.vax == 1;
    if (h.tsz < (wide ? 12 : 16) || h.tsz > 39) return false;
    if (!implemented(h.tg, c)) return false;
    const unsigned limit =
        std::min({address_bits(ips), c.oas_bits(), h.tg == granule::k64 ? 52u : 48u});
    return fits(h.ttb, limit);
}

}  // namespace

substream_choice choose_substream(const ste& s, std::optional<base::substream_id> ssid,
                                  const smmu_config& c) {
    using kind = substream_choice::kind;
    const unsigned cdmax = c.ssidsize == 0 ? 0 : s.s1cdmax;
    if (cdmax == 0) return {ssid ? kind::bad_substreamid : kind::cd, 0};
    if (ssid) {
        if (!fits(ssid->value, cdmax)) return {kind::bad_substreamid, 0};
        if (ssid->value == 0 && s.s1dss == 2) return {kind::stream_disabled, 0};
        return {kind::cd, ssid->value};
    }
    if (s.s1dss == 0) return {kind::stream_disabled, 0};
    return {s.s1dss == 1 ? kind::bypass : kind::cd, 0};
}

cd_table cd_table_of(const ste& s, const smmu_config& c) {
    if (c.ssidsize == 0 || s.s1cdmax == 0 || s.s1fmt == 0) return {s.s1contextptr, 0};
    return {s.s1contextptr, static_cast<std::uint8_t>(s.s1fmt == 1 ? 6 : 10)};
}

std::optional<base::phys_addr> cd_table::cd_address(std::uint32_t index, std::uint64_t word,
                                                    unsigned oas_bits) const {
    // L1CD: V[0] L2Ptr[51:12]; [15:12] are reserved with 64 KiB leaves
    if (!bit(word, 0)) return std::nullopt;
    const std::uint64_t l2 = masked(word, 51, leaf_log2 + 6u);
    if (!fits(l2, oas_bits)) return std::nullopt;
    return base::phys_addr{l2 + (field(index, leaf_log2 - 1u, 0) << 6)};
}

context_descriptor decode_cd(const structure_words& w) {
    context_descriptor cd;
    // word 0
    cd.half[0].tsz = static_cast<std::uint8_t>(field(w[0], 5, 0));
    cd.half[0].tg = decode_tg0(field(w[0], 7, 6));
    cd.half[0].epd = bit(w[0], 14);
    cd.endi = bit(w[0], 15);
    cd.half[1].tsz = static_cast<std::uint8_t>(field(w[0], 21, 16));
    cd.half[1].tg = decode_tg1(field(w[0], 23, 22));
    cd.half[1].epd = bit(w[0], 30);
    cd.valid = bit(w[0], 31);
    cd.ips = static_cast<std::uint8_t>(field(w[0], 34, 32));
    cd.affd = bit(w[0], 35);
    cd.wxn = bit(w[0], 36);
    cd.half[0].tbi = bit(w[0], 38);
    cd.half[1].tbi = bit(w[0], 39);
    cd.pan = bit(w[0], 40);
    cd.aa64 = bit(w[0], 41);
    cd.hd = bit(w[0], 42);
    cd.ha = bit(w[0], 43);
    cd.stall = bit(w[0], 44);
    cd.record = bit(w[0], 45);
    cd.abort = bit(w[0], 46);
    cd.aset = bit(w[0], 47);
    cd.asid = static_cast<std::uint16_t>(field(w[0], 63, 48));
    // words 1 and 2: HADx[1] TTBx[51:4]
    for (unsigned h = 0; h < 2; ++h) {
        cd.half[h].had = bit(w[1 + h], 1);
        cd.half[h].ttb = masked(w[1 + h], 51, 4);
    }
    cd.mair = w[3];
    return cd;
}

stream_world world_of(const ste& s, const smmu_config& c, bool e2h) {
    if (!c.hyp || s.config != 5 || s.strw != 2) return stream_world::nh;
    return e2h ? stream_world::el2_e2h : stream_world::el2;
}

bool is_legal(const context_descriptor& cd, const ste& s, stream_world world,
              const smmu_config& c) {
    if (!cd.valid) return false;
    if (cd.stall ? s.s1stalld || c.stall_model == 1 : c.stall_model == 2) return false;
    if (c.term_model && !cd.abort) return false;
    const bool one_half = world == stream_world::el2;
    const bool no_walks = cd.half[0].epd && (one_half || cd.half[1].epd);
    if (!no_walks && (cd.endi ? c.ttendian == 2 : c.ttendian == 3)) return false;
    if (cd.aa64 ? (c.ttf & 2) == 0 : (c.ttf & 1) == 0) return false;
    if (cd.aa64 && s.stage2() && !s.s2aa64) return false;
    if (((cd.ha || cd.hd) && c.httu == 0) || (cd.hd && c.httu == 1)) return false;
    if (!one_half && !c.asid16 && cd.asid > 0xff) return false;
    return half_legal(cd.half[0], cd.ips, c) && (one_half || half_legal(cd.half[1], cd.ips, c));
}

}  // namespace drydock::smmu
