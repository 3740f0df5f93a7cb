// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {

inline constexpr std::uint64_t s2_root = 0x2800'0000;
// Stage-2 descriptor bits (VMSAv8-64).
inline constexpr std::uint64_t s2_read = 1u << 6, s2_write = 1u << 7, s2_wb = 0xf << 2;
inline constexpr std::uint64_t s2_page = af | s2_read | s2_write | s2_wb;
inline constexpr std::uint64_t table_bits = 0x0000'ffff'ffff'f000u;
inline constexpr std::uint64_t class_cd = 0;

/// STE word 2 (SMMUv3 5.2): S2VMID S2T0SZ S2SL0 S2TG S2PS S2AA64 S2AFFD S2PTW S2HD S2HA S2S S2R.
struct s2_image {
    std::uint64_t vmid = 7, t0sz = 24, sl0 = 1, tg = 0, ps = 5, aa64 = 1, affd = 0, ptw = 0, hd = 0,
                  ha = 0, s = 0, r = 1;
    std::uint64_t word() const {
        return vmid | at(t0sz, 32) | at(sl0, 38) | at(tg, 46) | at(ps, 48) | at(aa64, 51) |
               at(affd, 53) | at(ptw, 54) | at(hd, 55) | at(ha, 56) | at(s, 57) | at(r, 58);
    }
};

inline smmu_config both_stages() {
    smmu_config c;
    c.s2p = c.vmid16 = true;
    return c;
}

/// A translator with stage 2: 40-bit IPAs from level 1, 4 KiB.
struct machine2 : translation_machine {
    explicit machine2(const smmu_config& c = both_stages()) : translation_machine(c) {}

    void stage2_only(std::uint32_t sid, const s2_image& s = {}, ste_image e = {}) {
        e.config = 6;
        e.w2 = s.word();
        e.w3 = s2_root;
        set_ste(sid, e);
    }
    void nested(std::uint32_t sid, const s2_image& s = {}, const cd_image& c = {},
                ste_image e = {}) {
        e.config = 7;
        e.cd = cds;
        e.w2 = s.word();
        e.w3 = s2_root;
        set_ste(sid, e);
        set_cd(c);
    }
    std::uint64_t map2(std::uint64_t ipa, std::uint64_t pa, std::uint64_t attributes = s2_page) {
        return put(ipa, 3, pa | attributes | 3, 1, s2_root);
    }
    /// CD and stage-1 tables lie where their IPAs say.
    void identity_tables(std::uint64_t attributes = s2_page) {
        map2(cds, cds, attributes);
        for (std::uint64_t page = root; page < root + 0x4000; page += 4096)
            map2(page, page, attributes);
        for (std::uint64_t page = root + 0x10'0000; page < root + 0x12'0000; page += 4096)
            map2(page, page, attributes);
    }
    /// Where stage 1 keeps the leaf of va.
    std::uint64_t stage1_leaf_of(std::uint64_t va) {
        std::uint64_t table = root;
        for (unsigned level = 0; level < 3; ++level)
            table = word(table + index(va, level) * 8) & table_bits;
        return table + index(va, 3) * 8;
    }
};

}  // namespace drydock::smmu::test
