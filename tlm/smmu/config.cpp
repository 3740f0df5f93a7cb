// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/config.h"

#include <fmt/format.h>

#include <bit>
#include <stdexcept>
#include <string_view>

namespace drydock::smmu {
namespace {

constexpr std::uint64_t most_cycles = 10'000;

[[noreturn]] void refuse(std::string_view field, std::uint64_t value, std::string_view allowed) {
    throw std::invalid_argument(
        fmt::format("smmu: {} = {} is not possible: {}", field, value, allowed));
}

void at_most(std::string_view field, std::uint64_t value, std::uint64_t most) {
    if (value > most) refuse(field, value, fmt::format("0..{}", most));
}

void power_of_two(std::string_view field, std::uint64_t value, std::uint64_t least,
                  std::uint64_t most) {
    if (value < least || value > most || !std::has_single_bit(value))
        refuse(field, value, fmt::format("a power of two, {}..{}", least, most));
}

void not_negative(std::string_view field, base::ps value) {
    if (value < base::ps{0})
        throw std::invalid_argument(
            fmt::format("smmu: {} = {} ps is negative", field, value.count));
}

void time_within(std::string_view field, base::ps value, base::ps least, base::ps most) {
    if (value < least || value > most)
        throw std::invalid_argument(fmt::format("smmu: {} = {} ps is not possible: {}..{} ps",
                                                field, value.count, least.count, most.count));
}

/// What the architecture offers and this model leaves out.
void check_not_modelled(const smmu_config& c) {
    if (!c.s1p && !c.s2p) refuse("s1p", 0, "without stage 2 the SMMU needs stage 1, use 1");
    if (c.ttf != 2) refuse("ttf", c.ttf, "only the AArch64 format is modelled, use 2");
    if (c.ttendian != 2)
        refuse("ttendian", c.ttendian, "only little-endian tables are modelled, use 2");
    if (c.stt) refuse("stt", 1, "small translation tables are not modelled, use 0");
    if (c.attr_types_ovr) refuse("attr_types_ovr", 1, "memory types are not modelled, use 0");
    if (c.atos || c.vatos)
        refuse("atos", 1, "address translation operations are not modelled, use 0");
}

/// A cache of whole sets; `none` allows 0 entries.
void sets_of_ways(std::string_view field, std::uint32_t entries, std::uint32_t ways,
                  std::uint32_t most, bool none) {
    if ((entries == 0 && none) || (entries >= ways && entries <= most && entries % ways == 0))
        return;
    refuse(field, entries,
           fmt::format("a multiple of its {} ways, {}..{}{}", ways, ways, most,
                       none ? ", or 0 for none" : ""));
}

void ways(std::string_view field, std::uint32_t value) {
    if (value < 1 || value > 16) refuse(field, value, "1..16");
}

void check_caches(const smmu_config& c) {
    ways("micro_tlb_ways", c.micro_tlb_ways);
    ways("main_tlb_ways", c.main_tlb_ways);
    ways("ipa_cache_ways", c.ipa_cache_ways);
    ways("walk_cache_ways", c.walk_cache_ways);
    sets_of_ways("micro_tlb_entries", c.micro_tlb_entries, c.micro_tlb_ways, 1u << 16, false);
    sets_of_ways("main_tlb_entries", c.main_tlb_entries, c.main_tlb_ways, 1u << 20, false);
    sets_of_ways("ipa_cache_entries", c.ipa_cache_entries, c.ipa_cache_ways, 1u << 20, true);
    for (const auto* levels : {&c.walk_cache_stage1, &c.walk_cache_stage2})
        for (const std::uint32_t entries : *levels)
            sets_of_ways(levels == &c.walk_cache_stage1 ? "walk_cache_stage1" : "walk_cache_stage2",
                         entries, c.walk_cache_ways, 1u << 20, true);
    power_of_two("config_cache_entries", c.config_cache_entries, 4, 1u << 20);
    if (c.walk_slots < 1 || c.walk_slots > 256) refuse("walk_slots", c.walk_slots, "1..256");
    if (c.translation_slots < 1 || c.translation_slots > 65536)
        refuse("translation_slots", c.translation_slots, "1..65536");
}

}  // namespace

void validate(const smmu_config& c) {
    check_not_modelled(c);
    at_most("httu", c.httu, 2);
    at_most("st_level", c.st_level, 1);
    at_most("stall_model", c.stall_model, 2);
    if (c.stall_max == 0) refuse("stall_max", 0, "1..65535");
    at_most("sidsize", c.sidsize, 32);
    at_most("ssidsize", c.ssidsize, 20);
    at_most("priqs", c.priqs, 19);
    at_most("eventqs", c.eventqs, 19);
    at_most("cmdqs", c.cmdqs, 19);
    at_most("oas", c.oas, 6);
    at_most("vax", c.vax, 1);
    if (c.bbml < 1 || c.bbml > 2) refuse("bbml", c.bbml, "v3.2 requires 1 or 2");
    if (!c.ril) refuse("ril", 0, "v3.2 requires 1");
    if (!c.had) refuse("had", 0, "v3.2 requires 1");
    if (!c.gran4k && !c.gran16k && !c.gran64k) refuse("gran4k", 0, "one granule at least");
    check_caches(c);
    time_within("clock", c.clock, base::ps{1}, base::ps{1'000'000});
    if (c.tlbi_cycles == 0) refuse("tlbi_cycles", 0, "1 at least");
    for (const std::uint32_t cycles :
         {c.micro_tlb_cycles, c.main_tlb_cycles, c.tbu_to_tcu_cycles, c.tcu_to_tbu_cycles,
          c.config_cache_cycles, c.ipa_cache_cycles, c.walk_cache_cycles, c.cfgi_cycles,
          c.tlbi_cycles})
        at_most("cycles", cycles, most_cycles);
    not_negative("command", c.command);
    not_negative("cr0_update", c.cr0_update);
    if (c.commands_per_fetch < 1 || c.commands_per_fetch > 4)
        refuse("commands_per_fetch", c.commands_per_fetch, "1..4");
    if (c.itags < 1 || c.itags > 32) refuse("itags", c.itags, "1..32");
    time_within("tracker_clock", c.tracker_clock, base::ps{1'000}, base::ps{1'000'000});
    time_within("invalidate_timeout", c.invalidate_timeout, base::ps{1'000'000},
                base::ps{1'000'000'000'000'000});
}

}  // namespace drydock::smmu
