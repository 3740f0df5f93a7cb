// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/stream_table.h"

#include <algorithm>

#include "tlm/smmu/stage2.h"

namespace drydock::smmu {
namespace {

constexpr unsigned ste_log2_bytes = 6;
constexpr unsigned l1std_log2_bytes = 3;

constexpr std::uint64_t aligned_down(std::uint64_t address, unsigned log2) {
    return log2 >= 64 ? 0 : address >> log2 << log2;
}

constexpr granule decode_s2tg(std::uint64_t code) {  // 0 4K, 1 64K, 2 16K, 3 reserved
    constexpr granule of[] = {granule::k4, granule::k64, granule::k16, granule::none};
    return of[code & 3];
}

/// Table 2.2 rows 3 and 4: ATS and stage 2.
unsigned illegal_eats(const ste& s, const smmu_config& c) {
    if (!c.ats || (s.config & 3) == 0) return 0;
    if (s.eats == 2 && (s.config != 7 || s.s2s || c.ns1ats)) return 3;
    if (s.eats == 1 && s.stage2() && s.s2s) return 4;
    return 0;
}

/// Table 2.2 rows 5 to 9: stage 1.
unsigned illegal_stage1(const ste& s, const smmu_config& c) {
    if (!s.stage1()) return 0;
    if (c.hyp && s.config == 5 && (s.strw & 1) != 0) return 5;
    if (s.s1stalld && c.stall_model != 0) return 6;
    if (c.ssidsize != 0 && s.s1cdmax > c.ssidsize) return 7;
    if (c.ssidsize != 0 && s.s1cdmax != 0 && !c.cd2l && s.s1fmt != 0) return 8;
    if (!fits(s.s1contextptr, c.oas_bits())) return 9;
    return 0;
}

/// Table 2.2 row 15: the range of S2T0SZ.
bool s2t0sz_in_range(const ste& s, const smmu_config& c) {
    const bool wide = s.s2tg == granule::k64 && c.oas == 6;
    const unsigned least = std::max(wide ? 12u : 16u, 64 - c.oas_bits());
    const unsigned most = !c.stt ? 39u : s.s2tg == granule::k64 ? 47u : 48u;
    return s.s2t0sz >= least && s.s2t0sz <= most;
}

/// Table 2.2 row 16: the start table is one to sixteen tables wide.
bool s2_start_consistent(const ste& s, const smmu_config& c) {
    const auto level = stage2_start_level(s, c);
    if (!level) return false;
    const int g = static_cast<int>(s.s2tg);
    const int width = 64 - s.s2t0sz - static_cast<int>(index_low(s.s2tg, *level));
    return width >= 1 && width <= g - 3 + 4;
}

/// Table 2.2 rows 10 to 16: stage 2.
unsigned illegal_stage2(const ste& s, const smmu_config& c) {
    if (!s.stage2()) return 0;
    if ((s.s2s && c.stall_model == 1) || (!s.s2s && c.stall_model == 2)) return 10;
    if ((s.s2aa64 ? (c.ttf & 2) == 0 : (c.ttf & 1) == 0) ||
        (s.s2endi ? c.ttendian == 2 : c.ttendian == 3))
        return 11;
    if (((s.s2ha || s.s2hd) && c.httu == 0) || (s.s2hd && c.httu == 1)) return 12;
    if (!implemented(s.s2tg, c)) return 13;
    const unsigned limit =
        std::min({address_bits(s.s2ps), c.oas_bits(), s.s2tg == granule::k64 ? 52u : 48u});
    if (!fits(s.s2ttb, limit)) return 14;
    if (!s2t0sz_in_range(s, c)) return 15;
    if (!s2_start_consistent(s, c)) return 16;
    return 0;
}

bool vmid_used(const ste& s, const smmu_config& c) {
    return c.s2p && (s.stage2() || (s.config == 5 && !(c.hyp && s.strw == 2)));
}

}  // namespace

void stream_table::set(const stream_table_base& b) {
    two_level_ = two_level_possible_ && b.fmt == 1;
    split_ = b.split == 8 || b.split == 10 ? b.split : 6;
    log2size_ = std::min(b.log2size, sidsize_);
    // The base is aligned to the table's size, by LOG2SIZE as written.
    unsigned align = b.log2size + ste_log2_bytes;
    if (two_level_)
        align = std::max(ste_log2_bytes,
                         (b.log2size > split_ ? b.log2size - split_ : 0u) + l1std_log2_bytes);
    base_ = aligned_down(masked(b.address.value, 51, 6), align);
}

base::phys_addr stream_table::l1_address(base::stream_id sid) const {
    return base::phys_addr{base_ + (std::uint64_t{sid.value >> split_} << l1std_log2_bytes)};
}

base::phys_addr stream_table::ste_address(base::stream_id sid) const {
    return base::phys_addr{base_ + (std::uint64_t{sid.value} << ste_log2_bytes)};
}

std::optional<base::phys_addr> stream_table::ste_address(base::stream_id sid,
                                                         const l1_stream_descriptor& d) const {
    if (d.span == 0 || d.span > split_ + 1) return std::nullopt;
    const std::uint64_t index = field(sid.value, split_ - 1u, 0);
    if (!fits(index, d.span - 1u)) return std::nullopt;
    return base::phys_addr{d.l2ptr + (index << ste_log2_bytes)};
}

l1_stream_descriptor decode_l1_stream_descriptor(std::uint64_t word) {
    // L1STD: Span[4:0] L2Ptr[51:6]; Span 12..31 is reserved and acts as 0
    const auto span = static_cast<std::uint8_t>(field(word, 4, 0));
    if (span == 0 || span > 11) return {};
    return {span, aligned_down(masked(word, 51, 6), ste_log2_bytes + span - 1u)};
}

ste decode_ste(const structure_words& w) {
    ste s;
    // word 0
    s.valid = bit(w[0], 0);
    s.config = static_cast<std::uint8_t>(field(w[0], 3, 1));
    s.s1fmt = static_cast<std::uint8_t>(field(w[0], 5, 4) == 3 ? 0 : field(w[0], 5, 4));
    s.s1contextptr = masked(w[0], 51, 6);
    s.s1cdmax = static_cast<std::uint8_t>(field(w[0], 63, 59));
    // word 1
    s.s1dss = static_cast<std::uint8_t>(field(w[1], 1, 0) == 3 ? 0 : field(w[1], 1, 0));
    s.ppar = bit(w[1], 18);
    s.mev = bit(w[1], 19);
    s.s2fwb = bit(w[1], 25);
    s.s1stalld = bit(w[1], 27);
    s.eats = static_cast<std::uint8_t>(field(w[1], 29, 28));
    s.strw = static_cast<std::uint8_t>(field(w[1], 31, 30));
    s.privcfg = static_cast<std::uint8_t>(field(w[1], 49, 48) == 1 ? 0 : field(w[1], 49, 48));
    s.instcfg = static_cast<std::uint8_t>(field(w[1], 51, 50) == 1 ? 0 : field(w[1], 51, 50));
    // word 2
    s.s2vmid = static_cast<std::uint16_t>(field(w[2], 15, 0));
    s.s2t0sz = static_cast<std::uint8_t>(field(w[2], 37, 32));
    s.s2sl0 = static_cast<std::uint8_t>(field(w[2], 39, 38));
    s.s2tg = decode_s2tg(field(w[2], 47, 46));
    s.s2ps = static_cast<std::uint8_t>(field(w[2], 50, 48));
    s.s2aa64 = bit(w[2], 51);
    s.s2endi = bit(w[2], 52);
    s.s2affd = bit(w[2], 53);
    s.s2ptw = bit(w[2], 54);
    s.s2hd = bit(w[2], 55);
    s.s2ha = bit(w[2], 56);
    s.s2s = bit(w[2], 57);
    s.s2r = bit(w[2], 58);
    // word 3
    s.s2ttb = masked(w[3], 51, 4);
    return s;
}

unsigned illegal_ste_rule(const ste& s, const smmu_config& c) {
    if (!s.valid) return 1;
    if (s.config < 4) return 0;
    if ((bit(s.config, 0) && !c.s1p) || (bit(s.config, 1) && !c.s2p)) return 2;
    if (const unsigned rule = illegal_eats(s, c)) return rule;
    if (const unsigned rule = illegal_stage1(s, c)) return rule;
    if (const unsigned rule = illegal_stage2(s, c)) return rule;
    if (vmid_used(s, c) && !c.vmid16 && s.s2vmid > 0xff) return 17;
    return 0;
}

}  // namespace drydock::smmu
