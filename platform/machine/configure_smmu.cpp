// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <stdexcept>

#include "platform/machine/configure.h"

namespace drydock::machine {
namespace {

using namespace base::literals;

/// The fields of IDR0, IDR1, IDR3 and IDR5.
void declare_features(declarer& d, smmu::smmu_config& c) {
    d.flag("s1p", c.s1p, "IDR0.S1P: stage 1");
    d.flag("s2p", c.s2p, "IDR0.S2P: stage 2");
    d.flag("hyp", c.hyp, "IDR0.Hyp: EL2 StreamWorlds");
    d.flag("asid16", c.asid16, "IDR0.ASID16");
    d.flag("vmid16", c.vmid16, "IDR0.VMID16");
    d.flag("vmw", c.vmw, "IDR0.VMW: CR0.VMW makes low bits of a VMID a wildcard for TLBIs");
    d.flag("ns1ats", c.ns1ats, "IDR0.NS1ATS: no split-stage ATS");
    d.flag("atsrecerr", c.atsrecerr, "IDR0.ATSRECERR: CR2.REC_CFG_ATS can be set");
    d.number("stall_model", c.stall_model, 0, 2, "code",
             "IDR0.STALL_MODEL: 0 stall and terminate, 1 terminate only, 2 stall forced");
    d.flag("term_model", c.term_model, "IDR0.TERM_MODEL: CD.A must be 1");
    d.flag("attr_perms_ovr", c.attr_perms_ovr, "IDR1.ATTR_PERMS_OVR: STE.PRIVCFG, INSTCFG act");
    d.flag("pps", c.pps, "IDR3.PPS: PASID always on automatic PRG Responses");
    d.flag("merge_events", c.merge_events,
           "an event like the newest unread one is not recorded again where STE.MEV allows it");
    d.number("bbml", c.bbml, 1, 2, "code", "IDR3.BBML");
    d.flag("gran4k", c.gran4k, "IDR5.GRAN4K");
    d.flag("gran16k", c.gran16k, "IDR5.GRAN16K");
    d.flag("gran64k", c.gran64k, "IDR5.GRAN64K");
    d.number("vax", c.vax, 0, 1, "code", "IDR5.VAX: 1 = 52-bit virtual addresses");
    d.number("stall_max", c.stall_max, 1, 65535, "records", "IDR5.STALL_MAX");
    d.number("sidsize", c.sidsize, 0, 32, "bits", "IDR1.SIDSIZE: width of a StreamID");
    d.number("ssidsize", c.ssidsize, 0, 20, "bits",
             "IDR1.SSIDSIZE: width of a SubstreamID; 0: none");
    d.number("cmdqs", c.cmdqs, 0, 19, "log2 entries", "IDR1.CMDQS: largest command queue");
    d.number("eventqs", c.eventqs, 0, 19, "log2 entries", "IDR1.EVENTQS: largest event queue");
    d.number("priqs", c.priqs, 0, 19, "log2 entries", "IDR1.PRIQS: largest PRI queue");
    d.number("httu", c.httu, 0, 2, "code", "IDR0.HTTU: 0 none, 1 access flag, 2 also dirty state");
    d.number("oas", c.oas, 0, 6, "code", "IDR5.OAS: 0..6 = 32, 36, 40, 42, 44, 48, 52 bits");
    d.flag("ats", c.ats, "IDR0.ATS");
    d.flag("pri", c.pri, "IDR0.PRI");
    d.flag("msi", c.msi, "IDR0.MSI");
    d.flag("cd2l", c.cd2l, "IDR0.CD2L: 2-level CD tables");
    d.number("st_level", c.st_level, 0, 1, "code", "IDR0.ST_LEVEL: 1 = 2-level stream tables too");
}

void declare_walk_caches(declarer& d, smmu::smmu_config& c) {
    constexpr std::int64_t most = 1 << 20;
    for (unsigned level = 0; level < c.walk_cache_stage1.size(); ++level) {
        const std::string l = std::to_string(level);
        d.number("walk_cache_s1l" + l, c.walk_cache_stage1[level], 0, most, "entries",
                 "table descriptors of stage 1, level " + l + ", that are kept; 0: none");
        d.number("walk_cache_s2l" + l, c.walk_cache_stage2[level], 0, most, "entries",
                 "table descriptors of stage 2, level " + l + ", that are kept; 0: none");
    }
    d.number("walk_cache_ways", c.walk_cache_ways, 1, 16, "ways",
             "associativity of each walk cache");
    d.number("ipa_cache_entries", c.ipa_cache_entries, 0, most, "entries",
             "IPA cache: what stage 2 found for table walks; 0: none");
    d.number("ipa_cache_ways", c.ipa_cache_ways, 1, 16, "ways", "associativity of the IPA cache");
}

void declare_caches(declarer& d, smmu::smmu_config& c) {
    d.number("micro_tlb_entries", c.micro_tlb_entries, 4, 65536, "entries",
             "micro TLB of each root port's TBU");
    d.number("micro_tlb_ways", c.micro_tlb_ways, 1, 16, "ways", "associativity of the micro TLB");
    d.number("main_tlb_entries", c.main_tlb_entries, 4, 1 << 20, "entries",
             "main TLB of each root port's TBU");
    d.number("main_tlb_ways", c.main_tlb_ways, 1, 16, "ways", "associativity of the main TLB");
    d.number("config_cache_entries", c.config_cache_entries, 4, 65536, "entries",
             "STEs kept, and as many CDs beside them");
    d.number("walk_slots", c.walk_slots, 1, 256, "walks", "page table walks at once");
    d.number("translation_slots", c.translation_slots, 1, 65536, "transactions",
             "transactions inside at once");
    declare_walk_caches(d, c);
}

/// What a transaction meets on its way, and a command.
void declare_pipeline(declarer& d, smmu::smmu_config& c) {
    constexpr std::int64_t most = 10'000;
    d.time("clock", c.clock, 1_ps, 1_us, "a cycle of TBUs and TCU");
    d.number("micro_tlb_cycles", c.micro_tlb_cycles, 0, most, "cycles", "look-up in the micro TLB");
    d.number("main_tlb_cycles", c.main_tlb_cycles, 0, most, "cycles", "look-up in the main TLB");
    d.number("tbu_to_tcu_cycles", c.tbu_to_tcu_cycles, 0, most, "cycles",
             "way of a miss to the TCU");
    d.number("tcu_to_tbu_cycles", c.tcu_to_tbu_cycles, 0, most, "cycles", "way of its answer back");
    d.number("config_cache_cycles", c.config_cache_cycles, 0, most, "cycles",
             "look-up in the configuration cache");
    d.number("ipa_cache_cycles", c.ipa_cache_cycles, 0, most, "cycles", "look-up in the IPA cache");
    d.number("walk_cache_cycles", c.walk_cache_cycles, 0, most, "cycles",
             "look-up in the walk caches");
    d.number("cfgi_cycles", c.cfgi_cycles, 0, most, "cycles",
             "a CFGI command at the configuration cache");
    d.number("tlbi_cycles", c.tlbi_cycles, 1, most, "cycles",
             "a TLBI command; one by address takes one more for each further set it looks into");
}

void declare_times(declarer& d, smmu::smmu_config& c) {
    d.number("itags", c.itags, 1, 32, "ITags", "Invalidate Requests outstanding at once");
    d.number("tracker.issue_cycles", c.tracker_issue_cycles, 0, 64, "cycles",
             "the model's, from owning an ITag to its Invalidate Request");
    d.number("tracker.match_cycles", c.tracker_match_cycles, 0, 64, "cycles",
             "the model's, from a completion's sampling edge until its ITags retire");
    d.time("command", c.command, 1_ps, 1_ms, "decode and issue of one command");
    d.time("cr0_update", c.cr0_update, 0_ps, 1_ms,
           "from a CR0 or IRQ_CTRL write to its acknowledge");
    d.time("invalidate_timeout", c.invalidate_timeout, 1_us, 90_s,
           "Invalidate Completion timeout (PCIe ATS: 60 s -0 % +50 %)");
}

void map_streams(const scenario::smmu& s, smmu::smmu_config& c) {
    for (const scenario::stream_range& m : s.stream_ids) {
        for (unsigned rid = m.rid; rid < m.rid + m.count; ++rid) {
            const std::uint64_t sid = std::uint64_t{m.sid} + (rid & m.mask) - (m.rid & m.mask);
            if (sid >> c.sidsize != 0)
                throw scenario::bad_input(
                    m.where,
                    fmt::format("stream_ids: Requester ID {:#x} would be StreamID {:#x}; {} has "
                                "StreamIDs of {} bits ({}.sidsize)",
                                rid, sid, s.name, c.sidsize, s.name));
        }
        c.stream_ids.push_back({static_cast<std::uint16_t>(m.rid), m.count, m.sid,
                                static_cast<std::uint16_t>(m.mask)});
    }
}

/// What a guest's devices need of the SMMU that they are behind.
void check_guest(const scenario::run& r, const scenario::smmu& s, const smmu::smmu_config& c) {
    if (r.software.guest == "off") return;
    const auto refuse = [&](const char* lacks) {
        throw std::invalid_argument(fmt::format("software.guest = {} is not possible: {}",
                                                r.software.guest,
                                                fmt::format(fmt::runtime(lacks), s.name)));
    };
    if (!c.s2p) refuse("{0} has no stage 2 (IDR0.S2P=0); set parameter {0}.s2p");
    if (c.oas_bits() < 48) refuse("{0} has addresses of less than 48 bits; set parameter {0}.oas");
    if (r.software.guest == "split_ats" && c.ns1ats)
        refuse("{0} has no split-stage ATS (IDR0.NS1ATS=1); clear parameter {0}.ns1ats");
}

}  // namespace

smmu::smmu_config configure_smmu(base::parameters& p, const scenario::run& r,
                                 const scenario::smmu& s) {
    smmu::smmu_config c;
    c.sev = s.sev;
    c.itags = s.itags;
    c.invalidate_timeout = s.invalidate_timeout;
    c.after_lost_invalidation = r.software.cerror_sync == "skipped" ? smmu::cerror_sync::skipped
                                                                    : smmu::cerror_sync::repeated;
    declarer d(p, s.name);
    declare_features(d, c);
    declare_caches(d, c);
    declare_pipeline(d, c);
    declare_times(d, c);
    map_streams(s, c);
    check_guest(r, s, c);
    return c;
}

}  // namespace drydock::machine
