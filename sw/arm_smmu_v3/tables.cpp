// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/tables.h"

#include <bit>

namespace drydock::sw {

entry_words arm_smmu_make_abort_ste() { return {ste::V | ste::CFG_ABORT}; }

entry_words arm_smmu_make_bypass_ste() { return {ste::V | ste::CFG_BYPASS, ste::SHCFG_INCOMING}; }

entry_words arm_smmu_make_cdtable_ste(const cdtable_ste& c) {
    entry_words w{};
    w[0] = ste::V | ste::CFG_S1_TRANS | (c.two_level ? ste::S1FMT_64K_L2 : ste::S1FMT_LINEAR) |
           (c.table & ste::S1CTXPTR) | u64{c.cdmax} << ste::S1CDMAX_SHIFT;
    w[1] = c.s1dss | ste::S1CIR_WBRA | ste::S1COR_WBRA | ste::S1CSH_ISH |
           (c.stalls_supported ? ste::S1STALLD : 0) | (c.ats ? ste::EATS_TRANS : 0) |
           (c.ppar ? ste::PPAR : 0);
    if (c.s1dss == ste::S1DSS_BYPASS) w[1] |= ste::SHCFG_INCOMING;
    return w;
}

entry_words arm_smmu_make_s1_cd(const s1_cd& c) {
    entry_words w{};
    w[0] = cd::T0SZ_48BIT | cd::TG0_4K | cd::IR0_WBWA | cd::OR0_WBWA | cd::SH0_ISH | cd::EPD1 |
           cd::V | u64{c.ips} << cd::IPS_SHIFT | cd::AA64 | cd::R | cd::A | cd::ASET |
           u64{c.asid} << cd::ASID_SHIFT;
    w[1] = c.ttb & cd::TTB0;
    w[3] = cd::MAIR;
    return w;
}

entry_words arm_smmu_get_ste_used(const entry_words& e) {
    entry_words used{};
    used[0] = ste::V;
    if (!(e[0] & ste::V)) return used;
    used[0] |= ste::CFG;
    const u64 cfg = e[0] & ste::CFG;
    if (cfg == ste::CFG_NESTED) used[2] = used[3] = ~u64{0};
    if (cfg == ste::CFG_S1_TRANS || cfg == ste::CFG_NESTED) {
        used[0] |= ste::S1FMT | ste::S1CTXPTR | ste::S1CDMAX;
        used[1] |= ste::S1DSS | ste::S1CIR | ste::S1COR | ste::S1CSH | ste::PPAR | ste::S1STALLD |
                   ste::EATS | ste::STRW;
        if ((e[1] & ste::S1DSS) == ste::S1DSS_BYPASS) used[1] |= ste::SHCFG;
    }
    if (cfg == ste::CFG_BYPASS) used[1] |= ste::SHCFG;
    return used;
}

entry_words arm_smmu_get_cd_used(const entry_words& e) {
    entry_words used{};
    used[0] = cd::V;
    if (!(e[0] & cd::V)) return used;
    used.fill(~u64{0});
    if (e[0] & cd::EPD0) {
        used[0] &= ~(smmu_reg::genmask64(13, 0));  // T0SZ, TG0, IR0, OR0, SH0
        used[1] &= ~cd::TTB0;
    }
    return used;
}

namespace {

bool set_words(arm_smmu_entry_writer& w, entry_words& entry, const entry_words& to, unsigned from,
               unsigned count) {
    bool changed = false;
    for (unsigned i = from; i < from + count; ++i) {
        if (entry[i] == to[i]) continue;
        entry[i] = to[i];
        w.write(i, to[i]);
        changed = true;
    }
    if (changed) w.sync();
    return changed;
}

}  // namespace

unsigned arm_smmu_write_entry(arm_smmu_entry_writer& w, entry_words& entry,
                              const entry_words& target) {
    const entry_words now = w.used(entry), then = w.used(target);
    // First step that is always harmless: new values wherever the SMMU does not look at present.
    entry_words unused_update;
    unsigned critical = 0;  // words in which bits must change while in use
    for (unsigned i = 0; i < entry.size(); ++i) {
        unused_update[i] = (entry[i] & now[i]) | (target[i] & ~now[i]);
        if ((unused_update[i] & then[i]) != target[i]) critical |= 1u << i;
    }
    const auto all = static_cast<unsigned>(entry.size());
    unsigned syncs = 0;
    if (std::popcount(critical) == 1) {  // hitless: that one word switches old to new at once
        const auto word = static_cast<unsigned>(std::countr_zero(critical));
        unused_update[word] = entry[word];
        syncs += set_words(w, entry, unused_update, 0, all);
        syncs += set_words(w, entry, target, word, 1);
        syncs += set_words(w, entry, target, 0, all);
    } else if (critical != 0) {  // breaking: V=0, the rest, V=1
        unused_update = entry;
        unused_update[0] = 0;
        syncs += set_words(w, entry, unused_update, 0, 1);
        syncs += set_words(w, entry, target, 1, all - 1);
        syncs += set_words(w, entry, target, 0, 1);
    } else {
        syncs += set_words(w, entry, target, 0, all);
    }
    return syncs;
}

}  // namespace drydock::sw
