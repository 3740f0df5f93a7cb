// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "rtl/adapter/signal_sink.h"
#include "rtl/adapter/verilated_atc.h"

namespace drydock::rtl {

/// Bits of a packed structure, at most 64.
template <class Vector>
std::uint64_t field(const Vector& from, unsigned lowest, unsigned bits) {
    std::uint64_t value = 0;
    for (unsigned b = 0; b < bits; ++b)
        value |= std::uint64_t{from.data()[(lowest + b) / 32] >> (lowest + b) % 32 & 1} << b;
    return value;
}

/// Shows the registers of rtl/atc.sv that rtl/waves.vlt names.
template <class Block>
void show_atc_state(void* unit, signal_sink& f) {
    static constexpr std::array<std::string_view, 3> engine{"Idle", "Probe", "Sweep"};
    const auto& r = *verilated_atc<Block>::of(unit).rootp;
#define DRYDOCK_ATC(name) r.atc__DOT__##name
    f("lookups.sampled_valid", 1, DRYDOCK_ATC(sampled_valid_q));
    f("lookups.sampled_tag", 8, DRYDOCK_ATC(sampled_tag_q));
    f("lookups.hashed_valid", 1, DRYDOCK_ATC(hashed_valid_q));
    f("lookups.hashed_tag", 8, DRYDOCK_ATC(hashed_tag_q));
    f("lookups.stalled", 9, DRYDOCK_ATC(i_stalled__DOT__count_q));
    f("lookups.replaying", 1, DRYDOCK_ATC(replaying_q));
    f("requests.active", 32, DRYDOCK_ATC(i_requests__DOT__active_q));
    f("requests.unsent", 32, DRYDOCK_ATC(i_requests__DOT__unsent_q));
    f("requests.overtaken", 32, DRYDOCK_ATC(i_requests__DOT__overtaken_q));
    f("requests.abandoned", 32, DRYDOCK_ATC(i_requests__DOT__abandoned_q));
    std::uint64_t in_use[use_words];
    f("uses.in_use", signal_sink::most_bits, DRYDOCK_ATC(i_uses__DOT__in_use_q));
    unsigned uses = 0;
    read_bits(DRYDOCK_ATC(i_uses__DOT__in_use_q), in_use, use_words);
    for (const std::uint64_t word : in_use) uses += static_cast<unsigned>(std::popcount(word));
    f("uses.count", 9, uses);
    std::uint32_t entries = 0;
    for (unsigned n = 0; n < 19; ++n) entries += DRYDOCK_ATC(i_array__DOT__count_q)[n];
    f("translations.valid", 16, entries);
    f("functions.enabled", 64, DRYDOCK_ATC(i_functions__DOT__enabled_q));
    f("functions.denied", 64, DRYDOCK_ATC(i_functions__DOT__denied_q));
    const bool working = DRYDOCK_ATC(i_invalidates__DOT__working_q);
    const bool sweep = DRYDOCK_ATC(i_invalidates__DOT__sweep_q);
    f("engine.state", 2, working ? sweep ? 2 : 1 : 0, engine);
    f("engine.slot", 5, DRYDOCK_ATC(i_invalidates__DOT__slot_q));
    f("engine.offset", 16, DRYDOCK_ATC(i_invalidates__DOT__offset_q));
    f("engine.sizes_left", 19, DRYDOCK_ATC(i_invalidates__DOT__sizes_q));
    f("engine.removed", 16, DRYDOCK_ATC(i_invalidates__DOT__removed_q));
    // invalidate_t, its last field lowest
    const auto& what = DRYDOCK_ATC(i_invalidates__DOT__working_invalidate_q);
    f("engine.first", 52, field(what, 52, 52));
    f("engine.last", 52, field(what, 0, 52));
    f("engine.rid", 16, field(what, 126, 16));
    f("invalidates.queued", 6, DRYDOCK_ATC(i_invalidates__DOT__i_queue__DOT__count_q));
    f("invalidates.taken", 32, DRYDOCK_ATC(i_invalidates__DOT__taken_q));
    f("invalidates.waiting", 32, DRYDOCK_ATC(i_invalidates__DOT__waiting_q));
    f("invalidates.due", 32, DRYDOCK_ATC(i_completions__DOT__due_q));
#undef DRYDOCK_ATC
}

}  // namespace drydock::rtl
