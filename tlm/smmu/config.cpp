// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/config.h"

#include <fmt/format.h>

#include <bit>
#include <stdexcept>
#include <string_view>

namespace drydock::smmu {
namespace {

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

void check_caches(const smmu_config& c) {
    power_of_two("micro_tlb_entries", c.micro_tlb_entries, 4, 1u << 16);
    power_of_two("main_tlb_ways", c.main_tlb_ways, 1, 16);
    power_of_two("main_tlb_entries", c.main_tlb_entries, c.main_tlb_ways, 1u << 24);
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
    not_negative("tlb_hit", c.tlb_hit);
    not_negative("main_tlb_extra", c.main_tlb_extra);
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
