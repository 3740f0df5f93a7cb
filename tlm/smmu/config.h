// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tlm/base/time.h"
#include "tlm/smmu/invalidation_tracker_if.h"
#include "tlm/smmu/stream_map.h"

namespace drydock::smmu {

/// What becomes of the CMD_SYNC that reported CERROR_ATC_INV_SYNC once software has acknowledged.
enum class cerror_sync : std::uint8_t {
    repeated,  ///< it runs again and completes, the lost ATC_INV forgotten
    skipped    ///< CMDQ_CONS has passed it; it never signals
};

/// What the SMMU is built as: every field of IDR0..IDR5 (SMMUv3 6.3.1-6.3.6), the size of its
/// caches, its latencies. Fields carry the register's own codes unless a unit is named.
struct smmu_config {
    // -- IDR0 --
    bool s2p = false;      ///< stage 2
    bool s1p = true;       ///< stage 1
    std::uint8_t ttf = 2;  ///< translation table formats: 2 = AArch64 only, the only one modelled
    bool cohacc = true;
    bool btm = false;
    std::uint8_t httu = 2;  ///< 0 none, 1 access flag, 2 access flag and dirty state
    bool dormhint = false;
    bool hyp = false;  ///< EL2 StreamWorlds
    bool ats = true;
    bool ns1ats = false;  ///< 1 = split-stage ATS not supported; RES0 without s2p
    bool asid16 = true;
    bool msi = true;
    bool sev = true;
    bool atos = false;
    bool pri = true;
    bool vmw = false;
    bool vmid16 = false;  ///< RES0 without s2p
    bool cd2l = true;     ///< 2-level CD tables
    bool vatos = false;
    std::uint8_t ttendian = 2;     ///< 2 = little-endian only
    bool atsrecerr = false;        ///< v3.3 option: makes CR2.REC_CFG_ATS writable
    std::uint8_t stall_model = 1;  ///< 0 stall and terminate, 1 terminate only, 2 stall forced
    bool term_model = false;       ///< 1 = abort only, CD.A must be 1
    std::uint8_t st_level = 1;     ///< 0 linear, 1 also 2-level stream tables
    // -- IDR1 --
    std::uint8_t sidsize = 16;    ///< StreamID bits, 0..32
    std::uint8_t ssidsize = 20;   ///< SubstreamID bits, 0..20
    std::uint8_t priqs = 18;      ///< log2 of the most PRI queue entries, 0..19
    std::uint8_t eventqs = 19;    ///< log2, 0..19
    std::uint8_t cmdqs = 19;      ///< log2, 0..19
    bool attr_perms_ovr = true;   ///< STE.PRIVCFG and INSTCFG act
    bool attr_types_ovr = false;  ///< memory types are not modelled
    // -- IDR3 --
    bool had = true;        ///< hierarchical attribute disable; 1 at v3.2
    bool pps = false;       ///< PASID always on automatic PRG responses
    bool stt = false;       ///< small translation tables; not modelled: refused
    bool ril = true;        ///< range invalidation; 1 at v3.2
    std::uint8_t bbml = 2;  ///< 1 or 2 at v3.2
    // -- IDR5 --
    std::uint8_t oas = 5;  ///< 0..6 = 32, 36, 40, 42, 44, 48, 52 bits
    bool gran4k = true;
    bool gran16k = false;
    bool gran64k = false;
    std::uint8_t vax = 0;          ///< 0 = 48-bit, 1 = 52-bit virtual addresses
    std::uint16_t stall_max = 16;  ///< stall records not yet answered, 1..65535; without stalls 0
                                   ///< is read

    // -- caches: sets are entries / ways; sizes, ways and cycles as gem5's SMMUv3 has them --
    std::uint32_t micro_tlb_entries = 32;  ///< of each root port's TBU
    std::uint32_t micro_tlb_ways = 4;
    std::uint32_t main_tlb_entries = 2048;  ///< of each root port's TBU
    std::uint32_t main_tlb_ways = 4;
    std::uint32_t config_cache_entries =
        64;  ///< STEs; as many CDs beside them; power of two, >= 4; 4 ways
    std::uint32_t ipa_cache_entries = 128;  ///< what stage 2 found for walks; 0: none
    std::uint32_t ipa_cache_ways = 4;
    /// Table descriptors of levels 0, 1, 2 that lead to the next table; 0: none kept.
    std::array<std::uint32_t, 3> walk_cache_stage1{4, 28, 348};
    std::array<std::uint32_t, 3> walk_cache_stage2{4, 28, 92};
    std::uint32_t walk_cache_ways = 4;
    std::uint32_t walk_slots = 16;         ///< table walks at once, 1..256
    std::uint32_t translation_slots = 64;  ///< transactions inside at once, 1..65536

    // -- the pipeline: each stage takes one transaction a cycle and keeps it for so many --
    base::ps clock{1'000};  ///< a cycle, 1 ps..1 us
    std::uint32_t micro_tlb_cycles = 1;
    std::uint32_t main_tlb_cycles = 3;
    std::uint32_t tbu_to_tcu_cycles = 8, tcu_to_tbu_cycles = 8;
    std::uint32_t config_cache_cycles = 3;
    std::uint32_t ipa_cache_cycles = 3;
    std::uint32_t walk_cache_cycles = 4;

    // -- commands --
    base::ps command{10'000};       ///< decode and issue of one command
    std::uint32_t cfgi_cycles = 3;  ///< of a CFGI at the configuration cache
    std::uint32_t tlbi_cycles = 3;  ///< of a TLBI, >= 1; one more for each further set that one by
                                    ///< address looks into
    base::ps cr0_update{100'000};   ///< from a CR0 or IRQ_CTRL write to its ACK
    base::ps invalidate_timeout{
        60'000'000'000'000};  ///< Invalidate Completion Timeout (PCIe ATS: 60 s -0 % +50 %)

    // -- command queue and invalidations --
    std::uint32_t commands_per_fetch = 4;       ///< commands read by one access to memory, 1..4
    unsigned itags = 32;                        ///< ITags of the invalidation tracker, 1..32
    base::ps tracker_clock{1'000};              ///< invalidation tracker's clock, 1 ns..1 us
    unsigned tracker_issue_cycles = 0;          ///< as invalidation_tracker_config
    unsigned tracker_match_cycles = 0;          ///< as invalidation_tracker_config
    invalidation_tracker_maker make_tracker{};  ///< none: the tracker at transaction level
    bool merge_events = false;  ///< an event like the newest unread one is not recorded again
    cerror_sync after_lost_invalidation = cerror_sync::repeated;

    /// StreamIDs of the Requester IDs behind its root ports; none: the same. The first row that has
    /// one decides.
    std::vector<stream_mapping> stream_ids = {};

    /// Output address size in bits.
    constexpr unsigned oas_bits() const {
        constexpr std::uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52};
        return bits[oas > 6 ? 6 : oas];
    }
};

/// @throws std::invalid_argument naming the field, its value and what is allowed
void validate(const smmu_config&);

}  // namespace drydock::smmu
